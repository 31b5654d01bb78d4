//! Where a call is dealt with: the rules, the store, and the remarks gathered on the way.

use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::body::Body;
use super::check::Keys;
use super::store::Store;
use super::{Rules, UnknownIds};

/// What an endpoint has at hand while it answers one call.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) rules: Rules,
    pub(super) store: &'a Store,
    notes: Vec<String>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(rules: Rules, store: &'a Store) -> Self {
        Self {
            rules,
            store,
            notes: Vec::new(),
        }
    }

    /// Leaves a remark that the log keeps with the call.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The same for several.
    pub(super) fn note_all(&mut self, notes: Vec<String>) {
        self.notes.extend(notes);
    }

    /// Meets a reference to a record: an unknown one is refused or noted, as the rules say.
    pub(super) fn meet(&mut self, operation: &str, module: &str, id: &str) -> Result<(), Refusal> {
        if self.store.knows(operation, module, id)? {
            return Ok(());
        }
        match self.rules.unknown_ids {
            UnknownIds::Accept => {
                self.note(format!(
                    "no record {} in {} was known; what the CRM does then is not documented",
                    in_json(id),
                    in_json(module)
                ));
                Ok(())
            }
            UnknownIds::Refuse => Err(Refusal::unknown_id(format!(
                "no record {id} in {module} is known"
            ))),
        }
    }

    /// A success in the vendor's words, with the remarks.
    pub(super) fn success(&mut self, msg: &str, wolkvox_id: Value) -> Answer {
        Answer::success(msg, wolkvox_id, std::mem::take(&mut self.notes))
    }

    /// A refusal, with the remarks.
    pub(super) fn refused(&mut self, refusal: Refusal) -> Answer {
        Answer::refused(refusal, std::mem::take(&mut self.notes))
    }
}

/// The object that a call sent as its JSON body.
pub(super) fn json_object(body: &Body) -> Result<Keys<'_>, Refusal> {
    match body {
        Body::Json(Value::Object(map)) => Ok(Keys::of(map)),
        Body::Json(_) => Err(Refusal::bad_request("the body must be a JSON object")),
        Body::Parts(_) => Err(Refusal::bad_request("this call takes JSON, not form-data")),
        Body::NotJson(_) => Err(Refusal::bad_request("the body is not JSON")),
        Body::Empty => Err(Refusal::bad_request("the body is empty")),
        Body::Broken(reason) => Err(Refusal::bad_request(format!(
            "the body cannot be read: {reason}"
        ))),
        Body::TooLarge => Err(Refusal::too_large()),
    }
}

/// A text from outside as JSON spells it between quotes: one line, and a form in which whoever masks secrets finds them.
pub(super) fn in_json(text: &str) -> String {
    let json = Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}
