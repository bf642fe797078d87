//! Provisioning: T39.

use messaging::TransportError;

use crate::bench::{Bench, Failure, Proof, Verdict, same, send, so, topology};

pub(crate) async fn provisioned(bench: &Bench) -> Proof {
    let things = topology(&["a", "b"], &[("suite.x", "a"), ("suite.x", "b")]);
    let transport = bench.start_with(things.clone()).await?;
    send(&*transport, vec![bench.message("a", b"1")]).await?;
    let instances = [transport.clone(), bench.place.start().await.map_err(Failure)?];
    let both = instances.map(|transport| {
        let things = things.clone();
        async move { assert!(transport.provision(&things).await.is_ok(), "two at once") }
    });
    bench.at_once(both).await?;
    same("what was there before", bench.take_all(&*transport, "a").await?.len(), 1)?;
    if !bench.place.spoil("spoilt").await {
        return Ok(Verdict::Proved);
    }
    for time in ["the first", "the second"] {
        match transport.provision(&topology(&["spoilt", "new"], &[])).await {
            Err(TransportError::Differs(text)) => so(&format!("it names what differs: {text}"), text.contains("spoilt"))?,
            other => return Err(Failure(format!("other settings went unnoticed, or were changed, {time} time: {other:?}"))),
        }
    }
    send(&*transport, vec![bench.message("new", b"the others are made all the same")]).await?;
    Ok(Verdict::Proved)
}
