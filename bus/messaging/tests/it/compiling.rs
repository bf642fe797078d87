//! What must not compile, with messages that say what to do.

#[test]
fn the_wrong_kind_of_message_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compiling/*.rs");
}
