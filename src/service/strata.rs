//! How much of the list is left in each stratum, and until when. For the statistician alone, and each look is an entry.

use super::House;
use crate::domain::access::{Caller, ReadStrata};
use crate::domain::entry::Entry;
use crate::domain::forecast::{RunsOut, runs_out};
use crate::domain::ids::StratumId;
use crate::domain::time::{Date, Moment};
use crate::refusal::Refusal;
use crate::store::overview::Gauge;

/// A stratum's gauge, and when its list runs out at the pace so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stratum {
    /// What is issued, void and left.
    pub gauge: Gauge,
    /// None while too little has happened, or nothing is left.
    pub runs_out: Option<RunsOut>,
}

/// A stratum whose list is used up while participants are there for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedUp {
    /// The stratum.
    pub stratum: StratumId,
    /// When a code was asked for the last time, and there was none.
    pub asked: Moment,
}

impl House {
    /// How many slots of each stratum there are, are issued and are void, and when they run out: under an entry.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn read_strata(&self, caller: &Caller) -> Result<Vec<Stratum>, Refusal> {
        let may = self.may_somewhere::<ReadStrata>(caller).await?;
        let done = self.act(&may, |tx| {
            tx.append(Entry::new("strata-read"))?;
            Ok((tx.view().gauges()?, tx.view().issued_by_stratum()?))
        });
        let (gauges, issued) = done.await?.into_parts().0;
        let day = |moment: &Moment| self.trial.zone.day(*moment);
        let today = day(&self.clock.now());
        let first = issued.first().map_or(today, |(_, at)| day(at));
        let stratum = |gauge: Gauge| {
            let here = issued.iter().filter(|(stratum, _)| *stratum == gauge.stratum);
            let days: Vec<Date> = here.map(|(_, at)| day(at)).collect();
            Stratum { runs_out: runs_out(&days, first, today, gauge.left()), gauge }
        };
        Ok(gauges.into_iter().map(stratum).collect())
    }

    /// What the statistician must be told: strata in which a code was asked for and no approved slot was left, with the
    /// last time. The site that was refused is never told which. Under an entry, as the gauges are.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn used_up(&self, caller: &Caller) -> Result<Vec<UsedUp>, Refusal> {
        let all = self.read_strata(caller).await?.into_iter();
        let used_up =
            |one: Stratum| Some(UsedUp { asked: one.gauge.used_up?, stratum: one.gauge.stratum });
        Ok(all.filter_map(used_up).collect())
    }
}
