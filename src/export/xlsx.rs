//! Tables as a workbook, a sheet each. Texts are texts there, so that no code becomes a number and no cell a formula.

use super::{Cell, Origin, Table};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

/// A sheet holds no more rows than this, by its format.
const ROWS_MAX: usize = 1_048_575;

/// Writes a workbook: the same bytes each time for the same tables and the same moment.
///
/// # Errors
/// When a table has more rows than a sheet can hold, or a text is longer than a cell can.
pub fn write(origin: &Origin, tables: &[Table]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_timestamp(origin.at.millis().div_euclid(1000))?;
    let properties = DocProperties::new().set_title(&origin.trial).set_creation_datetime(&made);
    book.set_properties(&properties);
    let head = Format::new().set_bold();
    for table in tables {
        if table.rows.len() > ROWS_MAX {
            return Err(XlsxError::RowColumnLimitError);
        }
        let sheet = book.add_worksheet();
        sheet.set_name(table.id)?.set_freeze_panes(1, 0)?;
        for (at, column) in (0u16..).zip(&table.columns) {
            sheet.write_string_with_format(0, at, &column.id, &head)?;
        }
        for (row, cells) in (1u32..).zip(&table.rows) {
            for (at, cell) in (0u16..).zip(cells) {
                match cell {
                    Cell::Empty => {}
                    Cell::Text(text) => drop(sheet.write_string(row, at, text)?),
                    // A number of ours has fewer than fifteen digits: a sheet keeps it exactly.
                    Cell::Whole(number) => drop(sheet.write_number(row, at, *number as f64)?),
                }
            }
        }
    }
    book.save_to_buffer()
}
