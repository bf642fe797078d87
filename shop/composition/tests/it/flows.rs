//! Who sends what to whom, as data and as a drawing. What is written down is compared: UPDATE_EXPECT=1 writes it anew.

use composition::flows::{Flow, FlowKind, Flows};
use expect_test::expect_file;
use messaging::{Declaration, Endpoint};

fn named(name: &str) -> Flow {
    let found = Flows::of_the_shop().flows.into_iter().find(|flow| flow.name == name);
    found.unwrap_or_else(|| panic!("{name} is not there"))
}

#[test]
fn the_flows_as_json_are_those_of_before() {
    let json = serde_json::to_string_pretty(&Flows::of_the_shop()).unwrap();
    expect_file!["../golden/topology.json"].assert_eq(&format!("{json}\n"));
}

#[test]
fn the_drawing_is_that_of_before() {
    expect_file!["../golden/topology.svg"].assert_eq(&Flows::of_the_shop().to_svg());
}

#[test]
fn a_command_goes_to_one_an_event_to_many_a_feed_to_its_readers_a_call_outside() {
    let command = named("globoticket.box-office.hold-tickets");
    assert_eq!(
        (command.kind, command.from.as_slice(), command.to.as_slice()),
        (FlowKind::Command, &["shopping-basket"][..], &["box-office"][..])
    );
    let event = named("globoticket.event-catalog.event-cancelled");
    assert_eq!((event.kind, event.to.len()), (FlowKind::Event, 3), "{event:?}");
    let feed = named("basket-events");
    assert_eq!((feed.kind, feed.from.as_slice(), feed.to.as_slice()), (FlowKind::Feed, &["shopping-basket"][..], &["marketing"][..]));
    let call = named("ask-gateway");
    assert_eq!((call.kind, call.from.as_slice(), call.to.as_slice()), (FlowKind::Call, &["payment"][..], &["payment gateway"][..]));
}

#[test]
fn every_command_and_feed_has_its_receiver_and_every_flow_its_sender() {
    for flow in Flows::of_the_shop().flows {
        assert!(!flow.from.is_empty(), "{flow:?}");
        assert!(flow.kind == FlowKind::Event || !flow.to.is_empty(), "{flow:?}");
        assert!(flow.kind != FlowKind::Command || flow.to.len() == 1, "{flow:?}");
    }
}

/// The attribute of each element that begins with `open`, and its text.
fn elements<'s>(svg: &'s str, open: &str, attribute: &str) -> Vec<(i32, &'s str)> {
    let number = |line: &str| line.split(&format!(" {attribute}=\"")).nth(1).and_then(|rest| rest.split('"').next()?.parse().ok());
    let text = |line: &'s str| line.split_once('>').and_then(|(_, rest)| rest.split('<').next()).unwrap_or_default();
    let lines = svg.lines().filter_map(|line| line.find(open).map(|at| &line[at..]));
    lines.filter_map(|line| Some((number(line)?, text(line)))).collect()
}

#[test]
fn labels_stand_in_rows_of_their_own_and_end_before_the_drawing_does() {
    let svg = Flows::of_the_shop().to_svg();
    let (rows, lefts) = (elements(&svg, "<text class=\"text label\"", "y"), elements(&svg, "<text class=\"text label\"", "x"));
    assert_eq!(rows.len(), Flows::of_the_shop().flows.len());
    assert!(rows.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 20), "{rows:?}");
    let (width, _) = elements(&svg, "<svg ", "width")[0];
    assert!(lefts.iter().all(|(x, text)| *x > 0 && x + 7 * i32::try_from(text.len()).unwrap() < width), "{width}: {lefts:?}");
}

#[test]
fn the_drawing_says_in_words_what_it_shows_and_fetches_nothing() {
    let svg = Flows::of_the_shop().to_svg();
    assert!(svg.contains("role=\"img\" aria-labelledby=\"title desc\"") && svg.contains("<title id=\"title\">"), "{svg}");
    assert!(svg.contains("prefers-color-scheme:dark"));
    assert!(svg.contains("<title>call ask-gateway: from payment to payment gateway</title>"));
    assert!(!svg.replace("xmlns=\"http://www.w3.org/2000/svg\"", "").contains("http") && !svg.contains("url("));
}

#[test]
fn a_name_in_the_drawing_is_text_and_never_markup() {
    let mut declaration: Declaration = Endpoint::new("asker").declaration().clone();
    declaration.calls.insert("ask", "<b>R&D</b>");
    let svg = Flows::of(&[&declaration]).to_svg();
    assert!(svg.contains("&lt;b&gt;R&amp;D&lt;/b&gt;") && !svg.contains("<b>"), "{svg}");
}
