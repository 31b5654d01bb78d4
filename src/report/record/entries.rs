//! The entries of a record from what is known of them.

use super::{RowRecord, StepRecord};
use crate::action::Effect;
use crate::event::{AttemptStarted, Counts, StepFinished};
use crate::outcome::Outcome;
use crate::value::{Map, Value};

/// What is said of a request whose answer was not recorded.
const NO_ANSWER_RECORDED: &str =
    "a request was about to be sent, and the run ended before its answer was recorded";

/// What is said besides of an update that no stretch has gone past since.
const LEFT: &str = "; `voxplay resume` sends it again by itself";

/// A request on its way, or one that got no answer and waits to be sent again.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) action: String,
    pub(super) effect: Effect,
    pub(super) attempt: u32,
    pub(super) since_ms: u64,
    /// Whether a stretch came to its end since and has not come to it.
    pub(super) is_passed: bool,
}

impl Open {
    pub(super) fn new(started: &AttemptStarted, since_ms: u64) -> Self {
        Self {
            action: started.action.clone(),
            effect: started.effect,
            attempt: started.attempt,
            since_ms,
            is_passed: false,
        }
    }

    /// Whether it is in doubt at the end of a stretch: what only reads is not, and an update that may still be come to
    /// is sent again by itself.
    pub(super) fn is_in_doubt(&self) -> bool {
        match self.effect {
            Effect::Read => false,
            effect => self.is_passed || !effect.is_repeatable(),
        }
    }
}

/// A step whose request has no answer.
pub(super) fn asked(step: String, open: Open) -> StepRecord {
    let is_left = open.effect == Effect::Update && !open.is_passed;
    let more = if is_left { LEFT } else { "" };
    StepRecord {
        step,
        action: Some(open.action),
        outcome: Outcome::Unknown,
        http_status: None,
        code: None,
        msg: None,
        wolkvox_id: None,
        attempts: open.attempt,
        pages: None,
        begins_ms: open.since_ms,
        ends_ms: open.since_ms,
        duration_ms: 0,
        error: Some(format!("{NO_ANSWER_RECORDED}{more}")),
        warnings: Vec::new(),
        answer: None,
        rows: None,
    }
}

pub(super) fn row_in_doubt(row: String, step: StepRecord) -> RowRecord {
    RowRecord {
        // Which loop it belongs to is recorded at its end only.
        of: step.step.clone(),
        row,
        number: None,
        batch: None,
        outcome: Outcome::Unknown,
        failed_step: Some(step.step),
        action: step.action,
        http_status: None,
        code: None,
        msg: None,
        attempts: step.attempts,
        error: step.error,
        wolkvox_ids: Map::default(),
        ends_ms: step.ends_ms,
        duration_ms: 0,
        answer: None,
    }
}

pub(super) fn step_record(end: &StepFinished, now: u64, most_answer: usize) -> StepRecord {
    let rows = end.outputs.get("counts").filter(|_| end.action.is_none());
    StepRecord {
        step: end.step.clone(),
        action: end.action.clone(),
        outcome: end.outcome,
        http_status: end.http_status,
        code: end.code.clone(),
        msg: end.msg.clone(),
        wolkvox_id: end.wolkvox_id.clone(),
        attempts: end.attempts,
        pages: end.pages,
        begins_ms: now.saturating_sub(end.duration_ms),
        ends_ms: now,
        duration_ms: end.duration_ms,
        error: end.error.clone(),
        warnings: end.warnings.clone(),
        answer: end.answer.as_deref().map(|text| cut(text, most_answer)),
        rows: rows.map(counts_of),
    }
}

fn counts_of(rows: &Value) -> Counts {
    let of = |outcome: Outcome| {
        let text = rows.get(outcome.as_str()).and_then(Value::scalar_text);
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    Counts {
        ok: of(Outcome::Ok),
        failed: of(Outcome::Failed),
        unknown: of(Outcome::Unknown),
        skipped: of(Outcome::Skipped),
        not_run: of(Outcome::NotRun),
    }
}

/// The beginning of a text, with a mark where more was.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}
