//! A stranger's function in Python, called by a running shop: answering, refusing, slow, absent, killed in the middle.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use crate::world::{Shop, command, folder, run_in};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/functions");
const DIRECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/functions/directed.py");
/// What is awaited longer than this does not come.
const HEARD_WITHIN: Duration = Duration::from_secs(120);
/// Looks at a state that is waited for.
const LOOKS_MAX: usize = 100_000;

/// A Python program at work.
struct Python {
    process: Child,
    said: Receiver<String>,
    tell: ChildStdin,
    url: String,
}

impl Python {
    fn start(folder: &TempDir, program: &str, port: &str) -> Self {
        let key = folder.path().join("data/function-loyalty.key");
        let mut command = Command::new("python3");
        let command = command.args(["-B", program]).arg(key).args([port, EXAMPLES]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (say, said) = channel();
        let listen = move || lines.map_while(Result::ok).try_for_each(|line| say.send(line));
        #[expect(clippy::disallowed_methods, reason = "ends with the program that it listens to")]
        std::thread::spawn(listen);
        let (url, tell) = (said.recv_timeout(HEARD_WITHIN).unwrap(), process.stdin.take().unwrap());
        Self { process, said, tell, url }
    }

    /// The next line that it says.
    fn hear(&mut self) -> String {
        self.said.recv_timeout(HEARD_WITHIN).unwrap()
    }

    fn tell(&mut self, word: &str) {
        writeln!(self.tell, "{word}").unwrap();
    }

    fn port(&self) -> String {
        self.url.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned()
    }

    /// Ends it at once, and answers the port that it listened on.
    fn kill(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.port()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A data folder with a key, and a configuration that has the function called at `url`.
fn set_up(folder: &TempDir, url: &str, more: &str) {
    let text = format!("[[function]]\nname = \"loyalty\"\nevents = [\"globoticket.ordering.order-paid\"]\nurl = \"{url}\"\n{more}\n");
    std::fs::write(folder.path().join("data/globoticket.toml"), text).unwrap();
}

fn folder_with_key() -> TempDir {
    let folder = folder();
    let made = run_in(&folder, &["function", "key", "loyalty", "--data", "data"]);
    assert!(made.code == Some(0) && made.out.starts_with("whsec_"), "{}", made.err);
    folder
}

/// A shop and a function that is directed by the test.
fn directed(more: &str) -> (Shop, Python) {
    let folder = folder_with_key();
    let function = Python::start(&folder, DIRECTED, "0");
    set_up(&folder, &function.url, more);
    (Shop::start_in(folder, &[]), function)
}

fn buy(shop: &Shop) {
    let bought = run_in(&shop.folder, &["buy", "--url", &shop.url(), "--json"]).json();
    assert_eq!(bought["issued"], 1, "{bought}");
}

/// What the shop says of the function's health.
fn health(shop: &Shop) -> serde_json::Value {
    let url = shop.url();
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let report: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(report["ready"], true, "a function keeps nobody from buying: {report}");
    report["parts"]["loyalty"].clone()
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    assert!((0..LOOKS_MAX).any(|_| holds()), "{what} did not come");
}

fn is_degraded(shop: &Shop, reason: &str) -> bool {
    health(shop)["reason"].as_str().is_some_and(|text| text.contains(reason))
}

fn letters(shop: &Shop) -> Vec<serde_json::Value> {
    shop.ask(&["dead-letters", "list", "--json"]).json().as_array().unwrap().clone()
}

#[test]
fn the_example_checks_the_signature_and_counts_points_for_a_paid_order() {
    let folder = folder_with_key();
    let program = Path::new(EXAMPLES).join("loyalty.py");
    let mut function = Python::start(&folder, program.to_str().unwrap(), "0");
    set_up(&folder, &function.url, "");
    let shop = Shop::start_in(folder, &[]);
    buy(&shop);
    let said = function.hear();
    assert!(said.starts_with("order ") && said.contains(" points "), "{said}");
    let order = said.split(' ').nth(1).unwrap();
    assert_eq!(shop.ask(&["orders", "show", order, "--json"]).json()["id"], order);
    let verified = shop.ask(&["verify", "--wait", "30", "--json"]).json();
    assert_eq!((verified["at_rest"].as_bool(), letters(&shop).len()), (Some(true), 0), "{verified}");
}

#[test]
fn a_function_that_refuses_leaves_a_dead_letter_that_a_retry_delivers_once_it_is_mended() {
    let (shop, mut function) = directed("");
    buy(&shop);
    let id = function.hear();
    function.tell("400");
    wait_until("the dead letter", || !letters(&shop).is_empty());
    let letters = letters(&shop);
    assert_eq!((letters[0]["id"].as_str(), letters[0]["message_id"].as_str()), (Some("loyalty/call-1"), Some(id.as_str())), "{letters:?}");
    assert!(letters[0]["description"].as_str().unwrap().ends_with("the function answered 400"), "{letters:?}");
    let order = letters[0]["subject"].as_str().unwrap();
    let story = shop.ask(&["orders", "show", order]);
    assert!(story.out.contains("loyalty/call-1"), "the order's story tells it: {}{}", story.out, story.err);
    let retried = shop.ask(&["dead-letters", "retry", "loyalty/call-1"]);
    assert_eq!((retried.code, function.hear()), (Some(0), id), "{}", retried.err);
    function.tell("check");
    assert!(function.hear().starts_with("order "));
    shop.ask(&["dead-letters", "show", "loyalty/call-1"]).refused(2, "there is no dead letter `loyalty/call-1`");
}

#[test]
fn a_slow_function_is_called_again_under_the_same_id_and_its_late_answer_does_no_harm() {
    let (shop, mut function) = directed("timeout_ms = 300");
    buy(&shop);
    let id = function.hear();
    wait_until("the deadline", || is_degraded(&shop, "calls fail and are made again"));
    function.tell("204");
    assert_eq!(function.hear(), id);
    function.tell("check");
    assert!(function.hear().starts_with("order "));
    wait_until("the answer", || health(&shop)["condition"] == "ready");
    assert_eq!(letters(&shop).len(), 0);
}

#[test]
fn an_absent_function_is_told_in_health_and_gets_its_message_when_it_is_back() {
    let folder = folder_with_key();
    let absent = Python::start(&folder, DIRECTED, "0");
    set_up(&folder, &absent.url, "");
    let port = absent.kill();
    let shop = Shop::start_in(folder, &[]);
    buy(&shop);
    wait_until("the trouble", || is_degraded(&shop, "function `loyalty` cannot be reached"));
    let mut function = Python::start(&shop.folder, DIRECTED, &port);
    function.hear();
    function.tell("check");
    assert!(function.hear().starts_with("order "));
    wait_until("the end of the trouble", || health(&shop)["condition"] == "ready");
}

#[test]
fn a_function_and_a_shop_killed_in_the_middle_of_a_call_meet_again_over_the_same_id() {
    let (shop, mut function) = directed("");
    buy(&shop);
    let id = function.hear();
    let port = function.kill();
    let mut function = Python::start(&shop.folder, DIRECTED, &port);
    assert_eq!(function.hear(), id, "the function was killed");
    let folder = shop.kill();
    let shop = Shop::start_in(folder, &[]);
    // It does not know that nobody hears it.
    function.tell("204");
    assert_eq!(function.hear(), id, "the shop was killed");
    function.tell("check");
    assert!(function.hear().starts_with("order "));
    wait_until("the answer", || health(&shop)["condition"] == "ready");
    assert_eq!(letters(&shop).len(), 0);
}

#[cfg(unix)]
#[test]
fn a_key_is_made_once_printed_kept_for_its_owner_alone_and_replaced_only_when_told() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let make = |more: &[&str]| run_in(&folder, &[&["function", "key", "loyalty", "--data", "data"], more].concat());
    let made = make(&[]);
    let path = folder.path().join("data/function-loyalty.key");
    assert_eq!((made.code, std::fs::read_to_string(&path).unwrap()), (Some(0), made.out.clone()));
    assert!(made.err.contains("data/function-loyalty.key"), "{}", made.err);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    make(&[]).refused(2, "--replace makes another");
    let another = make(&["--replace"]).out;
    assert!(another != made.out && another == std::fs::read_to_string(&path).unwrap());
    run_in(&folder, &["function", "key", "../x", "--data", "data"]).refused(2, "`../x` is no name of a function");
}

#[test]
fn all_that_is_wrong_with_functions_is_told_at_once_by_file_function_and_key() {
    let folder = folder_with_key();
    let good = "events = [\"globoticket.ordering.order-paid\"]\nurl = \"https://example.org/x?y=1\"\n";
    let tables = [
        "name = \"Loyal Ty\"\nevents = [\"globoticket.ordering.order-payed\"]\nurl = \"ftp://example.org\"\ntimeout_ms = 50\n",
        "nmae = \"points\"\nevents = []\nurl = 7\ncommands = [\"globoticket.ordering.order-paid\"]\n",
        &format!("name = \"ordering\"\n{good}"),
        &format!("name = \"payment-gateway\"\n{good}"),
        &format!("name = \"loyalty\"\n{good}"),
        &format!("name = \"loyalty\"\n{good}"),
        &format!("name = \"keyless\"\n{good}"),
    ];
    let text: String =
        ["port = 70000\n".to_owned()].into_iter().chain(tables.iter().map(|table| format!("[[function]]\n{table}"))).collect();
    std::fs::write(folder.path().join("shop.toml"), text).unwrap();
    let told = run_in(&folder, &["run", "--data", "data", "--config", "shop.toml"]);
    for fault in [
        "`port` in shop.toml is `70000`",
        "`name` of function `Loyal Ty` in shop.toml must be",
        "`events` of function `Loyal Ty` in shop.toml names `globoticket.ordering.order-payed`, which is no event; there are ",
        "`url` of function `Loyal Ty` in shop.toml is `ftp://example.org`: it must be an address",
        "`timeout_ms` of function `Loyal Ty` in shop.toml is 50: it must be a whole number from 100 to 300000",
        "`nmae` of the function number 2 in shop.toml is no setting of a function",
        "`name` of the function number 2 in shop.toml is missing",
        "`events` of the function number 2 in shop.toml must name at least one event",
        "`url` of the function number 2 in shop.toml must be a text",
        "`commands` of the function number 2 in shop.toml names `globoticket.ordering.order-paid`, which is no command",
        "`name` of function `ordering` in shop.toml is taken",
        "`name` of function `payment-gateway` in shop.toml is taken",
        "`name` of function `loyalty` in shop.toml is taken",
        "function `keyless` has no key yet; make it with `globoticket function key keyless --data data`",
    ] {
        told.refused(2, fault);
    }
    told.refused(2, "14 settings are wrong");
    std::fs::write(folder.path().join("shop.toml"), "function = 7\n").unwrap();
    run_in(&folder, &["run", "--config", "shop.toml"]).refused(2, "`function` in shop.toml must be written as [[function]]");
}

#[test]
fn the_function_of_the_default_configuration_is_taken_as_it_stands() {
    let folder = folder_with_key();
    let text = run_in(&folder, &["config"]).out;
    let table = &text[text.find("# [[function]]").unwrap()..];
    let lines = table.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = ") || line.starts_with("[["));
    let table: String = lines.map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.path().join("data/globoticket.toml"), &table).unwrap();
    let listed = run_in(&folder, &["function", "list", "--data", "data", "--json"]).json();
    let expected = serde_json::json!([{
        "name": "loyalty", "events": ["globoticket.ordering.order-paid"], "url": "http://127.0.0.1:7071/order-paid",
        "commands": [], "timeout_ms": 10_000, "has_key": true,
    }]);
    assert_eq!(listed, expected, "{table}");
    let drawn = command(&folder, &["topology", "--json", "--config", "data/globoticket.toml"]).output().unwrap();
    let drawn: serde_json::Value = serde_json::from_slice(&drawn.stdout).unwrap();
    let flows = drawn["flows"].as_array().unwrap();
    let paid = flows.iter().find(|flow| flow["name"] == "globoticket.ordering.order-paid").unwrap();
    assert!(paid["to"].as_array().unwrap().contains(&"loyalty".into()), "{paid}");
}
