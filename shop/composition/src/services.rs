//! The shop's services by name, and what each is made of.

use std::fmt;

use axum::Router;
use messaging::http::{Access, RouteEntry};
use messaging::topology::{Misfit, check};
use messaging::{Endpoint, Service, Topology};
use storage::Migrations;

use crate::running::Outward;

/// A service of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceName {
    /// What is on sale.
    EventCatalog,
    /// What buyers want.
    ShoppingBasket,
    /// Places, holds and tickets.
    BoxOffice,
    /// What was bought.
    Ordering,
    /// The way to the payment gateway.
    Payment,
    /// What buyers are interested in.
    Marketing,
}

impl ServiceName {
    /// All services, in order of start.
    pub const ALL: [Self; 6] = [Self::BoxOffice, Self::Payment, Self::Ordering, Self::ShoppingBasket, Self::EventCatalog, Self::Marketing];

    /// Its name in paths, files and on the bus.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventCatalog => "event-catalog",
            Self::ShoppingBasket => "shopping-basket",
            Self::BoxOffice => "box-office",
            Self::Ordering => "ordering",
            Self::Payment => "payment",
            Self::Marketing => "marketing",
        }
    }

    /// What stands for it in URLs between services of one process. Nobody else can be reached under it: `.internal` is
    /// kept from public use (ICANN, 2024).
    #[must_use]
    pub fn authority(self) -> String {
        format!("{self}.internal")
    }

    /// Its endpoint, not bound to anything yet.
    #[must_use]
    pub fn endpoint(self, outward: &Outward) -> Endpoint {
        match self {
            Self::EventCatalog => event_catalog::endpoint(),
            Self::ShoppingBasket => shopping_basket::endpoint(),
            Self::BoxOffice => box_office::endpoint(),
            Self::Ordering => ordering::endpoint(),
            Self::Payment => payment::endpoint(outward.gateway.client()),
            Self::Marketing => marketing::endpoint(outward.baskets.clone()),
        }
    }

    /// The tables of its database.
    #[must_use]
    pub fn migrations(self) -> Vec<Migrations> {
        let own = match self {
            Self::EventCatalog => event_catalog::MIGRATIONS,
            Self::ShoppingBasket => shopping_basket::MIGRATIONS,
            Self::BoxOffice => box_office::MIGRATIONS,
            Self::Ordering => ordering::MIGRATIONS,
            Self::Payment => payment::MIGRATIONS,
            Self::Marketing => marketing::MIGRATIONS,
        };
        vec![messaging::MIGRATIONS, own]
    }

    pub(crate) fn routes(self, service: Service, access: Access, outward: &Outward) -> (Router, Vec<RouteEntry>) {
        match self {
            Self::EventCatalog => event_catalog::routes(service, access),
            Self::ShoppingBasket => shopping_basket::routes(service, access),
            Self::BoxOffice => box_office::routes(service, access),
            Self::Ordering => ordering::routes(service, access),
            Self::Payment => payment::routes(service, access, outward.gateway.card_entry(), outward.gateway.client()),
            Self::Marketing => marketing::routes(service, access),
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What has to exist on the bus for all services, found by checking that they fit together.
///
/// # Errors
/// Every way in which they do not.
pub fn topology(outward: &Outward) -> Result<Topology, Misfit> {
    topology_with(outward, Vec::new())
}

/// The same with further endpoints beside the services'.
pub(crate) fn topology_with(outward: &Outward, others: Vec<Endpoint>) -> Result<Topology, Misfit> {
    let endpoints: Vec<Endpoint> = ServiceName::ALL.into_iter().map(|name| name.endpoint(outward)).chain(others).collect();
    check(&endpoints.iter().map(Endpoint::declaration).collect::<Vec<_>>())
}
