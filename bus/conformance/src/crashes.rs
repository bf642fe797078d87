//! Processes that die, and buses that restart: T07, T29, T31, T33, T36.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hosting::{BoxFuture, Outside, TaskEnd};
use messaging::{
    BatchResult, Browsed, Capabilities, Delivery, Headers, Lock, OutgoingMessage, Settings, Settlement, Source, Topology, Transport,
    TransportError,
};

use crate::bench::{Bench, Failure, Proof, SOON, Verdict, same, send, so, topology};
use crate::delivery::one;
use crate::letters::{counted, letter, listener, noted, pinger};

const Q: &str = "desk";
const NOT_DURABLE: Verdict = Verdict::Skipped("its messages do not outlive their process");

pub(crate) async fn killed_holder(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    if !transport.capabilities().durable {
        return Ok(NOT_DURABLE);
    }
    send(&*transport, vec![bench.message(Q, b"1")]).await?;
    let held = one(bench.take(&*transport, Q, 1, SOON).await?)?;
    drop(transport);
    bench.place.kill();
    let transport = bench.start(&[Q]).await?;
    let again = one(bench.take(&*transport, Q, 1, held.lock_duration + SOON).await?)?;
    same("the message", again.id, held.id)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn unsettled(bench: &Bench) -> Proof {
    let things = || topology(&["pinger"], &[("suite.pinged", "pinger")]);
    let transport = bench.start_with(things()).await?;
    if !transport.capabilities().durable {
        return Ok(NOT_DURABLE);
    }
    let forgetful: Arc<dyn Transport> = Arc::new(Forgetful(transport.clone()));
    let party = bench.party(&forgetful, pinger(), Settings::default()).await?;
    send(&*transport, vec![letter(bench, "once")]).await?;
    bench.until(&party.service, noted, vec!["once".to_owned()]).await?;
    drop((party, forgetful, transport));
    bench.place.kill();
    let transport = bench.start_with(things()).await?;
    let party = bench.party(&transport, pinger(), Settings::default()).await?;
    bench.sleep(Duration::from_secs(600)).await;
    same("effects", party.service.read(counted).await.map_err(crate::bench::text)?, (1, 1))?;
    so("the second delivery was a duplicate", party.service.counts().duplicates >= 1)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn confirmed(bench: &Bench) -> Proof {
    let transport = bench.start(&[Q]).await?;
    if transport.capabilities().durable {
        send(&*transport, vec![bench.message(Q, b"1")]).await?;
        bench.place.kill();
        let after = transport.send(vec![bench.message(Q, b"2")]).await;
        so("what nobody confirms is an error", after.is_err() || after.is_ok_and(|results| results.iter().all(Result::is_err)))?;
        drop(transport);
        let transport = bench.start(&[Q]).await?;
        same("what was confirmed", bench.take_all(&*transport, Q).await?.len(), 1)?;
        return Ok(Verdict::Proved);
    }
    bench.place.stop().await;
    so("what nobody confirms is an error", transport.send(vec![bench.message(Q, b"2")]).await.is_err())?;
    Ok(Verdict::Proved)
}

pub(crate) async fn parallel(bench: &Bench) -> Proof {
    const TASKS: usize = 100;
    const EACH: usize = 100;
    let transport = bench.start(&[Q]).await?;
    if !transport.capabilities().durable {
        return Ok(NOT_DURABLE);
    }
    let confirmed = Arc::new(Mutex::new(BTreeSet::new()));
    let senders = (0..TASKS).map(|_| {
        let (transport, confirmed) = (transport.clone(), confirmed.clone());
        let messages: Vec<OutgoingMessage> = (0..EACH).map(|_| bench.message(Q, b"1")).collect();
        async move {
            for message in messages {
                let id = message.id.clone();
                if transport.send(vec![message]).await.is_ok_and(|results| results.iter().all(Result::is_ok)) {
                    confirmed.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
                }
            }
        }
    });
    bench.at_once(senders.collect::<Vec<_>>()).await?;
    drop(transport);
    bench.place.stop().await;
    let transport = bench.start(&[Q]).await?;
    let found: BTreeSet<String> = bench.take_all(&*transport, Q).await?.into_iter().map(|delivery| delivery.id).collect();
    let confirmed = confirmed.lock().unwrap_or_else(PoisonError::into_inner);
    same("confirmed", confirmed.len(), TASKS * EACH)?;
    same("lost", confirmed.difference(&found).count(), 0)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn restarts(bench: &Bench) -> Proof {
    const PINGS: u32 = 2_000;
    let transport = bench.start_with(topology(&["pinger", "listener"], &[("suite.pinged", "listener")])).await?;
    if !transport.capabilities().durable {
        return Ok(NOT_DURABLE);
    }
    let pinged = bench.party(&transport, pinger(), Settings { batch_max: 7, ..Settings::default() }).await?;
    let heard = bench.party(&transport, listener("listener"), Settings::default()).await?;
    let letters = (0..PINGS).map(|number| letter(bench, &number.to_string())).collect();
    let load = bench.outside().spawner.spawn("load", Box::pin(keep_sending(transport.clone(), bench.outside(), letters)));
    for round in 1..=2 {
        let before = bench.at_least(&pinged.service, counted, (PINGS / 4 * round, 0)).await?;
        if !bench.place.restart_bus().await.map_err(Failure)? {
            return Ok(Verdict::Skipped("its bus cannot be restarted here"));
        }
        so("there is load at the restart", before.0 < PINGS)?;
    }
    same("how the load ended", load.await, TaskEnd::Done)?;
    bench.until(&pinged.service, counted, (PINGS, PINGS)).await?;
    bench.until(&heard.service, counted, (PINGS, PINGS)).await?;
    Ok(Verdict::Proved)
}

/// One after the other, each until it is confirmed: under the same id, so that a repeat has no effect.
async fn keep_sending(transport: Arc<dyn Transport>, outside: Outside, letters: Vec<OutgoingMessage>) {
    for letter in letters {
        while send(&*transport, vec![letter.clone()]).await.is_err() {
            outside.clock.sleep(Duration::from_millis(100)).await;
        }
        outside.clock.sleep(Duration::from_millis(10)).await;
    }
}

/// A transport whose settlements get lost.
struct Forgetful(Arc<dyn Transport>);

impl Transport for Forgetful {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn provision<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), TransportError>> {
        self.0.provision(topology)
    }

    fn send(&self, batch: Vec<OutgoingMessage>) -> BoxFuture<'_, BatchResult> {
        self.0.send(batch)
    }

    fn receive<'a>(&'a self, source: &'a Source, max: usize) -> BoxFuture<'a, Result<Vec<Delivery>, TransportError>> {
        self.0.receive(source, max)
    }

    fn settle(&self, _settlements: Vec<(Lock, Settlement)>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn renew(&self, locks: Vec<Lock>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.0.renew(locks)
    }

    fn browse<'a>(&'a self, source: &'a Source, position: u64, max: usize) -> BoxFuture<'a, Result<Vec<Browsed>, TransportError>> {
        self.0.browse(source, position, max)
    }

    fn resubmit<'a>(&'a self, endpoint: &'a str, position: u64, headers: Headers) -> BoxFuture<'a, Result<bool, TransportError>> {
        self.0.resubmit(endpoint, position, headers)
    }

    fn trouble(&self) -> Option<String> {
        self.0.trouble()
    }
}
