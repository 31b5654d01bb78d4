//! An account as JSON lines: each row an object, its values of the types that they had.

use std::io::{self, Write};
use std::path::Path;

use super::ITEM;
use crate::rows::Row;
use crate::value::{Map, Value};

/// Whether a path asks for JSON lines.
pub(super) fn are_wanted(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ["jsonl", "ndjson"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// The row as an object: one that is none becomes the value of `item`.
pub(super) fn object(row: &Row) -> Map {
    row.values().map_or_else(
        || Map::from_iter([(ITEM.to_owned(), (*row.value).clone())]),
        Clone::clone,
    )
}

/// Writes one line. What is added takes the place of what the row has under the same name.
pub(super) fn write(
    writer: &mut impl Write,
    mut object: Map,
    names: &[String],
    added: Vec<Value>,
) -> io::Result<()> {
    object.retain(|name, _| !names.contains(name));
    object.extend(names.iter().cloned().zip(added));
    writeln!(writer, "{}", Value::Map(object).to_json_text())
}
