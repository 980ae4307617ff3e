//! Exports: what is recorded leaves as a file, made from records and trail at one moment, and its hash is an entry before
//! the file goes out. No file holds an arm; the columns for it are there, so that blinded and unblinded files have the
//! same rows (requirements 6).

mod confirm;
mod gather;
mod kinds;
mod trail;

pub use confirm::Exported;
pub use kinds::{Format, Kind};

use super::House;
use super::refuse::Noted;
use crate::domain::access::{Act, Caller, ExportOverview, ExportRecords, Granted};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::CentreId;
use crate::domain::people::Role;
use crate::export::{
    Eyes, Origin, Table, adsl, comma, dataset_json, fhir, odm, odm2, sdtm, tables, xlsx,
};
use crate::limits::EXPORT;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::store::Stamp;
use crate::store::queries::View;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Which data.
    pub kind: Kind,
    /// In which form: one of the kind's own.
    pub format: Format,
    /// Without what spreadsheets need.
    pub raw: bool,
}

impl Wish {
    /// A kind in one of its formats, or in its first.
    pub fn of(kind: Kind, format: Option<Format>, raw: bool) -> Option<Self> {
        let format = format.unwrap_or(kind.formats()[0]);
        kind.formats().contains(&format).then_some(Self { kind, format, raw })
    }
}

/// A file that may go out: its entry is durable.
#[derive(Debug)]
pub struct File {
    /// What it is called: trial and kind, nobody's name.
    pub name: String,
    /// Its media type.
    pub media: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of them, in hexadecimal.
    pub sha256: String,
    /// The entry that says so.
    pub entry: u64,
}

/// Made, and not yet in the trail.
struct Made {
    bytes: Vec<u8>,
    entries: u64,
}

impl House {
    /// Makes an export. Whoever may read participants' records gets all of it, for the own centres; the sponsor four
    /// tables of the whole trial, without identity, free text, codes or levels.
    ///
    /// # Errors
    /// `not-your-role`, as an entry; `too-large` beyond what is made in memory.
    pub async fn export(&self, caller: &Caller, wish: Wish) -> Result<File, Refusal> {
        if wish.kind == Kind::Trail {
            return self.export_lines(caller, wish).await;
        }
        if let Ok(may) = caller.may_somewhere::<ExportRecords>() {
            let centres = caller.places(&may);
            let made = self.make(wish, centres, Eyes::Records)?;
            return self.hand_out(&may, wish, centres, made).await;
        }
        let may = self.may_somewhere::<ExportOverview>(caller).await?;
        if !wish.kind.is_overview() {
            return Err(self.refuse(caller, ExportRecords::NAME, Why::NotYourRole).await);
        }
        let centres = caller.places(&may);
        let made = self.make(wish, centres, Eyes::All)?;
        self.hand_out(&may, wish, centres, made).await
    }

    /// The same for whoever holds the data folder.
    ///
    /// # Errors
    /// When the store fails; `too-large`.
    pub fn export_here(&self, wish: Wish) -> Result<File, Refusal> {
        let made = match wish.kind {
            Kind::Trail => self.make_lines(wish)?,
            _ => self.make(wish, None, Eyes::Records)?,
        };
        let (entry, sha256) = described(wish, None, &made);
        let noted = self.store.write(Stamp::service(), |tx| Ok::<_, Noted>(tx.append(entry)?));
        let entry = noted.wait().map_err(|noted| noted.refusal)?.into_parts().0;
        Ok(self.file(wish, made, sha256, entry))
    }

    /// The entry, then the file: never the file without the entry.
    async fn hand_out<A: Act>(
        &self,
        may: &Granted<A>,
        wish: Wish,
        centres: Option<&[CentreId]>,
        made: Made,
    ) -> Result<File, Refusal> {
        let (entry, sha256) = described(wish, centres, &made);
        let entry = self.act(may, move |tx| Ok(tx.append(entry)?)).await?.into_parts().0;
        Ok(self.file(wish, made, sha256, entry))
    }

    fn file(&self, wish: Wish, made: Made, sha256: String, entry: u64) -> File {
        let (trial, kind) = (self.trial.id.as_str(), wish.kind.as_str());
        let name = format!("{trial}-{kind}.{}", wish.format.extension());
        File { name, media: wish.format.media(), bytes: made.bytes, sha256, entry }
    }

    fn make(&self, wish: Wish, centres: Option<&[CentreId]>, eyes: Eyes) -> Result<Made, Refusal> {
        let made = self.store.read(|view| {
            let origin = self.origin(view)?;
            let bytes = self.bytes(view, wish, centres, eyes, &origin)?;
            Ok::<_, Refusal>(Made { bytes, entries: origin.entries })
        })?;
        if made.bytes.len() > EXPORT { Err(Refusal::new(Why::TooLarge)) } else { Ok(made) }
    }

    fn origin(&self, view: &View<'_>) -> Result<Origin, Refusal> {
        Ok(Origin {
            trial: self.trial.id.to_string(),
            title: self.trial.title.en.clone(),
            configuration: hex(&self.configuration),
            entries: view.trail_size()?,
            at: self.clock.now(),
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    fn bytes(
        &self,
        view: &View<'_>,
        wish: Wish,
        centres: Option<&[CentreId]>,
        eyes: Eyes,
        origin: &Origin,
    ) -> Result<Vec<u8>, Refusal> {
        let trial = &self.trial;
        let subjects = gather::subjects(view, trial, centres)?;
        let one = match wish.kind {
            Kind::Records if wish.format == Format::Odm => {
                return Ok(odm::write(origin, trial, &subjects));
            }
            Kind::Records if wish.format == Format::Odm2 => {
                return Ok(odm2::write(origin, trial, &subjects));
            }
            Kind::Records => {
                let all = [
                    tables::participants(trial, &subjects),
                    tables::allocations(trial, &subjects),
                    tables::answers(trial, &subjects),
                    tables::visits(&subjects),
                    tables::deviations(&subjects),
                    tables::breaks(&subjects),
                ];
                return book(origin, &all);
            }
            Kind::Participants if wish.format == Format::Fhir => {
                return Ok(fhir::write(origin, &subjects));
            }
            Kind::Participants => tables::participants(trial, &subjects),
            Kind::Answers => tables::answers(trial, &subjects),
            Kind::Allocations => tables::allocations(trial, &subjects),
            Kind::Visits => tables::visits(&subjects),
            Kind::Deviations => tables::deviations(&subjects),
            Kind::Breaks => tables::breaks(&subjects),
            Kind::Analysis => tables::analysis(&subjects),
            Kind::Dm => sdtm::dm(origin, &subjects),
            Kind::Ds => sdtm::ds(origin, &subjects),
            Kind::Ec => sdtm::ec(origin, trial, &subjects),
            Kind::Da => sdtm::da(origin, trial, &subjects),
            Kind::Ta => sdtm::ta(origin, self.manifest.manifest.arms.len()),
            Kind::Ts => sdtm::ts(origin, trial, &subjects),
            Kind::Adsl => adsl::adsl(origin, trial, &subjects),
            Kind::Trail => return Err(Refusal::new(Why::Internal)),
        };
        written(wish, origin, one.for_eyes(eyes))
    }
}

fn written(wish: Wish, origin: &Origin, table: Table) -> Result<Vec<u8>, Refusal> {
    match wish.format {
        Format::Xlsx => book(origin, &[table]),
        Format::DatasetJson => Ok(dataset_json::write(origin, &table)),
        _ => Ok(comma::write(&table, wish.raw)),
    }
}

/// A workbook fails only by its size.
fn book(origin: &Origin, tables: &[Table]) -> Result<Vec<u8>, Refusal> {
    xlsx::write(origin, tables).map_err(|_| Refusal::new(Why::TooLarge))
}

/// What the trail says of a file; and its hash.
fn described(wish: Wish, centres: Option<&[CentreId]>, made: &Made) -> (Entry, String) {
    let hash = hex(&sha256(&made.bytes));
    let act = if wish.kind == Kind::Trail { "trail-exported" } else { "exported" };
    let entry = Entry::new(act)
        .with("kind", wish.kind.as_str())
        .with("format", wish.format.as_str())
        .with("entries", made.entries)
        .with("bytes", made.bytes.len() as u64)
        .with("sha256", hash.as_str());
    let names = centres.map(|all| all.iter().map(|one| Fact::from(one.as_str())).collect());
    let entry = match names {
        Some(names) => entry.with("centres", Fact::List(names)),
        None => entry,
    };
    (entry, hash)
}

/// The kinds that a role finds on its page.
pub fn kinds_for(role: Role) -> Vec<Kind> {
    let full = ExportRecords::reach(role) != crate::domain::access::Reach::Never;
    let some = ExportOverview::reach(role) != crate::domain::access::Reach::Never;
    let all = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Trail);
    all.filter(|kind| full || (some && kind.is_overview())).collect()
}
