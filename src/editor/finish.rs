//! The last touch on a schema: descriptions for people who see Markdown and for those who do not, and
//! date formats of our own as patterns, since no other program knows them.

use serde_json::{Map, Value as Json, json};

/// Wherever a description has words in backticks, editors get them as Markdown and without.
pub(super) fn described(schema: &mut Json) {
    each_schema(schema, &mut |keywords| {
        let marked = match keywords.get("description") {
            Some(Json::String(text)) if text.contains('`') => text.clone(),
            _ => return,
        };
        keywords.insert("description".to_owned(), marked.replace('`', "").into());
        keywords.insert("markdownDescription".to_owned(), marked.into());
    });
}

/// A schema of an action file as other programs understand it.
pub(super) fn for_others(schema: &Json) -> Json {
    let mut schema = schema.clone();
    each_schema(&mut schema, &mut |keywords| {
        keywords.shift_remove("$schema");
        // How a number is spelled, no other program can ask.
        keywords.shift_remove(crate::schema::PLAIN_NUMBER);
        if let Some(hint) = keywords.shift_remove("x-expected") {
            let hint = hint.as_str().unwrap_or_default();
            keywords.insert(
                "patternErrorMessage".to_owned(),
                format!("Expected {hint}.").into(),
            );
        }
        let Some(own) = keywords
            .get("format")
            .and_then(Json::as_str)
            .and_then(pattern_of)
        else {
            return;
        };
        keywords.shift_remove("format");
        let (pattern, message) = own;
        if keywords.contains_key("pattern") {
            let also = json!({ "pattern": pattern, "patternErrorMessage": message });
            match keywords.get_mut("allOf").and_then(Json::as_array_mut) {
                Some(all) => all.push(also),
                None => {
                    keywords.insert("allOf".to_owned(), json!([also]));
                }
            }
        } else {
            keywords.insert("pattern".to_owned(), pattern.into());
            keywords.insert("patternErrorMessage".to_owned(), message.into());
        }
    });
    schema
}

/// The pattern of one of our own formats, and what to say where it does not fit.
fn pattern_of(format: &str) -> Option<(&'static str, &'static str)> {
    match format {
        "activity-datetime" => Some((
            "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$",
            "Expected YYYY-MM-DD HH:MM:SS, such as 2026-05-30 15:00:00.",
        )),
        "query-datetime" => Some((
            "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9]$",
            "Expected YYYY-MM-DD HH:MM, such as 2026-05-30 15:00.",
        )),
        "obligation-date" => Some((
            "^(0[1-9]|[12][0-9]|3[01])-(0[1-9]|1[0-2])-[0-9]{4}$",
            "Expected DD-MM-YYYY, such as 30-05-2026.",
        )),
        _ => None,
    }
}

/// Visits a schema and every schema in it.
pub(super) fn each_schema(schema: &mut Json, visit: &mut impl FnMut(&mut Map<String, Json>)) {
    let Json::Object(keywords) = schema else {
        return;
    };
    visit(keywords);
    for (keyword, value) in keywords.iter_mut() {
        match (Below::of(keyword), value) {
            (Below::Schema, value) => each_schema(value, visit),
            (Below::List, Json::Array(items)) => {
                for item in items {
                    each_schema(item, visit);
                }
            }
            (Below::Named, Json::Object(named)) => {
                named
                    .values_mut()
                    .for_each(|schema| each_schema(schema, visit));
            }
            _ => {}
        }
    }
}

/// What stands under a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    /// No schema.
    Data,
    /// A schema.
    Schema,
    /// A list of schemas.
    List,
    /// Schemas by name.
    Named,
}

impl Below {
    pub(super) fn of(keyword: &str) -> Self {
        match keyword {
            "properties" | "patternProperties" | "$defs" | "dependentSchemas" => Self::Named,
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => Self::List,
            "items"
            | "additionalProperties"
            | "propertyNames"
            | "contains"
            | "not"
            | "if"
            | "then"
            | "else"
            | "unevaluatedItems"
            | "unevaluatedProperties" => Self::Schema,
            _ => Self::Data,
        }
    }
}
