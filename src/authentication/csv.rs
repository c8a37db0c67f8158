//! CSV as Go's `encoding/csv` reads it with its defaults and `FieldsPerRecord = -1`. Of our own, for a token must be read from a file
//! as kube-apiserver reads it, or not at all; the parsers that were looked at are more lenient about quotes.

use zeroize::Zeroizing;

/// A field, wiped when dropped.
pub(super) type Field = Zeroizing<Vec<u8>>;

/// Why a file is no CSV; nothing of it is quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// A quote within a field that does not begin with one (`ErrBareQuote`).
    #[error("line {line}: a quote in a field without quotes")]
    BareQuote {
        /// Counted from one.
        line: usize,
    },
    /// Something behind a closing quote, or none at all (`ErrQuote`).
    #[error("line {line}: a quoted field does not end where it should")]
    Quote {
        /// Where the record begins, counted from one.
        line: usize,
    },
}

/// The records of a file. Empty lines are none.
pub(super) fn records(bytes: &[u8]) -> Result<Vec<Vec<Field>>, CsvError> {
    let mut records = Vec::new();
    let mut lines = Lines {
        rest: bytes,
        number: 0,
    };
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        records.push(record(line, &mut lines)?);
    }
    Ok(records)
}

/// Lines without their ends: LF, CRLF, and a CR before the end of the file.
struct Lines<'a> {
    rest: &'a [u8],
    /// Of the line that was given last, counted from one.
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (self.rest.get(..end)?, self.rest.get(end + 1..)?),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

fn record<'a>(mut line: &'a [u8], lines: &mut Lines<'a>) -> Result<Vec<Field>, CsvError> {
    let begin = lines.number;
    let mut fields = Vec::new();
    loop {
        let Some(quoted) = line.strip_prefix(b"\"") else {
            let end = line.iter().position(|byte| *byte == b',');
            let field = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
            if field.contains(&b'"') {
                return Err(CsvError::BareQuote { line: lines.number });
            }
            fields.push(Field::new(field.to_vec()));
            match end {
                Some(end) => line = line.get(end + 1..).unwrap_or_default(),
                None => return Ok(fields),
            }
            continue;
        };
        line = quoted;
        let mut field = Field::default();
        loop {
            let Some(end) = line.iter().position(|byte| *byte == b'"') else {
                field.extend_from_slice(line);
                field.push(b'\n');
                line = lines.next().ok_or(CsvError::Quote { line: begin })?;
                continue;
            };
            let (inside, behind) = line.split_at(end);
            field.extend_from_slice(inside);
            match behind {
                [_, b'"', rest @ ..] => {
                    field.push(b'"');
                    line = rest;
                }
                [_, b',', rest @ ..] => {
                    fields.push(field);
                    line = rest;
                    break;
                }
                [_] => {
                    fields.push(field);
                    return Ok(fields);
                }
                _ => return Err(CsvError::Quote { line: begin }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let field = |field: &Field| String::from_utf8(field.to_vec()).unwrap();
        let records = records(text.as_bytes()).unwrap();
        let record = |record: &Vec<Field>| record.iter().map(field).collect();
        records.iter().map(record).collect()
    }

    #[test]
    fn fields_are_those_of_go() {
        assert_eq!(
            read("a,b\r\n\n\r\nc,,\r"),
            [vec!["a", "b"], vec!["c", "", ""]]
        );
        assert_eq!(read("\"a,\"\"b\",c\n"), [["a,\"b", "c"]]);
        assert_eq!(read("\"a\r\nb\",c"), [["a\nb", "c"]]);
        assert_eq!(read(" a, b"), [[" a", " b"]]);
        assert_eq!(read("\"\""), [[""]]);
        assert!(read("").is_empty());
    }

    #[test]
    fn quotes_where_none_belong_are_errors() {
        assert_eq!(
            records(b"a\nb\"c,d").unwrap_err(),
            CsvError::BareQuote { line: 2 }
        );
        for text in ["\"a\"b,c", "\"a", "\"a\n\n", "a,\"b\" "] {
            let error = records(text.as_bytes()).unwrap_err();
            assert_eq!(error, CsvError::Quote { line: 1 }, "{text:?}");
        }
    }
}
