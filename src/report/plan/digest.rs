//! Whether a saved plan is still the text that was reviewed: a digest of all that it shows.

use sha2::{Digest as _, Sha256};

use crate::attachment::hex;
use crate::value::{Map, Value};

/// The key of the digest in a plan.
const KEY: &str = "digest";

/// What the digest of a plan says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// It is as it was written.
    Whole,
    /// Something in it was changed since.
    Broken,
    /// It has none: it was made before there were digests, or somebody took it out.
    Missing,
}

/// Adds the digest to a plan that is complete.
pub(super) fn seal(document: &mut Map) {
    let digest = digest(document);
    document.insert(KEY.to_owned(), digest.into());
}

/// Compares a plan with its digest. Blanks, line breaks and the order of keys may differ.
pub fn seal_of(document: &Map) -> Seal {
    match document.get(KEY).and_then(Value::as_text) {
        None => Seal::Missing,
        Some(told) if told == digest(document) => Seal::Whole,
        Some(_) => Seal::Broken,
    }
}

/// SHA-256 of all but the digest itself, in hexadecimal.
fn digest(document: &Map) -> String {
    let mut rest = document.clone();
    rest.shift_remove(KEY);
    hex(&Sha256::digest(sorted(Value::Map(rest)).to_json_text()))
}

/// The same value with the keys of all objects in their alphabetical order.
fn sorted(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(sorted).collect()),
        Value::Map(entries) => {
            let mut entries: Vec<(String, Value)> = entries.into_iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            let entries = entries.into_iter();
            Value::Map(entries.map(|(key, value)| (key, sorted(value))).collect())
        }
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Map {
        let value = Value::from_json_text(text).unwrap();
        value.as_map().unwrap().clone()
    }

    #[test]
    fn a_plan_may_be_laid_out_anew_and_nothing_else() {
        let mut plan = read(r#"{"schema":1,"steps":[{"a":"VIP","b":1.50}],"z":null}"#);
        assert_eq!(seal_of(&plan), Seal::Missing);
        seal(&mut plan);
        let text = Value::Map(plan.clone()).to_json_text();
        assert_eq!(seal_of(&read(&text)), Seal::Whole);
        let digest = plan["digest"].as_text().unwrap();
        let other = format!(
            "{{ \"z\": null, \"digest\": \"{digest}\",\n\"steps\": [ {{\"b\": 1.50, \"a\": \"\\u0056IP\"}} ], \"schema\": 1 }}"
        );
        assert_eq!(seal_of(&read(&other)), Seal::Whole);
        for (then, now) in [("VIP", "Regular"), ("1.50", "1.5"), ("null", "0")] {
            assert_eq!(
                seal_of(&read(&text.replace(then, now))),
                Seal::Broken,
                "{now}"
            );
        }
    }
}
