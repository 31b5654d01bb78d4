use super::*;

/// A whole action file, to be broken by replacing a part of it.
const GOOD: &str = r#"name: thing.make
summary: Make a thing
documentation: thin
page: { title: Things }
effect: create
method: POST
path: /server/API/v2/things/make.php
encoding: json
params:
  type: object
  additionalProperties: false
  required: [name]
  properties:
    name: { type: string, description: its name }
body:
  operation: "{{ target.operation }}"
  name: "{{ with.name }}"
request:
  type: object
  required: [operation, name]
response: { type: object }
outputs:
  wolkvox_id: { value: "{{ response.data.wolkvox_id }}", id: true }
examples:
  - name: one
    with: { name: a }
    body: { operation: sandbox, name: a }
    answer: { code: 200, data: { wolkvox_id: "7" } }
    outputs: { wolkvox_id: "7" }
    effect: create
"#;

/// The findings of the good file with one part replaced.
fn broken(part: &str, by: &str) -> Vec<String> {
    assert_eq!(GOOD.matches(part).count(), 1, "{part}");
    let text = GOOD.replace(part, by);
    let (catalogue, found) = project(&[("thing.make", &text)]);
    assert_eq!(catalogue.contains("thing.make"), found.is_empty());
    found.iter().map(line).collect()
}

#[test]
fn a_good_file_adds_an_action() {
    let (catalogue, found) = project(&[("thing.make", GOOD)]);
    assert_eq!(found, []);
    let action = catalogue.get("thing.make").unwrap();
    assert_eq!(action.effect(&nothing()), Effect::Create);
    assert_eq!(action.output_names().collect::<Vec<_>>(), ["wolkvox_id"]);
    assert_eq!(action.source().name(), "actions/thing.make.yaml");
    assert!(!catalogue.is_built_in("thing.make") && catalogue.is_built_in("record.update"));
    assert!(!Catalogue::built_in().contains("thing.make"));
}

#[test]
fn the_shape_of_the_file_is_checked() {
    let cases = [
        (
            "summary: Make a thing",
            "sumary: Make a thing",
            vec!["2:1 unknown-key: unknown key `sumary` (did you mean `summary`?)"],
        ),
        (
            "effect: create\nmethod",
            "effect: crate\nmethod",
            vec![
                "5:9 invalid-action: `effect` must be one of `read`, `update`, `create`, `delete` (did you mean `create`?)",
            ],
        ),
        (
            "effect: create\nmethod",
            "effect: { default: update, when: [{ if: a, effect: create }] }\nmethod",
            vec![
                "5:37 missing-key: `because` is missing in `effect.when[0]` (`because`: why, in one sentence for the reader of a plan)",
            ],
        ),
        (
            "/server/API/v2/things/make.php",
            "//evil.example/a",
            vec![
                "7:7 invalid-action: `path` must be an absolute path of plain letters, such as /server/API/v2/custom/update.php",
            ],
        ),
        (
            "  additionalProperties: false\n",
            "  additionalProperties: true\n",
            vec!["11:25 invalid-action: `params.additionalProperties` must be `false`"],
        ),
        (
            "    effect: create",
            "    efect: create",
            vec!["30:5 unknown-key: unknown key `efect` (did you mean `effect`?)"],
        ),
    ];
    for (part, by, wanted) in cases {
        assert_eq!(broken(part, by), wanted, "{by}");
    }
}

#[test]
fn the_parts_are_checked_against_each_other() {
    let cases = [
        (
            "encoding: json",
            "encoding: none",
            vec![
                "15:1 invalid-action: `body` has no meaning for the encoding `none`",
                "18:1 invalid-action: `request` has no meaning for the encoding `none`",
                "27:5 invalid-action: `body` has no meaning for the encoding `none`",
            ],
        ),
        (
            "encoding: json",
            "encoding: json\nfiles: { from: file, part: a }",
            vec![
                "9:1 invalid-action: `files` has no meaning for the encoding `json`",
                "9:16 invalid-action: `files.from` names no parameter (known here: name)",
            ],
        ),
        (
            "encoding: json",
            "encoding: json\nitems: nam",
            vec!["9:8 invalid-action: `items` names no parameter (did you mean `name`?)"],
        ),
        (
            "encoding: json",
            "encoding: json\nmax_items: 5",
            vec![
                "1:1 missing-key: `items` is missing (`items`: the parameter whose length is the number of things that one call acts on)",
            ],
        ),
        (
            "    body: { operation: sandbox, name: a }",
            "    parts: [{ name: operation, text: sandbox }, { name: name, text: a }]",
            vec![
                "27:5 invalid-action: `parts` has no meaning for the encoding `json` (state `body` in its place)",
            ],
        ),
        (
            "method: POST",
            "method: GET",
            vec![
                "6:1 invalid-action: a GET has no body (proxies drop the body of a GET: use `query` and `encoding: none`)",
            ],
        ),
        (
            ", description: its name",
            "",
            vec![
                "14:5 invalid-action: the parameter `name` has no description (add `description:` to it)",
            ],
        ),
        (
            "encoding: json",
            "encoding: json\nanswer: array",
            vec![
                "9:1 invalid-action: only a call with the effect `read` may answer with a list (the outcome of a write is told by `code` and `error` of an object)",
            ],
        ),
        (
            "body:\n  operation",
            "body:\n  $merg: a\n  operation",
            vec!["16:3 unknown-key: unknown key `$merg` (did you mean `$merge`?)"],
        ),
        (
            "name: thing.make",
            "name: thing.do",
            vec![
                "1:7 invalid-action: the action `thing.do` stands in a file called `thing.make` (call the file thing.do.yaml)",
            ],
        ),
    ];
    for (part, by, wanted) in cases {
        assert_eq!(broken(part, by), wanted, "{by}");
    }
}

#[test]
fn schemas_are_compiled_where_they_stand() {
    let cases = [
        (
            "name: { type: string,",
            "name: { typ: string,",
            "14:13 invalid-schema: the schema `params` is wrong: `typ` is not a keyword of JSON Schema 2020-12 (did you mean `type`? a keyword of your own begins with `x-`)",
        ),
        (
            "response: { type: object }",
            "response: { type: objet }",
            "21:19 invalid-schema: the schema `response` is wrong: `type` ",
        ),
        (
            "  required: [operation, name]",
            "  properties: { name: { format: datum } }",
            "20:33 invalid-schema: the schema `request` is wrong: `datum` is not a known format",
        ),
        (
            "  required: [operation, name]",
            "  properties: { name: { pattern: '(' } }",
            "20:34 invalid-schema: the schema `request` is wrong: ",
        ),
    ];
    for (part, by, wanted) in cases {
        let found = broken(part, by);
        assert!(
            found.len() == 1 && found[0].starts_with(wanted),
            "{by}: {found:#?}"
        );
    }
}

#[test]
fn templates_are_compiled_and_kept_to_what_they_see() {
    let cases = [
        (
            r#"  name: "{{ with.name }}""#,
            r#"  name: "{{ with.name""#,
            "17:",
            "template-syntax",
        ),
        (
            r#"  name: "{{ with.name }}""#,
            r#"  name: "{{ with.nam }}""#,
            "17:",
            "undefined-name: `with` has no `nam` (did you mean `name`?)",
        ),
        (
            r#"  name: "{{ with.name }}""#,
            r#"  name: "{{ response.name }}""#,
            "17:",
            "undefined-name: `response` cannot be seen here",
        ),
        (
            r#"  name: "{{ with.name }}""#,
            r#"  name: "{{ target.token }}""#,
            "17:",
            "undefined-name: `target` has no `token`",
        ),
        (
            r#"value: "{{ response.data.wolkvox_id }}""#,
            r#"value: "{{ target.name }}""#,
            "23:",
            "undefined-name: `target` cannot be seen here",
        ),
        (
            "effect: create\nmethod",
            "effect: { default: update, when: [{ if: with.nme is defined, effect: create, because: x }] }\nmethod",
            "5:",
            "undefined-name: `with` has no `nme`",
        ),
        (
            "encoding: json",
            "encoding: json\nsuccess: response.(",
            "9:",
            "template-syntax",
        ),
    ];
    for (part, by, line, message) in cases {
        let found = broken(part, by);
        assert!(
            found.len() == 1 && found[0].starts_with(line) && found[0].contains(message),
            "{by}: {found:#?}"
        );
    }
}

#[test]
fn keywords_of_our_own_are_spelled_right() {
    let cases = [
        (
            "x-plain-number: decimals",
            "14:43 invalid-schema: the schema `params` is wrong: `x-plain-number` must be `decimal` or `integer` (did you mean `decimal`?)",
        ),
        (
            "x-plain-numbers: decimal",
            "14:27 invalid-schema: the schema `params` is wrong: `x-plain-numbers` means nothing here (did you mean `x-plain-number`?)",
        ),
        (
            "x-expected: 5",
            "14:39 invalid-schema: the schema `params` is wrong: `x-expected` must be text (write what fits, in a few words that go on after \"must be\")",
        ),
        (
            "pattern: '('",
            "14:36 invalid-schema: the schema `params` is wrong: this is not a regular expression: a `(` is not closed: write `\\(` for the letter",
        ),
        (
            "format: activity-date",
            "14:35 invalid-schema: the schema `params` is wrong: `activity-date` is not a known format (did you mean `activity-datetime`?; or leave it out, or use `pattern`)",
        ),
    ];
    for (keyword, wanted) in cases {
        let by = format!("name: {{ type: string, {keyword},");
        assert_eq!(broken("name: { type: string,", &by), [wanted], "{keyword}");
    }
    let own = "name: { type: string, x-mine: 5,";
    assert_eq!(broken("name: { type: string,", own), [""; 0]);
}

#[test]
fn a_condition_of_success_is_tried_with_the_examples() {
    let success = |condition: &str| {
        broken(
            "encoding: json",
            &format!("encoding: json\nsuccess: {condition}"),
        )
    };
    assert_eq!(success("response.code == 200"), [""; 0]);
    for (condition, wanted) in [
        (
            "response.code",
            "9:10 invalid-action: `success` must be true or false, and for the answer of an example it is a number (compare it with something, as in `response.data.inserted == 1`)",
        ),
        (
            "response.code == 201",
            "29:5 invalid-action: the answer does not meet the action's condition of success: response.code == 201 (response.code is 200); state `success: false` in the example if that is meant",
        ),
        (
            "response.data.count > 0",
            "29:5 invalid-action: the action's condition of success cannot be told from the answer: `response.data.count` is undefined",
        ),
    ] {
        assert_eq!(success(condition), [wanted], "{condition}");
    }
}

#[test]
fn what_is_required_and_counted_is_a_parameter_that_can_be() {
    assert_eq!(
        broken("required: [name]", "required: [name, fieldz]"),
        [
            "12:20 invalid-action: `required` names no parameter: there is no `fieldz` (known here: name)"
        ]
    );
    assert_eq!(
        broken(
            r#"  name: "{{ with.name }}""#,
            r#"  name: { $eech: "{{ with.name }}", $item: "{{ item }}" }"#
        ),
        ["17:11 unknown-key: unknown key `$eech` (did you mean `$each`?)"]
    );
    let paging = "encoding: json\npaging: { page: name, limit: name, max_limit: 5, records: '{{ response.data }}' }";
    assert_eq!(
        broken("encoding: json", paging),
        [
            "9:1 invalid-action: `paging` is for calls with the effect `read` (take it out: a call that writes is sent once, and not again for each page)",
            "9:17 invalid-action: `paging.page` names a parameter that is no number (the pages are counted by it: give the parameter `type: integer`)",
            "9:30 invalid-action: `paging.limit` names a parameter that is no number (the pages are counted by it: give the parameter `type: integer`)",
        ]
    );
}

#[test]
fn examples_are_tried() {
    let cases = [
        (
            "with: { name: a }",
            "with: { nam: a }",
            vec!["26:13 schema: unknown key `nam` (did you mean `name`?)"],
        ),
        (
            "body: { operation: sandbox, name: a }",
            "body: { operation: sandbox, name: b }",
            vec!["27:39 invalid-action: the action makes something else: `name` is `\"a\"`"],
        ),
        (
            "body: { operation: sandbox, name: a }",
            "body: { operation: sandbox, name: a, more: 1 }",
            vec!["27:48 invalid-action: the action makes something else: `more` is not there"],
        ),
        (
            "  required: [operation, name]",
            "  properties: { name: { minLength: 2 } }",
            vec!["27:39 schema: `name` must have at least 2 characters"],
        ),
        (
            "    outputs: { wolkvox_id: \"7\" }",
            "    outputs: {}",
            vec!["29:5 invalid-action: the action makes something else: `wolkvox_id` is `\"7\"`"],
        ),
        (
            "    effect: create",
            "    effect: update",
            vec!["30:13 invalid-action: the effect is `create`, not `update`"],
        ),
        (
            "response: { type: object }",
            "response: { type: object, required: [msg] }",
            vec!["28:5 schema: `msg` is missing"],
        ),
    ];
    for (part, by, wanted) in cases {
        assert_eq!(broken(part, by), wanted, "{by}");
    }
}

#[test]
fn no_file_is_dropped_without_a_word() {
    let paging = |limit: &str| {
        let paging = format!(
            "encoding: json\npaging: {{ page: at, limit: at, max_limit: {limit}, records: '{{{{ response.data }}}}' }}"
        );
        let text = GOOD
            .replace("encoding: json", &paging)
            .replace("effect: create", "effect: read")
            .replace(
                "  properties:\n",
                "  properties:\n    at: { type: integer, description: which page }\n",
            );
        let (_, found) = project(&[("thing.make", &text)]);
        found.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(paging("2.5e2"), [""; 0]);
    assert_eq!(paging("1e30").len(), 1);
}

#[test]
fn a_project_cannot_change_what_a_built_in_name_means() {
    let text = GOOD.replace("name: thing.make", "name: record.update");
    let (catalogue, found) = project(&[("record.update", &text)]);
    assert_eq!(
        found.iter().map(line).collect::<Vec<_>>(),
        [
            "1:7 invalid-action: `record.update` is a built-in action (give it a name of its own: a playbook must mean the same in every project)"
        ]
    );
    assert_eq!(
        catalogue.get("record.update").unwrap().summary(),
        built_in("record.update").summary()
    );
}

#[test]
fn one_name_cannot_be_two_files() {
    let (_, found) = project(&[("thing.make", GOOD), ("thing.make", GOOD)]);
    assert_eq!(
        found.iter().map(line).collect::<Vec<_>>(),
        [
            "1:7 invalid-action: `thing.make` is there twice (the other one is in actions/thing.make.yaml)"
        ]
    );
}

#[test]
fn a_lookup_names_an_action_that_reads() {
    let lookup = |action: &str| {
        let text = format!(
            "{GOOD}lookup: {{ action: {action}, with: {{ name: '{{{{ with.name }}}}' }}, same: found.name == with.name }}\n"
        );
        let (_, found) = project(&[("thing.make", &text)]);
        found.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        lookup("record.updat"),
        ["31:19 unknown-action: there is no action `record.updat` (did you mean `record.update`?)"]
    );
    assert_eq!(
        lookup("record.update"),
        [
            "31:19 invalid-action: `record.update` does not only read (a look-up must change nothing)"
        ]
    );
}

#[test]
fn a_lookup_gives_the_read_what_it_takes() {
    let find = GOOD
        .replace("name: thing.make", "name: thing.find")
        .replace("effect: create", "effect: read")
        .replace(
            "  properties:\n",
            "  properties:\n    count: { type: integer, description: how many }\n",
        );
    let lookup = |with: &str| {
        let text = format!(
            "{GOOD}lookup: {{ action: thing.find, with: {{ {with} }}, same: found.name == with.name }}\n"
        );
        let (_, found) = project(&[("thing.make", &text), ("thing.find", &find)]);
        found.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(lookup("name: '{{ with.name }}'"), [""; 0]);
    assert_eq!(
        lookup("nam: '{{ with.name }}'"),
        ["31:44 unknown-key: `thing.find` has no parameter `nam` (did you mean `name`?)"]
    );
    assert_eq!(
        lookup("count: 1"),
        ["31:31 missing-key: `thing.find` needs the parameter `name`"]
    );
    assert_eq!(lookup("$merge: '{{ with }}'"), [""; 0]);
}

#[test]
fn an_output_may_not_hide_what_every_step_has() {
    for name in crate::action::STEP_FACTS {
        let outputs = "wolkvox_id: { value: \"{{ response.data.wolkvox_id }}\", id: true }";
        let by = format!("{outputs}\n  {name}: \"{{{{ response.data.x }}}}\"");
        assert_eq!(
            broken(outputs, &by),
            [format!(
                "24:3 invalid-action: an output cannot be called `{name}`: every step has that already (give it another name, such as `answer_{name}`)"
            )]
        );
    }
}

#[test]
fn a_folder_is_read_with_everything_that_is_wrong_in_it() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let mut file = tempfile::Builder::new()
            .prefix("")
            .suffix("")
            .tempfile_in(folder.path())
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.persist(folder.path().join(name)).unwrap();
    };
    put("thing.make.yaml", GOOD);
    put("broken.yml", "name: [\n");
    put("README.md", "# no action");
    let (catalogue, found) = Catalogue::with_folder(folder.path(), &|_| None);
    assert!(catalogue.contains("thing.make"));
    assert_eq!(found.len(), 1, "{found:#?}");
    let (catalogue, found) = Catalogue::with_folder(&folder.path().join("none"), &|_| None);
    assert_eq!((catalogue.names().count(), found.len()), (5, 0));
}
