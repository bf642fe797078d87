//! Stops in good order: T34, T35.

use hosting::stop_pair;
use messaging::Settings;

use crate::bench::{Bench, Proof, Verdict, same, send, so, text, topology};
use crate::letters::{counted, letter, pinger, pinger_that};

const PINGS: u32 = 500;

pub(crate) async fn gives_back(bench: &Bench) -> Proof {
    let transport = bench.start_with(topology(&["pinger", "elsewhere"], &[("suite.pinged", "elsewhere")])).await?;
    let letters = (0..PINGS).map(|number| letter(bench, &number.to_string()));
    send(&*transport, letters.collect()).await?;
    let (stop, signal) = stop_pair();
    let endpoint = pinger_that(move |text| {
        if text == "100" {
            stop.stop();
        }
    });
    let (service, hosted) = bench.bind(&transport, endpoint, Settings { write_ms_max: 0, ..Settings::default() }).await?;
    let (receivers, others): (Vec<_>, Vec<_>) = hosted.into_iter().partition(|part| part.name().ends_with(".receiver"));
    let mut party = bench.host(service, others).await?;
    for receiver in receivers {
        receiver.run(signal.clone()).await?;
    }
    same("parts that were late", party.host.stop().await, Vec::<String>::new())?;
    let (handled, _) = party.service.read(counted).await.map_err(text)?;
    so(&format!("it was stopped in the middle: {handled}"), 0 < handled && handled < PINGS)?;
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
