//! What keeps a shop from starting: rule R37.

use composition::{ServiceName, Shop};
use storage::{Database, Driver, Location, params};

use crate::shop::TestShop;

#[test]
fn what_the_databases_lack_is_told_for_all_services_before_anything_runs() {
    let shop = TestShop::open("starting-lacking");
    let databases = ServiceName::ALL.map(|name| {
        let location = Location::Memory(format!("starting-lacking-other-{name}"));
        let migrations = if name == ServiceName::Payment { Vec::new() } else { name.migrations() };
        (name, Database::open(&location, Driver::inline(), &migrations).unwrap())
    });
    let ordering = databases.iter().find(|(name, _)| *name == ServiceName::Ordering).unwrap();
    ordering.1.write_blocking(|tx| tx.execute("DROP TABLE order_history", params![])).unwrap();
    let sent_before = shop.parts().health.report().parts;
    let refused = shop.block_on(Shop::start(shop.parts().clone(), databases.clone().into())).err().unwrap().to_string();
    for part in ["ordering: table order_history", "payment: migration messaging/", "payment: migration payment/"] {
        assert!(refused.contains(part), "`{part}` is not in: {refused}");
    }
    assert!(!refused.contains("box-office"), "{refused}");
    assert_eq!(shop.parts().health.report().parts, sent_before, "nothing has begun");
}
