//! `cases/update.php`: updates a case by form-data, with files.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::case_insert::REQUIRED;
use crate::sandbox::FilePart;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::{Body, Content, FileSeen, Part};
use crate::sandbox::check::Keys;
use crate::sandbox::desk::Desk;

pub(super) const CASES: &str = "cases";

const TEXTS: &[&str] = &[
    "operation",
    "wolkvox-id",
    "case-type",
    "responsible",
    "status",
    "priority",
    "solution",
    "form",
];

/// The endings on the page, with two that look like slips (`bpm`, `wap`).
const ENDINGS: &[&str] = &[
    "xlsx", "csv", "pdf", "jpg", "png", "docx", "mp4", "mp3", "wmv", "wma", "wap", "doc", "jpeg",
    "avi", "bmp", "bpm", "mov", "tiff", "zip", "7z", "rar",
];

pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let parts = parts(body)?;
    let texts = texts(desk, parts);
    let keys = Keys::of(&texts);
    let (operation, id) = (keys.text("operation")?, keys.text("wolkvox-id")?);
    let no_user = keys.no_user("responsible")?;
    keys.text("status")?;
    let form = form(&keys)?;
    let files = files(desk, parts)?;
    desk.note_all(keys.undocumented(TEXTS));
    desk.note_all(no_user);
    for key in ["case-type", "priority"] {
        if !texts.contains_key(key) {
            desk.note(format!(
                "{key} is left out: the page's prose requires it, its sample leaves it out"
            ));
        }
    }
    desk.meet(operation, CASES, id)?;

    let mut fields = texts.clone();
    fields.retain(|key, _| key != "operation" && key != "wolkvox-id");
    fields.extend(form.map(|form| ("form".to_owned(), form)));
    if !files.is_empty() {
        fields.insert("files".to_owned(), json!(files));
    }
    desk.store.update(operation, CASES, id, &fields)?;
    let answered = desk.id(id, "");
    Ok(desk.success("Succesfully update record", answered))
}

pub(super) fn parts(body: &Body) -> Result<&[Part], Refusal> {
    match body {
        Body::Parts(parts) => Ok(parts),
        Body::Broken(reason) => Err(Refusal::bad_request(format!(
            "the form-data cannot be read: {reason}"
        ))),
        Body::TooLarge => Err(Refusal::too_large()),
        Body::Json(_) | Body::NotJson(_) | Body::Empty => Err(Refusal::bad_request(
            "this call takes form-data (multipart/form-data), nothing else",
        )),
    }
}

/// The text parts by name. Of two with one name the later one counts, as in PHP.
pub(super) fn texts(desk: &mut Desk<'_>, parts: &[Part]) -> Map<String, Value> {
    let mut texts = Map::new();
    for part in parts {
        if let Content::Value(text) = &part.content
            && texts.insert(part.name.clone(), json!(text)).is_some()
        {
            desk.note(format!(
                "part {:?} is sent twice; the later one counts here",
                part.name
            ));
        }
    }
    texts
}

/// The part `form`: a text that holds a JSON object.
pub(super) fn form(keys: &Keys<'_>) -> Result<Option<Value>, Refusal> {
    let Some(text) = keys.map.get("form").and_then(Value::as_str) else {
        return Ok(None);
    };
    match serde_json::from_str(text) {
        // Kept inside the record it lies one level deeper, where the reader's bound on nesting still holds.
        Ok(form @ Value::Object(_)) if reads_back(&json!({ "form": form })) => Ok(Some(form)),
        Ok(Value::Object(_)) => Err(Refusal::bad_request("form is nested too deep")),
        _ => Err(Refusal::bad_request(
            "form must be a text that holds a JSON object",
        )),
    }
}

fn reads_back(value: &Value) -> bool {
    serde_json::from_str::<Value>(&value.to_string()).is_ok()
}

/// Whether a part is one of either call that must not be a file.
fn is_text(name: &str) -> bool {
    TEXTS.contains(&name) || REQUIRED.contains(&name)
}

/// The file parts under an accepted name.
pub(super) fn files<'a>(
    desk: &mut Desk<'_>,
    parts: &'a [Part],
) -> Result<Vec<&'a FileSeen>, Refusal> {
    let accepted: &[&str] = match desk.rules.file_part {
        FilePart::Either => &["file", "files"],
        FilePart::File => &["file"],
        FilePart::Files => &["files"],
    };
    let mut files = Vec::new();
    for part in parts {
        let documented = part.name == "file" || part.name == "files";
        match &part.content {
            Content::Value(_) if documented => {
                return Err(Refusal::bad_request(format!(
                    "{} must be a file, with a file name",
                    part.name
                )));
            }
            Content::Value(_) => {}
            Content::File(file) if accepted.contains(&part.name.as_str()) => files.push(file),
            Content::File(_) if documented || is_text(&part.name) => {
                let accepted = accepted.join(" or ");
                return Err(Refusal::bad_request(format!(
                    "a file is sent as {}; it must be {accepted}",
                    part.name
                )));
            }
            Content::File(_) => {
                desk.note(format!(
                    "a file is sent as {:?}, which is not documented; it is not kept",
                    part.name
                ));
            }
        }
    }
    note_files(desk, &files);
    Ok(files)
}

fn note_files(desk: &mut Desk<'_>, files: &[&FileSeen]) {
    if files.len() > 1 {
        desk.note("several files are sent; how to send more than one is not documented");
    }
    for file in files {
        let ending = Path::new(&file.name)
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        if !ENDINGS.contains(&ending.to_lowercase().as_str()) {
            desk.note(format!(
                "the ending of {:?} is not on the page's list of file formats",
                file.name
            ));
        }
    }
}
