//! Mistakes and help: nothing here needs a running shop.

use crate::world::{folder, run, run_in};

#[test]
fn help_names_every_command_and_is_no_failure() {
    let help = run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for command in ["run", "buy", "events", "orders", "dead-letters", "verify", "simulate", "staleness", "topology", "config"] {
        assert!(help.out.contains(&format!("  {command} ")), "{command} is not in: {}", help.out);
    }
}

#[test]
fn the_default_command_is_run() {
    run(&["--port", "70000"]).refused(2, "70000");
}

#[test]
fn an_unknown_option_is_wrong_use() {
    run(&["buy", "--tickets", "3"]).refused(2, "--tickets");
}

#[test]
fn all_wrong_values_are_told_at_once() {
    let ended = run(&[
        "run",
        "--port",
        "abc",
        "--gateway-port",
        "-1",
        "--listen",
        "nowhere",
        "--data",
        "",
        "--log",
        "loud=very",
        "--log-format",
        "xml",
    ]);
    ended.refused(2, "6 settings");
    for option in ["port", "gateway-port", "listen", "data", "log", "log-format"] {
        assert!(ended.err.contains(&format!("--{option} is `")), "--{option} is not in: {}", ended.err);
    }
}

#[test]
fn the_limits_of_a_purchase_stand_in_its_help_and_are_kept() {
    let help = run(&["buy", "--help"]).out;
    assert!(help.contains("1 to 10") && help.contains("1 to 4096"), "{help}");
    run(&["buy", "--quantity", "11"]).refused(2, "--quantity is `11`: it must be a whole number from 1 to 10");
}

#[test]
fn what_is_no_id_is_no_event() {
    run(&["events", "show", "x", "--url", "http://127.0.0.1:9"]).refused(2, "there is no event `x`");
}

#[test]
fn an_argument_without_a_name_is_named_by_its_place() {
    run(&["events", "price", "0190f6a2-7b1c-7def-8a55-0123456789ab", "dear"]).refused(2, "AMOUNT is `dear`");
}

#[test]
fn a_negative_price_is_named() {
    run(&["events", "create", "--title", "x", "--capacity", "1", "--price", "-3"]).refused(2, "`-3`");
}

#[test]
fn a_shop_that_is_not_there_is_named() {
    run(&["events", "list", "--url", "http://127.0.0.1:9"]).refused(1, "http://127.0.0.1:9");
}

#[test]
fn an_address_that_is_none_is_named() {
    run(&["events", "list", "--url", "nonsense"]).refused(2, "`nonsense`");
}

#[test]
fn without_a_key_or_data_folder_an_organiser_is_told_what_to_give() {
    run(&["events", "cancel", "x"]).refused(2, "--key");
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    run(&["run", "--data", "/proc/nowhere", "--port", "0", "--gateway-port", "0"]).refused(1, "/proc/nowhere");
}

#[test]
fn a_data_folder_that_is_a_file_is_named_as_one() {
    let folder = folder();
    std::fs::write(folder.path().join("afile"), "").unwrap();
    run_in(&folder, &["run", "--data", "afile", "--port", "0", "--gateway-port", "0"]).refused(1, "afile is not a folder");
}

#[test]
fn verify_names_a_folder_without_a_shop() {
    run(&["verify", "--data", "nothing-here"]).refused(2, "nothing-here");
}

#[test]
fn damaged_databases_are_all_named_and_never_replaced() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let paths = ["ordering", "payment"].map(|name| folder.path().join(format!("data/{name}.sqlite")));
    for path in &paths {
        std::fs::write(path, "this is no database, and more than a hundred bytes of it: ".repeat(40)).unwrap();
    }
    let ended = run_in(&folder, &["run", "--data", "data", "--port", "0", "--gateway-port", "0"]);
    ended.refused(1, "ordering.sqlite");
    ended.refused(1, "payment.sqlite");
    for path in &paths {
        assert!(std::fs::read_to_string(path).unwrap().starts_with("this is no database"));
    }
}

#[test]
fn the_topology_is_told_as_a_table_as_json_as_asyncapi_or_as_a_drawing() {
    let table = run(&["topology"]);
    assert_eq!(table.code, Some(0), "{}", table.err);
    let row = |name: &str| table.out.lines().find(|line| line.contains(name)).unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    assert_eq!(row("hold-tickets"), ["command", "globoticket.box-office.hold-tickets", "shopping-basket", "box-office"]);
    assert_eq!(row("ask-gateway"), ["call", "ask-gateway", "payment", "payment", "gateway"]);
    let json: serde_json::Value = serde_json::from_str(&run(&["topology", "--json"]).out).unwrap();
    assert_eq!(json["outside"][0], "payment gateway");
    let asyncapi: serde_json::Value = serde_json::from_str(&run(&["topology", "--asyncapi"]).out).unwrap();
    assert_eq!(asyncapi["asyncapi"], "3.0.0");
    let svg = run(&["topology", "--svg"]).out;
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
}

#[test]
fn two_shapes_of_one_topology_are_refused() {
    run(&["topology", "--json", "--svg"]).refused(2, "only one of --json, --svg");
    run(&["topology", "--asyncapi", "--svg"]).refused(2, "only one of --svg, --asyncapi");
}
