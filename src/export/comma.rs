//! Tables as CSV (RFC 4180). For people with Excel in China: a byte order mark, codes in groups so that they stay text,
//! and an apostrophe before whatever a spreadsheet would take for a formula. `raw` leaves all three out, for programs.

use super::{Cell, Holds, Table};
use csv::{Terminator, WriterBuilder};

/// What tells a spreadsheet that the file is UTF-8.
pub const MARK: &str = "\u{feff}";

/// Writes a table.
pub fn write(table: &Table, raw: bool) -> Vec<u8> {
    let head = table.columns.iter().map(|column| column.id.clone()).collect();
    let row = |row: &Vec<Cell>| {
        let cells = row.iter().zip(&table.columns);
        cells.map(|(cell, column)| shown(cell, column.holds, raw)).collect()
    };
    let rows = std::iter::once(head).chain(table.rows.iter().map(row));
    lines(rows, !raw)
}

/// Writes rows of texts as they are, after a mark or without.
pub(super) fn lines(rows: impl Iterator<Item = Vec<String>>, mark: bool) -> Vec<u8> {
    let mut out = if mark { MARK.as_bytes().to_vec() } else { vec![] };
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(&mut out);
    for row in rows {
        writer.write_record(row).expect("rows of one length, into memory");
    }
    writer.flush().expect("memory takes it");
    drop(writer);
    out
}

/// Reads rows of texts, a mark taken off; says whether there was one.
#[cfg(feature = "offline")]
pub(super) fn read(text: &str) -> Option<(Vec<Vec<String>>, bool)> {
    let plain = text.strip_prefix(MARK);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).from_reader(plain.unwrap_or(text).as_bytes());
    let rows =
        reader.records().map(|record| Some(record.ok()?.iter().map(str::to_owned).collect()));
    Some((rows.collect::<Option<_>>()?, plain.is_some()))
}

fn shown(cell: &Cell, holds: Holds, raw: bool) -> String {
    let text = cell.text();
    match holds {
        _ if raw => text,
        Holds::Code if text.len() == 7 => {
            format!("{} {} {}", &text[..3], &text[3..6], &text[6..])
        }
        _ if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Column;
    use super::*;

    fn table(cells: &[(&str, Holds)]) -> Table {
        let columns = cells.iter().map(|(_, holds)| Column::new("c", "C", *holds)).collect();
        let mut table = Table::new("t", "T", columns);
        table.push(cells.iter().map(|(text, _)| Cell::from(*text)).collect());
        table
    }

    fn second_line(cells: &[(&str, Holds)], raw: bool) -> String {
        let text = String::from_utf8(write(&table(cells), raw)).unwrap();
        text.split("\r\n").nth(1).unwrap().to_owned()
    }

    // shows: RP-1
    #[test]
    fn what_a_spreadsheet_would_take_for_a_formula_gets_an_apostrophe_and_raw_leaves_it() {
        for text in ["=1+1", "+86", "-x", "@a", "\tx"] {
            let cell = [(text, Holds::Text)];
            assert_eq!(second_line(&cell, false), format!("'{text}"));
            assert_eq!(second_line(&cell, true), text);
        }
        let plain = [("a-b", Holds::Text), ("7429133", Holds::Code), ("7429133", Holds::Text)];
        assert_eq!(second_line(&plain, false), "a-b,742 913 3,7429133");
        assert_eq!(second_line(&plain, true), "a-b,7429133,7429133");
    }

    // shows: RP-1
    #[test]
    fn a_file_begins_with_the_mark_that_excel_wants_and_quotes_what_must_be_quoted() {
        let one = table(&[("a, \"b\"\nc", Holds::Text), ("喆", Holds::Text)]);
        let text = String::from_utf8(write(&one, false)).unwrap();
        assert_eq!(text, "\u{feff}c,c\r\n\"a, \"\"b\"\"\nc\",喆\r\n");
        assert!(!String::from_utf8(write(&one, true)).unwrap().starts_with(MARK));
    }

    #[cfg(feature = "offline")]
    #[test]
    fn a_file_is_read_as_it_was_written() {
        let text =
            String::from_utf8(write(&table(&[("a, \"b\"\nc", Holds::Text)]), false)).unwrap();
        let (rows, mark) = read(&text).unwrap();
        assert!(mark && rows[1][0] == "a, \"b\"\nc");
        assert_eq!(lines(rows.into_iter(), mark), text.as_bytes(), "read and written again");
    }
}
