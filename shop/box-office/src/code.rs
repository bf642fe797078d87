//! Ticket codes: 128 random bits in Crockford's base 32 with his check symbol, in groups of four, so that they can be
//! read aloud and typed. Knows no ticket.

/// Crockford's digits; the five after them serve only as check symbols.
const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
/// Digits of 128 bits, five bits each.
const DIGITS: u32 = 26;

/// The code of these bits: 26 digits, most significant first, and the check symbol (the number modulo 37), in groups of
/// four joined by hyphens.
#[must_use]
pub fn ticket_code(bits: u128) -> String {
    let digit = |place: u32| symbol((bits >> (5 * place)) & 31);
    let check = symbol(bits % 37);
    let mut code = String::with_capacity(33);
    for (index, c) in (0..DIGITS).rev().map(digit).chain([check]).enumerate() {
        if index > 0 && index % 4 == 0 {
            code.push('-');
        }
        code.push(c);
    }
    code
}

fn symbol(number: u128) -> char {
    usize::try_from(number).ok().and_then(|number| SYMBOLS.get(number)).map_or('?', |symbol| char::from(*symbol))
}
