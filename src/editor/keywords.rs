//! The keywords of JSON Schema 2020-12, each with what it wants: inputs are schemas, and an unknown keyword
//! in one would check nothing.

use serde_json::{Map, Value as Json, json};

/// What stands under a keyword.
#[derive(Debug, Clone, Copy)]
enum Wants {
    Anything,
    Types,
    Words,
    Pattern,
    Number,
    Positive,
    Count,
    Flag,
    List,
    Names,
    Object,
    Schema,
    Schemas,
    Named,
}

impl Wants {
    fn schema(self) -> Json {
        let below = json!({ "$ref": "#/$defs/schema" });
        match self {
            Self::Anything => json!({}),
            Self::Types => {
                let one = json!({
                    "type": "string",
                    "enum": ["string", "number", "integer", "boolean", "array", "object", "null"],
                });
                json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
            }
            Self::Words => json!({ "type": "string" }),
            Self::Pattern => json!({ "type": "string", "format": "regex" }),
            Self::Number => json!({ "type": "number" }),
            Self::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
            Self::Count => json!({ "type": "integer", "minimum": 0 }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::List => json!({ "type": "array" }),
            Self::Names => {
                json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true })
            }
            Self::Object => json!({ "type": "object" }),
            Self::Schema => below,
            Self::Schemas => json!({ "type": "array", "minItems": 1, "items": below }),
            Self::Named => json!({ "type": "object", "additionalProperties": below }),
        }
    }
}

#[rustfmt::skip]
const KEYWORDS: &[(&str, Wants, &str)] = &[
    ("type", Wants::Types, "The type of the value, or a list of types."),
    ("description", Wants::Words, "What the value is: the manual of the playbook."),
    ("title", Wants::Words, "A short name for people."),
    ("default", Wants::Anything, "The value when none is given."),
    ("examples", Wants::List, "Values that show what is meant."),
    ("enum", Wants::List, "The only values there are."),
    ("const", Wants::Anything, "The only value there is."),
    ("pattern", Wants::Pattern, "A regular expression that text must match."),
    ("format", Wants::Words, "The form of a text: `date`, `date-time`, `email`, `uri`, or the CRM's `activity-datetime`, `obligation-date`, `query-datetime`."),
    ("minLength", Wants::Count, "The least number of characters."),
    ("maxLength", Wants::Count, "The greatest number of characters."),
    ("minimum", Wants::Number, "The least number."),
    ("maximum", Wants::Number, "The greatest number."),
    ("exclusiveMinimum", Wants::Number, "The number must be greater."),
    ("exclusiveMaximum", Wants::Number, "The number must be less."),
    ("multipleOf", Wants::Positive, "The number must be a multiple of it."),
    ("items", Wants::Schema, "The schema of each item of a list."),
    ("prefixItems", Wants::Schemas, "The schemas of the first items, in order."),
    ("contains", Wants::Schema, "The schema that some item must fit."),
    ("minContains", Wants::Count, "How many items must fit `contains`, at least."),
    ("maxContains", Wants::Count, "How many items may fit `contains`, at most."),
    ("minItems", Wants::Count, "The least number of items."),
    ("maxItems", Wants::Count, "The greatest number of items."),
    ("uniqueItems", Wants::Flag, "Whether no item may stand twice."),
    ("properties", Wants::Named, "The schemas of an object's keys."),
    ("patternProperties", Wants::Named, "The schemas of keys that match an expression."),
    ("additionalProperties", Wants::Schema, "The schema of all other keys; `false` allows none."),
    ("propertyNames", Wants::Schema, "The schema of the keys themselves."),
    ("required", Wants::Names, "The keys that must be there."),
    ("minProperties", Wants::Count, "The least number of keys."),
    ("maxProperties", Wants::Count, "The greatest number of keys."),
    ("dependentRequired", Wants::Object, "Keys that must be there where another is."),
    ("dependentSchemas", Wants::Named, "Schemas that hold where a key is there."),
    ("unevaluatedItems", Wants::Schema, "The schema of items that nothing else speaks of."),
    ("unevaluatedProperties", Wants::Schema, "The schema of keys that nothing else speaks of."),
    ("anyOf", Wants::Schemas, "At least one of these fits."),
    ("oneOf", Wants::Schemas, "Exactly one of these fits."),
    ("allOf", Wants::Schemas, "All of these fit."),
    ("not", Wants::Schema, "This does not fit."),
    ("if", Wants::Schema, "Where this fits, `then` must; else `else` must."),
    ("then", Wants::Schema, "What must fit where `if` does."),
    ("else", Wants::Schema, "What must fit where `if` does not."),
    ("deprecated", Wants::Flag, "Whether it should no longer be used."),
    ("readOnly", Wants::Flag, "A note that checks nothing."),
    ("writeOnly", Wants::Flag, "A note that checks nothing."),
    ("contentEncoding", Wants::Words, "A note that checks nothing."),
    ("contentMediaType", Wants::Words, "A note that checks nothing."),
    ("contentSchema", Wants::Schema, "A note that checks nothing."),
    ("$ref", Wants::Words, "Another schema: `#/$defs/NAME`."),
    ("$defs", Wants::Named, "Schemas by name, for `$ref`."),
    ("$comment", Wants::Words, "A note for those who change the schema."),
    ("$anchor", Wants::Words, "A name for `$ref`."),
    ("$id", Wants::Words, "The schema's own address."),
    ("$dynamicRef", Wants::Words, "Another schema, found at validation."),
    ("$dynamicAnchor", Wants::Words, "A name for `$dynamicRef`."),
    ("$schema", Wants::Words, "The draft: 2020-12."),
];

/// The schema of a JSON Schema.
pub(super) fn schema() -> Json {
    json!({
        "title": "JSON Schema",
        "description": "A JSON Schema.",
        "type": ["object", "boolean"],
        "additionalProperties": false,
        "patternProperties": { "^x-": true },
        "properties": properties(),
    })
}

/// The schemas of the keywords, by keyword.
pub(super) fn properties() -> Map<String, Json> {
    KEYWORDS
        .iter()
        .map(|(keyword, wants, description)| {
            let mut schema = wants.schema();
            // Beside a reference, editors would show both descriptions.
            if schema.get("$ref").is_none() {
                schema["description"] = (*description).into();
            }
            ((*keyword).to_owned(), schema)
        })
        .collect()
}
