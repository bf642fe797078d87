//! Messages between send and settlement: T01 to T12.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hosting::{Either, race};
use messaging::{Delivery, Settlement, Source, TransportError};

use crate::bench::{Bench, Failure, Proof, SOON, Verdict, same, send, so};

const Q: &str = "desk";
const MESSAGES: usize = 5_000;
const RECEIVERS: usize = 50;

pub(crate) async fn survives(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut message = bench.message(Q, &every_byte);
    message.headers.insert("greeting".to_owned(), "Grüße, 你好, ‎مرحبا, 🎟".to_owned());
    message.headers.insert("empty".to_owned(), String::new());
    message.headers.insert("long".to_owned(), "8".repeat(8 * 1024));
    message.headers.extend((0..100).map(|number| (format!("header{number}"), format!("value {number}"))));
    send(&*transport, vec![message.clone()]).await?;
    let taken = one(bench.take(&*transport, Q, 1, SOON).await?)?;
    same("id", &taken.id, &message.id)?;
    same("body", &taken.body, &message.body)?;
    same("headers", &taken.headers, &message.headers)?;
    same("delivery count", taken.delivery_count, 0)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn sizes(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    let max = transport.capabilities().body_bytes_max;
    for size in [0, max] {
        send(&*transport, vec![bench.message(Q, &vec![b'a'; size])]).await?;
        let taken = one(bench.take(&*transport, Q, 1, SOON).await?)?;
        same("bytes", taken.body.len(), size)?;
        transport.settle(vec![(taken.lock, Settlement::Complete)]).await?;
    }
    let results = transport.send(vec![bench.message(Q, &vec![b'a'; max + 1]), bench.message(Q, b"small")]).await?;
    so("one byte more is refused for good", matches!(results[0], Err(TransportError::Refused(_))))?;
    so("its neighbour is taken", results[1].is_ok())?;
    Ok(Verdict::Proved)
}

pub(crate) async fn send_only(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    send(&*transport, vec![bench.message(Q, b"1")]).await?;
    bench.sleep(SOON).await;
    same("messages that wait", bench.take(&*transport, Q, 9, SOON).await?.len(), 1)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn empty(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    let source = Source::Queue(Q.to_owned());
    let mut polls = 0;
    let mut receiving = transport.receive(&source, 1);
    let counted = std::future::poll_fn(|context| {
        polls += 1;
        receiving.as_mut().poll(context).map(drop)
    });
    let ended = race(counted, bench.outside().clock.sleep(Duration::from_secs(600))).await;
    so("nothing comes", matches!(ended, Either::Second(())))?;
    so(&format!("ten minutes cost at most 100 polls: {polls}"), polls <= 100)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn completed(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    send(&*transport, vec![bench.message(Q, b"1"), bench.message(Q, b"2")]).await?;
    let taken = bench.take(&*transport, Q, 2, SOON).await?;
    let lock = taken.iter().map(|delivery| delivery.lock_duration).max().unwrap_or_default();
    transport.settle(taken.into_iter().map(|delivery| (delivery.lock, Settlement::Complete)).collect()).await?;
    same("after the completion", bench.take(&*transport, Q, 9, lock + SOON).await?.len(), 0)?;
    if !transport.capabilities().durable {
        return Ok(Verdict::Proved);
    }
    bench.place.stop().await;
    let transport = bench.start(&[Q]).await?;
    same("after a restart", bench.take(&*transport, Q, 9, lock + SOON).await?.len(), 0)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn released(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    send(&*transport, vec![bench.message(Q, b"1")]).await?;
    let first = one(bench.take(&*transport, Q, 1, SOON).await?)?;
    transport.settle(vec![(first.lock.clone(), Settlement::Release)]).await?;
    let second = one(bench.take(&*transport, Q, 1, SOON).await?)?;
    if transport.capabilities().release_uncounted {
        same("count after a release", second.delivery_count, 0)?;
    }
    let third = one(bench.take(&*transport, Q, 1, second.lock_duration + SOON).await?)?;
    same("count after a lapsed lock", third.delivery_count, second.delivery_count + 1)?;
    // A lock that was lost is no error, and settles nothing.
    transport.settle(vec![(second.lock, Settlement::Complete)]).await?;
    let fourth = one(bench.take(&*transport, Q, 1, third.lock_duration + SOON).await?)?;
    same("it is still the same message", fourth.id, first.id)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn renewed(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    let max_hold = transport.capabilities().max_hold;
    send(&*transport, vec![bench.message(Q, b"1")]).await?;
    let taken = one(bench.take(&*transport, Q, 1, SOON).await?)?;
    if max_hold.is_some_and(|max| max < taken.lock_duration * 4) {
        return Ok(Verdict::Skipped("it holds a delivery for less than four locks"));
    }
    for _ in 0..8 {
        let nobody = bench.take(&*transport, Q, 1, taken.lock_duration / 2).await?;
        same("second deliveries while the lock is renewed", nobody.len(), 0)?;
        transport.renew(vec![taken.lock.clone()]).await?;
    }
    transport.settle(vec![(taken.lock, Settlement::Complete)]).await?;
    same("after the completion", bench.take(&*transport, Q, 1, taken.lock_duration + SOON).await?.len(), 0)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn competing(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    if !transport.capabilities().competing {
        return Ok(Verdict::Skipped("a queue has one receiver"));
    }
    for batch in (0..MESSAGES).collect::<Vec<_>>().chunks(500) {
        send(&*transport, batch.iter().map(|number| bench.message(Q, number.to_string().as_bytes())).collect()).await?;
    }
    let (held, done) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(Mutex::new(Vec::new())));
    let receivers = (0..RECEIVERS).map(|_| {
        let (transport, held, done, clock) = (transport.clone(), held.clone(), done.clone(), bench.outside().clock);
        async move {
            let source = Source::Queue(Q.to_owned());
            while let Either::First(Ok(taken)) = race(transport.receive(&source, 10), clock.sleep(SOON)).await {
                let ids: Vec<String> = taken.iter().map(|delivery| delivery.id.clone()).collect();
                ids.iter().for_each(|id| assert!(held.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone()), "twice at once"));
                clock.sleep(Duration::from_millis(3)).await;
                held.lock().unwrap_or_else(PoisonError::into_inner).retain(|id| !ids.contains(id));
                done.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
                let _ = transport.settle(taken.into_iter().map(|delivery| (delivery.lock, Settlement::Complete)).collect()).await;
            }
        }
    });
    bench.at_once(receivers.collect::<Vec<_>>()).await?;
    let done = done.lock().unwrap_or_else(PoisonError::into_inner);
    same("deliveries", done.len(), MESSAGES)?;
    same("messages", done.iter().collect::<BTreeSet<_>>().len(), MESSAGES)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn prefetch(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    if !transport.capabilities().competing {
        return Ok(Verdict::Skipped("a queue has one receiver"));
    }
    send(&*transport, (0..20).map(|_| bench.message(Q, b"1")).collect()).await?;
    let first = bench.take(&*transport, Q, 10, SOON).await?;
    so("no more than asked for", first.len() <= 10)?;
    let second = bench.take(&*transport, Q, 10, SOON).await?;
    so("the second gets some at once", !second.is_empty())?;
    Ok(Verdict::Proved)
}

/// # Errors
/// That there is none.
pub(crate) fn one(taken: Vec<Delivery>) -> Result<Delivery, Failure> {
    taken.into_iter().next().ok_or_else(|| Failure("nothing came".to_owned()))
}
