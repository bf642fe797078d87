//! Trace, correlation, causation, conversation: T43.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use messaging::dead_letters::{self, Confirmed};
use messaging::{Endpoint, HandlerError, Headers, Settings};

use crate::bench::{Bench, Failure, Proof, SOON, Verdict, same, send, topology};
use crate::letters::{Ping, Pinged, letter};

const STORY: [(&str, &str); 3] =
    [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("conversationid", "story"), ("correlationid", "order 7")];

/// Fails the first time, so that the ping is put off; then publishes, and sends itself what it dead-letters an hour later.
fn stumbling() -> Endpoint {
    let tries = Arc::new(AtomicU32::new(0));
    Endpoint::new("pinger").sends::<Ping>().publishes::<Pinged>().handle(move |ctx, cmd: Ping| {
        if cmd.text == "last" {
            return Err(HandlerError::permanent("the end of the story"));
        }
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(HandlerError::retry_after(Duration::from_secs(60), "not now"));
        }
        ctx.publish(Pinged { text: cmd.text })?;
        let due = ctx.now().plus(Duration::from_secs(3_600));
        ctx.send_at(due, "last", Ping { text: "last".to_owned() })
    })
}

pub(crate) async fn kept(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["pinger", "elsewhere"], &[("suite.pinged", "elsewhere")])).await?;
    let party = bench.party(&transport, stumbling(), Settings::default()).await?;
    let mut first = letter(bench, "first");
    first.headers.extend(STORY.map(|(name, value)| (name.to_owned(), value.to_owned())));
    send(&*transport, vec![first.clone()]).await?;
    bench.sleep(Duration::from_secs(120)).await;
    let heard = bench.take_all(&*transport, "elsewhere").await?;
    let event = heard.first().ok_or_else(|| Failure("the event did not come".to_owned()))?;
    tells("an event after a delayed retry", &event.headers, &first.id)?;
    if !transport.capabilities().browse {
        return Ok(Verdict::Proved);
    }
    bench.sleep(Duration::from_secs(3_600) + SOON).await;
    let dead = dead_letters::list(&party.service, None, 10).await?;
    let dead = dead.first().ok_or_else(|| Failure("the dead letter did not come".to_owned()))?;
    tells("a dead letter that was due later", &dead.headers, &first.id)?;
    dead_letters::retry(&party.service, &dead.id, Confirmed::No).await?;
    bench.sleep(SOON).await;
    let again = dead_letters::list(&party.service, None, 10).await?;
    let again = again.first().ok_or_else(|| Failure("the retried letter did not come".to_owned()))?;
    same("the retried letter's round", again.headers.get("retryround").map(String::as_str), Some("1"))?;
    tells("a dead letter that was retried", &again.headers, &first.id)?;
    Ok(Verdict::Proved)
}

fn tells(what: &str, headers: &Headers, cause: &str) -> Result<(), Failure> {
    for (name, value) in STORY {
        same(&format!("`{name}` of {what}"), headers.get(name).map(String::as_str), Some(value))?;
    }
    same(&format!("the cause of {what}"), headers.get("causationid").map(String::as_str), Some(cause))
}
