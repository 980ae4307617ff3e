//! The analysis data set as `klero verify` reads it: CSV of participant, code and arm, with or without who was broken.

use std::fmt;

/// The largest data set, in bytes.
pub const DATA_SET_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One participant as the analysis has them. Nothing here is trusted: it is what is being checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRow {
    /// The line of the file, from 1; the header is line 1.
    pub line: usize,
    /// The participant's number.
    pub participant: String,
    /// The code.
    pub code: String,
    /// The arm they were analysed in.
    pub arm: String,
    /// Whether their code is said to have been broken, when the data set says it at all.
    pub broken: Option<bool>,
}

/// Why the data set could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSetError {
    /// Larger than [`DATA_SET_BYTES_MAX`].
    TooLong,
    /// The header is not `participant,code,arm` with or without `broken`.
    Header,
    /// A line has too many or too few fields, a quote that does not close, or neither yes nor no.
    Line(usize),
}

impl fmt::Display for DataSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the data set is too large"),
            Self::Header => {
                f.write_str("the data set's header must be participant,code,arm or with ,broken")
            }
            Self::Line(line) => write!(f, "data set, line {line}: not a line of such a table"),
        }
    }
}

impl std::error::Error for DataSetError {}

/// Reads the whole table. LF or CRLF; empty lines are passed by; a byte order mark is taken off.
///
/// # Errors
/// What cannot be read, as a [`DataSetError`].
pub fn read_data_set(text: &str) -> Result<Vec<DataRow>, DataSetError> {
    if text.len() > DATA_SET_BYTES_MAX {
        return Err(DataSetError::TooLong);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1..);
    let header = lines.next().and_then(|(line, _)| fields(line)).ok_or(DataSetError::Header)?;
    let with_broken = match header.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["participant", "code", "arm"] => false,
        ["participant", "code", "arm", "broken"] => true,
        _ => return Err(DataSetError::Header),
    };
    lines
        .filter(|(line, _)| !line.is_empty())
        .map(|(line, number)| read_row(line, number, with_broken).ok_or(DataSetError::Line(number)))
        .collect()
}

fn read_row(text: &str, line: usize, with_broken: bool) -> Option<DataRow> {
    let mut fields = fields(text)?;
    let broken = match with_broken.then(|| fields.pop()).flatten().as_deref() {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        Some(_) => return None,
        None => None,
    };
    let [participant, code, arm] = fields.try_into().ok()?;
    Some(DataRow { line, participant, code, arm, broken })
}

/// The fields of one line (RFC 4180, without line breaks inside a field).
fn fields(line: &str) -> Option<Vec<String>> {
    let (mut all, mut rest) = (vec![], line);
    loop {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (part, after) = quoted.split_once('"')?;
                field.push_str(part);
                match after.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            field.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        all.push(field);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => return rest.is_empty().then_some(all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DataSetError, fields, read_data_set};

    #[test]
    fn a_table_is_read_with_either_line_end_and_with_or_without_breaks() {
        let plain =
            "participant,code,arm\nHSH-001,7429133,placebo\n\nHSH-002,5850826,\"a, \"\"b\"\"\"\n";
        let rows = read_data_set(plain).unwrap();
        assert_eq!((rows.len(), rows[1].line, rows[1].arm.as_str()), (2, 4, "a, \"b\""));
        assert_eq!(rows[0].broken, None);
        assert_eq!(read_data_set(&plain.replace('\n', "\r\n")).unwrap(), rows);
        assert_eq!(read_data_set(&format!("\u{feff}{plain}")).unwrap(), rows);
        let told = "participant,code,arm,broken\nHSH-001,7429133,placebo,yes\nHSH-002,1,x,no";
        let told: Vec<_> = read_data_set(told).unwrap().iter().map(|row| row.broken).collect();
        assert_eq!(told, [Some(true), Some(false)]);
    }

    #[test]
    fn what_is_not_such_a_table_is_refused_by_line() {
        for header in ["", "participant,arm,code", "participant,code,arm,broken,x", "participant"] {
            assert_eq!(read_data_set(header), Err(DataSetError::Header), "{header}");
        }
        for row in ["a,b", "a,b,c,d", "a,b,\"c", "a,b,\"c\"d", "\"a,b,c"] {
            let text = format!("participant,code,arm\nx,y,z\n{row}\n");
            assert_eq!(read_data_set(&text), Err(DataSetError::Line(3)), "{row}");
        }
        for row in ["a,b,c", "a,b,c,", "a,b,c,Yes", "a,b,c,1"] {
            let text = format!("participant,code,arm,broken\n{row}\n");
            assert_eq!(read_data_set(&text), Err(DataSetError::Line(2)), "{row}");
        }
        assert_eq!(fields(""), Some(vec![String::new()]));
        assert_eq!(fields("a,,"), Some(vec!["a".into(), String::new(), String::new()]));
    }
}
