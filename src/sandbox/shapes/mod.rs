//! A record → what a query shows of it. What was written and what is read have different shapes in the vendor's samples.

mod cases;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Map, Value, json};

use super::store::Record;

pub(super) use cases::{CONTACTS, Cases, FIELDS as CASE_FIELDS, case_number, is_at, with_notes};

/// The CRM's own time, as far as public samples tell: no page names a zone.
const ZONE: Offset = Offset::constant(-5);

/// Where a file of a record would be; nothing is there, and nothing leaves this machine.
const FILES: &str = "https://files.invalid/";

/// A record with what the system adds to it.
pub(super) fn shown(record: &Record) -> Map<String, Value> {
    let fields = record.fields.iter();
    let mut shown: Map<String, Value> = fields
        .map(|(name, value)| (name.clone(), read(value)))
        .collect();
    for (name, value) in system(record) {
        shown.entry(name).or_insert(value);
    }
    shown.insert("wolkvox_id".to_owned(), json!(record.wolkvox_id));
    shown
}

/// What the system knows of a record.
pub(super) fn system(record: &Record) -> Vec<(String, Value)> {
    let by = format!("API@{}", record.operation);
    let mut system = vec![
        ("wolkvox_usuario_creacion", json!(by)),
        ("wolkvox_fecha_creacion", json!(created(record))),
        ("wolkvox_origen", json!(record.origin)),
        ("wolkvox_ip_address", json!("127.0.0.1")),
    ];
    // Both are there only once a record was changed.
    if record.updated_at != record.created_at {
        system.push((
            "wolkvox_fecha_modificacion",
            json!(local(&record.updated_at)),
        ));
        system.push(("wolkvox_usuario_modificacion", json!(by)));
    }
    let owned = system.into_iter();
    owned
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// When a record became known, `YYYY-MM-DD HH:MM:SS` in the CRM's own time.
pub(super) fn created(record: &Record) -> String {
    local(&record.created_at)
}

fn local(moment: &str) -> String {
    let moment: Timestamp = moment.parse().unwrap_or_default();
    let local = moment.to_zoned(TimeZone::fixed(ZONE));
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A value as it is read: without the `type` that it is written with, and an empty object as an empty list.
fn read(value: &Value) -> Value {
    match value {
        Value::Object(map) if is_file(map) => file(map),
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| *key != "type");
            let kept: Map<String, Value> = kept
                .map(|(key, value)| (key.clone(), read(value)))
                .collect();
            if kept.is_empty() {
                json!([])
            } else {
                Value::Object(kept)
            }
        }
        Value::Array(list) => list.iter().map(read).collect(),
        other => other.clone(),
    }
}

/// Whether it is what the sandbox keeps of a file.
fn is_file(map: &Map<String, Value>) -> bool {
    ["name", "size", "sha256"]
        .iter()
        .all(|key| map.contains_key(*key))
}

fn file(map: &Map<String, Value>) -> Value {
    let digest = map["sha256"].as_str().unwrap_or_default();
    json!({ "name": map["name"], "url": format!("{FILES}{digest}") })
}

/// The text by which a value is found: a text itself, a number by its digits, a link or a telephone by its `value`.
pub(super) fn searched(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(map) => map.get("value").and_then(searched),
        Value::Null | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_their_type_and_empty_objects_are_lists() {
        let written = json!({
            "tel": { "type": "telephone", "country": "COLOMBIA", "code": "57", "value": "3000000000" },
            "none": {}, "list": [{ "type": "x" }], "plain": 3,
            "files": [{ "name": "a.pdf", "size": 3, "sha256": "ab", "type": null }]
        });
        assert_eq!(
            read(&written),
            json!({
                "tel": { "country": "COLOMBIA", "code": "57", "value": "3000000000" },
                "none": [], "list": [[]], "plain": 3,
                "files": [{ "name": "a.pdf", "url": "https://files.invalid/ab" }]
            })
        );
        assert_eq!(
            searched(&read(&written["tel"])),
            Some("3000000000".to_owned())
        );
    }

    #[test]
    fn times_are_those_of_the_crm() {
        assert_eq!(local("2026-03-01T04:59:59.500Z"), "2026-02-28 23:59:59");
    }
}
