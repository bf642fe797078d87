//! Which service stands where in the drawing: so that arrows are short. Knows no pixels.

use std::collections::BTreeMap;

use super::Flows;

/// The places of all services and systems, from the left.
pub(super) struct Columns {
    /// The names, in order.
    pub names: Vec<&'static str>,
    places: BTreeMap<&'static str, usize>,
}

impl Columns {
    /// One after the other moves elsewhere as long as that shortens the arrows. What is outside stands at the right, if at
    /// an end at all.
    pub(super) fn of(flows: &Flows) -> Self {
        let mut best = Self::in_order(flows.services.iter().chain(&flows.outside).copied().collect());
        while let Some(better) = best.moved().filter(|it| it.length(flows) < best.length(flows)).min_by_key(|it| it.length(flows)) {
            best = better;
        }
        if best.names.first().is_some_and(|first| flows.outside.contains(first)) {
            best.names.reverse();
            best = Self::in_order(best.names);
        }
        best
    }

    /// All orders with one name elsewhere.
    fn moved(&self) -> impl Iterator<Item = Self> {
        let pairs = (0..self.names.len()).flat_map(|from| (0..self.names.len()).map(move |to| (from, to)));
        pairs.map(|(from, to)| {
            let mut names = self.names.clone();
            let name = names.remove(from);
            names.insert(to, name);
            Self::in_order(names)
        })
    }

    fn in_order(names: Vec<&'static str>) -> Self {
        let places = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
        Self { names, places }
    }

    /// Where it stands; what nobody declared stands at the left.
    pub(super) fn place(&self, name: &str) -> usize {
        self.places.get(name).copied().unwrap_or(0)
    }

    /// All arrows one behind the other, in columns.
    fn length(&self, flows: &Flows) -> usize {
        let span = |flow: &super::Flow| {
            let places = || flow.from.iter().chain(&flow.to).map(|name| self.place(name));
            places().max().unwrap_or(0) - places().min().unwrap_or(0)
        };
        flows.flows.iter().map(span).sum()
    }
}
