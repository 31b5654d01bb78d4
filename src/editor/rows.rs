//! The schema of `for_each` and of the keys that stand beside it.

use serde_json::{Map, Value as Json, json};

use super::parts::{NAME, count, has, refused, template, text, text_like};
use crate::playbook;

/// Where rows can come from, one of them in each loop.
const SOURCES: [&str; 6] = ["csv", "jsonl", "json", "yaml", "xlsx", "items"];

/// The schema of `for_each`.
pub(super) fn for_each() -> Json {
    json!({
        "title": "Rows",
        "description": "Runs the step, or its `steps`, once for each row of a file or item of a list.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "csv": text_like("A CSV file whose first line names the columns; cells are text, always. Relative to the playbook. May be a template.", &["data/accounts.csv"]),
            "jsonl": text_like("A file with one JSON object a line. May be a template.", &["data/accounts.jsonl"]),
            "json": text_like("A JSON file with a list of objects. May be a template.", &["data/accounts.json"]),
            "yaml": text_like("A YAML file with a list of mappings. May be a template.", &["data/accounts.yaml"]),
            "xlsx": text_like("An Excel workbook; the first row of the sheet names the columns. May be a template.", &["data/accounts.xlsx"]),
            "items": {
                "description": "A list, or a template that gives one.",
                "type": ["string", "array"],
                "pattern": r"\{[{%]",
                "patternErrorMessage": "Write a list, or a template that gives one.",
                "examples": ["{{ inputs.accounts }}"],
            },
            "sheet": text("The sheet of the workbook; the first when left out. May be a template. Only with `xlsx`."),
            "delimiter": {
                "description": "What stands between the cells of a CSV file; found out when left out. May be a template. Only with `csv`.",
                "type": "string",
                "pattern": r"^([\x01-\x09\x0B\x0C\x0E-\x21\x23-\x7F]|tab|\\t)$|\{[{%]",
                "patternErrorMessage": "Write one character: \";\", \",\", \"|\" or \"\\t\".",
                "examples": [";", ",", "|", "\t"],
            },
            "as": {
                "description": "The name by which templates see the row; `row` when left out.",
                "type": "string",
                "pattern": NAME,
                "not": { "enum": playbook::TAKEN_NAMES },
                "errorMessage": "Use letters, digits and _, and no name that means something in templates already.",
            },
            "key": {
                "description": "The row's identity in journal and reports, a template; its number when left out.",
                "examples": ["{{ row.id }}"],
            },
            "serialize_by": {
                "description": "Rows with the same value keep their order. A template.",
                "examples": ["{{ row.id }}"],
            },
            "batch": count("Hands the steps a list `rows` of so many rows, for calls that take many records at once.", 1),
        },
        "allOf": [
            { "if": has("xlsx"), "else": refused(&["sheet"], "Only goes with xlsx.") },
            { "if": has("csv"), "else": refused(&["delimiter"], "Only goes with csv.") },
            { "oneOf": SOURCES.map(|source| json!({ "required": [source] })), "errorMessage": "Rows come from exactly one of csv, jsonl, json, yaml, xlsx and items." },
        ],
        "defaultSnippets": [
            { "label": "rows of a CSV file", "body": { "csv": "${1:data/accounts.csv}", "as": "${2:account}", "key": "\"{{ ${2:account}.${3:id} }}\"" } },
            { "label": "items of a list", "body": { "items": "\"{{ ${1:inputs.accounts} }}\"", "as": "${2:account}" } },
        ],
    })
}

/// The keys of a step that speak of its rows.
pub(super) fn beside() -> Map<String, Json> {
    let keys = [
        (
            "concurrency",
            json!({
                "description": "How many rows are on their way at once; 1 when left out. Only beside `for_each`.",
                "type": "integer",
                "minimum": 1,
                "maximum": playbook::MOST_CONCURRENT,
                "examples": [8],
            }),
        ),
        (
            "max_failures",
            json!({
                "description": "Rows that fail do not stop the others until more than this have failed: a count, or a percentage of the rows read (`5%`, `0.5%`). Rows in doubt do not count. Only beside `for_each`.",
                "type": ["integer", "string"],
                "minimum": 0,
                "pattern": r"^0*([0-9]{1,2}(\.[0-9]{1,3})?|100(\.0{1,3})?)\s*%$",
                "patternErrorMessage": "Write a count such as 20, or a percentage such as 5%.",
                "examples": [20, "5%", "0.5%"],
            }),
        ),
        (
            "rejected",
            account(
                "The file that rows which failed are written into; it can be fed straight back. JSON lines where it ends in `.jsonl`, else CSV. Only beside `for_each`.",
                &["out/rejected.csv"],
            ),
        ),
        (
            "succeeded",
            account(
                "The file that rows which went well are written into, with the ids that came back. Only beside `for_each`.",
                &["out/succeeded.csv"],
            ),
        ),
        (
            "unknown",
            account(
                "The file that rows are written into of which nobody knows whether they arrived. Only beside `for_each`.",
                &["out/unknown.csv"],
            ),
        ),
    ];
    keys.into_iter()
        .map(|(key, schema)| (key.to_owned(), schema))
        .collect()
}

/// The path of an account of rows.
fn account(description: &str, examples: &[&str]) -> Json {
    let mut schema = text_like(description, examples);
    let folder = json!({ "type": "string", "pattern": r"/$|^\.$|(^|/)\.\.$" });
    schema["not"] = json!({ "anyOf": [template(), folder] });
    schema["errorMessage"] =
        "Write the path of a file, as it is: nothing is rendered here, and no folder is meant."
            .into();
    schema
}
