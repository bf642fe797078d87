//! Ticket codes.

use box_office::code::ticket_code;

#[test]
fn a_code_has_all_128_bits_most_significant_first_and_a_check_symbol() {
    assert_eq!(ticket_code(0), "0000-0000-0000-0000-0000-0000-000");
    assert_eq!(ticket_code(36), "0000-0000-0000-0000-0000-0000-14U");
    assert_eq!(ticket_code(u128::MAX), "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ*");
}

#[test]
fn every_bit_changes_the_code() {
    let codes: std::collections::BTreeSet<String> = (0..128).map(|bit| ticket_code(1 << bit)).collect();
    assert_eq!(codes.len(), 128);
}
