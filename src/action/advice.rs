//! What a call had better be given: the CRM takes it otherwise too, as far as anybody knows, but the vendor's pages show
//! it in no other way. An action file says it; `check` passes it on.

use super::Action;
use crate::schema::{Schema, Violation};
use crate::value::Value;

/// One piece of advice.
#[derive(Debug)]
pub(super) struct Advice {
    /// What `with` should be.
    pub(super) with: Schema,
    /// Why, in a sentence without a full stop.
    pub(super) because: String,
}

impl Action {
    /// The advice that these parameters do not follow: where, and why it is given. Each piece once, at the first place.
    pub fn advice(&self, with: &Value) -> Vec<(Violation, &str)> {
        let found = self.advice.iter().filter_map(|advice| {
            let first = advice.with.violations(with).into_iter().next()?;
            Some((first, advice.because.as_str()))
        });
        found.collect()
    }
}
