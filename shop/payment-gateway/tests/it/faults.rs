//! The gateway's own disk fails: callers learn whether to try again or to look, and keys stay usable.

use storage::CommitFault;

use crate::world::TestGateway;

fn intent_to_confirm(gateway: &TestGateway) -> (String, String) {
    let intent = gateway.intent("4242424242424242");
    (format!("/v1/payment_intents/{intent}/confirm"), intent)
}

#[test]
fn a_full_disk_is_503_and_nothing_has_changed() {
    let gateway = TestGateway::new();
    let (confirm, intent) = intent_to_confirm(&gateway);
    gateway.fail_next_commit(CommitFault::DiskFull);
    assert_eq!(gateway.post_once("key", &confirm, &[]).error(), (503, "api_error".into(), String::new()));
    assert_eq!((gateway.status(&intent), gateway.captured()), ("requires_confirmation".into(), 0));
    assert_eq!(gateway.post_once("key", &confirm, &[]).text("/status"), "succeeded");
}

#[test]
fn a_commit_in_doubt_is_500_and_a_repeat_with_the_same_key_charges_once() {
    for (fault, charged) in [(CommitFault::NotCommitted, 0), (CommitFault::CommittedButUnknown, 1)] {
        let gateway = TestGateway::new();
        let (confirm, _) = intent_to_confirm(&gateway);
        gateway.fail_next_commit(fault);
        assert_eq!(gateway.post_once("key", &confirm, &[]).error(), (500, "api_error".into(), String::new()));
        assert_eq!(gateway.captured(), charged);
        let again = gateway.post_once("key", &confirm, &[]);
        assert_eq!((again.text("/status"), again.replayed, gateway.captured()), ("succeeded".into(), charged == 1, 1));
    }
}
