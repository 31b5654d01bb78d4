//! Where a call is dealt with: the rules, the store, and the remarks gathered on the way.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::body::Body;
use super::check::Keys;
use super::quota::Spent;
use super::store::{New, Store};
use super::{IdForm, Rules, UnknownIds};

/// What an endpoint has at hand while it answers one call.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) rules: Rules,
    pub(super) store: &'a Store,
    /// The program that calls, as records made by it keep it.
    pub(super) origin: Option<String>,
    /// What its token has used of the day.
    pub(super) spent: Spent,
    /// Whether a query answers its first page, whatever page is asked for.
    pub(super) only_first_page: bool,
    /// How long queries do not show what the call creates.
    pub(super) lag: Duration,
    notes: Vec<String>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(rules: Rules, store: &'a Store) -> Self {
        Self {
            rules,
            store,
            origin: None,
            spent: Spent::default(),
            only_first_page: false,
            lag: Duration::ZERO,
            notes: Vec::new(),
        }
    }

    /// Leaves a remark that the log keeps with the call.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The same for several.
    pub(super) fn note_all(&mut self, notes: impl IntoIterator<Item = String>) {
        self.notes.extend(notes);
    }

    /// Meets what no earlier call made known: it is refused or noted, as the rules say.
    pub(super) fn meet_unknown(&mut self, what: &str) -> Result<(), Refusal> {
        match self.rules.unknown_ids {
            UnknownIds::Accept => {
                self.note(format!(
                    "{} was known; what the CRM does then is not documented",
                    in_json(what)
                ));
                Ok(())
            }
            UnknownIds::Refuse => Err(Refusal::unknown_id(format!("{what} is known"))),
        }
    }

    /// Meets a reference to a record: an unknown one is refused or noted, as the rules say.
    pub(super) fn meet(&mut self, operation: &str, module: &str, id: &str) -> Result<(), Refusal> {
        if self.store.knows(operation, module, id)? {
            return Ok(());
        }
        self.meet_unknown(&format!("no record {id} in {module}"))
    }

    /// Keeps a new record and gives it an id; one with a parent hangs on that.
    pub(super) fn create(
        &mut self,
        operation: &str,
        module: &str,
        parent: Option<&str>,
        fields: &Map<String, Value>,
    ) -> Result<String, Refusal> {
        let id = self.store.create(New {
            operation,
            module,
            parent,
            fields,
            origin: self.origin.as_deref(),
            lag: self.lag,
        })?;
        Ok(id)
    }

    /// The id of what was created: as real ones look, or as the sample shows it.
    pub(super) fn id(&self, real: &str, sampled: &str) -> Value {
        match self.rules.ids {
            IdForm::Real => json!(real),
            IdForm::Sampled => json!(sampled),
        }
    }

    /// A success in the vendor's words, with the remarks.
    pub(super) fn success(&mut self, msg: &str, wolkvox_id: Value) -> Answer {
        Answer::success(msg, wolkvox_id, std::mem::take(&mut self.notes))
    }

    /// The same with other data than an id.
    pub(super) fn success_with(&mut self, msg: &str, data: Value) -> Answer {
        Answer::success_with(msg, data, std::mem::take(&mut self.notes))
    }

    /// The same of a call for many records, whose answer says nothing of any of them.
    pub(super) fn success_without_ids(&mut self, msg: &str) -> Answer {
        self.success_with(msg, json!([]))
    }

    /// Another answer that the vendor's pages describe, with the remarks.
    pub(super) fn documented(&mut self, body: Value) -> Answer {
        Answer::documented(body, std::mem::take(&mut self.notes))
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
