//! JSON text → value, digit for digit.

use serde::de::Error as _;
use serde_json::value::RawValue;

use super::{DEPTH, Number, Value, map_with_room_for};

impl Value {
    /// The text of a [`RawValue`] is one JSON value already, so that it is only taken apart here.
    pub(super) fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, serde_json::Error> {
        Pieces::new(raw).value(depth)
    }

    /// Reads JSON text as [`Value::from_json_text`] does, with the way to the first key that stands twice in one object,
    /// of whose values only the last is in the value: `fields.Saldo`, `phones[0].code`.
    ///
    /// # Errors
    /// As for [`Value::from_json_text`].
    pub fn with_repeated_key(text: &str) -> Result<(Self, Option<String>), serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(text)?;
        let mut pieces = Pieces::new(raw);
        let value = pieces.value(DEPTH)?;
        Ok((value, pieces.repeated))
    }
}

/// A JSON text that is known to be well-formed, being taken apart.
struct Pieces<'t> {
    text: &'t str,
    at: usize,
    /// The way to the first key that stood twice, from the value that is being read.
    repeated: Option<String>,
}

impl<'t> Pieces<'t> {
    fn new(raw: &'t RawValue) -> Self {
        Self {
            text: raw.get(),
            at: 0,
            repeated: None,
        }
    }

    /// What stands inside another value: where a key stands twice in it, the way there begins with `step`.
    fn inner(
        &mut self,
        below: usize,
        step: impl FnOnce() -> String,
    ) -> Result<Value, serde_json::Error> {
        let was_said = self.repeated.is_some();
        let value = self.value(below)?;
        if let Some(way) = self.repeated.as_mut().filter(|_| !was_said) {
            let dot = if way.starts_with('[') { "" } else { "." };
            *way = format!("{}{dot}{way}", step());
        }
        Ok(value)
    }

    /// The next byte that is not white space; 0 at the end.
    fn next(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or_default()
    }

    /// Steps over the next byte that is not white space, and says whether it was this one.
    fn took(&mut self, wanted: u8) -> bool {
        let found = self.next() == wanted;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, serde_json::Error> {
        let Some(below) = depth.checked_sub(1) else {
            return Err(serde_json::Error::custom(format!(
                "nested deeper than {DEPTH}"
            )));
        };
        Ok(match self.next() {
            b'{' => {
                self.at += 1;
                // The CRM's answers have four keys.
                let mut map = map_with_room_for(4);
                while self.next() == b'"' {
                    let key = self.string()?;
                    self.took(b':');
                    let value = self.inner(below, || key.clone())?;
                    let (at, earlier) = map.insert_full(key, value);
                    if earlier.is_some() && self.repeated.is_none() {
                        self.repeated = map.get_index(at).map(|(key, _)| key.clone());
                    }
                    self.took(b',');
                }
                self.took(b'}');
                Value::Map(map)
            }
            b'[' => {
                self.at += 1;
                let mut list = Vec::new();
                while !self.took(b']') {
                    let item = self.inner(below, || format!("[{}]", list.len()))?;
                    list.push(item);
                    self.took(b',');
                }
                Value::List(list)
            }
            b'"' => Value::Text(self.string()?),
            _ => match self.word() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                number => Value::Number(Number(number.into())),
            },
        })
    }

    /// What stands up to the end of a number or a word.
    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let end = rest
            .find([',', ']', '}', ' ', '\t', '\n', '\r'])
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn string(&mut self) -> Result<String, serde_json::Error> {
        let bytes = &self.text.as_bytes()[self.at..];
        let mut end = 1;
        let mut is_plain = true;
        while bytes[end] != b'"' {
            let escapes = bytes[end] == b'\\';
            is_plain &= !escapes;
            end += 1 + usize::from(escapes);
        }
        let text = &self.text[self.at..=self.at + end];
        self.at += end + 1;
        if is_plain {
            Ok(text[1..end].to_owned())
        } else {
            serde_json::from_str(text)
        }
    }
}
