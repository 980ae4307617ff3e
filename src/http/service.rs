//! The service's port: every route there is, over one house.

use super::about::{self, About};
use super::pages::{self, Pages};
use super::routes::Table;
use super::{
    Served, account, drills, emergency, exports, follow_up, import_break, imports, keys, list,
    notices, participants, pass_on, passkeys, people, pharmacy, records, releases, reports, rights,
    rotations, sealed_part, tokens, trail, trial,
};
use crate::domain::ids::Reference;
use crate::sealing::bytes::hex;
use crate::service::House;
use crate::service::sign_in::Failures;
use crate::store::SCHEMA_VERSION;
use std::sync::Arc;

/// Every route of the service, in one table.
pub fn table() -> Table {
    let rooms = [
        about::routes(),
        people::routes(),
        account::routes(),
        passkeys::routes(),
        imports::routes(),
        rights::routes(),
        tokens::routes(),
        participants::routes(),
        records::routes(),
        releases::routes(),
        reports::routes(),
        exports::routes(),
        pharmacy::routes(),
        emergency::routes(),
        import_break::routes(),
        drills::routes(),
        follow_up::routes(),
        sealed_part::routes(),
        keys::routes(),
        rotations::routes(),
        pass_on::routes(),
        trial::routes(),
        list::routes(),
        notices::routes(),
        trail::routes(),
    ];
    Table::new(rooms.concat())
}

/// What the port serves for this house: the interface, and the pages beside it.
pub fn served(house: Arc<House>, pages: Pages) -> Served {
    let about =
        About { schema: SCHEMA_VERSION.unsigned_abs(), configuration: hex(&house.configuration) };
    let dice = house.dice.clone();
    let ids = move || Reference::from_bytes(crate::dice::roll(dice.as_ref())).to_string();
    let pages = Arc::new(pages);
    let all = [table().routes().to_vec(), pages::routes(&pages)].concat();
    let served = Served::new(Table::new(all), about, ids).holding(house).holding(pages);
    served.holding(Arc::new(Failures::default()))
}
