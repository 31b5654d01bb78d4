//! Secrets in values: what a document is made of, before it is one.

use std::borrow::Cow;

use super::{MASK, Masker, told_apart};
use crate::value::{Map, Value};

impl Masker {
    /// Masks the texts and keys of a value, in place. A number whose digits hold a secret becomes the text `***`. Keys
    /// that become equal are told apart by a count, so that no entry is lost.
    pub fn mask_value(&self, value: &mut Value) {
        if self.is_empty() {
            return;
        }
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                if let Cow::Owned(_) = self.mask(number.as_str()) {
                    *value = Value::Text(MASK.to_owned());
                }
            }
            Value::Text(text) => {
                if let Cow::Owned(masked) = self.mask(text) {
                    *text = masked;
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.mask_value(item)),
            Value::Map(entries) => self.mask_entries(entries),
        }
    }

    fn mask_entries(&self, entries: &mut Map) {
        for entry in entries.values_mut() {
            self.mask_value(entry);
        }
        if !entries
            .keys()
            .any(|key| matches!(self.mask(key), Cow::Owned(_)))
        {
            return;
        }
        let masked = std::mem::take(entries).into_iter();
        let masked = masked.map(|(key, entry)| (self.mask(&key).into_owned(), entry));
        entries.extend(told_apart(masked));
    }
}
