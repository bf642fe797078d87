//! How it ended for all buyers together.

use std::collections::BTreeMap;
use std::time::Duration;

use buyer::End;
use serde::Serialize;

use crate::failure::{FAILED, Failure, WRONG_USE};
use crate::text::{complain, say};

/// How many different reasons are shown for buyers without a good end.
const REASONS_MAX: usize = 10;

/// States of an order, or of a line that never became one, after which nothing more comes.
const FINAL: [&str; 4] = ["cancelled", "refunded", "sold_out", "event_cancelled"];

/// Counts of ends, and how fast it went.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    buyers: usize,
    issued: usize,
    declined: usize,
    sold_out: usize,
    /// Ended for another reason than card or capacity, such as a cancelled event; everybody was told.
    cancelled: usize,
    unresolved: usize,
    contradicted: usize,
    /// From the first checkout to the last ticket seen; 0 where nothing was issued.
    orders_per_second: f64,
    /// From checkout to tickets; nothing where nothing was issued.
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    #[serde(skip)]
    wrong_use: usize,
    #[serde(skip)]
    reasons: BTreeMap<String, usize>,
}

impl Summary {
    pub(super) fn of(ends: &[End]) -> Self {
        let mut summary = Self::empty(ends.len());
        let mut times = Vec::new();
        for end in ends {
            if let End::Issued { checkout, tickets } = end {
                times.push((*checkout, *tickets));
            }
            summary.count(end);
        }
        summary.measure(&times);
        summary
    }

    fn empty(buyers: usize) -> Self {
        Self {
            buyers,
            issued: 0,
            declined: 0,
            sold_out: 0,
            cancelled: 0,
            unresolved: 0,
            contradicted: 0,
            orders_per_second: 0.0,
            p50_ms: None,
            p99_ms: None,
            wrong_use: 0,
            reasons: BTreeMap::new(),
        }
    }

    fn count(&mut self, end: &End) {
        match end {
            End::Issued { .. } => self.issued += 1,
            End::Declined => self.declined += 1,
            End::SoldOut => self.sold_out += 1,
            End::Ended { state, reason } => {
                let reason = reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                if FINAL.contains(&state.as_str()) {
                    self.cancelled += 1;
                    *self.reasons.entry(format!("cancelled: {state}{reason}")).or_default() += 1;
                } else {
                    self.unresolved(&format!("unresolved: the order is {state}{reason}"));
                }
            }
            End::Left => self.unresolved("unresolved: the places were no longer held"),
            End::Unresolved(why) => self.unresolved(&format!("unresolved: {why}")),
            End::WrongUse(why) => {
                self.wrong_use += 1;
                self.unresolved(&format!("nothing was ordered: {why}"));
            }
            End::Contradicted(why) => {
                self.contradicted += 1;
                *self.reasons.entry(format!("contradicted: {why}")).or_default() += 1;
            }
        }
    }

    fn unresolved(&mut self, why: &str) {
        self.unresolved += 1;
        *self.reasons.entry(why.to_owned()).or_default() += 1;
    }

    fn measure(&mut self, times: &[(Duration, Duration)]) {
        let first = times.iter().map(|(checkout, _)| *checkout).min().unwrap_or_default();
        let last = times.iter().map(|(_, tickets)| *tickets).max().unwrap_or_default();
        let seconds = (last - first).as_secs_f64();
        if seconds > 0.0 {
            self.orders_per_second = tenths(times.len() as f64 / seconds);
        }
        let mut took: Vec<Duration> = times.iter().map(|(checkout, tickets)| tickets.saturating_sub(*checkout)).collect();
        took.sort_unstable();
        let percentile = |percent: usize| {
            let rank = (took.len() * percent).div_ceil(100).saturating_sub(1);
            took.get(rank).map(|took| tenths(took.as_secs_f64() * 1_000.0))
        };
        self.p50_ms = percentile(50);
        self.p99_ms = percentile(99);
    }

    /// For programs, or for people; reasons go to standard error in both cases.
    pub(super) fn print(&self, json: bool) {
        if json {
            say(serde_json::to_string(self).unwrap_or_default());
        } else if self.buyers > 1 {
            let bad = [(self.cancelled, "cancelled"), (self.unresolved, "unresolved"), (self.contradicted, "contradicted")];
            let bad: String = bad.iter().filter(|(count, _)| *count > 0).map(|(count, end)| format!(", {count} {end}")).collect();
            say(format!("{} buyers: {} issued, {} declined, {} sold out{bad}", self.buyers, self.issued, self.declined, self.sold_out));
            if let (Some(p50), Some(p99)) = (self.p50_ms, self.p99_ms) {
                say(format!("{} orders a second; checkout to tickets: half within {p50} ms, 99 % within {p99} ms", self.orders_per_second));
            }
        } else if self.issued == 1 {
            say(format!("the tickets are yours: {:.1} ms from checkout", self.p50_ms.unwrap_or_default()));
        } else if self.declined == 1 {
            say("the card was declined, and the order is cancelled");
        } else if self.sold_out == 1 {
            say("sold out");
        }
        for (reason, count) in self.reasons.iter().take(REASONS_MAX) {
            let times = if *count > 1 { format!(" ({count} buyers)") } else { String::new() };
            complain(format!("{reason}{times}"));
        }
    }

    /// # Errors
    /// The exit code, if not every buyer came to a final and truthful end; everything is said already.
    pub(super) fn judge(&self) -> Result<(), Failure> {
        match (self.contradicted, self.unresolved) {
            (0, 0) => Ok(()),
            (0, unresolved) if unresolved == self.wrong_use && unresolved == self.buyers => Err(Failure::silent(WRONG_USE)),
            _ => Err(Failure::silent(FAILED)),
        }
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use buyer::End;

    use super::Summary;

    fn issued(checkout_ms: u64, tickets_ms: u64) -> End {
        End::Issued { checkout: Duration::from_millis(checkout_ms), tickets: Duration::from_millis(tickets_ms) }
    }

    #[test]
    fn the_rate_is_from_the_first_checkout_to_the_last_ticket() {
        let summary = Summary::of(&[issued(0, 100), issued(900, 1_000), End::SoldOut]);
        assert_eq!((summary.issued, summary.sold_out, summary.orders_per_second), (2, 1, 2.0));
        assert_eq!((summary.p50_ms, summary.p99_ms), (Some(100.0), Some(100.0)));
        assert!(summary.judge().is_ok());
    }

    #[test]
    fn a_buyer_whose_event_was_cancelled_came_to_a_truthful_end_that_is_not_sold_out() {
        let ended = |state: &str, reason: &str| End::Ended { state: state.to_owned(), reason: Some(reason.to_owned()) };
        let summary = Summary::of(&[ended("cancelled", "event_cancelled"), ended("refunded", "event_cancelled")]);
        assert_eq!((summary.cancelled, summary.sold_out, summary.unresolved), (2, 0, 0));
        assert!(summary.judge().is_ok());
        assert_eq!(Summary::of(&[ended("paying", "")]).judge().unwrap_err().code, 1);
    }

    #[test]
    fn one_contradicted_buyer_makes_a_bad_end() {
        let summary = Summary::of(&[issued(0, 1), End::Contradicted("x".to_owned())]);
        assert_eq!(summary.judge().unwrap_err().code, 1);
    }

    #[test]
    fn wrong_use_by_all_is_wrong_use() {
        assert_eq!(Summary::of(&[End::WrongUse("x".to_owned())]).judge().unwrap_err().code, 2);
    }

    #[test]
    fn who_asked_for_what_cannot_be_is_not_told_that_it_is_open_how_it_ended() {
        let summary = Summary::of(&[End::WrongUse("a quantity of 11 is not between 1 and 10".to_owned())]);
        let reasons: Vec<&str> = summary.reasons.keys().map(String::as_str).collect();
        assert_eq!(reasons, ["nothing was ordered: a quantity of 11 is not between 1 and 10"]);
    }

    #[test]
    fn the_json_object_has_the_promised_members() {
        let json = serde_json::to_value(Summary::of(&[])).unwrap();
        let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "buyers",
                "cancelled",
                "contradicted",
                "declined",
                "issued",
                "orders_per_second",
                "p50_ms",
                "p99_ms",
                "sold_out",
                "unresolved"
            ]
        );
    }
}
