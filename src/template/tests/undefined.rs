//! Nothing that is undefined gets by.

use super::*;
use crate::template::ErrorKind;

const NAMES: &str = r#"{"row":{"id":"7","list":[1],"b":true,"nil":null,"rows":[{"x":1},{}]},
    "inputs":{"contact_id":"a","tier":"VIP"},"steps":{"promote":{"wolkvox_id":"1"}}}"#;

#[test]
fn every_way_to_an_undefined_value_is_an_error() {
    for text in [
        "{{ row.nope }}",
        "{{ row['no'] }}",
        "{{ row.list[9] }}",
        "{{ row.list[-2] }}",
        "{{ nope }}",
        "{{ nope.a.b }}",
        "{{ row.id.x }}",
        "{{ row.nil.x }}",
        "{{ 1 if false }}",
        "{{ {'a': row.nope} }}",
        "{{ [row.nope] }}",
        "{{ [[row.nope]] | tojson }}",
        "{{ row.rows | map(attribute='x') | list }}",
        "{{ row.b and row.nope }}",
        "{{ false or row.nope }}",
        "{{ row.nope or 'x' }}",
        "{{ row.nope | tojson }}",
        "{{ row.nope | text }}",
        "{{ row.nope | upper }}",
        "{{ row.nope == 1 }}",
        "{{ not row.nope }}",
        "{{ row.nope is none }}",
        "{{ row.nope in [1] }}",
        "{{ 'x' ~ row.nope }}",
        "{{ [] | first }}",
        "{{ [] | max }}",
        "{{ ''[0] }}",
        "x {{ row.nope }}",
        "{% if row.nope %}{% endif %}",
        "{% for x in row.nope %}{% endfor %}",
        "{% set x = row.nope %}",
        "{% for x in row.rows %}{{ x.x }}{% endfor %}",
        "{{ row.id if row.nope else 1 }}",
        "{{ 'x' | default(row.nope) }}",
        "{{ row.list[row.nope] }}",
    ] {
        let error = error(text, NAMES);
        assert!(
            matches!(error.kind, ErrorKind::Undefined { .. }),
            "{text}: {error:?}"
        );
        assert!(error.range.is_some(), "{text}");
    }
}

#[test]
fn the_error_names_the_path_its_place_and_the_nearest_name() {
    for (text, at, message, help) in [
        (
            "id {{ inputs.contct_id }}",
            "inputs.contct_id",
            "`inputs.contct_id` is undefined",
            "did you mean `contact_id`?",
        ),
        (
            "{{ input.tier }}",
            "input.tier",
            "`input` is undefined",
            "did you mean `inputs`?",
        ),
        (
            "{{ steps['promote'].wolkvox_idd | upper }}",
            "steps['promote'].wolkvox_idd",
            "`steps.promote.wolkvox_idd` is undefined",
            "did you mean `wolkvox_id`?",
        ),
        (
            "{{ steps.promte.wolkvox_id }}",
            "steps.promte.wolkvox_id",
            "`steps.promte` is undefined",
            "did you mean `promote`?",
        ),
        (
            "{{ inputs[row.id ~ 'x'] }}",
            "inputs[row.id ~ 'x']",
            "`inputs[row.id ~ 'x']` is undefined",
            "known here: contact_id, tier",
        ),
    ] {
        let error = error(text, NAMES);
        assert_eq!(error.message, message, "{text}");
        assert_eq!(pointed(text, &error), at, "{text}");
        assert_eq!(error.help.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn the_known_names_are_those_of_that_level_the_nearest_first() {
    let ErrorKind::Undefined { path, known } = error("{{ inputs.teir }}", NAMES).kind else {
        panic!("undefined")
    };
    assert_eq!(path, "inputs.teir");
    assert_eq!(known, ["tier", "contact_id"]);
}

#[test]
fn what_stands_before_the_member_is_said() {
    for (text, message) in [
        (
            "{{ row.list[9] }}",
            "`row.list[9]` is undefined: the list has 1 item",
        ),
        (
            "{{ row.id.x }}",
            "`row.id.x` is undefined: text has no members",
        ),
        (
            "{{ row.nil.x }}",
            "`row.nil.x` is undefined: what stands before it is null",
        ),
        ("{{ row['a b'] }}", "`row['a b']` is undefined"),
        (
            "{{ [] | first }}",
            "`[] | first` has no value: the list is empty",
        ),
        (
            "{{ 1 if false }}",
            "`1 if false` has no value: its condition is false and it has no `else`",
        ),
    ] {
        assert_eq!(error(text, NAMES).message, message);
    }
}

#[test]
fn a_reason_that_was_noted_is_part_of_the_message() {
    let mut scope = scope_of(r#"{"steps":{"promote":{"code":"200"}}}"#);
    scope.explain_missing(
        &["steps", "promote", "wolkvox_id"],
        "the CRM returned a blank id",
    );
    scope.explain_missing(&["steps", "call"], "the step was skipped");
    let row = scope.child();
    let message = |text| compile(text).render(&row).unwrap_err().message;
    assert_eq!(
        message("{{ steps.promote.wolkvox_id }}"),
        "`steps.promote.wolkvox_id` is undefined: the CRM returned a blank id"
    );
    assert_eq!(
        message("x{{ steps.call.wolkvox_id }}"),
        "`steps.call` is undefined: the step was skipped"
    );
    assert_eq!(message("{{ steps.cal }}"), "`steps.cal` is undefined");
}

#[test]
fn what_may_be_undefined_may() {
    for (text, value) in [
        ("{{ row.nope | default('x') }}", r#""x""#),
        ("{{ nope.a.b | default('x') }}", r#""x""#),
        ("{{ (row.nope if true else 1) | default('x') }}", r#""x""#),
        ("{{ (1 if false) | default('x') }}", r#""x""#),
        ("{{ [] | first | default('x') }}", r#""x""#),
        ("{{ row[row.id] | default('x') }}", r#""x""#),
        ("{{ row.nope is defined }}", "false"),
        ("{{ row.nope is not defined }}", "true"),
        ("{{ row.nope is undefined }}", "true"),
        ("{{ nope.a is defined }}", "false"),
        ("{{ row.nope is defined and row.nope == 1 }}", "false"),
        ("{{ 1 if row.nope is defined else 2 }}", "2"),
        ("{{ true or row.nope }}", "true"),
    ] {
        assert_eq!(render(text, NAMES), value, "{text}");
    }
}

#[test]
fn a_default_hides_only_what_it_stands_after() {
    for text in [
        "{{ row.nope | upper | default('x') }}",
        "{{ row[row.nope] | default('x') }}",
        "{{ [row.nope] | default('x') }}",
        "{{ (row.nope ~ 'a') | default('x') }}",
        "{{ row.rows | map(attribute='x') | default([]) }}",
    ] {
        assert!(
            matches!(error(text, NAMES).kind, ErrorKind::Undefined { .. }),
            "{text}"
        );
    }
}

#[test]
fn required_speaks_for_the_author() {
    for text in [
        "{{ row.nope | required('give an id') }}",
        "{{ row.nil | required('give an id') }}",
        "{{ ' ' | required('give an id') }}",
    ] {
        let error = error(text, NAMES);
        assert_eq!(error.kind, ErrorKind::Required("give an id".to_owned()));
        assert_eq!(error.message, "give an id");
    }
    assert_eq!(render("{{ row.id | required('x') }}", NAMES), r#""7""#);
}

#[test]
fn an_optional_value_is_left_out_only_where_it_is_a_path_alone() {
    let scope = scope_of(NAMES);
    let optional = |text| compile(text).render_optional(&scope);
    assert_eq!(optional("{{ row.nope }}"), Ok(None));
    assert_eq!(optional("{{ nope.at.all }}"), Ok(None));
    assert_eq!(optional("{{ row.nil }}"), Ok(Some(Value::Null)));
    assert_eq!(optional("{{ row.id }}"), Ok(Some(Value::from("7"))));
    for text in [
        "x{{ row.nope }}",
        "{{ row.nope | upper }}",
        "{{ [row.nope] }}",
        "{{ row[nope] }}",
    ] {
        assert!(optional(text).is_err(), "{text}");
    }
}
