//! `globoticket run`: the shop and its payment gateway in this process, until it is told to stop.

mod parts;
mod stop;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use hosting::{Either, Health, Outside, StopSignal, race};
use messaging::function::Function;

use crate::config::{Faults, FunctionSettings};
use crate::data_folder::{DEFAULT_DATA, DataFolder, Running};
use crate::failure::{Failure, chain};
use crate::function_keys;
use crate::http_limits::limited;
use crate::http_server::Door;
use crate::runtime;
use crate::shop_client::{base, check_url};
use crate::text::{complain, say};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Where everything is kept; made if it is not there.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: String,
    /// The shop's port; 0 lets the system choose.
    #[arg(long, value_name = "PORT", default_value = "5000")]
    port: String,
    /// The payment gateway's port; 0 lets the system choose.
    #[arg(long, value_name = "PORT", default_value = "5008")]
    gateway_port: String,
    /// The address to listen on: this machine alone unless told otherwise.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: String,
    /// Where buyers reach the payment gateway, such as `https://pay.example.org`; the shop calls it there too. Unless it
    /// is given: the address that the gateway listens on.
    #[arg(long, value_name = "URL")]
    gateway_public_url: Option<String>,
    /// Enter no events at the first start.
    #[arg(long)]
    no_seed_data: bool,
    /// The key that opens the whole payment gateway.
    #[arg(long, value_name = "KEY", default_value = "sk_test_globoticket", hide_default_value = true)]
    gateway_secret_key: String,
    /// The key that makes cards into payment methods; no secret.
    #[arg(long, value_name = "KEY", default_value = "pk_test_globoticket")]
    gateway_publishable_key: String,
}

/// What the arguments say, checked.
struct Settings {
    data: PathBuf,
    port: u16,
    gateway_port: u16,
    listen: IpAddr,
    gateway_public_url: Option<String>,
    seed: bool,
    gateway_keys: payment_gateway::Keys,
    functions: Vec<Function>,
}

pub(crate) fn carry_out(args: RunArgs, functions: Vec<FunctionSettings>, mut faults: Faults) -> Result<(), Failure> {
    let port = faults.number("port", &args.port, 0..=u16::MAX);
    let gateway_port = faults.number("gateway-port", &args.gateway_port, 0..=u16::MAX);
    if port == gateway_port && port != 0 {
        faults.wrong("gateway-port", &args.gateway_port, "it must be another port than the shop's");
    }
    let listen = faults.parsed("listen", &args.listen, "it must be an IP address such as 127.0.0.1 or 0.0.0.0");
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    for (option, key) in [("gateway-secret-key", &args.gateway_secret_key), ("gateway-publishable-key", &args.gateway_publishable_key)] {
        if !is_key(key) {
            faults.add(format!("{} must be printable characters without spaces", faults.place(option)));
        }
    }
    if args.gateway_secret_key == args.gateway_publishable_key {
        let (secret, publishable) = (faults.place("gateway-secret-key"), faults.place("gateway-publishable-key"));
        faults.add(format!("{secret} and {publishable} must differ"));
    }
    if let Some(url) = &args.gateway_public_url {
        check_url("gateway-public-url", url, &mut faults);
    }
    let functions = with_keys(functions, Path::new(&args.data), &mut faults);
    faults.finish()?;
    let settings = Settings {
        data: Path::new(&args.data).to_owned(),
        port,
        gateway_port,
        listen: listen.unwrap_or(IpAddr::from([127, 0, 0, 1])),
        gateway_public_url: args.gateway_public_url.as_deref().map(base),
        seed: !args.no_seed_data,
        gateway_keys: payment_gateway::Keys { secret: args.gateway_secret_key, publishable: args.gateway_publishable_key },
        functions,
    };
    runtime::run_on_all_cores(|outside| run(outside, settings))
}

/// Functions with the keys that were made for them in the data folder.
fn with_keys(functions: Vec<FunctionSettings>, data: &Path, faults: &mut Faults) -> Vec<Function> {
    let mut with_keys = Vec::new();
    for function in functions {
        match function_keys::read(data, function.name) {
            Ok(key) => with_keys.push(function.with(key)),
            Err(failure) => faults.add(failure.text),
        }
    }
    with_keys
}

async fn run(outside: Outside, settings: Settings) -> Result<(), Failure> {
    let folder = DataFolder::take(&settings.data)?;
    let told = stop::listen(&outside)?;
    // A start that is broken off has left nothing half done: it is taken up as after a crash.
    let Either::Second(started) = race(told.once.stopped(), start(&outside, &folder, &settings)).await else { return Ok(()) };
    let mut work = started?;
    let ended = match race(told.once.stopped(), seed(&work, settings.seed)).await {
        Either::First(()) => Ok(()),
        Either::Second(Err(failure)) => Err(failure),
        Either::Second(Ok(())) => {
            say("ready: buy a ticket with `globoticket buy`; Ctrl-C stops");
            until_the_end(&told.once, &mut work).await
        }
    };
    say("stopping; again stops at once");
    let stopped = race(told.twice.stopped(), work.stop(&outside)).await;
    folder.note_stopped();
    match stopped {
        Either::First(()) => ended.and(Err(stop::Told::twice_is_a_failure())),
        Either::Second(()) => ended,
    }
}

/// Takes the ports and sets everything to work.
async fn start(outside: &Outside, folder: &DataFolder, settings: &Settings) -> Result<stop::Work, Failure> {
    let door = Door::bind(settings.listen, settings.port, "port").await;
    let gateway_door = Door::bind(settings.listen, settings.gateway_port, "gateway-port").await;
    let (door, gateway_door) = both(door, gateway_door)?;
    let running = Running { url: door.url(), gateway_url: settings.gateway_public_url.clone().unwrap_or_else(|| gateway_door.url()) };
    if settings.listen.is_unspecified() && settings.gateway_public_url.is_none() {
        let url = &running.gateway_url;
        complain(format!(
            "warning: buyers are told that the payment gateway is at {url}, which only this machine can reach; say where others reach it with --gateway-public-url"
        ));
    }

    let health = Health::default();
    // Before the first request can be answered, so that nobody is told *ready* without them.
    if settings.seed {
        drop(health.component("seed-data"));
    }
    let gateway = parts::gateway(outside, folder, &settings.gateway_keys)?;
    let gateway_server = gateway_door.serve(outside, gateway.router());
    let broker = parts::broker(outside, folder).await?;
    let shop = parts::shop(outside, folder, &broker, &health, &running.gateway_url, settings).await?;
    let server = door.serve(outside, limited(shop.router(), outside));
    folder.note_running(&running)?;
    say(format!("GloboTicket is at {} (payment gateway {}, data in {})", running.url, running.gateway_url, folder.path().display()));
    Ok(stop::Work { server, shop, gateway_server, broker })
}

/// # Errors
/// What keeps one or both from being there.
fn both<A, B>(one: Result<A, Failure>, other: Result<B, Failure>) -> Result<(A, B), Failure> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(one.and(other)),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
    }
}

/// Until the shop is told to stop, or one of its doors is no longer served.
async fn until_the_end(told: &StopSignal, work: &mut stop::Work) -> Result<(), Failure> {
    match race(told.stopped(), race(work.server.ended(), work.gateway_server.ended())).await {
        Either::First(()) => Ok(()),
        Either::Second(_) => Err(Failure::new("the shop no longer takes connections, which is a fault of its own; its log says more")),
    }
}

/// Enters the first events, where that is wanted.
async fn seed(work: &stop::Work, seed: bool) -> Result<(), Failure> {
    if seed {
        work.shop.seed().await.map_err(|error| Failure::new(chain(&error)))?;
    }
    Ok(())
}
