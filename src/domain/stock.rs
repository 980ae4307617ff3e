//! What a centre's stock adds up to, lot by lot, out of events and uses that a holder's device has opened (DI-10). The
//! service never has any of it.

use std::collections::BTreeMap;

/// What happens to a stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Came in.
    Received,
    /// Came over from another centre.
    TransferredIn,
    /// Passed on to another centre.
    TransferredOut,
    /// Went back to whoever supplied it.
    Returned,
    /// Destroyed.
    Destroyed,
    /// Damaged.
    Damaged,
    /// Lost.
    Lost,
    /// Not to be used for now.
    Quarantined,
    /// May be used again.
    Released,
    /// Never to be used.
    Recalled,
    /// Counted: how many there are.
    Count,
}

impl Event {
    /// Every event with the word that a sealed record has for it.
    pub const ALL: [(&'static str, Event); 11] = [
        ("received", Event::Received),
        ("transferred-in", Event::TransferredIn),
        ("transferred-out", Event::TransferredOut),
        ("returned", Event::Returned),
        ("destroyed", Event::Destroyed),
        ("damaged", Event::Damaged),
        ("lost", Event::Lost),
        ("quarantined", Event::Quarantined),
        ("released", Event::Released),
        ("recalled", Event::Recalled),
        ("count", Event::Count),
    ];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, event)| event)
    }
}

/// Whether a lot may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// It may.
    #[default]
    Usable,
    /// Not for now.
    Quarantined,
    /// Never again.
    Recalled,
}

/// One lot of one product at one centre.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lot {
    /// As the package says, of what came in; nothing came in while it is empty.
    pub expiry: String,
    /// Units that came in.
    pub received: i64,
    /// Units that came over from elsewhere.
    pub transferred_in: i64,
    /// Units in recorded preparations.
    pub used: i64,
    /// Units passed on.
    pub transferred_out: i64,
    /// Units sent back.
    pub returned: i64,
    /// Units destroyed.
    pub destroyed: i64,
    /// Units damaged.
    pub damaged: i64,
    /// Units lost.
    pub lost: i64,
    /// May it be used?
    pub standing: Standing,
    /// What the last count found more (or, negative, less) than the records then said.
    pub difference: Option<i64>,
}

/// Why a lot does not balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imbalance {
    /// Used or moved, and never received here.
    NeverReceived,
    /// More went out than came in: so many.
    Overdrawn(i64),
    /// The last count differs by so many.
    CountDiffers(i64),
}

impl Lot {
    /// What the records say is there: all that came in, less all that went.
    pub fn on_hand(&self) -> i64 {
        let gone = self.used + self.transferred_out + self.returned;
        self.received + self.transferred_in - gone - (self.destroyed + self.damaged + self.lost)
    }

    /// What does not balance.
    pub fn imbalances(&self) -> Vec<Imbalance> {
        let mut found = vec![];
        if self.expiry.is_empty() {
            found.push(Imbalance::NeverReceived);
        }
        if self.on_hand() < 0 {
            found.push(Imbalance::Overdrawn(-self.on_hand()));
        }
        found.extend(self.difference.filter(|n| *n != 0).map(Imbalance::CountDiffers));
        found
    }

    fn happens(&mut self, event: Event, units: i64, expiry: &str) {
        match event {
            Event::Received => self.received += units,
            Event::TransferredIn => self.transferred_in += units,
            Event::TransferredOut => self.transferred_out += units,
            Event::Returned => self.returned += units,
            Event::Destroyed => self.destroyed += units,
            Event::Damaged => self.damaged += units,
            Event::Lost => self.lost += units,
            Event::Quarantined if self.standing == Standing::Usable => {
                self.standing = Standing::Quarantined;
            }
            Event::Released if self.standing == Standing::Quarantined => {
                self.standing = Standing::Usable;
            }
            Event::Quarantined | Event::Released => {}
            Event::Recalled => self.standing = Standing::Recalled,
            Event::Count => self.difference = Some(units - self.on_hand()),
        }
        if matches!(event, Event::Received | Event::TransferredIn) && self.expiry.is_empty() {
            expiry.clone_into(&mut self.expiry);
        }
    }
}

/// Every lot of a centre, by product and lot number. Events must be told in the order in which they were kept.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// The lots.
    pub lots: BTreeMap<(String, String), Lot>,
}

impl Stock {
    /// An event of the stock.
    pub fn happened(&mut self, event: Event, product: &str, lot: &str, expiry: &str, units: u32) {
        self.lot(product, lot).happens(event, i64::from(units), expiry);
    }

    /// Units of a lot went into a preparation.
    pub fn used(&mut self, product: &str, lot: &str, units: u32) {
        self.lot(product, lot).used += i64::from(units);
    }

    /// Units of a product that may be used on this day, written year-month-day.
    pub fn usable(&self, product: &str, today: &str) -> i64 {
        let fit = |(name, _): &(&(String, String), &Lot)| name.0 == product;
        let lots = self.lots.iter().filter(fit).map(|(_, lot)| lot);
        lots.filter(|lot| lot.standing == Standing::Usable && lot.expiry.as_str() >= today)
            .map(|lot| lot.on_hand().max(0))
            .sum()
    }

    fn lot(&mut self, product: &str, lot: &str) -> &mut Lot {
        self.lots.entry((product.to_owned(), lot.to_owned())).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock() -> Stock {
        let mut stock = Stock::default();
        stock.happened(Event::Received, "active", "A1", "2027-01-31", 20);
        stock.used("active", "A1", 3);
        stock
    }

    fn lot(stock: &Stock) -> &Lot {
        &stock.lots[&("active".to_owned(), "A1".to_owned())]
    }

    // shows: DI-10
    #[test]
    fn what_came_in_is_what_went_and_what_is_there() {
        let mut stock = stock();
        for event in
            [Event::TransferredOut, Event::Returned, Event::Destroyed, Event::Damaged, Event::Lost]
        {
            stock.happened(event, "active", "A1", "", 1);
        }
        stock.happened(Event::TransferredIn, "active", "A1", "2027-01-31", 4);
        assert_eq!(lot(&stock).on_hand(), 20 + 4 - 3 - 5);
        assert_eq!(lot(&stock).imbalances(), []);
        assert_eq!(stock.usable("active", "2027-01-31"), 16);
        assert_eq!(stock.usable("active", "2027-02-01"), 0, "expired");
        assert_eq!(stock.usable("other", "2026-01-01"), 0);
    }

    // shows: DI-10
    #[test]
    fn whatever_does_not_balance_is_named() {
        let mut stock = stock();
        stock.happened(Event::Count, "active", "A1", "", 15);
        assert_eq!(lot(&stock).imbalances(), [Imbalance::CountDiffers(-2)]);
        stock.happened(Event::Lost, "active", "A1", "", 2);
        stock.happened(Event::Count, "active", "A1", "", 15);
        assert_eq!(lot(&stock).imbalances(), [], "the loss explains it, and the new count agrees");
        stock.used("active", "A1", 16);
        assert_eq!(lot(&stock).imbalances(), [Imbalance::Overdrawn(1)]);
        stock.used("active", "FOREIGN", 1);
        let foreign = &stock.lots[&("active".to_owned(), "FOREIGN".to_owned())];
        assert_eq!(foreign.imbalances(), [Imbalance::NeverReceived, Imbalance::Overdrawn(1)]);
    }

    // shows: DI-10, DI-3
    #[test]
    fn a_lot_used_to_its_end_balances_and_keeps_the_expiry_it_came_with() {
        let mut stock = stock();
        stock.used("active", "A1", 17);
        assert_eq!(lot(&stock).imbalances(), []);
        stock.happened(Event::Received, "active", "A1", "2028-12-31", 1);
        assert_eq!(lot(&stock).expiry, "2027-01-31");
        stock.happened(Event::Lost, "active", "NEVER", "2028-12-31", 1);
        assert_eq!(stock.usable("active", "2027-02-01"), 0, "a loss brings no expiry with it");
        let never = &stock.lots[&("active".to_owned(), "NEVER".to_owned())];
        assert_eq!(never.imbalances(), [Imbalance::NeverReceived, Imbalance::Overdrawn(1)]);
    }

    // shows: DI-3
    #[test]
    fn a_recall_is_for_ever_and_a_quarantine_until_it_is_lifted() {
        let mut stock = stock();
        let standings = |stock: &Stock| (lot(stock).standing, stock.usable("active", "2026-01-01"));
        stock.happened(Event::Quarantined, "active", "A1", "", 0);
        assert_eq!(standings(&stock), (Standing::Quarantined, 0));
        stock.happened(Event::Released, "active", "A1", "", 0);
        assert_eq!(standings(&stock), (Standing::Usable, 17));
        stock.happened(Event::Recalled, "active", "A1", "", 0);
        stock.happened(Event::Released, "active", "A1", "", 0);
        stock.happened(Event::Quarantined, "active", "A1", "", 0);
        assert_eq!(standings(&stock), (Standing::Recalled, 0));
    }

    #[test]
    fn every_event_is_read_by_its_own_word() {
        assert!(Event::ALL.iter().all(|(word, event)| Event::parse(word) == Some(*event)));
        assert_eq!(Event::parse("used"), None);
    }
}
