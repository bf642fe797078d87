//! A running shop, used from the command line.

use std::io::Write;

use composition::ServiceName;
use storage::{Database, Driver, Location, params};
use tempfile::TempDir;

use crate::world::{Shop, command, ended, post, run, run_in};

#[test]
fn a_ticket_is_bought_and_everything_is_true() {
    let shop = Shop::start(&[]);
    let bought = run_in(&shop.folder, &["buy", "--url", &shop.url(), "--json"]).json();
    assert_eq!((bought["issued"].as_u64(), bought["contradicted"].as_u64()), (Some(1), Some(0)), "{bought}");
    let verified = shop.ask(&["verify", "--wait", "30", "--json"]).json();
    assert_eq!(verified["at_rest"], true, "{verified}");
    assert_eq!(verified["checked"]["tickets"], 1, "{verified}");
}

#[test]
fn what_was_bought_is_there_after_a_kill() {
    let shop = Shop::start(&["--no-seed-data"]);
    let event = shop.ask(&["events", "create", "--title", "A Night", "--capacity", "5", "--price", "25.00", "--json"]).json();
    let id = event["id"].as_str().unwrap();
    run_in(&shop.folder, &["buy", "--url", &shop.url(), "--event", id, "--quantity", "2", "--json"]).json();
    let folder = shop.kill();
    let killed = run_in(&folder, &["verify", "--data", "data", "--json"]);
    assert!(matches!(killed.code, Some(0 | 3)), "{}{}", killed.out, killed.err);
    let shop = Shop::start_in(folder, &["--no-seed-data"]);
    let verified = shop.ask(&["verify", "--wait", "30", "--json"]).json();
    assert_eq!(verified["checked"]["tickets"], 2, "{verified}");
    let (code, folder) = shop.stop();
    assert_eq!(code, Some(0));
    assert_eq!(run_in(&folder, &["verify", "--data", "data", "--json"]).json()["checked"]["orders"], 1);
}

#[test]
fn a_declined_card_is_a_truthful_end() {
    let shop = Shop::start(&[]);
    let ended = run_in(&shop.folder, &["buy", "--url", &shop.url(), "--card", "4000000000000002", "--json"]).json();
    assert_eq!((ended["declined"].as_u64(), ended["contradicted"].as_u64()), (Some(1), Some(0)), "{ended}");
}

#[test]
fn events_are_entered_priced_and_cancelled() {
    let shop = Shop::start(&["--no-seed-data"]);
    let entered = shop.ask(&["events", "create", "--title", "A Night", "--capacity", "7", "--price", "25.00", "--json"]).json();
    assert_eq!((entered["capacity"].as_u64(), entered["price_minor"].as_i64()), (Some(7), Some(2_500)), "{entered}");
    let id = entered["id"].as_str().unwrap();
    let priced = shop.ask(&["events", "price", id, "30.00", "--json"]).json();
    assert_eq!(priced["price_minor"], 3_000);
    assert_eq!(shop.ask(&["events", "list", "--json"]).json().as_array().unwrap().len(), 1);
    assert_eq!(shop.ask(&["events", "cancel", id]).code, Some(0));
    let shown = shop.ask(&["events", "show", id]);
    assert!(shown.out.contains("cancelled") && shown.out.contains("30.00 EUR"), "{}", shown.out);
}

#[test]
fn copies_are_told_to_be_in_step_and_in_words_where_there_are_none() {
    let shop = Shop::start(&["--no-seed-data"]);
    let empty = shop.ask(&["staleness"]);
    assert_eq!((empty.code, empty.out.trim()), (Some(0), "there is nothing to copy yet"), "{}", empty.err);
    shop.ask(&["events", "create", "--title", "A Night", "--capacity", "7", "--price", "25.00", "--json"]).json();
    shop.ask(&["verify", "--wait", "30", "--json"]).json();
    let told = shop.ask(&["staleness"]);
    let row = told.out.lines().find(|line| line.contains("wanted capacity")).unwrap_or_default().to_owned();
    assert!(told.code == Some(0) && row.contains("box-office") && row.contains("in step"), "{}{}", told.out, told.err);
    let answer = shop.ask(&["staleness", "--json"]).json();
    assert_eq!(answer["copies"][0]["rows"], 1, "{answer}");
}

#[test]
fn an_orders_history_is_told_to_its_organiser_alone() {
    let shop = Shop::start(&[]);
    run(&["orders", "show", "00000000-0000-0000-0000-000000000000", "--url", &shop.url(), "--key", "wrong"]).refused(2, "key");
    shop.ask(&["orders", "show", "00000000-0000-0000-0000-000000000000"]).refused(2, "00000000-0000-0000-0000-000000000000");
}

#[test]
fn without_dead_letters_the_list_is_empty() {
    let shop = Shop::start(&["--no-seed-data"]);
    assert_eq!(shop.ask(&["dead-letters", "list", "--json"]).json(), serde_json::json!([]));
    shop.ask(&["dead-letters", "show", "ordering/1"]).refused(2, "ordering/1");
    shop.ask(&["dead-letters", "retry"]).refused(2, "--all");
    for args in [&["list"][..], &["retry", "--all"]] {
        let ended = shop.ask(&[&["dead-letters"], args].concat());
        assert_eq!((ended.code, ended.out.trim()), (Some(0), "there are no dead letters"), "{}", ended.err);
    }
}

/// Leaves ordering with a message that the bus did not take, and with one to payment that payment does not know.
fn plant_dead_letters(folder: &TempDir) {
    let file = Location::File(folder.path().join("data/ordering.sqlite"));
    let db = Database::open(&file, Driver::inline(), &ServiceName::Ordering.migrations()).unwrap();
    for (id, failure) in [(1_u8, Some("too large")), (2, None)] {
        let sql = "INSERT INTO outbox (message_id, destination, headers, body, due, failure) VALUES ($1, 'queue:payment', $2, $3, 0, $4)";
        let headers = r#"{"type":"globoticket.test.unheard-of","source":"test"}"#;
        db.write_blocking(move |tx| tx.execute(sql, params![vec![id; 16], headers, b"{}".to_vec(), failure])).unwrap();
    }
}

#[test]
fn dead_letters_are_listed_shown_and_sent_again_by_the_same_ids() {
    let (_, folder) = Shop::start(&["--no-seed-data"]).stop();
    plant_dead_letters(&folder);
    let shop = Shop::start_in(folder, &["--no-seed-data"]);
    let letters = |args: &[&str]| shop.ask(&[&["dead-letters"], args].concat());
    let ids = || {
        shop.ask(&["verify", "--wait", "30"]);
        let found = letters(&["list", "--json"]).json();
        let ids = found.as_array().unwrap().iter().map(|letter| letter["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<String>>()
    };
    let first = ids();
    let told = shop.ask(&["verify"]).out;
    assert!(told.contains("of ordering: Unsendable") && told.contains("of payment: UnknownType"), "{told}");
    let unsendable = first.iter().find(|id| id.starts_with("ordering/unsendable-")).unwrap();
    let refused = first.iter().find(|id| id.starts_with("payment/")).unwrap();
    assert_eq!(first.len(), 2, "{first:?}");
    for id in &first {
        assert_eq!(letters(&["show", id, "--json"]).json()["id"], *id);
    }
    assert_eq!(letters(&["retry", unsendable]).out.trim(), format!("{unsendable} was sent again"));
    let second = ids();
    assert!(second.len() == 2 && second.iter().all(|id| id.starts_with("payment/")), "it has left ordering: {second:?}");
    let again = letters(&["retry", "--all", "--json"]).json();
    assert_eq!((again["retried"].as_array().unwrap().len(), &again["refused"]), (2, &serde_json::json!([])), "{again}");
    assert!(ids().iter().all(|id| !second.contains(id)), "payment knows them no better");
    letters(&["retry", refused]).refused(2, "or no longer");
    letters(&["retry", refused, "--all"]).refused(2, "--all");
    let mut with_all = command(&shop.folder, &["dead-letters", "retry", refused, "--data", "data"]);
    ended(&with_all.env("GLOBOTICKET_ALL", "true").output().unwrap()).refused(2, "or no longer");
    letters(&["show", "nobody/1"]).refused(2, "ordering");
    letters(&["show", "12"]).refused(2, "ordering/12");
}

#[test]
fn wrong_wishes_of_a_buyer_order_nothing() {
    let shop = Shop::start(&[]);
    let url = shop.url();
    run(&["buy", "--url", &url, "--event", "no-such-event"]).refused(2, "no-such-event");
    run(&["buy", "--url", &url, "--event", "e"]).refused(2, "events fit `e`");
    let wrong_card = run(&["buy", "--url", &url, "--card", "1234"]);
    wrong_card.refused(2, "card");
    assert!(!wrong_card.err.contains("1234"), "{}", wrong_card.err);
    assert_eq!(shop.ask(&["verify", "--wait", "30", "--json"]).json()["checked"]["orders"], 0);
}

#[test]
fn a_port_or_a_data_folder_is_used_once() {
    let shop = Shop::start(&["--no-seed-data"]);
    shop.ask(&["run", "--port", "0", "--gateway-port", "0"]).refused(1, "data");
    let url = shop.url();
    let port = url.rsplit(':').next().unwrap();
    run(&["run", "--data", "other", "--port", port, "--gateway-port", "0"]).refused(1, port);
    // A third program has the gateway's: both are named.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = taken.local_addr().unwrap().port().to_string();
    let both = run(&["run", "--data", "other", "--port", port, "--gateway-port", &other]);
    both.refused(1, &format!("port {port} on 127.0.0.1 is taken"));
    both.refused(1, &format!("port {other} on 127.0.0.1 is taken"));
    run(&["run", "--listen", "192.0.2.1", "--port", "0", "--gateway-port", "0"]).refused(1, "no address 192.0.2.1");
}

#[test]
fn a_huge_body_and_rubbish_are_answered_with_problems() {
    let shop = Shop::start(&["--no-seed-data"]);
    let path = "/api/shopping-basket/baskets/00000000-0000-0000-0000-000000000000/lines";
    for (body, status) in [("x".repeat(3_000_000), "413"), ("{".to_owned(), "400")] {
        let answer = post(&shop.url(), path, &body);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
}

#[test]
fn told_to_stop_a_second_time_it_ends_at_once_and_says_what_stays() {
    let shop = Shop::start(&["--no-seed-data"]);
    // A request of which only the beginning has come is waited for.
    let mut half = std::net::TcpStream::connect(shop.url().strip_prefix("http://").unwrap()).unwrap();
    half.write_all(b"POST /api/shopping-basket/baskets HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n").unwrap();
    let (code, complaint) = shop.stop_twice();
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains("what was committed stays"), "{complaint}");
}

#[cfg(unix)]
#[test]
fn keys_are_readable_by_their_owner_only_and_stay() {
    use std::os::unix::fs::PermissionsExt;

    let shop = Shop::start(&["--no-seed-data"]);
    let path = shop.folder.path().join("data/organiser.key");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let key = std::fs::read_to_string(&path).unwrap();
    let (_, folder) = shop.stop();
    let shop = Shop::start_in(folder, &["--no-seed-data"]);
    assert_eq!(std::fs::read_to_string(shop.folder.path().join("data/organiser.key")).unwrap(), key);
}

#[test]
fn a_lost_database_keeps_the_shop_from_starting_and_one_never_made_does_not() {
    let (_, folder) = Shop::start(&["--no-seed-data"]).stop();
    std::fs::remove_file(folder.path().join("data/ordering.sqlite")).unwrap();
    let ended = run_in(&folder, &["run", "--data", "data", "--port", "0", "--gateway-port", "0"]);
    ended.refused(1, "has lost ordering.sqlite");
    ended.refused(1, "move the whole folder away");
    assert!(!folder.path().join("data/ordering.sqlite").exists());
    // As a first start leaves it that was broken off before ordering's turn.
    let note = folder.path().join("data/databases");
    let noted = std::fs::read_to_string(&note).unwrap();
    std::fs::write(&note, noted.replace("ordering\n", "")).unwrap();
    Shop::start_in(folder, &["--no-seed-data"]);
}

#[test]
fn commands_on_a_folder_whose_shop_does_not_run_say_so() {
    let (_, folder) = Shop::start(&["--no-seed-data"]).stop();
    for args in [&["events", "list"][..], &["orders", "show", "00000000-0000-0000-0000-000000000000"], &["dead-letters", "list"]] {
        run_in(&folder, &[args, &["--data", "data"]].concat()).refused(1, "the shop of data does not run; start it with");
        run_in(&folder, &[args, &["--data", "none"]].concat()).refused(2, "none is no data folder of a shop");
    }
}

#[test]
fn the_price_of_several_ticket_types_is_asked_for_by_the_options_name() {
    let shop = Shop::start(&[]);
    let events = shop.ask(&["events", "list", "--json"]).json();
    let ids = events.as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap());
    let refused = ids.map(|id| shop.ask(&["events", "price", id, "31.00"])).find(|ended| ended.code != Some(0)).unwrap();
    refused.refused(2, "say which with --ticket-type: ");
}

#[cfg(unix)]
#[test]
fn a_weak_key_is_refused_and_an_open_one_is_closed() {
    use std::os::unix::fs::PermissionsExt;

    let (_, folder) = Shop::start(&["--no-seed-data"]).stop();
    let key = folder.path().join("data/organiser.key");
    let start = ["run", "--data", "data", "--port", "0", "--gateway-port", "0"];
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    for weak in ["short", "a key with spaces in it", "schlüssel-schlüssel"] {
        std::fs::write(&key, weak).unwrap();
        run_in(&folder, &start).refused(1, "at least 16 printable ASCII characters");
    }
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn verify_leaves_a_stopped_shops_folder_as_it_is_and_says_what_it_cannot_judge() {
    let (_, folder) = Shop::start(&["--no-seed-data"]).stop();
    let data = folder.path().join("data");
    let names = || std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>();
    let before = names();
    let verify = || run_in(&folder, &["verify", "--data", "data", "--json"]);
    assert_eq!(verify().json()["at_rest"], true);
    assert_eq!(names(), before);
    std::fs::write(data.join("payment.sqlite"), "no database, ".repeat(100)).unwrap();
    let ended = verify();
    ended.refused(2, "payment.sqlite");
    let told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert!(told["error"].as_str().unwrap().contains("payment.sqlite"), "{told}");
}

#[test]
fn a_shop_on_all_addresses_warns_unless_it_is_told_where_buyers_reach_the_gateway() {
    let complaints = |shop: &Shop| std::fs::read_to_string(shop.folder.path().join("complaints.txt")).unwrap();
    let all = ["--no-seed-data", "--listen", "0.0.0.0"];
    let shop = Shop::start(&all);
    assert!(complaints(&shop).contains("--gateway-public-url"), "{}", complaints(&shop));
    let shop = Shop::start(&[&all[..], &["--gateway-public-url", "http://pay.example.org/"]].concat());
    assert!(!complaints(&shop).contains("--gateway-public-url"), "{}", complaints(&shop));
    let running = std::fs::read_to_string(shop.folder.path().join("data/shop.json")).unwrap();
    assert!(running.contains("\"http://pay.example.org\""), "{running}");
    run(&["run", "--gateway-public-url", "pay"]).refused(2, "--gateway-public-url is `pay`");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let shop = Shop::start(&[]);
    let mut listing = command(&shop.folder, &["events", "list", "--data", "data"]);
    let mut child = listing.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let listed = ended(&child.wait_with_output().unwrap());
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""));
}
