//! What a call does to the CRM, and so whether it may be sent twice.

use serde::{Deserialize, Serialize};

use std::fmt;

use super::nothing;
use crate::template::Expression;
use crate::value::Value;

/// What a call does. The order is that of the care it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It changes nothing.
    Read,
    /// The same request twice leaves the same state.
    Update,
    /// The same request twice makes two.
    Create,
    /// It removes.
    Delete,
}

impl Effect {
    /// Every effect, in the order of the care it asks for.
    pub const ALL: [Self; 4] = [Self::Read, Self::Update, Self::Create, Self::Delete];

    /// Whether a request that may have arrived may be sent again.
    pub const fn is_repeatable(self) -> bool {
        matches!(self, Self::Read | Self::Update)
    }

    /// The word of action files, plans and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Update => "update",
            Self::Create => "create",
            Self::Delete => "delete",
        }
    }

    /// The effect of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == word)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which effect a call has when.
#[derive(Debug)]
pub struct EffectRule {
    pub(super) default: Effect,
    pub(super) cases: Vec<EffectCase>,
}

/// An effect under a condition.
#[derive(Debug)]
pub(super) struct EffectCase {
    pub(super) condition: Expression,
    pub(super) effect: Effect,
    pub(super) because: String,
}

impl EffectRule {
    /// The effect with these parameters; where a condition cannot be evaluated, the one of all
    /// possible that asks for most care.
    pub fn of(&self, with: &Value) -> Effect {
        match self.case(with, &|_| false) {
            Ok(case) => case.map_or(self.default, |case| case.effect),
            Err(strongest) => strongest,
        }
    }

    /// Why the effect with these parameters is not the usual one.
    pub fn because(&self, with: &Value) -> Option<&str> {
        let case = self.case(with, &|_| false).ok()??;
        Some(&case.because)
    }

    /// The effect where no condition holds.
    pub const fn default(&self) -> Effect {
        self.default
    }

    /// The conditions in the order in which they are tried: each as it is written, the effect where
    /// it holds, and why.
    pub fn cases(&self) -> impl Iterator<Item = (&str, Effect, &str)> {
        self.cases
            .iter()
            .map(|case| (case.condition.text(), case.effect, case.because.as_str()))
    }

    /// Every effect that is possible, each once, in the order of the care it asks for.
    pub fn possible(&self) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.cases.iter().map(|case| case.effect).collect();
        effects.push(self.default);
        effects.sort_unstable();
        effects.dedup();
        effects
    }

    /// The possible effect that asks for most care: what to reckon with while values are unknown.
    pub fn strongest(&self) -> Effect {
        self.strongest_from(0)
    }

    /// The same where the conditions before an index do not hold.
    fn strongest_from(&self, index: usize) -> Effect {
        self.cases[index..]
            .iter()
            .map(|case| case.effect)
            .fold(self.default, Effect::max)
    }

    /// The first case whose condition holds; none where no condition does. `is_open` tells of a condition whether it
    /// reads what is not known yet.
    ///
    /// # Errors
    /// Where a condition has no answer before one holds: of the effects that are still possible, the one that asks for
    /// most care.
    pub(super) fn case(
        &self,
        with: &Value,
        is_open: &dyn Fn(&Expression) -> bool,
    ) -> Result<Option<&EffectCase>, Effect> {
        let none = nothing();
        let with = if with == &Value::Null { &none } else { with };
        let seen = [("with", with)];
        for (index, case) in self.cases.iter().enumerate() {
            let is_open = is_open(&case.condition);
            let holds = (!is_open).then(|| case.condition.is_true(&seen).ok());
            match holds.flatten() {
                Some(true) => return Ok(Some(case)),
                Some(false) => {}
                None => return Err(self.strongest_from(index)),
            }
        }
        Ok(None)
    }
}
