//! Ids, money and currencies.

use contracts::payment::{PaymentMethod, PaymentMethodError};
use contracts::{Currency, EventId, Money, OrderId};

#[test]
fn an_id_reads_what_it_writes() {
    let text = "019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a";
    let id: OrderId = text.parse().unwrap();
    assert_eq!(id.to_string(), text);
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    assert_eq!(serde_json::from_str::<OrderId>(&format!("\"{text}\"")).unwrap(), id);
}

#[test]
fn a_bad_id_is_refused_with_its_noun() {
    let error = "42".parse::<EventId>().unwrap_err();
    assert_eq!(error.to_string(), "`42` is no event id, which is a UUID such as 019230a2-5c1b-7e4d-8f3a-6b7c8d9e0f1a");
}

#[test]
fn a_currency_is_three_upper_case_letters() {
    assert_eq!("EUR".parse::<Currency>().unwrap(), Currency::EUR);
    for bad in ["", "EU", "eur", "EURO", "€", "E1R"] {
        assert!(bad.parse::<Currency>().is_err(), "{bad}");
    }
}

#[test]
fn money_of_two_currencies_has_no_sum() {
    let usd = "USD".parse().unwrap();
    assert_eq!(Money::new(1, Currency::EUR).plus(Money::new(1, usd)), None);
    assert_eq!(Money::new(150, Currency::EUR).plus(Money::new(50, Currency::EUR)), Some(Money::new(200, Currency::EUR)));
}

#[test]
fn money_that_does_not_fit_is_refused() {
    assert_eq!(Money::new(i64::MAX, Currency::EUR).plus(Money::new(1, Currency::EUR)), None);
    assert_eq!(Money::new(i64::MAX / 2, Currency::EUR).times(3), None);
    assert_eq!(Money::new(25_00, Currency::EUR).times(3), Some(Money::new(75_00, Currency::EUR)));
}

#[test]
fn money_is_shown_with_two_decimals_and_its_currency() {
    assert_eq!(Money::new(2_505, Currency::EUR).to_string(), "25.05 EUR");
    assert_eq!(Money::new(-7, Currency::EUR).to_string(), "-0.07 EUR");
}

#[test]
fn a_payment_method_is_a_token_and_never_a_cards_number() {
    for good in ["pm_1", "pm_4242424242424242", "4242"] {
        assert_eq!(PaymentMethod::named(good.to_owned()), Ok(PaymentMethod::new(good)), "{good}");
    }
    for bad in ["", "pm 1", "pm_\n", "pm_ü", &"x".repeat(256)] {
        assert_eq!(PaymentMethod::named(bad.to_owned()), Err(PaymentMethodError::Token), "{bad}");
    }
    for number in ["4242424242424242", "4242-4242-4242-4242", "424242424242"] {
        assert_eq!(PaymentMethod::named(number.to_owned()), Err(PaymentMethodError::CardNumber), "{number}");
    }
}
