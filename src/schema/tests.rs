use serde_json::json;

use super::*;

fn schema(schema: &Json) -> Schema {
    Schema::compile(schema).unwrap()
}

fn check(rules: &Json, text: &str) -> Vec<Violation> {
    schema(rules).violations(&Value::from_json_text(text).unwrap())
}

fn lines(rules: &Json, text: &str) -> Vec<String> {
    let value = Value::from_json_text(text).unwrap();
    schema(rules)
        .violations(&value)
        .iter()
        .map(|found| {
            let help = found
                .help(&value)
                .map_or(String::new(), |help| format!(" ({help})"));
            format!("{}: {}{help}", found.pointer, found.message)
        })
        .collect()
}

fn activity_rules() -> Json {
    json!({
        "type": "object",
        "properties": {
            "wolkvox_id": { "type": "string", "pattern": r"\S" },
            "module": { "type": "string", "description": "the module" },
            "priority": { "enum": ["high", "normal", "low"] },
            "remember": { "type": "boolean" },
            "when": { "type": "string", "format": "activity-datetime" },
            "due": { "type": "string", "format": "obligation-date" },
            "ids": { "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string" } },
            "code": { "type": "string", "pattern": "^[0-9]+$", "x-expected": "digits only" },
            "limit": { "type": "integer", "maximum": 250 },
            "kind": { "const": "call" }
        },
        "required": ["module"],
        "additionalProperties": false
    })
}

#[test]
fn every_violation_is_told_with_its_place_and_remedy() {
    let rules = activity_rules();
    let cases = [
        (r#"{"module":"m"}"#, vec![]),
        ("{}", vec![": `module` is missing (`module`: the module)"]),
        (
            r#"{"module":"m","wolkvox-id":"1"}"#,
            vec![": unknown key `wolkvox-id` (did you mean `wolkvox_id`?)"],
        ),
        (
            r#"{"module":"m","wolkvox_id":" "}"#,
            vec![
                "/wolkvox_id: `wolkvox_id` must not be blank (give it a value: nothing can be seen in what stands here)",
            ],
        ),
        (
            r#"{"module":7}"#,
            vec![
                "/module: `module` must be text, not a number (write it in quotes, so that it stays as it is written)",
            ],
        ),
        (
            r#"{"module":"m","wolkvox_id":null}"#,
            vec![
                "/wolkvox_id: `wolkvox_id` must be text, not null (give it a value, or leave the key out)",
            ],
        ),
        (
            r#"{"module":null}"#,
            vec!["/module: `module` must be text, not null (give it a value)"],
        ),
        (
            r#"{"module":"m","priority":"hihg"}"#,
            vec![
                "/priority: `priority` must be one of `high`, `normal`, `low` (did you mean `high`?)",
            ],
        ),
        (
            r#"{"module":"m","remember":"yes"}"#,
            vec![
                "/remember: `remember` must be true or false, not text (write true or false, without quotes)",
            ],
        ),
        (
            r#"{"module":"m","when":"2026-02-30 00:00:00"}"#,
            vec![
                "/when: `when` must be a day that exists, in the CRM's form (it is written YYYY-MM-DD HH:MM:SS, such as 2026-05-30 15:00:00)",
            ],
        ),
        (
            r#"{"module":"m","due":"2026-05-30"}"#,
            vec![
                "/due: `due` must be a day that exists, in the CRM's form (it is written DD-MM-YYYY, such as 30-05-2026)",
            ],
        ),
        (
            r#"{"module":"m","ids":"a"}"#,
            vec![
                "/ids: `ids` must be a list, not text (write it as a list, even when it has one item)",
            ],
        ),
        (
            r#"{"module":"m","ids":[]}"#,
            vec!["/ids: `ids` must have at least 1 item"],
        ),
        (
            r#"{"module":"m","ids":["a","a"]}"#,
            vec!["/ids: `ids` has the same item twice"],
        ),
        (
            r#"{"module":"m","ids":["a",2]}"#,
            vec![
                "/ids/1: `ids[1]` must be text, not a number (write it in quotes, so that it stays as it is written)",
            ],
        ),
        (
            r#"{"module":"m","code":"+57"}"#,
            vec!["/code: `code` must be digits only"],
        ),
        (
            r#"{"module":"m","limit":300}"#,
            vec!["/limit: `limit` must be at most 250"],
        ),
        (
            r#"{"module":"m","kind":"task"}"#,
            vec!["/kind: `kind` must be `call`"],
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(lines(&rules, text), wanted, "{text}");
    }
}

#[test]
fn messages_never_hold_the_value() {
    let rules = json!({
        "type": "object",
        "properties": {
            "a": { "type": "integer" }, "b": { "enum": ["x"] }, "c": { "const": 1 },
            "d": { "pattern": "^x$" }, "e": { "format": "email" }, "f": { "maxLength": 2 },
            "g": { "anyOf": [{ "type": "integer" }, { "type": "boolean" }] },
            "h": { "not": { "type": "string" } }, "i": false
        },
        "unevaluatedProperties": { "type": "null" }
    });
    let text = r#"{"a":"s3cret","b":"s3cret","c":"s3cret","d":"s3cret","e":"s3cret","f":"s3cret","g":"s3cret","h":"s3cret","i":"s3cret"}"#;
    let found = check(&rules, text);
    assert_eq!(found.len(), 9, "{found:?}");
    for violation in found {
        assert!(
            !format!("{violation:?}").contains("s3cret"),
            "{violation:?}"
        );
    }
}

#[test]
fn an_alternative_is_chosen_by_its_type() {
    let id = json!({ "type": "string", "pattern": r"\S" });
    let rules = json!({
        "type": "object",
        "properties": { "id": { "anyOf": [id, { "type": "array", "minItems": 1, "items": id }] } }
    });
    let cases = [
        (
            r#"{"id":""}"#,
            "/id: `id` must not be blank (give it a value: nothing can be seen in what stands here)",
        ),
        (r#"{"id":[]}"#, "/id: `id` must have at least 1 item"),
        (
            r#"{"id":["a"," "]}"#,
            "/id/1: `id[1]` must not be blank (give it a value: nothing can be seen in what stands here)",
        ),
        (
            r#"{"id":7}"#,
            "/id: `id` must be text or a list, not a number (write it in quotes, so that it stays as it is written)",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(lines(&rules, text), [wanted], "{text}");
        assert!(check(&rules, text)[0].conditional);
        assert_eq!(check(&rules, text)[0].rests_on.as_deref(), Some("/id"));
    }
}

#[test]
fn conditions_are_marked_and_names_are_not_keywords() {
    let rules = json!({
        "type": "object",
        "properties": { "remember": { "type": "boolean" }, "not": { "type": "string" } },
        "if": { "properties": { "remember": { "const": true } }, "required": ["remember"] },
        "then": { "required": ["reminder_date"] }
    });
    let found = check(&rules, r#"{"remember":true,"not":5}"#);
    let told: Vec<_> = found
        .iter()
        .map(|found| (found.key.as_deref(), found.conditional))
        .collect();
    assert_eq!(told, [(None, false), (Some("reminder_date"), true)]);
    assert_eq!(found[1].rests_on.as_deref(), Some(""));
}

#[test]
fn a_condition_behind_a_reference_is_seen() {
    let rules = json!({
        "$defs": { "text": { "type": "string" } },
        "properties": { "a": { "anyOf": [{ "$ref": "#/$defs/text" }, { "type": "array", "items": { "$ref": "#/$defs/text" } }] },
                        "b": { "$ref": "#/$defs/text" } }
    });
    assert!(check(&rules, r#"{"a":[1]}"#)[0].conditional);
    assert!(!check(&rules, r#"{"b":1}"#)[0].conditional);
}

#[test]
fn schemas_that_would_check_nothing_are_refused() {
    let cases = [
        (json!({ "typ": "string" }), "/typ", "did you mean `type`?"),
        (
            json!({ "properties": { "a": { "patern": "x" } } }),
            "/properties/a/patern",
            "did you mean `pattern`?",
        ),
        (
            json!({ "items": { "format": "datum" } }),
            "/items/format",
            "use `pattern`",
        ),
        (json!({ "definitions": {} }), "/definitions", "`$defs`"),
        (
            json!({ "$ref": "https://example.com/a" }),
            "/$ref",
            "nothing is fetched",
        ),
        (
            json!({ "$schema": "http://json-schema.org/draft-07/schema#" }),
            "/$schema",
            "2020-12",
        ),
    ];
    for (rules, pointer, help) in cases {
        let error = Schema::compile(&rules).unwrap_err();
        assert_eq!(error.pointer, pointer, "{rules}");
        assert!(
            error.help.as_deref().unwrap_or_default().contains(help),
            "{error:?}"
        );
    }
    assert!(Schema::compile(&json!({ "x-expected": "digits", "type": "string" })).is_ok());
    assert!(
        Schema::compile(&json!({ "properties": { "typ": true }, "required": ["typ"] })).is_ok()
    );
}

#[test]
fn schemas_that_are_wrong_are_refused_at_their_place() {
    let cases = [
        (json!({ "type": "text" }), "/type"),
        (
            json!({ "properties": { "a": { "minLength": -1 } } }),
            "/properties/a/minLength",
        ),
        (json!({ "required": "a" }), "/required"),
        (
            json!({ "properties": { "a": { "pattern": "(" } } }),
            "/properties/a/pattern",
        ),
        (json!({ "properties": { "a": 5 } }), "/properties/a"),
        (json!(5), ""),
    ];
    for (rules, pointer) in cases {
        let error = Schema::compile(&rules).unwrap_err();
        assert_eq!(error.pointer, pointer, "{rules} {error:?}");
    }
    let error = Schema::compile(&json!({ "$ref": "#/$defs/nope" })).unwrap_err();
    assert_eq!(error.message, "a `$ref` points to nothing");
}

#[test]
fn numbers_beyond_floats_keep_their_type() {
    let rules = json!({ "type": "integer" });
    assert!(check(&rules, "123456789012345678901234567890").is_empty());
    assert_eq!(check(&json!({ "type": "string" }), "1e400").len(), 1);
}

#[test]
fn the_place_of_a_condition_follows_the_value_not_the_schema() {
    let either = json!({ "anyOf": [{ "const": "" }, { "format": "obligation-date" }] });
    let rules = json!({
        "$defs": { "row": { "properties": { "due/at": { "allOf": [either] } } } },
        "properties": { "rows": { "items": { "$ref": "#/$defs/row" } } }
    });
    let found = check(
        &rules,
        r#"{"rows":[{"due/at":""},{"due/at":"2026-01-31"}]}"#,
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].pointer, "/rows/1/due~1at");
    assert_eq!(found[0].rests_on.as_deref(), Some("/rows/1/due~1at"));
    assert!(matches!(found[0].kind, ViolationKind::Format { .. }));
}

#[test]
fn a_misspelt_key_is_one_violation() {
    let rules = json!({
        "properties": { "module": true, "wolkvox_id": true },
        "required": ["module", "wolkvox_id"],
        "additionalProperties": false
    });
    let cases = [
        (
            r#"{"wolkvox-id":"1"}"#,
            vec![
                ": `module` is missing",
                ": unknown key `wolkvox-id` (did you mean `wolkvox_id`?)",
            ],
        ),
        (
            r#"{"module":"m","zzz":"1"}"#,
            vec![
                ": `wolkvox_id` is missing",
                ": unknown key `zzz` (known here: wolkvox_id)",
            ],
        ),
    ];
    for (text, wanted) in cases {
        let mut told = lines(&rules, text);
        told.sort();
        assert_eq!(told, wanted, "{text}");
    }
}

#[test]
fn what_is_blank_is_told_wherever_the_rule_stands() {
    let rules = json!({
        "propertyNames": { "pattern": r"\S" },
        "properties": {
            "many": { "anyOf": [
                { "type": "string", "pattern": r"\S", "x-expected": "a name" },
                { "type": "array", "items": { "$ref": "#/$defs/name" } },
            ] },
            "no": { "not": { "pattern": r"\S" } },
        },
        "$defs": { "name": { "type": "string", "minLength": 2, "pattern": r"\S" } },
    });
    for (text, wanted) in [
        (r#"{"many":"a","no":" "}"#, &[][..]),
        (r#"{" ":1}"#, &[": the key ` ` must not be blank"]),
        (
            r#"{"many":" "}"#,
            &[
                "/many: `many` must be a name (give it a value: nothing can be seen in what stands here)",
            ],
        ),
        (
            r#"{"many":["ab"," "]}"#,
            &[
                "/many/1: `many[1]` must have at least 2 characters",
                "/many/1: `many[1]` must not be blank (give it a value: nothing can be seen in what stands here)",
            ],
        ),
        (r#"{"no":"a"}"#, &["/no: `no` breaks the rule `not`"]),
    ] {
        assert_eq!(lines(&rules, text), wanted, "{text}");
    }
    let found = check(&rules, r#"{"many":["  "]}"#);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].kind, ViolationKind::Blank);
    assert_eq!(found[0].schema_path, "/$defs/name/pattern");
}
