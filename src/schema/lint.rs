//! What the draft lets pass in a schema and a careful author does not: keywords and formats that
//! nobody knows, and so check nothing.

use serde_json::{Map, Value as Json};

use super::{SchemaError, format, plain_number};
use crate::diagnostic::{did_you_mean, nearest};
use crate::value::pointer_step;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What a value must be, in words: for messages, where the other keywords say it in symbols.
pub(super) const EXPECTED: &str = "x-expected";

/// What stands under a keyword of draft 2020-12.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    /// No schema.
    Plain,
    /// A schema.
    Schema,
    /// A list of schemas.
    List,
    /// Schemas by name.
    Named,
}

/// Every keyword of draft 2020-12 (core, applicator, validation, meta-data, format, content).
#[rustfmt::skip]
const KEYWORDS: &[(&str, Below)] = &[
    ("type", Below::Plain), ("properties", Below::Named), ("required", Below::Plain),
    ("additionalProperties", Below::Schema), ("items", Below::Schema), ("enum", Below::Plain),
    ("const", Below::Plain), ("pattern", Below::Plain), ("format", Below::Plain),
    ("description", Below::Plain), ("title", Below::Plain), ("default", Below::Plain),
    ("examples", Below::Plain), ("minLength", Below::Plain), ("maxLength", Below::Plain),
    ("minimum", Below::Plain), ("maximum", Below::Plain), ("exclusiveMinimum", Below::Plain),
    ("exclusiveMaximum", Below::Plain), ("multipleOf", Below::Plain), ("minItems", Below::Plain),
    ("maxItems", Below::Plain), ("uniqueItems", Below::Plain), ("minProperties", Below::Plain),
    ("maxProperties", Below::Plain), ("anyOf", Below::List), ("oneOf", Below::List),
    ("allOf", Below::List), ("not", Below::Schema), ("if", Below::Schema), ("then", Below::Schema),
    ("else", Below::Schema), ("prefixItems", Below::List), ("contains", Below::Schema),
    ("minContains", Below::Plain), ("maxContains", Below::Plain),
    ("patternProperties", Below::Named), ("propertyNames", Below::Schema),
    ("dependentSchemas", Below::Named), ("dependentRequired", Below::Plain),
    ("unevaluatedItems", Below::Schema), ("unevaluatedProperties", Below::Schema),
    ("deprecated", Below::Plain), ("readOnly", Below::Plain), ("writeOnly", Below::Plain),
    ("contentEncoding", Below::Plain), ("contentMediaType", Below::Plain),
    ("contentSchema", Below::Schema), ("$schema", Below::Plain), ("$id", Below::Plain),
    ("$ref", Below::Plain), ("$anchor", Below::Plain), ("$dynamicRef", Below::Plain),
    ("$dynamicAnchor", Below::Plain), ("$comment", Below::Plain), ("$defs", Below::Named),
];

/// What stands under a keyword; none where it is not one of the draft.
pub(super) fn below(keyword: &str) -> Option<Below> {
    let known = KEYWORDS.iter().find(|(name, _)| *name == keyword);
    known.map(|(_, below)| *below)
}

/// Whether a schema stands one step below the keyword (`Some(1)`), two (`Some(2)`), or none does.
pub(super) fn steps_to_schema(keyword: &str) -> Option<usize> {
    match below(keyword)? {
        Below::Plain => None,
        Below::Schema => Some(1),
        Below::List | Below::Named => Some(2),
    }
}

/// The first keyword or format in the schema that means nothing.
pub(super) fn check(schema: &Json, is_format: &dyn Fn(&str) -> bool) -> Result<(), SchemaError> {
    walk(schema, String::new(), is_format)
}

fn walk(
    schema: &Json,
    pointer: String,
    is_format: &dyn Fn(&str) -> bool,
) -> Result<(), SchemaError> {
    let keywords = match schema {
        Json::Object(keywords) => keywords,
        Json::Bool(_) => return Ok(()),
        _ => {
            return Err(SchemaError {
                pointer,
                is_of_keyword: false,
                message: "a schema must be an object, or true or false".to_owned(),
                help: None,
            });
        }
    };
    check_values(keywords, &pointer, is_format)?;
    for (keyword, value) in keywords {
        let here = join(&pointer, keyword);
        if keyword.starts_with("x-") {
            check_own(keyword, value, &here)?;
            continue;
        }
        let Some(below) = below(keyword) else {
            return Err(SchemaError {
                pointer: here,
                is_of_keyword: true,
                message: format!("`{keyword}` is not a keyword of JSON Schema 2020-12"),
                help: Some(remedy(keyword)),
            });
        };
        match (below, value) {
            (Below::Schema, below) => walk(below, here, is_format)?,
            (Below::List, Json::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, join(&here, &index.to_string()), is_format)?;
                }
            }
            (Below::Named, Json::Object(members)) => {
                for (name, member) in members {
                    walk(member, join(&here, name), is_format)?;
                }
            }
            // A list or an object that is none: the validator's own check says so.
            (Below::Plain | Below::List | Below::Named, _) => {}
        }
    }
    Ok(())
}

/// A keyword that means something here has a value that does; one that only looks like it is a misspelling.
fn check_own(keyword: &str, value: &Json, here: &str) -> Result<(), SchemaError> {
    let refuse = |is_of_keyword: bool, message: String, help: String| {
        Err(SchemaError {
            pointer: here.to_owned(),
            is_of_keyword,
            message,
            help: Some(help),
        })
    };
    match keyword {
        plain_number::KEYWORD => {
            let is_known = value
                .as_str()
                .is_some_and(|form| plain_number::FORMS.contains(&form));
            if !is_known {
                let forms = plain_number::FORMS.map(|form| format!("`{form}`"));
                let message = format!("`{keyword}` must be {}", forms.join(" or "));
                let help = value
                    .as_str()
                    .map(|form| did_you_mean(form, plain_number::FORMS));
                return refuse(
                    false,
                    message,
                    help.flatten().unwrap_or_else(|| {
                        format!("write `{keyword}: {}`", plain_number::FORMS[0])
                    }),
                );
            }
        }
        EXPECTED if !value.is_string() => {
            let message = format!("`{keyword}` must be text");
            let help = "write what fits, in a few words that go on after \"must be\"";
            return refuse(false, message, help.to_owned());
        }
        EXPECTED => {}
        _ => {
            if let Some(meant) = nearest(keyword, [plain_number::KEYWORD, EXPECTED]) {
                let message = format!("`{keyword}` means nothing here");
                let help = format!("did you mean `{meant}`?");
                return refuse(true, message, help);
            }
        }
    }
    Ok(())
}

fn check_values(
    keywords: &Map<String, Json>,
    pointer: &str,
    is_format: &dyn Fn(&str) -> bool,
) -> Result<(), SchemaError> {
    let text = |keyword: &str| keywords.get(keyword).and_then(Json::as_str);
    let refuse = |keyword: &str, message: String, help: &str| {
        Err(SchemaError {
            pointer: join(pointer, keyword),
            is_of_keyword: false,
            message,
            help: Some(help.to_owned()),
        })
    };
    if let Some(format) = text("format").filter(|name| !is_format(name)) {
        return refuse(
            "format",
            format!("`{format}` is not a known format"),
            &of_format(format, is_format),
        );
    }
    if let Some(draft) = text("$schema").filter(|uri| uri.trim_end_matches('#') != DRAFT) {
        return refuse(
            "$schema",
            format!("`{draft}` is another draft"),
            "schemas here are of draft 2020-12",
        );
    }
    if let Some(target) = text("$ref").filter(|target| !target.starts_with('#')) {
        return refuse(
            "$ref",
            format!("`{target}` lies outside the schema"),
            "nothing is fetched: put it under `$defs` and point to `#/$defs/…`",
        );
    }
    Ok(())
}

/// What to do about a format that nobody knows.
fn of_format(written: &str, is_format: &dyn Fn(&str) -> bool) -> String {
    let known: Vec<&str> = format::names().filter(|name| is_format(name)).collect();
    let hint = did_you_mean(written, known.iter().copied()).unwrap_or_default();
    format!("{hint}; or leave it out, or use `pattern`")
}

fn remedy(keyword: &str) -> String {
    let own = "a keyword of your own begins with `x-`";
    match keyword {
        "definitions" => "it is called `$defs` now".to_owned(),
        "dependencies" => "use `dependentRequired` or `dependentSchemas` in its place".to_owned(),
        _ => nearest(keyword, KEYWORDS.iter().map(|(name, _)| *name))
            .and_then(|name| did_you_mean(keyword, [name]))
            .map_or_else(|| own.to_owned(), |hint| format!("{hint} {own}")),
    }
}

/// The pointer of a member.
pub(super) fn join(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", pointer_step(step))
}
