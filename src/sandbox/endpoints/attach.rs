//! `custom/insertAttach.php`, `cases/insertAttach.php` and `cases/updateCaseAttachment.php`: records and cases with
//! files inside the JSON.

use serde_json::{Map, Value, json};

use super::case::CASES;
use super::case_insert;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::base64_files;
use crate::sandbox::body::{Body, FileSeen};
use crate::sandbox::check::Keys;
use crate::sandbox::desk::{Desk, json_object};

/// The list of files of a case.
const ATTACHMENTS: &str = "attachments";

/// What an older page lets the update change beside what it requires.
const ALSO_CHANGED: [&str; 6] = [
    "owner",
    "contact",
    "priority",
    "case-type",
    "description",
    "form",
];

/// `custom/insertAttach`: the files stand in `fields`, each list of them under the name of its field.
pub(super) fn answer_record(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    let fields = keys.object("fields")?;
    desk.note_all(keys.undocumented(&["operation", "module", "fields"]));
    let mut kept = fields.map.clone();
    let mut has_files = false;
    for value in kept.values_mut() {
        let texts = value.as_array().filter(|list| !list.is_empty());
        let texts = texts.and_then(|list| list.iter().map(Value::as_str).collect());
        if let Some(files) = texts.and_then(|texts: Vec<&str>| read_all(&texts)) {
            *value = json!(files);
            has_files = true;
        }
    }
    if has_files {
        note_form(desk);
    } else {
        desk.note("no field holds files: a list of texts in base64");
    }
    let id = desk.create(operation, module, None, &kept)?;
    let answered = desk.id(&id, "");
    Ok(desk.success("Succesfully create record", answered))
}

/// `cases/insertAttach`: `form` is an object here, not text.
pub(super) fn answer_case(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    case_insert::check(desk, operation, &keys)?;
    keys.object("form")?;
    let files = files(desk, &keys)?;
    let known = ["operation", "form", ATTACHMENTS, "solution"];
    desk.note_all(keys.undocumented(&[&case_insert::REQUIRED[..], &known].concat()));
    let fields = with_files(keys.map, json!(files));
    let sampled = " ";
    case_insert::open(desk, operation, &fields, sampled)
}

/// `cases/updateCaseAttachment`: the files are added to those of the case.
pub(super) fn answer_update(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, id) = (keys.text("operation")?, keys.text("wolkvox-id")?);
    desk.note_all(keys.no_user("responsible")?);
    keys.text("status")?;
    let mut files: Vec<Value> = files(desk, &keys)?
        .into_iter()
        .map(|file| json!(file))
        .collect();
    let known = [
        "operation",
        "wolkvox-id",
        "responsible",
        "status",
        ATTACHMENTS,
    ];
    desk.note_all(keys.undocumented(&[&known[..], &ALSO_CHANGED].concat()));
    desk.meet(operation, CASES, id)?;
    let case = desk.store.find(operation, CASES, id)?;
    let old = case.and_then(|case| case.fields.get("files")?.as_array().cloned());
    if let Some(old) = old {
        desk.note("the files are added to those of the case; whether they take their place instead is not documented");
        files.splice(..0, old);
    }
    let fields = with_files(keys.map, json!(files));
    desk.store.update(operation, CASES, id, &fields)?;
    let answered = desk.id(id, " ");
    Ok(desk.success("Succesfully update record", answered))
}

/// What is kept of a case: the keys as sent, the files in place of their bytes.
fn with_files(sent: &Map<String, Value>, files: Value) -> Map<String, Value> {
    let mut fields = sent.clone();
    for key in ["operation", "wolkvox-id", ATTACHMENTS] {
        fields.shift_remove(key);
    }
    fields.insert("files".to_owned(), files);
    fields
}

fn files(desk: &mut Desk<'_>, keys: &Keys<'_>) -> Result<Vec<FileSeen>, Refusal> {
    let texts = keys.texts(ATTACHMENTS)?;
    note_form(desk);
    read_all(&texts).ok_or_else(|| {
        Refusal::bad_request(format!(
            "{ATTACHMENTS} must be a list of files in base64: bare, as a data address, or in an HTML fragment"
        ))
    })
}

fn read_all(texts: &[&str]) -> Option<Vec<FileSeen>> {
    let numbered = (1..).zip(texts);
    numbered
        .map(|(number, text)| base64_files::read(text, number))
        .collect()
}

fn note_form(desk: &mut Desk<'_>) {
    desk.note("the pages show three forms of a file in JSON (bare base64, a data address, an HTML fragment); all are taken here, which of them the CRM takes is not known");
}
