//! The schema of `with` as an action states it → one that takes a template wherever it takes a value.
//!
//! What a template gives is not known in an editor: such a value is taken on trust, its key is not. It
//! never refuses what the program would accept.

use serde_json::{Map, Value as Json, json};

use super::finish::{self, Below};

/// What tells a template from other text.
pub(super) const TEMPLATE: &str = r"\{[{%#]";

/// Keywords that speak about a value and do not constrain it.
const NOTES: &[&str] = &[
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// The schema of `with`; `base` is the pointer that it will stand under.
pub(super) fn with(params: &Json, base: &str) -> Json {
    let mut schema = finish::for_others(params);
    rebase(&mut schema, base);
    inside(&schema)
}

/// Points references at the new place of the schema.
fn rebase(schema: &mut Json, base: &str) {
    match schema {
        Json::Object(keywords) => {
            if let Some(Json::String(target)) = keywords.get_mut("$ref")
                && let Some(rest) = target.strip_prefix('#')
            {
                *target = format!("{base}{rest}");
            }
            keywords.values_mut().for_each(|value| rebase(value, base));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| rebase(item, base)),
        _ => {}
    }
}

/// A schema whose value is no template itself, but may hold some.
fn inside(schema: &Json) -> Json {
    let Json::Object(keywords) = schema else {
        return schema.clone();
    };
    let mut made = Map::new();
    for (keyword, below) in keywords {
        match keyword.as_str() {
            // Conditions over values that are not known yet decide nothing.
            "if" | "then" | "else" | "not" | "contains" | "minContains" | "maxContains" => {}
            // A template fits every branch that takes text, so that exactly one cannot be asked for.
            "oneOf" => {
                made.insert("anyOf".to_owned(), branches(below));
            }
            "anyOf" | "allOf" => {
                made.insert(keyword.clone(), branches(below));
            }
            "propertyNames" => {
                made.insert(keyword.clone(), below.clone());
            }
            "dependentSchemas" => {
                made.insert(keyword.clone(), each(below, inside));
            }
            _ => {
                made.insert(keyword.clone(), placed(keyword, below));
            }
        }
    }
    conditions(keywords, &mut made);
    Json::Object(made)
}

fn placed(keyword: &str, below: &Json) -> Json {
    match Below::of(keyword) {
        Below::Data => below.clone(),
        Below::Schema => value(below),
        Below::List | Below::Named => each(below, value),
    }
}

fn each(below: &Json, make: fn(&Json) -> Json) -> Json {
    match below {
        Json::Array(items) => items.iter().map(make).collect(),
        Json::Object(named) => named
            .iter()
            .map(|(name, schema)| (name.clone(), make(schema)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn branches(below: &Json) -> Json {
    each(below, inside)
}

/// A schema whose value may be a template.
fn value(schema: &Json) -> Json {
    let inner = inside(schema);
    let Json::Object(mut keywords) = inner else {
        return inner;
    };
    if takes_any_text(&keywords) {
        return Json::Object(keywords);
    }
    let mut outer = Map::new();
    for note in NOTES {
        if let Some(said) = keywords.shift_remove(*note) {
            outer.insert((*note).to_owned(), said);
        }
    }
    if let Some(types) = types_with_text(&keywords) {
        outer.insert("type".to_owned(), types);
    }
    let template = json!({ "type": "string", "pattern": TEMPLATE });
    if keywords.contains_key("enum") || keywords.contains_key("const") {
        // Editors offer the values of alternatives, and not those of a condition.
        outer.insert("anyOf".to_owned(), json!([keywords, template]));
    } else {
        // Of a condition they tell what is wrong, and not that nothing fits.
        outer.insert("if".to_owned(), template);
        outer.insert("else".to_owned(), Json::Object(keywords));
    }
    Json::Object(outer)
}

/// The type that the value has, and text; the first one tells editors what to insert.
fn types_with_text(keywords: &Map<String, Json>) -> Option<Json> {
    let mut types = match keywords.get("type")? {
        Json::String(name) => vec![name.clone()],
        Json::Array(names) => names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        _ => return None,
    };
    if !types.iter().any(|name| name == "string") {
        types.push("string".to_owned());
    }
    Some(match types.as_slice() {
        [only] => json!(only),
        several => json!(several),
    })
}

/// Whether every template fits already, because any text does.
fn takes_any_text(keywords: &Map<String, Json>) -> bool {
    let text = match keywords.get("type") {
        None => true,
        Some(Json::String(name)) => name == "string",
        Some(Json::Array(names)) => names.iter().any(|name| name == "string"),
        Some(_) => false,
    };
    let fits = |(keyword, said): (&String, &Json)| match keyword.as_str() {
        "pattern" => said == r"\S",
        "enum" | "const" | "format" | "minLength" | "maxLength" | "allOf" | "not" | "if"
        | "$ref" => false,
        "anyOf" => said.as_array().is_some_and(|branches| {
            branches
                .iter()
                .filter_map(Json::as_object)
                .any(takes_any_text)
        }),
        _ => true,
    };
    text && keywords.iter().all(fits)
}

/// `if`, `then`, `else` and `not`, as far as they can be decided: where a parameter that a condition
/// looks at is a template, or the condition looks at more than parameters, nothing is asked for.
fn conditions(keywords: &Map<String, Json>, made: &mut Map<String, Json>) {
    let mut asked = Vec::new();
    if let Some(condition) = keywords.get("if") {
        let mut asks = Map::new();
        asks.insert("if".to_owned(), condition.clone());
        for branch in ["then", "else"] {
            if let Some(schema) = keywords.get(branch) {
                asks.insert(branch.to_owned(), inside(schema));
            }
        }
        if asks.len() > 1 {
            asked.push((condition, Json::Object(asks)));
        }
    }
    if let Some(refused) = keywords.get("not") {
        asked.push((refused, json!({ "not": refused })));
    }
    let mut all = Vec::new();
    for (looks_at, asks) in asked {
        let Some(names) = names_in(looks_at) else {
            continue;
        };
        let undecided: Vec<Json> = names
            .iter()
            .map(|name| {
                json!({
                    "required": [name],
                    "properties": { *name: { "type": "string", "pattern": TEMPLATE } },
                })
            })
            .collect();
        if undecided.is_empty() {
            all.push(asks);
        } else {
            all.push(json!({ "if": { "anyOf": undecided }, "else": asks }));
        }
    }
    if all.is_empty() {
        return;
    }
    match made.get_mut("allOf").and_then(Json::as_array_mut) {
        Some(present) => present.extend(all),
        None => {
            made.insert("allOf".to_owned(), all.into());
        }
    }
}

/// The parameters that a condition looks at; none where it looks at anything else, or into one of them.
fn names_in(condition: &Json) -> Option<Vec<&str>> {
    let keywords = condition.as_object()?;
    let mut names = Vec::new();
    for (keyword, said) in keywords {
        match keyword.as_str() {
            "required" | "type" => {}
            "properties" => {
                for (name, schema) in said.as_object()? {
                    if !schema.as_object()?.keys().all(|keyword| is_flat(keyword)) {
                        return None;
                    }
                    names.push(name.as_str());
                }
            }
            _ => return None,
        }
    }
    Some(names)
}

/// Whether a keyword speaks of a value as a whole.
fn is_flat(keyword: &str) -> bool {
    matches!(
        keyword,
        "type" | "const" | "enum" | "pattern" | "minimum" | "maximum" | "minLength" | "maxLength"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::accepts;
    use super::*;

    #[test]
    fn a_template_fits_where_a_value_does_and_a_wrong_literal_does_not() {
        let schema = with(
            &json!({
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "flag": { "type": "boolean" },
                    "count": { "type": "integer", "minimum": 1 },
                    "word": { "enum": ["high", "low"] },
                    "day": { "type": "string", "format": "obligation-date" },
                    "ids": { "type": "array", "items": { "type": "string", "pattern": "^[0-9]+$" } },
                    "one": { "oneOf": [{ "type": "string", "maxLength": 3 }, { "type": "number" }] },
                },
            }),
            "#",
        );
        for good in [
            json!({ "flag": true, "count": 2, "word": "low", "day": "30-05-2026", "ids": ["1"], "one": 5 }),
            json!({ "flag": "{{ a }}", "count": "{{ a }}", "word": "{{ a }}", "day": "{{ a }}" }),
            json!({ "ids": "{{ a }}" }),
            json!({ "ids": ["{{ a }}", "7"], "one": "{{ a }}" }),
        ] {
            assert!(accepts(&schema, &good), "{good}");
        }
        for bad in [
            json!({ "flag": "yes" }),
            json!({ "count": 0 }),
            json!({ "word": "urgent" }),
            json!({ "day": "2026-05-30" }),
            json!({ "ids": ["x"] }),
            json!({ "one": "long" }),
            json!({ "{{ a }}": 1 }),
        ] {
            assert!(!accepts(&schema, &bad), "{bad}");
        }
    }

    #[test]
    fn a_condition_over_a_template_asks_for_nothing() {
        let schema = with(
            &json!({
                "type": "object",
                "properties": { "remember": { "type": "boolean" }, "when": { "type": "string" } },
                "if": { "required": ["remember"], "properties": { "remember": { "const": true } } },
                "then": { "required": ["when"] },
                "else": { "required": ["why"] },
            }),
            "#",
        );
        assert!(accepts(&schema, &json!({ "remember": "{{ a }}" })));
        assert!(accepts(&schema, &json!({ "remember": true, "when": "x" })));
        assert!(!accepts(&schema, &json!({ "remember": true })));
        assert!(!accepts(&schema, &json!({ "remember": false })));
    }

    #[test]
    fn references_follow_the_schema_to_its_new_place() {
        let params = json!({
            "$defs": { "id": { "type": "string", "pattern": "^[0-9]+$" } },
            "type": "object",
            "properties": { "id": { "$ref": "#/$defs/id" } },
        });
        let placed = json!({
            "$defs": { "x": with(&params, "#/$defs/x") },
            "$ref": "#/$defs/x",
        });
        assert!(accepts(&placed, &json!({ "id": "{{ a }}" })));
        assert!(accepts(&placed, &json!({ "id": "12" })));
        assert!(!accepts(&placed, &json!({ "id": "a" })));
    }
}
