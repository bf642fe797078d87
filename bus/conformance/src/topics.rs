//! Where messages go: T13 to T16, T32.

use hosting::{BoxFuture, all};
use messaging::{Destination, Settlement, Topology, TransportError};

use crate::bench::{Bench, Proof, SOON, Verdict, same, send, so, topology};

const TOPIC: &str = "suite.news";

pub(crate) async fn one_copy(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["a", "b", "c"], &[(TOPIC, "a"), (TOPIC, "b")])).await?;
    let news = bench.message_to(Destination::Topic(TOPIC.to_owned()), b"news");
    send(&*transport, vec![news.clone()]).await?;
    for (queue, copies) in [("a", 1), ("b", 1), ("c", 0)] {
        // Two receivers of one endpoint, waiting at the same time, share its copy.
        let both = (0..2).map(|_| -> BoxFuture<'_, _> { Box::pin(bench.take(&*transport, queue, 9, SOON)) });
        let taken = all(both.collect()).await.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        same(&format!("copies at `{queue}`"), taken.len(), copies)?;
        so("the copies have the message's id", taken.iter().all(|copy| copy.id == news.id && copy.headers == news.headers))?;
    }
    Ok(Verdict::Proved)
}

pub(crate) async fn isolated(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["a", "ab"], &[("suite.x", "a"), ("suite.xy", "ab")])).await?;
    send(&*transport, vec![bench.message("a", b"1"), bench.message_to(Destination::Topic("suite.xy".to_owned()), b"2")]).await?;
    for (queue, body) in [("a", "1"), ("ab", "2")] {
        let taken = bench.take_all(&*transport, queue).await?;
        let bodies: Vec<&[u8]> = taken.iter().map(|delivery| &delivery.body[..]).collect();
        same(&format!("what came to `{queue}`"), bodies, vec![body.as_bytes()])?;
    }
    for odd in ["with a space", "with/slash", "ümläut", "..", "a$b*c#"] {
        match transport.provision(&topology(&[odd], &[])).await {
            Err(error) => so("a refusal says what is wrong", matches!(error, TransportError::Differs(_)) && error.to_string().len() > 20)?,
            Ok(()) => {
                send(&*transport, vec![bench.message(odd, b"odd")]).await?;
                let taken = bench.take_all(&*transport, odd).await?;
                same(&format!("what came to `{odd}`"), taken.len(), 1)?;
                transport.settle(taken.into_iter().map(|delivery| (delivery.lock, Settlement::Complete)).collect()).await?;
            }
        }
    }
    Ok(Verdict::Proved)
}

pub(crate) async fn new_subscriber(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["a"], &[(TOPIC, "a")])).await?;
    send(&*transport, vec![bench.message_to(Destination::Topic(TOPIC.to_owned()), b"old")]).await?;
    transport.provision(&topology(&["a", "new"], &[(TOPIC, "a"), (TOPIC, "new")])).await?;
    let old = bench.take_all(&*transport, "new").await?.len();
    same("old messages at the new subscriber", old, usize::from(transport.capabilities().replays_to_new_subscriber))?;
    send(&*transport, vec![bench.message_to(Destination::Topic(TOPIC.to_owned()), b"new")]).await?;
    same("new messages at the new subscriber", bench.take_all(&*transport, "new").await?.len(), 1)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn unroutable(bench: &Bench) -> Proof {
    let unheard = Destination::Topic(TOPIC.to_owned());
    let transport = bench.start_with(Topology { topics: vec![TOPIC.to_owned()], ..topology(&["a"], &[]) }).await?;
    let batch = vec![bench.message("nowhere", b"1"), bench.message("a", b"2"), bench.message_to(unheard, b"3")];
    let results = transport.send(batch).await?;
    so("a queue that does not exist is missing", matches!(results[0], Err(TransportError::Missing(_))))?;
    so("its neighbour is taken", results[1].is_ok())?;
    so("an event that nobody awaits is none", results[2].is_ok())?;
    Ok(Verdict::Proved)
}
