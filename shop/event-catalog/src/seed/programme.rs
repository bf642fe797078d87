//! What is on: one entry an event, in no particular order.

mod music;
mod out;
mod stage;

/// An event of the programme.
pub(super) struct Entry {
    pub(super) title: &'static str,
    pub(super) category: &'static str,
    /// Venue and city.
    pub(super) place: (&'static str, &'static str),
    /// Days after today.
    pub(super) in_days: u64,
    /// Minutes after midnight, UTC.
    pub(super) at_minutes: u64,
    pub(super) sale: Sale,
    pub(super) description: &'static str,
    /// Name, price in euro cents, places: none where it is sold out.
    pub(super) tickets: &'static [(&'static str, i64, u32)],
}

/// When tickets can be bought.
pub(super) enum Sale {
    /// Until the event starts.
    Open,
    /// From that many days after today on.
    OpensIn(u64),
    /// Never: it is called off.
    Cancelled,
}

/// All of them.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    music::ENTRIES.iter().chain(stage::ENTRIES).chain(out::ENTRIES)
}
