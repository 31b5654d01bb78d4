//! A case → what the calls that look for cases show of it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{created, read, searched, shown, system};
use crate::sandbox::store::{Record, Store, StoreError};

/// The fields that cases can be searched by, and where each stands in what is shown; the list is the vendor's, the
/// places are guesses. One without a place finds nothing; one with `#` stands in what was sent, and is not shown.
pub(in crate::sandbox) const FIELDS: &[(&str, &[&str])] = &[
    ("status", &["/status/name", "/status/value"]),
    ("priority", &["/priority/name"]),
    ("email contact", &["/contact"]),
    ("name contact", &["/nameContact"]),
    ("contact wolkvox id", &["/contactId"]),
    ("contact identification", &["/contactIdentification"]),
    ("contact phone", &["/contactTel"]),
    ("description", &["/description_case"]),
    ("idCase", &["/idCase"]),
    ("idPrefijo", &["/idPrefijo"]),
    ("companyName", &["/companyName"]),
    ("company name", &["/companyName"]),
    ("company id", &["/companyId"]),
    ("prefix", &["/prefix"]),
    ("reopened", &["/reOpened"]),
    ("responsible name", &["/responsible/name"]),
    ("responsible user", &["/responsible/user"]),
    ("responsible id", &["/responsible/id"]),
    ("owner name", &["/owner/name"]),
    ("owner user", &["/owner/mail"]),
    ("owner id", &["/owner/id"]),
    ("solution", &["#solution"]),
    ("wolkvox-id", &["/wolkvox_id"]),
    ("type case", &["/caseType"]),
    ("case expired", &["/caseExpired"]),
    ("reason", &["/reason"]),
];

/// The module that the contacts of cases are in.
pub(in crate::sandbox) const CONTACTS: &str = "contacts";

/// What the numbers of cases begin with in the vendor's example.
const PREFIX: &str = "PET";

/// How many of the last digits of an id of ours count records.
const COUNTING: usize = 6;

/// The cases of one operation, and its contacts by their e-mail addresses.
#[derive(Debug)]
pub(in crate::sandbox) struct Cases(HashMap<String, Record>);

impl Cases {
    pub(in crate::sandbox) fn of(store: &Store, operation: &str) -> Result<Self, StoreError> {
        let mut contacts = HashMap::new();
        for contact in store.living(operation, CONTACTS, Some("@"))? {
            let texts = contact.fields.values().filter_map(Value::as_str);
            let addresses = texts.filter(|text| text.contains('@')).map(str::to_owned);
            for address in addresses.collect::<Vec<_>>() {
                contacts.entry(address).or_insert_with(|| contact.clone());
            }
        }
        Ok(Self(contacts))
    }

    /// A case as it is shown.
    pub(in crate::sandbox) fn shown(&self, record: &Record) -> Value {
        let text = |key: &str| {
            let found = record.fields.get(key).and_then(searched);
            found.unwrap_or_default()
        };
        let own = |key: &str, other: Value| record.fields.get(key).map_or(other, read);
        let contact = self.0.get(&text("contact"));
        let of_contact = |key: &str| {
            let found = contact.and_then(|contact| contact.fields.get(key));
            found.and_then(searched).unwrap_or_default()
        };
        let (owner, responsible) = (text("owner"), text("responsible"));
        let number = number(&record.wolkvox_id);
        let mut case = json!({
            "wolkvox_id": record.wolkvox_id,
            "idCase": own("idCase", json!(number.clone().unwrap_or_default())),
            "idPrefijo": case_number(&record.wolkvox_id, &record.fields),
            "prefix": own("prefix", json!(PREFIX)),
            "caseType": text("case-type"),
            "status": { "value": condition(record), "name": text("status") },
            "priority": { "value": 0, "name": text("priority") },
            "description_case": text("description"),
            "form": own("form", json!([])),
            "contact": text("contact"),
            "contactId": contact.map(|contact| contact.wolkvox_id.as_str()).unwrap_or_default(),
            "contactIdentification": of_contact("idcontact"),
            "nameContact": of_contact("namecontact"),
            "companyName": text("companyName"),
            "companyId": text("companyId"),
            "companyIdentification": text("companyIdentification"),
            "owner": { "id": "", "name": before_at(&owner), "mail": owner },
            "responsible": {
                "id": "", "name": before_at(&responsible), "user": responsible, "mail": responsible, "group": false
            },
            "groupsOwner": [],
            "files": own("files", json!([])),
            "history": own("history", json!([])),
            "reOpened": false,
            "case_dependent": "",
            "closeDate": "",
            "timeEstimated": created(record),
        });
        for (name, value) in system(record) {
            case[name] = value;
        }
        case
    }
}

/// Whether a case has a value at a place of [`FIELDS`].
pub(in crate::sandbox) fn is_at(record: &Record, case: &Value, place: &str, value: &str) -> bool {
    let found = match place.strip_prefix('#') {
        Some(key) => record.fields.get(key),
        None => case.pointer(place),
    };
    found.and_then(searched).is_some_and(|found| found == value)
}

/// What the call that lists notes shows of a case beyond that.
pub(in crate::sandbox) fn with_notes(case: &mut Value, record: &Record) {
    let more = shown(record);
    let company = case["companyName"].clone();
    case["contactEmail"] = case["contact"].clone();
    case["contactTel"] = json!({ "value": "", "country": "", "code": "" });
    case["owner"]["level"] = Value::Null;
    for who in ["owner", "responsible"] {
        case[who]["tel"] = json!("");
    }
    case["namecompany"] = company;
    case["case_dependent"] = json!("independent");
    case["case_dependentOf"] = Value::Null;
    case["caseExpired"] = json!(false);
    for name in ["wolkvox_origen", "wolkvox_ip_address"] {
        case[name] = more.get(name).cloned().unwrap_or(Value::Null);
    }
}

/// The number of a case with its prefix: its own, or one that follows from its id.
pub(in crate::sandbox) fn case_number(id: &str, fields: &Map<String, Value>) -> String {
    let own = fields.get("idPrefijo").and_then(searched);
    own.or_else(|| number(id).map(|number| format!("{PREFIX}-{number}")))
        .unwrap_or_default()
}

/// The count in an id of ours.
fn number(id: &str) -> Option<String> {
    let digits = id.len().checked_sub(COUNTING).and_then(|at| id.get(at..))?;
    let count = u64::from_str_radix(digits, 16).ok()?;
    (id.len() == 24).then(|| count.to_string())
}

/// Which condition a status stands for: a tenant says that in the CRM, so that this is a guess.
fn condition(record: &Record) -> &'static str {
    let solution = record.fields.get("solution").and_then(Value::as_str);
    if solution.is_some_and(|text| !text.trim().is_empty()) {
        "closed"
    } else {
        "open"
    }
}

fn before_at(user: &str) -> &str {
    user.split('@').next().unwrap_or_default()
}
