#![expect(
    clippy::disallowed_methods,
    reason = "compares the list with the folder"
)]

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_file_of_the_folder_is_in_the_binary_under_its_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/actions");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let actions: BTreeSet<String> = Catalogue::built_in()
        .actions()
        .map(|action| format!("{}.yaml", action.name()))
        .collect();
    assert_eq!(files, actions);
}

/// `UPDATE_SCHEMAS=1 cargo test --lib built_in` writes it anew; for a new action there has to be an empty file first.
#[test]
fn the_json_of_every_built_in_action_says_what_its_file_says() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(root.join("schemas/actions")).unwrap();
    let mut names = BTreeSet::new();
    for file in files.map(|file| file.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let document = document::read(&Source::new("action", text)).unwrap();
        let made = format!("{}\n", document.root.to_value().to_json_text());
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned() + ".json";
        let kept = root.join("src/action/built_in").join(&name);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(kept, made).unwrap();
        } else {
            assert_eq!(std::fs::read_to_string(kept).unwrap(), made, "{name}");
        }
        names.insert(name);
    }
    let kept: BTreeSet<String> = std::fs::read_dir(root.join("src/action/built_in"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(kept, names);
}

#[test]
fn every_built_in_action_passes_the_checks_of_a_project_action() {
    for action in Catalogue::built_in().actions() {
        let document = document::read(action.source()).unwrap();
        let mut found = read::read(&document).err().unwrap_or_default();
        found.extend(examples::findings(&action, &document));
        let lines: Vec<String> = found.iter().map(line).collect();
        assert!(lines.is_empty(), "{}: {lines:#?}", action.name());
        assert_eq!(Catalogue::built_in().lookup_finding(&action), None);
    }
}

#[test]
fn every_example_states_its_request_and_every_action_an_answer() {
    for action in Catalogue::built_in().actions() {
        let name = action.name();
        for example in action.examples() {
            let stated = example.body.is_some() || action.encoding() == Encoding::None;
            assert!(stated, "{name}: {}", example.name);
        }
        let told = |told: fn(&Example) -> bool| action.examples().iter().any(told);
        assert!(told(|example| example.outputs.is_some()), "{name}");
        assert!(told(|example| example.effect.is_some()), "{name}");
        assert!(
            !action.contradictions().is_empty()
                || action.documentation() == Documentation::Documented
        );
    }
}

/// The bytes on the wire, in the order of the vendor's samples.
#[test]
fn examples_render_to_exactly_their_body() {
    for action in Catalogue::built_in().actions() {
        for example in action.examples() {
            let body = action.body(&example.with, &example.target()).unwrap();
            assert_eq!(
                body.map(|body| body.to_json_text()),
                example.body.as_ref().map(Value::to_json_text),
                "{}: {}",
                action.name(),
                example.name
            );
        }
    }
}

#[test]
fn no_two_actions_are_the_same_call() {
    let mut calls = BTreeSet::new();
    for action in Catalogue::built_in().actions() {
        let fixed = action.body.as_ref().map(fixed_members);
        let call = (action.method().as_str(), action.path().to_owned(), fixed);
        assert!(calls.insert(call), "{}", action.name());
    }
}

fn fixed_members(shape: &body::Shape) -> Vec<String> {
    let body::Shape::Map(members) = shape else {
        return Vec::new();
    };
    let fixed = members.iter().filter_map(|member| match member {
        body::Member::Key(key, body::Shape::Fixed(value)) => {
            Some(format!("{key}={}", value.to_json_text()))
        }
        _ => None,
    });
    fixed.collect()
}

/// PRODUCT table: name, method and path, effects, required and optional parameters.
#[test]
fn the_five_are_what_the_product_promises() {
    let table = [
        (
            "record.update",
            "/server/API/v2/custom/update.php",
            vec![Effect::Update],
            "module wolkvox_id fields",
            "",
        ),
        (
            "record.delete",
            "/server/API/v2/custom/delete.php",
            vec![Effect::Delete],
            "module wolkvox_id",
            "",
        ),
        (
            "case.update",
            "/server/API/v2/cases/update.php",
            vec![Effect::Update, Effect::Create],
            "wolkvox_id responsible status",
            "case_type priority solution form files file_part",
        ),
        (
            "call_activity.insert",
            "/server/API/v2/custom/insert.php",
            vec![Effect::Create],
            "name priority name_module id_record completion_date remember description location wolkvox_owner phone",
            "reminder_date status",
        ),
        (
            "obligation.insert",
            "/server/API/v2/collections/insertObligation.php",
            vec![Effect::Create],
            "wolkvox_id id name",
            "total_balance portfolio_type last_pay last_pay_date expiring_date days_delay form",
        ),
    ];
    for (name, path, effects, required, optional) in table {
        let action = built_in(name);
        assert_eq!((action.method(), action.path()), (Method::Post, path));
        assert_eq!(action.possible_effects(), effects, "{name}");
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
        };
        let schema = action.params_schema();
        let is_required: BTreeSet<String> = schema["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(is_required, words(required), "{name}");
        let all: BTreeSet<String> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(
            all,
            words(required).union(&words(optional)).cloned().collect(),
            "{name}"
        );
        assert_eq!(schema["additionalProperties"], false, "{name}");
    }
}

/// The vendor's own sample answers, and the forms an answer is known to take.
#[test]
fn known_answers_fit_and_give_their_outputs() {
    let answers = [
        (
            r#"{"code":200,"error":"null","msg":"Succesfully edit record","data":{"wolkvox_id":"64cb"}}"#,
            Some(r#""64cb""#),
        ),
        (
            r#"{"code":200,"error":"null","msg":"Succesfully update record","data":{"wolkvox_id":""}}"#,
            None,
        ),
        (
            r#"{"code": 200, "error": "null", "msg": "Have been succesfully removed", "data": {"wolkvox_id": ["", ""]}}"#,
            None,
        ),
        (
            r#"{"code": 200, "error": "null", "msg": "Succesfully create record", "data": {"wolkvox_id": " "}}"#,
            None,
        ),
        (
            r#"{"code":200,"error":"null","msg":"Succesfully create record","data":{"wolkvox_id":"123cb"}}"#,
            Some(r#""123cb""#),
        ),
        (
            r#"{"code":"200","error":null,"msg":"x","data":{"wolkvox_id":["a","b"]},"page":1}"#,
            Some(r#"["a","b"]"#),
        ),
        (r#"{"code":"200","data":{"wolkvox_id":["a",""]}}"#, None),
        (r#"{"code":200,"data":{"wolkvox_id":[]}}"#, None),
        (r#"{"code":200,"data":{"wolkvox_id":null}}"#, None),
        (r#"{"code":200,"data":{}}"#, None),
        (r#"{"code":200,"data":[]}"#, None),
        (r#"{"code":200}"#, None),
    ];
    for action in Catalogue::built_in().actions() {
        for (answer, id) in answers {
            let answer = json(answer);
            assert_eq!(
                action.check_response(&answer),
                [],
                "{} {answer:?}",
                action.name()
            );
            let outputs = action.seen(&answer, &nothing()).outputs();
            let found = outputs.values.get("wolkvox_id").map(Value::to_json_text);
            assert_eq!(found.as_deref(), id, "{} {answer:?}", action.name());
            assert_eq!(outputs.blank.is_empty(), id.is_some());
            assert!(outputs.failed.is_empty(), "{outputs:?}");
        }
        assert_ne!(action.check_response(&json("{}")), []);
        assert_ne!(action.check_response(&json("[]")), []);
    }
}

#[test]
fn wrong_parameters_are_told_with_their_remedy() {
    let phone = r#""phone":{"country":"COLOMBIA","code":"57","value":"300"}"#;
    let call = |more: &str| {
        format!(
            r#"{{"name":"n","priority":"high","name_module":"contacts","id_record":"1","completion_date":"2026-05-30 15:00:00","description":"","location":"N/A","wolkvox_owner":"a@b",{more}}}"#
        )
    };
    let cases = [
        (
            "record.update",
            r#"{"module":"contacts","wolkvox-id":"1","fields":{"a":1}}"#.to_owned(),
            vec!["unknown key `wolkvox-id` (did you mean `wolkvox_id`?)"],
        ),
        (
            "record.update",
            r#"{"module":"contacts","wolkvox_id":" ","fields":{}}"#.to_owned(),
            vec!["`wolkvox_id` must not be blank (give it a value: nothing can be seen in what stands here)", "`fields` must have at least 1 key"],
        ),
        (
            "record.delete",
            r#"{"module":"contacts","wolkvox_id":[]}"#.to_owned(),
            vec!["`wolkvox_id` must have at least 1 item"],
        ),
        (
            "record.delete",
            r#"{"module":"contacts","wolkvox_id":["a","a"]}"#.to_owned(),
            vec!["`wolkvox_id` has the same item twice"],
        ),
        (
            "record.delete",
            r#"{"module":"contacts","wolkvox_id":["a",""]}"#.to_owned(),
            vec!["`wolkvox_id[1]` must not be blank (give it a value: nothing can be seen in what stands here)"],
        ),
        (
            "record.delete",
            r#"{"module":"contacts","wolkvox_id":12}"#.to_owned(),
            vec!["`wolkvox_id` must be text or a list, not a number (write it in quotes, so that it stays as it is written)"],
        ),
        (
            "call_activity.insert",
            call(&format!(r#""remember":true,{phone}"#)),
            vec!["`reminder_date` is missing (`reminder_date`: when it reminds, YYYY-MM-DD HH:MM:SS; needed when `remember` is true)"],
        ),
        ("call_activity.insert", call(&format!(r#""remember":false,{phone}"#)), vec![]),
        (
            "call_activity.insert",
            call(r#""remember":false,"phone":{"country":"C","code":57,"value":"+57 300"}"#),
            vec![
                "`phone.code` must be text, not a number (write it in quotes, so that it stays as it is written)",
                "`phone.value` must be digits only, without a plus sign, blanks or dashes",
            ],
        ),
        (
            "case.update",
            r#"{"wolkvox_id":"1","responsible":"a@b","status":"open","files":[],"file_part":"filez"}"#.to_owned(),
            vec!["`files` must have at least 1 item", "`file_part` must be one of `file`, `files` (did you mean `file`?)"],
        ),
        (
            "obligation.insert",
            r#"{"wolkvox_id":"1","id":"","name":7,"total_balance":"10.000,50","expiring_date":"2026-05-30"}"#.to_owned(),
            vec![
                "`id` must not be blank (give it a value: nothing can be seen in what stands here)",
                "`name` must be text, not a number (write it in quotes, so that it stays as it is written)",
                "`total_balance` must be digits, with a point before decimals and nothing else",
                "`expiring_date` must be a day that exists, in the CRM's form (it is written DD-MM-YYYY, such as 30-05-2026)",
            ],
        ),
        (
            "obligation.insert",
            r#"{"wolkvox_id":"1","id":"a","name":"b","total_balance":10000.10,"days_delay":90,"last_pay":"","last_pay_date":""}"#.to_owned(),
            vec![],
        ),
    ];
    for (name, with, wanted) in cases {
        let with = json(&with);
        let told: Vec<String> = built_in(name)
            .check_params(&with)
            .iter()
            .map(|found| {
                let help = found
                    .help(&with)
                    .map_or(String::new(), |help| format!(" ({help})"));
                format!("{}{help}", found.message)
            })
            .collect();
        assert_eq!(told, wanted, "{name}");
    }
}

#[test]
fn multiple_follows_the_type_of_the_id() {
    let action = built_in("record.delete");
    let target = Example::target(&action.examples()[0]);
    for (id, multiple) in [
        (r#""a""#, "false"),
        (r#"["a"]"#, "true"),
        (r#"["a","b"]"#, "true"),
    ] {
        let with = json(&format!(r#"{{"module":"m","wolkvox_id":{id}}}"#));
        let body = action.body(&with, &target).unwrap().unwrap();
        assert_eq!(body.get("multiple").unwrap().to_json_text(), multiple);
        assert_eq!(action.check_request(&body), []);
        assert_eq!(action.item_count(&with), if id.len() > 5 { 2 } else { 1 });
    }
}

#[test]
fn a_case_with_a_file_is_a_create() {
    let action = built_in("case.update");
    let plain = json(r#"{"wolkvox_id":"1","responsible":"a@b","status":"open"}"#);
    let with_file =
        json(r#"{"wolkvox_id":"1","responsible":"a@b","status":"open","files":"a.pdf"}"#);
    assert_eq!(action.effect(&plain), Effect::Update);
    assert_eq!(action.effect(&with_file), Effect::Create);
    assert!(
        action
            .effect_rule()
            .because(&with_file)
            .unwrap()
            .contains("second time")
    );
    assert_eq!(action.effect_rule().because(&plain), None);
    assert_eq!(action.effect_rule().strongest(), Effect::Create);
    let target = action.examples()[0].target();
    assert_eq!(action.attachments(&plain, &target).unwrap(), None);
    let files = action.attachments(&with_file, &target).unwrap().unwrap();
    assert_eq!(
        (files.part.as_str(), files.paths.as_slice()),
        ("file", &["a.pdf".to_owned()][..])
    );
    assert!(action.lists_extension_of("a/B.PDF"));
    assert!(!action.lists_extension_of("a.exe"));
    assert!(!action.lists_extension_of("pdf"));
}

#[test]
fn a_number_with_an_exponent_is_stopped_before_it_is_sent() {
    let action = built_in("obligation.insert");
    let with = json(r#"{"wolkvox_id":"1","id":"a","name":"b","total_balance":12e5}"#);
    let body = action
        .body(&with, &action.examples()[0].target())
        .unwrap()
        .unwrap();
    assert_eq!(
        body.get("fields")
            .unwrap()
            .get("total_balance")
            .unwrap()
            .as_text(),
        Some("12e5")
    );
    assert_eq!(action.check_request(&body).len(), 1);
    let with = json(
        r#"{"wolkvox_id":"1","id":"a","name":"b","total_balance":12e5,"last_pay":1.5,"days_delay":9.0}"#,
    );
    let found = action.check_params(&with);
    let places: Vec<&str> = found.iter().map(|found| found.pointer.as_str()).collect();
    assert_eq!(places, ["/total_balance", "/days_delay"]);
}

#[test]
fn values_are_never_templates() {
    let action = built_in("record.update");
    let with = json(
        r#"{"module":"m","wolkvox_id":"1","fields":{"{{ target.operation }}":"{{ with.module }}"}}"#,
    );
    let body = action
        .body(&with, &action.examples()[0].target())
        .unwrap()
        .unwrap();
    let fields = body.get("fields").unwrap().to_json_text();
    assert_eq!(fields, r#"{"{{ target.operation }}":"{{ with.module }}"}"#);
}
