//! How fast the broker is, next to what the disk can do at all, measured in the same run in turns. Prints a table;
//! `cargo bench -p broker --bench broker -- [--quick] [--folder DIR] [--messages N] [--in-flight N]
//! [publish|settle|backlog]`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a measurement: it reads the clock and prints")]

mod backlog;
mod floor;
mod load;
mod settings;
mod world;

use std::time::Duration;

use load::Load;
use settings::Settings;
use world::World;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == backlog::FILL) {
        return backlog::fill_and_die(&arguments[1..]);
    }
    let settings = Settings::parse(&arguments);
    println!(
        "settings: {} cores, {} rounds of {:.1} s each, in turns; messages of {} bytes as stored; {}",
        std::thread::available_parallelism().map_or(1, usize::from),
        settings.rounds,
        settings.round.as_secs_f64(),
        load::STORED_BYTES,
        settings.folder.path().display()
    );
    if settings.wants("publish") {
        publish(&settings);
    }
    if settings.wants("settle") {
        settle(&settings);
    }
    if settings.wants("backlog") {
        backlog::run(&settings);
    }
}

/// Durable publishing with N in flight, against N times 1 KiB written for each fdatasync. A ratio is the median of the rounds' own.
fn publish(settings: &Settings) {
    println!("\ndurable publish, in process; the floor is the faster of appending and overwriting");
    println!("  in flight |  append/s | overwr./s | publish/s | of floor | floor p50 us |  p50 us |  p99 us | messages a sync");
    let world = World::open(settings.folder.path(), "publish");
    let mut file = floor::Floor::create(settings.folder.path());
    for &in_flight in &settings.in_flight {
        let (mut appended, mut overwritten, mut published) = (Rounds::default(), Rounds::default(), Rounds::default());
        let mut syncs = 0;
        for _ in 0..settings.rounds {
            appended.add(file.append(in_flight, settings.round / 2));
            let before = world.db.syncs();
            published.add(world.publish(in_flight, settings.round));
            syncs += world.db.syncs() - before;
            overwritten.add(file.overwrite(in_flight, settings.round / 2));
            world.drain();
        }
        let of_floor = ratio(&published.rates, &appended.rates).min(ratio(&published.rates, &overwritten.rates));
        println!(
            "  {in_flight:>9} | {:>9.0} | {:>9.0} | {:>9.0} | {:>7.0}% | {:>12} | {:>7} | {:>7} | {:.1}{}",
            median(&mut appended.rates),
            median(&mut overwritten.rates),
            median(&mut published.rates),
            100.0 * of_floor,
            appended.quantile(0.50).min(overwritten.quantile(0.50)).as_micros(),
            published.quantile(0.50).as_micros(),
            published.quantile(0.99).as_micros(),
            published.messages as f64 / syncs.max(1) as f64,
            if overwritten.is_disturbed() { " (disturbed)" } else { "" }
        );
    }
    println!("  disturbed: half of the floor's writes took over three times as long as the fastest: it waited for others");
    world.close();
}

/// What several rounds of the same did.
#[derive(Default)]
struct Rounds {
    rates: Vec<f64>,
    latencies: Vec<Duration>,
    messages: u64,
}

impl Rounds {
    fn add(&mut self, load: Load) {
        self.rates.push(load.per_second());
        self.messages += load.messages;
        self.latencies.extend(load.latencies);
    }

    /// Whether what ought to take about the same time each time did not: others use the machine.
    fn is_disturbed(&mut self) -> bool {
        self.quantile(0.50) > 3 * self.quantile(0.0)
    }

    fn quantile(&mut self, share: f64) -> Duration {
        self.latencies.sort_unstable();
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(((self.latencies.len() as f64 * share) as usize).min(last)).copied().unwrap_or_default()
    }
}

/// The median of what stands next to each other in two lists, divided.
pub(crate) fn ratio(above: &[f64], below: &[f64]) -> f64 {
    median(&mut above.iter().zip(below).map(|(above, below)| above / below).collect::<Vec<_>>())
}

/// Publish, receive, complete: each message all the way.
fn settle(settings: &Settings) {
    println!("\npublish, receive up to 64, complete (an endpoint's way: settlements ride in the next write)");
    let world = World::open(settings.folder.path(), "settle");
    for &in_flight in &settings.in_flight {
        let mut rates: Vec<f64> = (0..settings.rounds).map(|_| world.through(in_flight, settings.round)).collect();
        println!("  {in_flight:>5} in flight: {:>7.0} messages/s", median(&mut rates));
    }
    world.close();
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
