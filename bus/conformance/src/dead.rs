//! Dead letters: T24 to T26.

use std::sync::Arc;
use std::time::Duration;

use hosting::Timestamp;
use messaging::dead_letters::{self, Confirmed, DeadLetter};
use messaging::{OutgoingMessage, Settings, Source, Transport};

use crate::bench::{Bench, Failure, Party, Proof, SOON, Verdict, same, send, so, topology};
use crate::letters::{letter, pinger};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Three pings, the second of which ends as a dead letter.
async fn bury(bench: &Bench) -> Result<(Arc<dyn Transport>, Party, OutgoingMessage, DeadLetter), Failure> {
    let transport = bench.start_with(topology(&["pinger"], &[("suite.pinged", "pinger")])).await?;
    let party = bench.party(&transport, pinger(), Settings::default()).await?;
    let failing = letter(bench, "fail");
    send(&*transport, vec![letter(bench, "one"), failing.clone(), letter(bench, "two")]).await?;
    bench.sleep(SOON).await;
    let mut found = dead_letters::list(&*transport, "pinger", 0, 10).await?;
    // The pinger's own event comes to it as well, and it knows no handler for that.
    found.retain(|letter| letter.kind == "suite.ping");
    same("dead letters", found.len(), 1)?;
    let found = found.remove(0);
    Ok((transport, party, failing, found))
}

pub(crate) async fn told(bench: &Bench) -> Proof {
    if !bench.capabilities().await?.browse {
        return Ok(Verdict::Skipped("its dead letters cannot be looked at"));
    }
    bench.place.stop().await;
    let (_transport, _party, sent, found) = bury(bench).await?;
    same("id", &found.message_id, &sent.id)?;
    same("body", found.body.as_bytes(), &sent.body[..])?;
    so("its headers are kept", sent.headers.iter().all(|(name, value)| found.headers.get(name) == Some(value)))?;
    same("reason", found.reason.as_str(), "PermanentFailure")?;
    same("description", found.description.as_str(), "it fails: of itself")?;
    same("endpoint", found.headers.get("deadletterendpoint").map(String::as_str), Some("pinger"))?;
    same("attempts", found.headers.get("deadletterattempts").map(String::as_str), Some("1"))?;
    so("its time", found.headers.get("deadlettertime").is_some_and(|time| time.parse::<Timestamp>().is_ok()))?;
    Ok(Verdict::Proved)
}

pub(crate) async fn retried(bench: &Bench) -> Proof {
    if !bench.capabilities().await?.browse {
        return Ok(Verdict::Skipped("its dead letters cannot be looked at"));
    }
    bench.place.stop().await;
    let (transport, mut party, sent, found) = bury(bench).await?;
    party.host.stop().await;
    let now = bench.outside().clock.now();
    dead_letters::retry(&*transport, &found.id, now, WEEK, Confirmed::No).await?;
    let taken = bench.take_all(&*transport, "pinger").await?;
    let again = taken.into_iter().find(|delivery| delivery.id == sent.id).ok_or_else(|| Failure("it did not come again".to_owned()))?;
    same("count", again.delivery_count, 0)?;
    same("body", &again.body, &sent.body)?;
    same("round", again.headers.get("retryround").map(String::as_str), Some("1"))?;
    so("its history is kept", again.headers.contains_key("deadlettertime"))?;
    let twice = dead_letters::retry(&*transport, &found.id, now, WEEK, Confirmed::No).await;
    so("a second retry finds nothing", matches!(twice, Err(dead_letters::RetryError::Unknown(_))))?;
    Ok(Verdict::Proved)
}

pub(crate) async fn browsed(bench: &Bench) -> Proof {
    let transport = bench.start(&["desk"]).await?;
    if !transport.capabilities().browse {
        return Ok(Verdict::Skipped("its queues cannot be looked at"));
    }
    let messages: Vec<_> = (0..5).map(|number: u8| bench.message("desk", &[number])).collect();
    send(&*transport, messages.clone()).await?;
    let queue = Source::Queue("desk".to_owned());
    let seen = transport.browse(&queue, 0, 3).await?;
    same("how many at once", seen.len(), 3)?;
    let rest = transport.browse(&queue, seen[2].position + 1, 10).await?;
    let ids: Vec<&String> = seen.iter().chain(&rest).map(|browsed| &browsed.id).collect();
    same("all, in order", ids, messages.iter().map(|message| &message.id).collect())?;
    same("and all are still there", bench.take_all(&*transport, "desk").await?.len(), 5)?;
    same("dead letters", transport.browse(&Source::DeadLetters("desk".to_owned()), 0, 10).await?.len(), 0)?;
    Ok(Verdict::Proved)
}
