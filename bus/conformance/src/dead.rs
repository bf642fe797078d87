//! Dead letters: T24 to T26, T47.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use hosting::{Timestamp, race};
use messaging::dead_letters::{self, Confirmed, DeadLetter};
use messaging::{Browsed, Headers, OutgoingMessage, Settings, Settlement, Source, Transport};

use crate::bench::{Bench, Failure, Party, Proof, SOON, Verdict, same, send, so, topology};
use crate::letters::{letter, pinger};

/// Three pings, the second of which ends as a dead letter.
async fn bury(bench: &Bench) -> Result<(Arc<dyn Transport>, Party, OutgoingMessage, DeadLetter), Failure> {
    let transport = bench.start_with(topology(&["pinger"], &[("suite.pinged", "pinger")])).await?;
    let party = bench.party(&transport, pinger(), Settings::default()).await?;
    let failing = letter(bench, "fail");
    send(&*transport, vec![letter(bench, "one"), failing.clone(), letter(bench, "two")]).await?;
    bench.sleep(SOON).await;
    let mut found = dead_letters::list(&party.service, None, 10).await?;
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
    dead_letters::retry(&party.service, &found.id, Confirmed::No).await?;
    let taken = bench.take_all(&*transport, "pinger").await?;
    let again = taken.into_iter().find(|delivery| delivery.id == sent.id).ok_or_else(|| Failure("it did not come again".to_owned()))?;
    same("count", again.delivery_count, 0)?;
    same("body", &again.body, &sent.body)?;
    same("round", again.headers.get("retryround").map(String::as_str), Some("1"))?;
    so("its history is kept", again.headers.contains_key("deadlettertime"))?;
    let twice = dead_letters::retry(&party.service, &found.id, Confirmed::No).await;
    so("a second retry finds nothing", matches!(twice, Err(dead_letters::LetterError::Unknown(_))))?;
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

/// `count` dead letters at the desk, as they lie there.
async fn bury_at_desk(bench: &Bench, transport: &dyn Transport, count: u8) -> Result<Vec<Browsed>, Failure> {
    send(transport, (0..count).map(|number| bench.message("desk", &[number])).collect()).await?;
    let taken = bench.take_all(transport, "desk").await?;
    let why = || Settlement::DeadLetter { reason: "Tired".to_owned(), description: "of it".to_owned(), headers: Headers::new() };
    transport.settle(taken.into_iter().map(|delivery| (delivery.lock, why())).collect()).await?;
    let found = lying(transport).await?;
    same("dead letters", found.len(), usize::from(count))?;
    Ok(found)
}

async fn lying(transport: &dyn Transport) -> Result<Vec<Browsed>, Failure> {
    Ok(transport.browse(&Source::DeadLetters("desk".to_owned()), 0, 1_000).await?)
}

pub(crate) async fn sent_again(bench: &Bench) -> Proof {
    let transport = bench.start(&["desk"]).await?;
    let capabilities = transport.capabilities();
    if !capabilities.browse {
        return Ok(Verdict::Skipped("its dead letters cannot be looked at"));
    }
    let mut letters = bury_at_desk(bench, &*transport, 130).await?;
    let wanted = letters.pop().ok_or_else(|| Failure("there is none".to_owned()))?;
    at_once(bench, &transport, &wanted).await?;
    let again = bench.take_all(&*transport, "desk").await?;
    same("how often it came", again.len(), 1)?;
    same("which came", (&again[0].id, &again[0].body, again[0].delivery_count), (&wanted.id, &wanted.body, 0))?;
    let others: Vec<u64> = lying(&*transport).await?.iter().map(|browsed| browsed.position).collect();
    same("the others", others, letters.iter().map(|browsed| browsed.position).collect())?;
    let dead = Source::DeadLetters("desk".to_owned());
    same("how many of the others can be received", transport.receive(&dead, 256).await?.len(), letters.len())?;
    if capabilities.durable {
        drop(transport);
        interrupted(bench).await?;
    }
    Ok(Verdict::Proved)
}

/// Five send it again at once: one has done it, the others found nothing.
async fn at_once(bench: &Bench, transport: &Arc<dyn Transport>, letter: &Browsed) -> Result<(), Failure> {
    let answers = Arc::new(Mutex::new(Vec::new()));
    let tasks = (0..5).map(|_| {
        let (transport, answers, position, headers) = (transport.clone(), answers.clone(), letter.position, letter.headers.clone());
        async move {
            let answer = transport.resubmit("desk", position, headers).await.map_err(|error| error.to_string());
            answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
        }
    });
    bench.at_once(tasks.collect::<Vec<_>>()).await?;
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    answers.sort();
    same("answers", answers, vec![Ok(false), Ok(false), Ok(false), Ok(false), Ok(true)])
}

/// The process dies at this moment of sending it again, or that: it is in one of the two places.
async fn interrupted(bench: &Bench) -> Result<(), Failure> {
    for moments in 0..16 {
        let transport = bench.start(&["desk"]).await?;
        let letter = lying(&*transport).await?.pop().ok_or_else(|| Failure("there is none left".to_owned()))?;
        race(transport.resubmit("desk", letter.position, letter.headers.clone()), after(moments)).await;
        drop(transport);
        bench.place.kill();
        let transport = bench.start(&["desk"]).await?;
        let queued = transport.browse(&Source::Queue("desk".to_owned()), 0, 1_000).await?;
        let places = queued.iter().chain(&lying(&*transport).await?).filter(|browsed| browsed.id == letter.id).count();
        same(&format!("in how many places it is after {moments} moments"), places, 1)?;
    }
    Ok(())
}

/// Ends when it was polled that often.
async fn after(polls: u32) {
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
