//! Tables as CDISC Dataset-JSON 1.1, one file a table.

use super::{Cell, Holds, Origin, Table};
use serde_json::{Map, Value, json};

/// Writes a table.
pub fn write(origin: &Origin, table: &Table) -> Vec<u8> {
    let columns: Vec<Value> = table.columns.iter().map(|c| column(table.id, c)).collect();
    let row = |row: &Vec<Cell>| -> Value {
        row.iter().zip(&table.columns).map(|(cell, column)| value(cell, column.holds)).collect()
    };
    let rows: Vec<Value> = table.rows.iter().map(row).collect();
    let name = table.id.to_ascii_uppercase();
    let at = seconds(&origin.at.to_string());
    let file = json!({
        "datasetJSONCreationDateTime": at,
        "datasetJSONVersion": "1.1.0",
        "fileOID": format!("klero/{}/{name}/{}", origin.trial, origin.entries),
        "dbLastModifiedDateTime": at,
        "originator": "Klero",
        "sourceSystem": {"name": "Klero", "version": origin.version},
        "studyOID": origin.trial,
        "metaDataVersionOID": metadata(origin),
        "itemGroupOID": format!("IG.{name}"),
        "records": rows.len(),
        "name": name,
        "label": table.label,
        "columns": columns,
        "rows": rows,
    });
    file.to_string().into_bytes()
}

/// Without a fraction: that is all the formats of CDISC ask for.
pub(super) fn seconds(moment: &str) -> String {
    match moment.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => moment.to_owned(),
    }
}

/// Named after the configuration, so that two versions of it never share a name.
pub(super) fn metadata(origin: &Origin) -> String {
    format!("MDV.{}", origin.configuration.get(..16).unwrap_or(&origin.configuration))
}

fn column(table: &str, column: &super::Column) -> Value {
    let kind = match column.holds {
        Holds::Whole => "integer",
        Holds::Day => "date",
        Holds::Moment => "datetime",
        Holds::Text | Holds::Code | Holds::Disclosed => "string",
    };
    let mut about = Map::new();
    let id = format!("IT.{}.{}", table.to_ascii_uppercase(), column.id);
    about.insert("itemOID".to_owned(), id.into());
    about.insert("name".to_owned(), column.id.clone().into());
    about.insert("label".to_owned(), column.label.clone().into());
    about.insert("dataType".to_owned(), kind.into());
    about.into()
}

fn value(cell: &Cell, holds: Holds) -> Value {
    match cell {
        Cell::Empty if matches!(holds, Holds::Text | Holds::Code | Holds::Disclosed) => "".into(),
        Cell::Empty => Value::Null,
        Cell::Text(text) => text.clone().into(),
        Cell::Whole(number) => (*number).into(),
    }
}
