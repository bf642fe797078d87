//! `globoticket dead-letters`: what could not be handled. Look at it, and try it again once the cause is gone.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::config::Faults;
use crate::failure::{FAILED, Failure};
use crate::runtime;
use crate::shop_client::{ShopClient, Whereabouts};
use crate::text::{complain, member, moment, print_json, print_table, say};

const LETTERS: &str = "/api/admin/dead-letters";
const NONE: &str = "there are no dead letters";

#[derive(Debug, Args)]
pub(crate) struct DeadLettersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the messages that could not be handled, or not be sent
    List(Common),
    /// Show one with everything known about it
    Show {
        /// Its id as listed, such as ordering/12.
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Send one or all to their endpoints again
    Retry {
        /// Its id as listed, such as ordering/12.
        id: Option<String>,
        /// All there are.
        #[arg(long)]
        all: bool,
        /// Also those that are older than the inbox remembers, which may then be handled twice.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    whereabouts: Whereabouts,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn carry_out(args: DeadLettersArgs, mut faults: Faults) -> Result<(), Failure> {
    // An id wins over what the environment or a file say for all calls, not over what this one says.
    if matches!(&args.action, Action::Retry { id: Some(_), all: true, .. }) && !faults.is_set_elsewhere("all") {
        faults.add("say which: an ID, or --all, not both");
    }
    faults.finish()?;
    runtime::run_here(|outside| async move {
        let (Action::List(common) | Action::Show { common, .. } | Action::Retry { common, .. }) = &args.action;
        let shop = ShopClient::organiser(&outside, &common.whereabouts)?;
        match &args.action {
            Action::List(common) => list(&shop, common).await,
            Action::Show { id, common } => show(&shop, id, common).await,
            Action::Retry { id: Some(id), yes, common, .. } => retry(&shop, &[path(id)?.to_owned()], *yes, common).await,
            Action::Retry { id: None, all: true, yes, common } => {
                // All are known before the first is sent again: one that fails again is not taken for another.
                let ids: Vec<String> = all(&shop).await?.iter().map(|letter| member(letter, "id").to_owned()).collect();
                retry(&shop, &ids, *yes, common).await
            }
            Action::Retry { id: None, .. } => Err(Failure::usage("say which: an ID, or --all")),
        }
    })
}

/// All pages of the list.
async fn all(shop: &ShopClient) -> Result<Vec<Value>, Failure> {
    let (mut found, mut query) = (Vec::new(), String::new());
    loop {
        let mut page = shop.get(&format!("{LETTERS}{query}")).await?;
        if let Value::Array(letters) = page["dead_letters"].take() {
            found.extend(letters);
        }
        match page["next"].as_str() {
            Some(next) => query = format!("?after={next}"),
            None => return Ok(found),
        }
    }
}

async fn list(shop: &ShopClient, common: &Common) -> Result<(), Failure> {
    let letters = all(shop).await?;
    if common.json {
        print_json(&Value::Array(letters));
        return Ok(());
    }
    if letters.is_empty() {
        say(NONE);
        return Ok(());
    }
    let text = |letter: &Value, name| member(letter, name).to_owned();
    let row = |letter: &Value| {
        vec![text(letter, "id"), moment(member(letter, "since")), text(letter, "kind"), text(letter, "subject"), text(letter, "reason")]
    };
    print_table(&["ID", "SINCE", "MESSAGE", "ABOUT", "REASON"], &letters.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn show(shop: &ShopClient, id: &str, common: &Common) -> Result<(), Failure> {
    let letter = shop.get(&format!("{LETTERS}/{}", path(id)?)).await?;
    if common.json {
        print_json(&letter);
        return Ok(());
    }
    for name in ["id", "endpoint", "message_id", "kind", "subject", "since", "reason", "description"] {
        say(format!("{name:12} {}", member(&letter, name)));
    }
    for (name, value) in letter["headers"].as_object().into_iter().flatten() {
        say(format!("  {name}: {}", value.as_str().unwrap_or_default()));
    }
    say(member(&letter, "body"));
    Ok(())
}

/// Tries all of them, also after one was refused.
async fn retry(shop: &ShopClient, ids: &[String], confirmed: bool, common: &Common) -> Result<(), Failure> {
    let (mut retried, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        match shop.post(&format!("{LETTERS}/{id}/retry"), &json!({ "confirmed": confirmed })).await {
            Ok(_) => retried.push(id.as_str()),
            Err(failure) => refused.push((id, failure)),
        }
    }
    if common.json {
        let refused: Vec<Value> = refused.iter().map(|(id, failure)| json!({ "id": id, "detail": failure.text })).collect();
        print_json(&json!({ "retried": retried, "refused": refused }));
    } else {
        retried.iter().for_each(|id| say(format!("{id} was sent again")));
        if ids.is_empty() {
            say(NONE);
        }
    }
    for (id, failure) in &refused {
        let of = if failure.text.contains(id.as_str()) { String::new() } else { format!("{id}: ") };
        complain(format!("error: {of}{failure}"));
    }
    let code = refused.iter().map(|(_, failure)| failure.code).max();
    code.map_or(Ok(()), |code| Err(Failure::silent(code.max(FAILED))))
}

/// An id as the end of a path: an endpoint and a place there. Which places there are the shop knows.
fn path(id: &str) -> Result<&str, Failure> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match id.split_once('/') {
        Some((endpoint, place)) if is_name(endpoint) && is_name(place) => Ok(id),
        _ => Err(Failure::usage(format!("there is no dead letter `{id}`: an id looks like ordering/12; list them to see which there are"))),
    }
}
