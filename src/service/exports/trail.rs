//! The trail as a file: its lines byte for byte, or a table to search and sort (AT-5). To prove it, take the checkpoint
//! beside it, or `klero trail export`.

use super::{File, Format, Made, Wish};
use crate::domain::access::{Caller, ExportTrail};
use crate::domain::entry::{Fact, fact};
use crate::export::{Cell, Column, Holds, Table, comma};
use crate::limits::{EXPORT, PAGE};
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::line::{Line, facts_json, parse};
use crate::service::House;
use crate::store::StoreError;

impl House {
    pub(super) async fn export_lines(&self, caller: &Caller, wish: Wish) -> Result<File, Refusal> {
        let may = self.may_somewhere::<ExportTrail>(caller).await?;
        let made = self.make_lines(wish)?;
        self.hand_out(&may, wish, None, made).await
    }

    pub(super) fn make_lines(&self, wish: Wish) -> Result<Made, Refusal> {
        let lines = self.store.read(|view| {
            let (size, mut lines, mut bytes) = (view.trail_size()?, vec![], 0);
            while (lines.len() as u64) < size {
                let page = view.lines(lines.len() as u64, PAGE)?;
                bytes += page.iter().map(|line| line.len() + 1).sum::<usize>();
                if bytes > EXPORT {
                    return Err(Refusal::new(Why::TooLarge));
                }
                lines.extend(page);
            }
            lines.truncate(size as usize);
            Ok(lines)
        })?;
        let entries = lines.len() as u64;
        let bytes = match wish.format {
            Format::Csv => comma::write(&table(&lines)?, wish.raw),
            _ => lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>().into(),
        };
        Ok(Made { bytes, entries })
    }
}

fn table(lines: &[String]) -> Result<Table, Refusal> {
    let columns = [
        ("entry", "Entry", Holds::Whole),
        ("at", "When, UTC", Holds::Moment),
        ("by", "By", Holds::Text),
        ("role", "In which role", Holds::Text),
        ("act", "What happened", Holds::Text),
        ("centre", "Centre", Holds::Text),
        ("participant", "Participant", Holds::Text),
        ("on", "About what", Holds::Text),
        ("data", "What is said", Holds::Text),
        ("private", "Hash of the private record", Holds::Text),
    ];
    let columns = columns.map(|(id, label, holds)| Column::new(id, label, holds));
    let mut table = Table::new("trail", "Trail", columns.into());
    for line in lines {
        table.push(row(parse(line).map_err(|_| StoreError::Damaged)?));
    }
    Ok(table)
}

fn row(line: Line) -> Vec<Cell> {
    let participant = match fact(&line.entry.on, "participant") {
        Some(Fact::Text(number)) => number.as_str().into(),
        _ => Cell::Empty,
    };
    vec![
        line.seq.into(),
        line.at.into(),
        line.by.into(),
        line.role.into(),
        line.entry.act.into(),
        line.entry.centre.map(|centre| centre.to_string()).into(),
        participant,
        facts_json(&line.entry.on).into(),
        facts_json(&line.entry.data).into(),
        line.private.map(|hash| hex(&hash)).into(),
    ]
}
