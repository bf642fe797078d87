//! `globoticket orders`: the whole history of an order, as the services tell it to the organiser.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::config::Faults;
use crate::failure::Failure;
use crate::runtime;
use crate::shop_client::{ShopClient, Whereabouts};
use crate::text::{amount, member, moment, print_json, print_table, say};

#[derive(Debug, Args)]
pub(crate) struct OrdersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show an order: its states, messages and payment attempts, with times
    Show {
        /// The order's id.
        id: String,
        #[command(flatten)]
        whereabouts: Whereabouts,
        /// Answer with JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn carry_out(args: OrdersArgs, faults: Faults) -> Result<(), Failure> {
    faults.finish()?;
    let Action::Show { id, whereabouts, json } = args.action;
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(Failure::usage(format!("`{id}` is no order's id; it looks like 0190f6a2-7b1c-7def-8a55-0123456789ab")));
    }
    runtime::run_here(|outside| async move {
        let story = ShopClient::organiser(&outside, &whereabouts)?.get(&format!("/api/admin/orders/{id}")).await?;
        if json {
            print_json(&story);
        } else {
            tell(&id, &story);
        }
        Ok(())
    })
}

fn tell(id: &str, story: &Value) {
    let order = &story["order"];
    let reason = order["reason"].as_str().map(|reason| format!(" ({})", reason.replace('_', " "))).unwrap_or_default();
    let total = amount(order["total_minor"].as_i64().unwrap_or(0), member(order, "currency"));
    say(format!("order {id}: {}{reason}, {total}", member(order, "state").replace('_', " ")));
    for line in array(&order["lines"]) {
        let price = amount(line["price_minor"].as_i64().unwrap_or(0), member(order, "currency"));
        say(format!("  {} × {}, {} at {price}", line["quantity"], member(line, "event_title"), member(line, "ticket_type_name")));
        if let Some(dates) = dates(line) {
            say(format!("    {dates}"));
        }
    }
    say("\nhistory");
    let decisions: Vec<Vec<String>> = array(&story["history"]["history"]).iter().map(decision).collect();
    print_table(&["AT", "INPUT", "FROM", "TO", "SENT"], &decisions);
    say("\npayments");
    let attempts: Vec<Vec<String>> = array(&story["payments"]["payments"]).iter().flat_map(payment).collect();
    print_table(&["AT", "ATTEMPT", "INPUT", "TO"], &attempts);
    say("\ntickets");
    let tickets: Vec<Vec<String>> = array(&story["tickets"]["tickets"]).iter().map(ticket).collect();
    print_table(&["CODE", "VALID"], &tickets);
    let letters: Vec<Vec<String>> = array(&story["dead_letters"]).iter().map(letter).collect();
    if !letters.is_empty() {
        say("\ndead letters");
        print_table(&["ID", "SINCE", "MESSAGE", "REASON"], &letters);
    }
}

/// What could not be handled about the order, or not be sent.
fn letter(letter: &Value) -> Vec<String> {
    let text = |name| member(letter, name).to_owned();
    vec![text("id"), moment(member(letter, "since")), text("kind"), text("reason")]
}

/// When the line's event takes place: both dates where it was rescheduled since it was bought.
fn dates(line: &Value) -> Option<String> {
    let now = line["event_starts"].as_str()?;
    Some(match line["event_starts_bought"].as_str() {
        _ if line["event_cancelled"] == true => format!("cancelled; was to start {} UTC", moment(now)),
        Some(bought) if bought != now => format!("starts {} UTC, rescheduled from {} UTC", moment(now), moment(bought)),
        _ => format!("starts {} UTC", moment(now)),
    })
}

fn decision(row: &Value) -> Vec<String> {
    let sent: Vec<&str> = array(&row["sent"]).iter().filter_map(Value::as_str).collect();
    let text = |name| member(row, name).to_owned();
    vec![instant(row), text("input"), text("from"), text("to"), sent.join(", ")]
}

/// What happened to one attempt to pay, and how it stands.
fn payment(payment: &Value) -> Vec<Vec<String>> {
    let attempt = payment["attempt"].to_string();
    let text = |row, name| member(row, name).to_owned();
    let steps = array(&payment["history"]).iter().map(|row| vec![instant(row), attempt.clone(), text(row, "input"), text(row, "to")]);
    steps.collect()
}

/// When a row of a history was written, to the millisecond.
fn instant(row: &Value) -> String {
    let at = member(row, "at");
    at.get(..23).map_or_else(|| moment(at), |text| text.replace('T', " "))
}

fn ticket(ticket: &Value) -> Vec<String> {
    let valid = if ticket["valid"] == true { "yes" } else { "no" };
    vec![member(ticket, "code").to_owned(), valid.to_owned()]
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
