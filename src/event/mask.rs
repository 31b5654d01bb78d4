//! Secrets are taken out of events before anyone writes them.

use super::{
    ATTACHMENT_PRINT, BUDGET_USED_UP, DATA_PRINT, EventKind, RECORD_ID, RowFinished, RunStarted,
    STEP_FAILED, STEP_IN_DOUBT, StepFinished,
};
use crate::secret::{Masker, told_apart};
use crate::value::{Map, Value};

/// How much of an answer is kept for people to look at, in bytes.
pub const KEPT_ANSWER: usize = 64 * 1024;
/// How much of the end of an answer that was cut goes away once it is masked: a secret may stand across the
/// cut, where no masker knows it. No form of a secret is longer.
const UNSURE_END: usize = 8 * 1024;

impl EventKind {
    /// The same event fit to be written anywhere, and its [`EventKind::body`]: no secret shows in either.
    ///
    /// # Errors
    /// As for [`EventKind::body`].
    pub fn written(self, masker: &Masker) -> Result<(Self, String), serde_json::Error> {
        let body = self.body()?;
        // One look at the whole text is enough for nearly all.
        if !masker.shows_in(&body) && !self.has_cut_answer() {
            return Ok((self, body));
        }
        let harmless = self.masked(masker);
        let body = harmless.body()?;
        Ok((harmless, body))
    }

    /// Whether a part of a secret may stand at the end of a text that was cut.
    fn has_cut_answer(&self) -> bool {
        match self {
            Self::StepFinished(end) => end.answer.as_deref().is_some_and(is_cut),
            _ => false,
        }
    }

    /// The same event fit to be written anywhere: no secret shows in it.
    #[must_use]
    pub fn masked(mut self, masker: &Masker) -> Self {
        if masker.is_empty() {
            return self;
        }
        match &mut self {
            Self::RunStarted(started) => started.mask(masker),
            Self::Reconciled(_) => {}
            Self::AttemptStarted(started) => {
                let mut request = started.request.value().clone();
                mask_value(&mut request, masker);
                started.request = request.into();
                if let Some(Value::Map(with)) = &mut started.with {
                    withhold(with, &mut started.withheld, masker);
                }
            }
            Self::LookedUp(looked) => {
                for text in looked.wolkvox_ids.iter_mut().chain(&mut looked.reason) {
                    mask_text(text, masker);
                }
            }
            Self::AttemptFailed(failed) => {
                mask_text(&mut failed.reason, masker);
            }
            Self::StepFinished(finished) => mask_finished(finished, masker),
            Self::RowFinished(row) => row.mask(masker),
            Self::RunFinished(finished) => {
                for value in finished.outputs.values_mut() {
                    mask_value(value, masker);
                }
                // Our own words are looked for later on.
                let is_ours = |why: &&mut String| {
                    [BUDGET_USED_UP, STEP_FAILED, STEP_IN_DOUBT].contains(&why.as_str())
                };
                let stopped = finished.stopped.iter_mut().filter(|why| !is_ours(why));
                for why in finished.missing_outputs.values_mut().chain(stopped) {
                    mask_text(why, masker);
                }
            }
        }
        self
    }
}

impl RunStarted {
    /// Takes secrets out of it; a playbook may hold one too, in a comment for instance.
    pub fn mask(&mut self, masker: &Masker) {
        for value in self.inputs.values_mut() {
            mask_value(value, masker);
        }
        let rows = self.outline.values_mut().flat_map(|shape| &mut shape.rows);
        let keys = rows.flat_map(|rows| &mut rows.key);
        let texts = self.texts.values_mut().chain([&mut self.text]);
        let files = self.data.iter_mut().flat_map(|files| files.0.values_mut());
        let texts = texts.chain(files);
        for text in texts.chain(&mut self.name).chain(keys) {
            mask_text(text, masker);
        }
        let prints = std::mem::take(&mut self.fingerprints).into_iter();
        let prints = prints.map(|(name, digest)| (print_name(&name, masker), digest));
        self.fingerprints.extend(told_apart(prints));
    }
}

/// The name of a digest without secrets: a template may have made a path of one. Names that become equal get a count in
/// [`RunStarted::mask`]. Nothing else of a name comes from templates, and the words for what it is stay.
pub fn print_name(name: &str, masker: &Masker) -> String {
    let kinds = [DATA_PRINT, ATTACHMENT_PRINT].into_iter();
    let mut of_files = kinds.filter_map(|kind| Some((kind, name.strip_prefix(kind)?)));
    of_files.next().map_or_else(
        || name.to_owned(),
        |(kind, path)| format!("{kind}{}", masker.mask(path)),
    )
}

impl RowFinished {
    /// Takes secrets out of it; there is none in the row's name, by which it is found again.
    pub fn mask(&mut self, masker: &Masker) {
        if let Some(error) = &mut self.error {
            mask_text(error, masker);
        }
        if let Some(code) = &mut self.code {
            mask_value(code, masker);
        }
        self.wolkvox_ids.retain(|_, id| may_be_told(id, masker));
        for step in &mut self.accepted.steps {
            step.wolkvox_id.take_if(|id| !may_be_told(id, masker));
        }
    }
}

/// Whether an id may be written down. One that may not is left out: masked, it would be taken for an id when the run is
/// gone on with.
fn may_be_told(id: &Value, masker: &Masker) -> bool {
    is_given_id(RECORD_ID, id, masker) || !mask_value(&mut id.clone(), masker)
}

fn is_cut(answer: &str) -> bool {
    answer.len() >= KEPT_ANSWER
}

fn mask_finished(finished: &mut StepFinished, masker: &Masker) {
    if let Some(answer) = &mut finished.answer
        && is_cut(answer)
    {
        mask_text(answer, masker);
        let sure = answer.floor_char_boundary(answer.len().saturating_sub(UNSURE_END));
        answer.truncate(sure);
    }
    if let Some(code) = &mut finished.code {
        mask_value(code, masker);
    }
    for text in [&mut finished.msg, &mut finished.error, &mut finished.answer]
        .into_iter()
        .flatten()
        .chain(&mut finished.warnings)
    {
        mask_text(text, masker);
    }
    finished.wolkvox_id.take_if(|id| !may_be_told(id, masker));
    withhold(&mut finished.outputs, &mut finished.withheld, masker);
}

/// Takes out what holds a secret, and keeps its name. The ids that the CRM gave stay: they are no secrets, and without
/// them nobody could go on with the run.
fn withhold(values: &mut Map, withheld: &mut Vec<String>, masker: &Masker) {
    values.retain(|name, value| {
        let secret = !is_given_id(name, value, masker) && mask_value(value, masker);
        if secret {
            withheld.push(name.clone());
        }
        !secret
    });
}

/// Whether an output is an id, or a list of ids, of the CRM in which nothing stands of a secret but by chance.
fn is_given_id(name: &str, value: &Value, masker: &Masker) -> bool {
    let is_harmless = |id: &Value| match id.scalar_text() {
        Some(id) => masker.shows_by_chance_in(&id),
        None => false,
    };
    let is_id = matches!(name, RECORD_ID | "wolkvox_ids");
    is_id
        && match value {
            Value::List(ids) => ids.iter().all(is_harmless),
            id => is_harmless(id),
        }
}

fn mask_text(text: &mut String, masker: &Masker) -> bool {
    let std::borrow::Cow::Owned(harmless) = masker.mask(text) else {
        return false;
    };
    let changed = harmless != *text;
    *text = harmless;
    changed
}

/// Masks every text in a value; says whether something was masked.
fn mask_value(value: &mut Value, masker: &Masker) -> bool {
    match value {
        Value::Text(text) => mask_text(text, masker),
        Value::Number(number) if !masker.shows_in(number.as_str()) => false,
        Value::Number(number) => {
            let mut text = number.as_str().to_owned();
            let changed = mask_text(&mut text, masker);
            if changed {
                *value = Value::Text(text);
            }
            changed
        }
        Value::List(items) => {
            let mut changed = false;
            for item in items {
                changed |= mask_value(item, masker);
            }
            changed
        }
        // Most have no secret in a key, and stay where they are.
        Value::Map(map) if map.keys().all(|key| !masker.shows_in(key)) => {
            let mut changed = false;
            for item in map.values_mut() {
                changed |= mask_value(item, masker);
            }
            changed
        }
        Value::Map(map) => {
            let mut changed = false;
            let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            for (key, item) in &mut entries {
                changed |= mask_text(key, masker) | mask_value(item, masker);
            }
            map.extend(told_apart(entries));
            changed
        }
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests;
