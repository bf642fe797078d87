//! Later, and too late: T20 to T23.

use std::time::Duration;

use hosting::Timestamp;
use messaging::http::OperationKey;
use messaging::storage::params;
use messaging::{Context, HandlerResult, Service, Settings};

use crate::bench::{Bench, Failure, Proof, SOON, Verdict, same, send, so, text, topology};
use crate::letters::{Ping, letter, noted, pinger, times};

const HOUR: Duration = Duration::from_secs(3_600);

async fn ask<T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static>(
    service: &Service,
    work: impl Fn(&mut Context<'_>) -> Result<T, messaging::HandlerError> + Send + Sync + 'static,
) -> Result<T, Failure> {
    Ok(service.operation(OperationKey::internal("suite", None, b""), move |ctx| Ok(work(ctx)?)).await?)
}

fn put(ctx: &mut Context<'_>, due: Timestamp, text: &str) -> HandlerResult {
    ctx.send_at(due, text, Ping { text: text.to_owned() })
}

pub(crate) async fn later(bench: &Bench) -> Proof {
    let things = || topology(&["pinger"], &[("suite.pinged", "pinger")]);
    let mut transport = bench.start_with(things()).await?;
    let mut party = bench.party(&transport, pinger(), Settings::default()).await?;
    let due = ask(&party.service, |ctx| {
        let due = ctx.now().plus(HOUR);
        put(ctx, due, "later")?;
        Ok(due)
    })
    .await?;
    bench.sleep(HOUR / 2).await;
    if transport.capabilities().durable {
        drop(party);
        bench.place.kill();
        transport = bench.start_with(things()).await?;
        party = bench.party(&transport, pinger(), Settings::default()).await?;
    }
    bench.sleep(HOUR / 2 - SOON * 2).await;
    same("before it is due", party.service.read(noted).await.map_err(text)?, Vec::new())?;
    bench.until(&party.service, noted, vec!["later".to_owned()]).await?;
    so("not before it was due", party.service.read(times).await.map_err(text)?.iter().all(|at| *at >= due))?;
    Ok(Verdict::Proved)
}

pub(crate) async fn past_and_far(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["pinger"], &[("suite.pinged", "pinger")])).await?;
    let party = bench.party(&transport, pinger(), Settings::default()).await?;
    let far = ask(&party.service, |ctx| {
        let (past, far) = (ctx.now().minus(HOUR), ctx.now().plus(HOUR * 24 * 3_652));
        put(ctx, past, "past")?;
        put(ctx, far, "far")?;
        Ok(far)
    })
    .await?;
    bench.until(&party.service, noted, vec!["past".to_owned()]).await?;
    let kept = party.service.read(|tx| tx.query("SELECT due FROM outbox WHERE failure IS NULL", params![], |row| row.get::<Timestamp>(0)));
    same("what is kept for in ten years", kept.await.map_err(text)?, vec![far])?;
    Ok(Verdict::Proved)
}

pub(crate) async fn cancelled(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["pinger"], &[("suite.pinged", "pinger")])).await?;
    let party = bench.party(&transport, pinger(), Settings::default()).await?;
    ask(&party.service, |ctx| {
        let due = ctx.now().plus(HOUR);
        put(ctx, due, "cancelled")?;
        put(ctx, due, "kept")
    })
    .await?;
    so("it is cancelled", ask(&party.service, |ctx| ctx.cancel::<Ping>("cancelled")).await?)?;
    bench.sleep(HOUR + SOON).await;
    bench.until(&party.service, noted, vec!["kept".to_owned()]).await?;
    so("after, it says so", !ask(&party.service, |ctx| ctx.cancel::<Ping>("kept")).await?)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn expired(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["pinger"], &[("suite.pinged", "pinger")])).await?;
    let now = bench.outside().clock.now();
    let expiring = |text: &str, at: Timestamp| {
        let mut message = letter(bench, text);
        message.headers.insert("expirytime".to_owned(), at.to_string());
        message
    };
    let (gone, almost) = (expiring("gone", now.minus(Duration::from_micros(1))), expiring("almost", now.plus(SOON)));
    send(&*transport, vec![gone, almost]).await?;
    let party = bench.party(&transport, pinger(), Settings::default()).await?;
    bench.until(&party.service, noted, vec!["almost".to_owned()]).await?;
    bench.sleep(SOON).await;
    same("expired", party.service.counts().expired, 1)?;
    Ok(Verdict::Proved)
}
