//! Stops in good order: T34, T35.

use std::time::Duration;

use messaging::Settings;

use crate::bench::{Bench, Proof, Verdict, same, send, so, text, topology};
use crate::letters::{counted, letter, pinger};

const PINGS: u32 = 500;

pub(crate) async fn gives_back(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["pinger", "elsewhere"], &[("suite.pinged", "elsewhere")])).await?;
    let letters = (0..PINGS).map(|number| letter(bench, &number.to_string()));
    send(&*transport, letters.collect()).await?;
    let settings = Settings { write_ms_max: 0, ..Settings::default() };
    let mut party = bench.party(&transport, pinger(), settings).await?;
    bench.sleep(Duration::from_micros(1)).await;
    same("parts that were late", party.host.stop().await, Vec::<String>::new())?;
    let (handled, _) = party.service.read(counted).await.map_err(text)?;
    let rest = bench.take_all(&*transport, "pinger").await?;
    same("handled and given back", handled + u32::try_from(rest.len()).unwrap_or(u32::MAX), PINGS)?;
    if transport.capabilities().release_uncounted {
        so("nothing counts against what is given back", rest.iter().all(|delivery| delivery.delivery_count == 0))?;
    }
    same("put off or dead-lettered", party.service.counts().put_off + party.service.counts().dead_lettered, 0)?;
    let sent = u32::try_from(bench.take_all(&*transport, "elsewhere").await?.len()).unwrap_or(u32::MAX);
    same("what was committed is sent", sent, handled)?;
    Ok(Verdict::Proved)
}

pub(crate) async fn twice(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["pinger"], &[("suite.pinged", "pinger")])).await?;
    let mut party = bench.party(&transport, pinger(), Settings::default()).await?;
    party.host.stop().await;
    same("late at the second stop", party.host.stop().await, Vec::<String>::new())?;
    drop(party);
    send(&*transport, vec![letter(bench, "after the stop")]).await?;
    let party = bench.party(&transport, pinger(), Settings::default()).await?;
    bench.until(&party.service, counted, (1, 1)).await?;
    drop((party, transport));
    bench.place.stop().await;
    bench.place.stop().await;
    let transport = bench.start_with(topology(&["pinger"], &[("suite.pinged", "pinger")])).await?;
    drop(transport);
    Ok(Verdict::Proved)
}
