//! No template takes much time or memory.

use super::*;
use crate::template::ErrorKind;

fn is_too_expensive(text: &str, names: &str) {
    let error = error(text, names);
    assert_eq!(
        error.kind,
        ErrorKind::TooExpensive,
        "{}: {error}",
        &text[..text.len().min(80)]
    );
}

#[test]
fn bombs_end_early() {
    let nested: String = "{% for x in range(10000) %}".repeat(4) + &"{% endfor %}".repeat(4);
    let doubling = format!(
        "{{% set x = 'aaaaaaaa' %}}{}",
        "{% set x = x ~ x %}".repeat(60)
    );
    let copies = "{% set x = range(10000) %}{% for a in x %}{% set y = x %}{{ [y, y] | length }}{% endfor %}";
    for text in [
        "{{ 'a' * 200000000 }}",
        "{{ 'a' * 1000000 ~ 'a' * 1000000 }}",
        "{{ ('a' * 1000000) | replace('a', 'b' * 1000000) }}",
        "{{ ('a' * 1000000) | replace('', 'b' * 100) }}",
        "{{ [1] * 100000000 }}",
        "{{ range(10001) }}",
        "{{ range(1000000000000) | length }}",
        "{{ (range(10000) | list) * 1000 }}",
        "{{ range(10000) | map('replace', '', 'a' * 1000000) }}",
        "{{ range(10000) | join('x' * 1000) }}",
        "{% for x in range(10000) %}{{ 'a' * 1000 }}{% endfor %}",
        &nested,
        &doubling,
        copies,
    ] {
        is_too_expensive(text, "{}");
    }
    assert_eq!(error("{{ 2 ** 10000000 }}", "{}").kind, ErrorKind::Value);
    assert!(matches!(
        error("{{ '%1000000000d' | format(1) }}", "{}").kind,
        ErrorKind::UnknownFilter(_)
    ));
}

#[test]
fn ordinary_work_is_within_the_limits() {
    let text = "{% for x in range(10000) %}{{ x }},{% endfor %}";
    assert!(compile(text).render(&Scope::new()).is_ok());
    let list = format!("[{}]", vec!["\"0123456789abcdef\""; 100_000].join(","));
    let scope = scope_of(&format!(r#"{{"ids":{list}}}"#));
    assert!(
        expression("ids | length == 100000")
            .is_true(&scope)
            .unwrap()
    );
    assert!(expression("'x' not in ids").is_true(&scope).unwrap());
    assert!(compile("{{ ids }}").render(&scope).is_ok());
}

#[test]
fn a_long_text_without_templates_is_no_template() {
    let long = "x".repeat(2_000_000);
    assert_eq!(compile(&long).render(&Scope::new()), Ok(Value::Text(long)));
}

/// Each of these makes minijinja's parser, or the drop of its tree, call itself once per piece.
#[test]
fn deep_and_long_templates_do_not_exhaust_the_stack() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{'a':", "}"),
        ("not ", ""),
        ("-", ""),
        ("1 if 1 else ", ""),
        ("1 + ", ""),
        ("1 ~ ", ""),
        ("1 ** ", ""),
        ("1 == ", ""),
        ("1 and ", ""),
        ("", "|upper"),
        ("", ".a"),
        ("", "[0]"),
        ("", " is odd"),
        ("", "()"),
        ("", "[1:]"),
    ] {
        for count in [50, 110, 300, 999, 100_000] {
            let body = format!("{}a{}", open.repeat(count), close.repeat(count));
            let _ = engine().compile_expression(&body);
            let _ = engine().compile(&format!("{{{{ {body} }}}}"));
        }
    }
    for (open, close) in [
        ("{% if a %}", "{% endif %}"),
        ("{% for a in b %}", "{% endfor %}"),
        ("{% with %}", "{% endwith %}"),
        ("{% set a %}", "{% endset %}"),
        ("{% if a %}{% else %}", "{% endif %}"),
    ] {
        for count in [50, 110, 300, 10_000] {
            let text = open.repeat(count) + &close.repeat(count);
            let _ = engine()
                .compile(&text)
                .map(|t| t.render(&scope_of(r#"{"a":1,"b":[1]}"#)));
        }
    }
    for count in [100, 190, 10_000] {
        let elifs = format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(count));
        let _ = engine().compile(&elifs);
        let unpacked = format!(
            "{{% for {}a{} in b %}}{{% endfor %}}",
            "(".repeat(count),
            ")".repeat(count)
        );
        let _ = engine().compile(&unpacked);
    }
    let elifs = format!(
        "{{% if a %}}{}{{% else %}}x{{% endif %}}",
        "{% elif a %}".repeat(150)
    );
    assert_eq!(render(&elifs, r#"{"a":0}"#), r#""x""#);
}

#[test]
fn many_small_parts_are_no_depth() {
    let text = "{{ a }} and ".repeat(2_000);
    assert!(compile(&text).render(&scope_of(r#"{"a":1}"#)).is_ok());
    let concat = vec!["a"; 500].join(" ~ ");
    assert_eq!(eval(&format!("({concat}) | length"), r#"{"a":1}"#), "500");
}
