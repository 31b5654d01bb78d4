//! What is found before anything runs.

use super::*;
use crate::template::ErrorKind;

fn refused(text: &str) -> TemplateError {
    engine().compile(text).expect_err(text)
}

#[test]
fn unknown_names_are_found_without_a_value() {
    for (text, kind, help) in [
        (
            "{{ x | uper }}",
            ErrorKind::UnknownFilter("uper".into()),
            "did you mean `upper`?",
        ),
        (
            "{% if false %}{{ x | datetme }}{% endif %}",
            ErrorKind::UnknownFilter("datetme".into()),
            "did you mean `datetime`?",
        ),
        (
            "{{ x is definde }}",
            ErrorKind::UnknownTest("definde".into()),
            "did you mean `defined`?",
        ),
        (
            "{{ noww() }}",
            ErrorKind::UnknownFunction("noww".into()),
            "did you mean `now`?",
        ),
        (
            "{{ upper('x') }}",
            ErrorKind::UnknownFunction("upper".into()),
            "`upper` is a filter: write `value | upper`",
        ),
        (
            "{{ x.items() }}",
            ErrorKind::UnknownFunction("items".into()),
            "write `value | items`",
        ),
        (
            "{{ x.get('a') }}",
            ErrorKind::UnknownFunction("get".into()),
            "write `value['key'] | default(…)`",
        ),
        (
            "{{ x | map('uper') }}",
            ErrorKind::UnknownFilter("uper".into()),
            "did you mean `upper`?",
        ),
        (
            "{{ x | selectattr('a', 'equalt', 1) }}",
            ErrorKind::UnknownTest("equalt".into()),
            "did you mean `equalto`?",
        ),
    ] {
        let error = refused(text);
        assert_eq!(error.kind, kind, "{text}");
        assert_eq!(error.help.as_deref(), Some(help), "{text}");
        assert!(error.range.is_some(), "{text}");
    }
    let text = "{{ x | uper }}";
    assert_eq!(pointed(text, &refused(text)), "uper");
}

#[test]
fn there_is_no_way_to_the_environment_to_chance_or_to_files() {
    for text in [
        "{{ debug() }}",
        "{{ env('PATH') }}",
        "{{ lookup('env', 'PATH') }}",
        "{{ random() }}",
        "{{ [1] | random }}",
        "{{ namespace(a=1) }}",
        "{{ x | safe }}",
        "{{ x | pprint }}",
        "{{ x | format(1) }}",
        "{{ x | attr('y') }}",
        "{{ self.x() }}",
        "{{ super() }}",
    ] {
        assert!(
            matches!(
                refused(text).kind,
                ErrorKind::UnknownFilter(_) | ErrorKind::UnknownFunction(_)
            ),
            "{text}"
        );
    }
}

#[test]
fn tags_that_playbooks_do_not_have_are_refused_by_name() {
    for (tag, text) in [
        ("include", "{% include 'a' %}"),
        ("import", "{% import 'a' as b %}"),
        ("from", "{% from 'a' import b %}"),
        ("extends", "{% extends 'a' %}"),
        ("block", "{% block a %}{% endblock %}"),
        ("macro", "{% macro a() %}{% endmacro %}"),
        ("call", "{% call a() %}{% endcall %}"),
        ("autoescape", "{% autoescape true %}{% endautoescape %}"),
        ("filter", "{% filter upper %}{% endfilter %}"),
        ("do", "{% do a() %}"),
    ] {
        let error = refused(text);
        assert_eq!(error.kind, ErrorKind::Syntax);
        assert_eq!(error.message, format!("playbooks have no `{{% {tag} %}}`"));
    }
    assert!(
        engine()
            .compile("{% for a in b recursive %}{% endfor %}")
            .is_err()
    );
    assert!(engine().compile("{% set a.b = 1 %}").is_err());
    assert!(engine().compile("{{ loop(1) }}").is_err());
}

#[test]
fn wrong_arguments_are_found_without_a_value() {
    for (text, message) in [
        ("{{ x | add_days }}", "`add_days` needs `n`"),
        (
            "{{ x | add_days(1, 2) }}",
            "`add_days` has too many arguments",
        ),
        (
            "{{ x | add_days(days=1) }}",
            "`add_days` has no argument `days`",
        ),
        (
            "{{ x | replace('a', from='b', to='c') }}",
            "`from` is given to `replace` twice",
        ),
        (
            "{{ x | replace(*y) }}",
            "arguments cannot be unpacked with `*`",
        ),
        ("{{ now(1) }}", "`now` has too many arguments"),
        ("{{ x is divisibleby }}", "`divisibleby` needs `n`"),
        ("{{ x | map }}", "`map` needs a filter or an attribute"),
    ] {
        let error = refused(text);
        assert_eq!(error.message, message, "{text}");
        assert!(error.help.is_some(), "{text}");
    }
    assert!(
        refused("{{ x | format_date('%') }}")
            .message
            .contains("not a format")
    );
    assert_eq!(
        render("{{ 'a' | replace(to='c', from='a') }}", "{}"),
        r#""c""#
    );
}

#[test]
fn syntax_errors_have_a_place() {
    for (text, at) in [
        ("a {{ x + }} b", "}}"),
        ("{{ x", "x"),
        ("ñ {% if %}", "%}"),
        ("{% endif %}", "endif"),
        ("{{ 'abc }}", ""),
    ] {
        let error = refused(text);
        assert_eq!(error.kind, ErrorKind::Syntax, "{text}");
        assert_eq!(pointed(text, &error), at, "{text}: {error}");
    }
}

#[test]
fn braces_around_an_expression_are_explained() {
    let error = engine().compile_expression("{{ inputs.a }}").unwrap_err();
    assert!(error.help.unwrap().contains("without `{{ }}`"));
    assert!(engine().compile_expression("").is_err());
    assert!(engine().compile_expression("a b").is_err());
}

#[test]
fn nothing_behind_a_text_is_left_out() {
    for illegal in [
        "&& y", "& y", "; y", "? y : z", "$", "#", "! y", "@", "^ y", "é", "\\ y",
    ] {
        for before in [
            "x == 'a'",
            "'a'",
            "x",
            "1",
            "[1]",
            "x['a']",
            "'a' 'b'",
            "(x)",
            "x | upper",
        ] {
            let text = format!("{before} {illegal}");
            assert!(engine().compile_expression(&text).is_err(), "{text}");
            for template in [
                format!("{{{{ {text} }}}}"),
                format!("{{% if {text} %}}b{{% endif %}}"),
            ] {
                assert!(engine().compile(&template).is_err(), "{template}");
            }
        }
    }
}

#[test]
fn operators_of_other_languages_are_told_by_their_own() {
    for (text, help) in [
        ("x == 'a' && y", "write `and` for `&&`"),
        ("x && y", "write `and` for `&&`"),
        ("x || y", "write `or` for `||`"),
        ("x = 'a'", "compare with `==`"),
        ("x === 'a'", "compare with `==`"),
        ("!x", "write `not` for `!`"),
        ("x ? 'a' : 'b'", "write `this if condition else that`"),
    ] {
        let error = engine().compile_expression(text).unwrap_err();
        assert_eq!(
            error.help.as_deref(),
            Some(help),
            "{text}: {}",
            error.message
        );
        let error = refused(&format!("{{{{ {text} }}}}"));
        assert_eq!(
            error.help.as_deref(),
            Some(help),
            "{text}: {}",
            error.message
        );
    }
}

#[test]
fn a_number_that_would_lose_its_zero_is_refused() {
    for (text, written) in [
        ("{{ 0123 }}", "0123"),
        ("{{ x | default(007) }}", "007"),
        ("a {{ -01.5 }}", "01.5"),
        ("{{ 0_1 }}", "0_1"),
    ] {
        let error = refused(text);
        assert_eq!(error.help, Some(format!("a text keeps it: `'{written}'`")));
        assert_eq!(error.range.map(|range| &text[range]), Some(written));
    }
    for text in [
        "{{ 0 }}",
        "{{ 0.5 }}",
        "{{ 10 }}",
        "{{ 1_000 }}",
        "{{ 0x1F }}",
        "{{ 0e1 }}",
        "{{ '007' }}",
    ] {
        engine().compile(text).unwrap();
    }
}
