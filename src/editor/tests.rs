//! The schemas against the readers of the same files: what one accepts the other must.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{finish, parts};
use crate::action::Catalogue;
use crate::diagnostic::{Code, Diagnostic};
use crate::playbook::{
    self, FOR_EACH_KEYS, INPUT_KEYS, LIMIT_KEYS, PLAYBOOK_KEYS, RETRY_KEYS, STEP_KEYS,
};
use crate::project::{self, CONFIG_KEYS, TARGET_KEYS};
use crate::schema::Schema;
use crate::source::Source;
use crate::template::{Clock, Engine};
use crate::value::Value;

/// Keywords that only editors know.
const OF_EDITORS: [&str; 6] = [
    "markdownDescription",
    "enumDescriptions",
    "markdownEnumDescriptions",
    "defaultSnippets",
    "errorMessage",
    "patternErrorMessage",
];

fn compiled(schema: &Json) -> Schema {
    let mut schema = schema.clone();
    finish::each_schema(&mut schema, &mut |keywords| {
        keywords.retain(|keyword, _| !OF_EDITORS.contains(&keyword.as_str()));
    });
    Schema::compile(&schema).unwrap()
}

fn fits(schema: &Schema, value: &Json) -> bool {
    let value = Value::from_json_text(&value.to_string()).unwrap();
    schema.violations(&value).is_empty()
}

/// Whether a schema accepts a value.
pub(super) fn accepts(schema: &Json, value: &Json) -> bool {
    fits(&compiled(schema), value)
}

fn keys_at(schema: &Json, pointer: &str) -> BTreeSet<String> {
    let properties = schema.pointer(pointer).and_then(Json::as_object);
    properties.unwrap().keys().cloned().collect()
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn playbooks_have_the_keys_that_are_read() {
    let schema = super::playbook(&Catalogue::built_in());
    for (pointer, keys) in [
        ("/properties", PLAYBOOK_KEYS),
        ("/properties/limits/properties", LIMIT_KEYS),
        ("/$defs/step/properties", STEP_KEYS),
        ("/$defs/step/properties/retry/properties", RETRY_KEYS),
        ("/$defs/for_each/properties", FOR_EACH_KEYS),
    ] {
        assert_eq!(keys_at(&schema, pointer), set(keys), "{pointer}");
    }
    let inputs = keys_at(
        &schema,
        "/properties/inputs/additionalProperties/properties",
    );
    assert!(inputs.is_superset(&set(INPUT_KEYS)));
}

#[test]
fn the_config_has_the_keys_that_are_read() {
    let schema = super::config();
    for (pointer, keys) in [
        ("/properties", CONFIG_KEYS),
        ("/properties/policy/properties", LIMIT_KEYS),
        (
            "/properties/targets/additionalProperties/properties",
            TARGET_KEYS,
        ),
    ] {
        assert_eq!(keys_at(&schema, pointer), set(keys), "{pointer}");
    }
}

#[test]
fn an_input_knows_every_keyword_of_json_schema() {
    let schema = compiled(&super::playbook(&Catalogue::built_in()));
    for keyword in [
        "type", "enum", "pattern", "items", "anyOf", "if", "$defs", "x-note",
    ] {
        let value = match keyword {
            "type" => json!("string"),
            "enum" => json!(["a"]),
            "pattern" => json!("^a$"),
            "anyOf" => json!([{ "type": "null" }]),
            "$defs" => json!({ "a": { "type": "string" } }),
            _ => json!({ "type": "string" }),
        };
        let input = json!({ keyword: value });
        assert!(Schema::compile(&input).is_ok(), "{keyword}");
        assert!(fits(&schema, &with_input(&input)), "{keyword}");
    }
    for wrong in [
        json!({ "typ": "string" }),
        json!({ "type": "strng" }),
        json!({ "items": { "enun": [] } }),
    ] {
        assert!(Schema::compile(&wrong).is_err(), "{wrong}");
        assert!(!fits(&schema, &with_input(&wrong)), "{wrong}");
    }
}

fn with_input(input: &Json) -> Json {
    let mut playbook = base();
    playbook["inputs"] = json!({ "a": input });
    playbook
}

#[test]
fn everything_has_a_description() {
    for (name, mut schema) in [
        ("playbook", super::playbook(&Catalogue::built_in())),
        ("config", super::config()),
    ] {
        // Conditions are not what editors show.
        finish::each_schema(&mut schema, &mut |keywords| {
            for keyword in ["if", "then", "else", "allOf"] {
                keywords.remove(keyword);
            }
        });
        let definitions = schema["$defs"].clone();
        let mut bare = Vec::new();
        finish::each_schema(&mut schema, &mut |keywords| {
            for (key, below) in keywords
                .get("properties")
                .and_then(Json::as_object)
                .into_iter()
                .flatten()
            {
                let named = below["$ref"]
                    .as_str()
                    .and_then(|to| to.strip_prefix("#/$defs/"));
                let below = named.map_or(below, |name| &definitions[name]);
                if below["description"].as_str().is_none_or(str::is_empty) {
                    bare.push(key.clone());
                }
            }
        });
        assert_eq!(bare, Vec::<String>::new(), "{name}");
    }
}

/// Values of every type, and of every form that some key wants.
fn menu() -> Vec<Json> {
    let text = r#"[null, true, false, 0, 1, 5, -1, 1.5, 5000, "", " ", "text", "two words", "stop",
        "30s", "0s", "5", "5%", "101%", "0.00001%", "\"", "out/", "..", "a/..", "10/s", "0/s", ";", "tab", "é", "inputs", "{{ inputs.a }}",
        [], ["a"], [5], [""], [{}], {}, {"a": "b"}, {"a": {}}, {"a b": {}}, {"env": "A"},
        {"env": "A", "file": "B"}, {"requests": 5}, {"requests": -1}, {"attempts": 2},
        {"attempts": 0}, {"csv": "a.csv"}, {"csv": "a.csv", "json": "b"}, {"items": ["a"]}]"#;
    serde_json::from_str(text).unwrap()
}

fn engine() -> Engine {
    Engine::new(Clock {
        now: jiff::Timestamp::UNIX_EPOCH,
        zone: jiff::tz::TimeZone::UTC,
    })
}

fn base() -> Json {
    json!({ "voxplay": 1, "steps": [step()] })
}

fn step() -> Json {
    json!({ "action": "record.update", "with": { "module": "contacts", "wolkvox_id": "1", "fields": { "a": "b" } } })
}

/// Whether findings speak of the form of the file, which a schema can know too.
fn refuses_form(findings: &[Diagnostic]) -> bool {
    let of_form = [
        Code::UnknownKey,
        Code::MissingKey,
        Code::WrongType,
        Code::InvalidValue,
        Code::NotSupported,
        Code::UnknownAction,
        Code::LiteralToken,
    ];
    findings
        .iter()
        .any(|finding| finding.is_error() && of_form.contains(&finding.code))
}

fn playbook_reads(playbook: &Json) -> bool {
    let source = Source::new("playbook.yaml", playbook.to_string());
    let (read, findings) = playbook::parse(&source);
    match read {
        _ if refuses_form(&findings) => false,
        None => true,
        Some(playbook) => {
            let (_, findings) =
                crate::plan::compile(&playbook.into(), &Catalogue::built_in(), &engine(), &[]);
            !refuses_form(&findings)
        }
    }
}

/// Puts each value of the menu under each key and has both judge.
fn agree(
    what: &str,
    schema: &Schema,
    keys: &[&str],
    reads: fn(&Json) -> bool,
    place: impl Fn(&str, &Json) -> Json,
) {
    let mut accepted = 0;
    for key in keys {
        for value in menu() {
            let file = place(key, &value);
            let (read, fitted) = (reads(&file), fits(schema, &file));
            assert_eq!(
                read, fitted,
                "{what}: {key}: {value}\nread: {read}, schema: {fitted}"
            );
            accepted += usize::from(read);
        }
    }
    assert!(accepted > 0, "{what}: nothing was accepted");
}

fn without<'k>(keys: &[&'k str], left_out: &[&str]) -> Vec<&'k str> {
    let mut keys: Vec<&str> = keys.to_vec();
    keys.retain(|key| !left_out.contains(key));
    keys.push("unheard_of");
    keys
}

#[test]
fn playbook_and_schema_agree_at_the_top_and_in_limits() {
    let schema = compiled(&super::playbook(&Catalogue::built_in()));
    let keys = without(PLAYBOOK_KEYS, &[]);
    agree("top", &schema, &keys, playbook_reads, |key, value| {
        let mut file = base();
        file[key] = value.clone();
        file
    });
    agree(
        "limits",
        &schema,
        &without(LIMIT_KEYS, &[]),
        playbook_reads,
        |key, value| {
            let mut file = base();
            file["limits"] = json!({ key: value });
            file
        },
    );
    agree(
        "inputs",
        &schema,
        &without(INPUT_KEYS, &[]),
        input_reads,
        |key, value| with_input(&json!({ "type": "string", key: value })),
    );
}

/// An input is only read whole when its schema is compiled.
fn input_reads(file: &Json) -> bool {
    let source = Source::new("playbook.yaml", file.to_string());
    let (read, findings) = playbook::parse(&source);
    !findings.iter().any(Diagnostic::is_error)
        && read.is_some_and(|playbook| {
            playbook
                .inputs
                .iter()
                .all(|input| Schema::compile(&input.schema).is_ok())
        })
}

#[test]
fn playbook_and_schema_agree_on_steps() {
    let schema = compiled(&super::playbook(&Catalogue::built_in()));
    // Expressions are more than their form; actions have a test of their own.
    let keys = without(STEP_KEYS, &["action", "with", "when", "expect", "steps"]);
    for beside in [json!({}), json!({ "for_each": { "items": ["a"] } })] {
        agree("step", &schema, &keys, playbook_reads, |key, value| {
            let mut step = step();
            step.as_object_mut()
                .unwrap()
                .extend(beside.as_object().unwrap().clone());
            step[key] = value.clone();
            json!({ "voxplay": 1, "steps": [step] })
        });
        agree("group", &schema, &keys, playbook_reads, |key, value| {
            let mut group = beside.clone();
            group["steps"] = json!([step()]);
            group[key] = value.clone();
            json!({ "voxplay": 1, "steps": [group] })
        });
        agree("use", &schema, &keys, playbook_reads, |key, value| {
            let mut used = beside.clone();
            used["use"] = "a.yaml".into();
            used[key] = value.clone();
            json!({ "voxplay": 1, "steps": [used] })
        });
    }
    agree(
        "retry",
        &schema,
        &without(RETRY_KEYS, &[]),
        playbook_reads,
        |key, value| {
            let mut step = step();
            step["retry"] = json!({ key: value });
            json!({ "voxplay": 1, "steps": [step] })
        },
    );
}

#[test]
fn playbook_and_schema_agree_on_rows() {
    let schema = compiled(&super::playbook(&Catalogue::built_in()));
    let keys = without(FOR_EACH_KEYS, &[]);
    for source in [
        json!({}),
        json!({ "csv": "a.csv" }),
        json!({ "xlsx": "a.xlsx" }),
    ] {
        agree("for_each", &schema, &keys, playbook_reads, |key, value| {
            let mut step = step();
            step["for_each"] = source.clone();
            step["for_each"][key] = value.clone();
            json!({ "voxplay": 1, "steps": [step] })
        });
    }
}

#[test]
fn conditions_are_expressions_without_braces() {
    let schema = compiled(&super::playbook(&Catalogue::built_in()));
    for (value, wanted) in [
        (json!("1 == 1"), true),
        (json!(true), true),
        (json!(5), false),
        (json!({}), false),
        (json!(null), false),
        (json!("{{ 1 == 1 }}"), false),
        (json!(""), false),
    ] {
        for key in ["when", "expect"] {
            let mut step = step();
            step[key] = value.clone();
            let file = json!({ "voxplay": 1, "steps": [step] });
            let source = Source::new("playbook.yaml", file.to_string());
            let (playbook, _) = playbook::parse(&source);
            let playbook = playbook.unwrap();
            let catalogue = Catalogue::built_in();
            let (_, found) = crate::plan::compile(&playbook.into(), &catalogue, &engine(), &[]);
            assert_eq!(
                !found.iter().any(Diagnostic::is_error),
                wanted,
                "{key}: {value}"
            );
            assert_eq!(fits(&schema, &file), wanted, "{key}: {value}");
        }
    }
}

#[test]
fn config_and_schema_agree() {
    fn reads(file: &Json) -> bool {
        let source = Source::new("voxplay.yaml", file.to_string());
        match project::parse(&source) {
            Ok(_) => true,
            Err(mut findings) => {
                // Which zones there are is no matter of form.
                findings.retain(|finding| !finding.message.starts_with("no time zone is called"));
                !refuses_form(&findings)
            }
        }
    }
    let schema = compiled(&super::config());
    let target = || json!({ "server": "127.0.0.1", "operation": "acme", "token": { "env": "A" } });
    agree(
        "config",
        &schema,
        &without(CONFIG_KEYS, &[]),
        reads,
        |key, value| json!({ key: value }),
    );
    agree(
        "target",
        &schema,
        &without(TARGET_KEYS, &[]),
        reads,
        |key, value| {
            let mut target = target();
            target[key] = value.clone();
            json!({ "targets": { "a": target } })
        },
    );
    for missing in ["server", "operation", "token"] {
        let mut target = target();
        target.as_object_mut().unwrap().shift_remove(missing);
        let file = json!({ "targets": { "a": target } });
        assert!(!reads(&file) && !fits(&schema, &file), "{missing}");
    }
}

/// A value with every scalar in it replaced by a template.
fn as_templates(value: &Json) -> Json {
    match value {
        Json::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), as_templates(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, _)| json!(format!("{{{{ vars.x{index} }}}}")))
            .collect(),
        _ => json!("{{ vars.x }}"),
    }
}

/// A number that this representation can only write with an exponent is another one here.
fn in_digits(value: &Json) -> Json {
    match value {
        Json::Number(number) if number.to_string().contains('e') => json!(1.5),
        Json::Array(items) => items.iter().map(in_digits).collect(),
        Json::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), in_digits(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[test]
fn with_takes_the_examples_and_templates_in_their_place() {
    for action in Catalogue::built_in().actions() {
        let schema = compiled(&super::with(&action));
        let in_playbook = compiled(&super::playbook(&Catalogue::built_in()));
        for example in action.examples() {
            let with = in_digits(&example.with.to_json());
            for with in [as_templates(&with), with] {
                assert!(fits(&schema, &with), "{}: {with}", action.name());
                let file =
                    json!({ "voxplay": 1, "steps": [{ "action": action.name(), "with": with }] });
                assert!(fits(&in_playbook, &file), "{}: {with}", action.name());
                let mut misspelt = with.clone();
                misspelt["wolkvox-id"] = json!("{{ vars.x }}");
                assert!(!fits(&schema, &misspelt), "{}: {misspelt}", action.name());
            }
        }
    }
}

#[test]
fn with_and_the_action_agree_on_literals() {
    for action in Catalogue::built_in().actions() {
        let schema = compiled(&super::with(&action));
        let example = action.examples()[0].with.to_json();
        let names: Vec<String> = action.params_schema()["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for name in &names {
            for value in menu() {
                let mut with = example.clone();
                with[name] = value.clone();
                if value.to_string().contains("{{") {
                    continue;
                }
                let read = Value::from_json_text(&with.to_string()).unwrap();
                let wanted = action.check_params(&read).is_empty();
                assert_eq!(
                    fits(&schema, &with),
                    wanted,
                    "{}: {name}: {value}",
                    action.name()
                );
            }
            let mut less = example.clone();
            less.as_object_mut().unwrap().shift_remove(name);
            let read = Value::from_json_text(&less.to_string()).unwrap();
            let wanted = action.check_params(&read).is_empty();
            assert_eq!(
                fits(&schema, &less),
                wanted,
                "{} without {name}",
                action.name()
            );
        }
    }
}

#[test]
fn names_are_those_that_templates_read() {
    let schema = compiled(&json!({ "type": "string", "pattern": parts::NAME }));
    for word in ["a", "_a1", "1a", "a-b", "", "ñ"] {
        assert_eq!(
            fits(&schema, &json!(word)),
            crate::reading::is_name(word),
            "{word}"
        );
    }
}
