//! What no schema of a project can allow.

use super::*;

/// A delete whose own schema lets everything pass.
const CARELESS: &str = r#"
name: thing.delete
summary: Delete things
documentation: thin
page: { title: Delete, url: "https://example.com/delete" }
effect: EFFECT
method: POST
path: /server/API/v2/things/delete.php
encoding: json
params:
  type: object
  additionalProperties: false
  properties:
    ids: { description: the ids }
    filter: { type: object, description: which ones }
    "a/b": { description: a name with a slash }
body:
  ids: "{{ with.ids }}"
request: { type: object }
response: { type: object }
outputs: {}
examples:
  - name: one
    with: { ids: "1" }
    body: { ids: "1" }
"#;

fn refused(effect: &str, with: &str) -> Vec<String> {
    let text = CARELESS.replace("EFFECT", effect);
    let (catalogue, findings) = project(&[("thing.delete", &text)]);
    assert_eq!(findings, []);
    let action = catalogue.get("thing.delete").unwrap();
    let found = action.check_params(&json(with)).into_iter();
    found
        .map(|violation| format!("{}: {}", violation.pointer, violation.message))
        .collect()
}

#[test]
fn a_parameter_that_was_not_given_has_its_default() {
    let text = CARELESS
        .replace(
            "effect: EFFECT",
            "effect: { default: read, when: [{ if: with.size == 10000.10, effect: update, because: it is large }] }\nquery: { size: \"{{ with.size }}\" }",
        )
        .replace("    filter:", "    size: { type: number, default: 10000.10, description: how many }\n    filter:")
        .replace("body:\n", "body:\n  size: \"{{ with.size }}\"\n")
        .replace("    body: {", "    query: { size: '10000.10' }\n    body: { size: 10000.10,")
        .replace("outputs: {}", "success: with.size > 1\noutputs: { size: \"{{ with.size }}\" }");
    let (catalogue, findings) = project(&[("thing.delete", &text)]);
    assert_eq!(findings, []);
    let action = catalogue.get("thing.delete").unwrap();
    let target = TargetFacts {
        name: "sandbox".to_owned(),
        server: "http://127.0.0.1:1".to_owned(),
        operation: "sandbox".to_owned(),
    };
    for (with, size) in [("{}", "10000.10"), (r#"{"size":5}"#, "5")] {
        let with = json(with);
        let body = action.body(&with, &target).unwrap().unwrap();
        assert_eq!(body.get("size").unwrap().to_json_text(), size);
        let query = action.query(&with, &target).unwrap();
        assert_eq!(query, [("size".to_owned(), size.to_owned())]);
        let answer = json(r#"{"code":200}"#);
        assert_eq!(action.seen(&answer, &with).success(), Ok(()));
        let outputs = action.seen(&answer, &with).outputs().values;
        assert_eq!(outputs.get("size").unwrap().to_json_text(), size);
    }
    assert_eq!(action.effect(&json("{}")), Effect::Update);
    assert_eq!(action.effect(&json(r#"{"size":5}"#)), Effect::Read);
}

#[test]
fn nothing_is_deleted_by_a_blank() {
    for (with, wanted) in [
        (
            r#"{"ids": ""}"#,
            "/ids: `ids` must not be blank in a delete",
        ),
        (
            r#"{"ids": "\u200b "}"#,
            "/ids: `ids` must not be blank in a delete",
        ),
        (
            r#"{"ids": null}"#,
            "/ids: `ids` must not be blank in a delete",
        ),
        (
            r#"{"ids": []}"#,
            "/ids: `ids` must not be blank in a delete",
        ),
        (
            r#"{"ids": ["1", ""]}"#,
            "/ids/1: `ids[1]` must not be blank in a delete",
        ),
        (
            r#"{"filter": {}}"#,
            "/filter: `filter` must not be blank in a delete",
        ),
        (
            r#"{"filter": {"id": " "}}"#,
            "/filter/id: `filter.id` must not be blank in a delete",
        ),
        (
            r#"{"a/b": ""}"#,
            "/a~1b: `a/b` must not be blank in a delete",
        ),
    ] {
        assert_eq!(refused("delete", with), [wanted], "{with}");
        assert!(refused("update", with).is_empty(), "{with}");
    }
    assert!(refused("delete", r#"{"ids": [0, "1", false]}"#).is_empty());
}

#[test]
fn what_its_schema_says_of_a_blank_is_not_said_twice() {
    let found =
        built_in("record.delete").check_params(&json(r#"{"module": "m", "wolkvox_id": ""}"#));
    assert_eq!(found.len(), 1, "{found:?}");
}
