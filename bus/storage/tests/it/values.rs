//! What goes in comes out.

use hosting::Timestamp;
use storage::{FromValue, SqlError, ToValue, WriteError, params};
use uuid::Uuid;

use crate::support::in_memory;

fn back_and_forth<T>(name: &str, value: T) -> Result<T, String>
where
    T: ToValue + FromValue + Clone + Send + Sync + 'static,
{
    let database = in_memory(name);
    let work = move |tx: &mut storage::Tx<'_>| tx.query_one("SELECT $1", params![value], |row| row.get::<T>(0));
    database.write_blocking(work).map_err(|error| match error {
        WriteError::Refused(error) => error.to_string(),
        other => panic!("{other}"),
    })
}

#[test]
fn every_type_comes_back_as_it_went_in() {
    assert_eq!(back_and_forth("i64", i64::MIN), Ok(i64::MIN));
    assert_eq!(back_and_forth("i32", i32::MIN), Ok(i32::MIN));
    assert_eq!(back_and_forth("u32", u32::MAX), Ok(u32::MAX));
    assert_eq!(back_and_forth("u16", u16::MAX), Ok(u16::MAX));
    assert_eq!(back_and_forth("u64", 1_u64 << 62), Ok(1 << 62));
    assert_eq!(back_and_forth("bool", true), Ok(true));
    assert_eq!(back_and_forth("text", "ä\0ö".to_owned()), Ok("ä\0ö".to_owned()));
    assert_eq!(back_and_forth("no bytes", Vec::<u8>::new()), Ok(Vec::new()));
    assert_eq!(back_and_forth("bytes", [1_u8, 2, 3]), Ok([1, 2, 3]));
    assert_eq!(back_and_forth("uuid", Uuid::from_u128(7)), Ok(Uuid::from_u128(7)));
    assert_eq!(back_and_forth("instant", Timestamp::from_micros(-5)), Ok(Timestamp::from_micros(-5)));
    assert_eq!(back_and_forth("none", None::<i64>), Ok(None));
    assert_eq!(back_and_forth("some", Some("x".to_owned())), Ok(Some("x".to_owned())));
}

#[test]
fn a_number_that_no_column_holds_is_refused() {
    let refused = back_and_forth("large", u64::MAX).expect_err("refuses");
    assert!(refused.contains("too large") && refused.contains("SELECT $1"), "{refused}");
}

#[test]
fn a_value_of_another_type_is_an_error_that_names_the_column() {
    let database = in_memory("other type");
    let work = |tx: &mut storage::Tx<'_>| tx.query_one("SELECT 1, 'text'", params![], |row| row.get::<Uuid>(1));
    let refused: Result<_, WriteError<SqlError>> = database.write_blocking(work);
    assert!(matches!(refused, Err(WriteError::Refused(error)) if error.to_string().contains("column 1: the value is no UUID")));
}
