//! What holds for any template.

use proptest::prelude::*;

use super::*;

/// Pieces that make sense together often enough.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{-",
    "-%}",
    " if ",
    " else ",
    " elif ",
    " endif ",
    " for ",
    " in ",
    " endfor ",
    " set ",
    " endset ",
    " not ",
    " and ",
    " or ",
    " is ",
    "defined",
    "|",
    "default(",
    "upper",
    "map(",
    "attribute=",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    ":",
    "=",
    "==",
    "<",
    "+",
    "-",
    "~",
    "*",
    "/",
    "//",
    "%",
    "**",
    "a",
    "b",
    "loop",
    "ñ",
    "'x'",
    "\"",
    "'",
    "1",
    "0",
    "-1",
    "1.50",
    "1e5",
    "99999999999999999999999999999999999999999",
    "\n",
    " ",
    "now()",
    "add_days(1)",
    "range(3)",
    "true",
    "none",
    "raw",
    "endraw",
    "\\",
    "\u{1F600}",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

fn lies_inside(text: &str, range: &std::ops::Range<usize>) -> bool {
    text.get(range.clone()).is_some()
}

const NAMES: &str = r#"{"a":{"b":[1,"x",{"c":2.50}],"a":true},"b":"2026-01-31","x":null}"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_panics_and_places_lie_inside(text in text()) {
        let scope = scope_of(NAMES);
        for wrapped in [text.clone(), format!("{{{{ {text} }}}}"), format!("{{% if {text} %}}ñ{{% endif %}}")] {
            match engine().compile(&wrapped) {
                Ok(template) => {
                    for read in template.reads() {
                        prop_assert!(lies_inside(&wrapped, &read.range));
                        prop_assert!(!read.path.is_empty());
                    }
                    if let Err(error) = template.render(&scope)
                        && let Some(range) = &error.range
                    {
                        prop_assert!(lies_inside(&wrapped, range), "{error:?}");
                    }
                    let _ = template.render_optional(&scope);
                }
                Err(error) => {
                    if let Some(range) = &error.range {
                        prop_assert!(lies_inside(&wrapped, range), "{error:?}");
                    }
                }
            }
        }
        if let Ok(expression) = engine().compile_expression(&text) {
            for read in expression.reads() {
                prop_assert!(lies_inside(&text, &read.range));
            }
            let _ = expression.eval(&scope);
        }
    }

    #[test]
    fn digits_survive(number in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
        let names = format!(r#"{{"i":{{"n":{number}}}}}"#);
        let text = format!("\"{number}\"");
        prop_assert_eq!(&render("{{ i.n }}", &names), &number);
        prop_assert_eq!(&render("{{ i.n | default(0) }}", &names), &number);
        prop_assert_eq!(&render("{{ [i.n][0] }}", &names), &number);
        prop_assert_eq!(&render("{{ i.n }}{{ '' }}", &names), &text);
        prop_assert_eq!(&render("{{ i.n | text }}", &names), &text);
        prop_assert_eq!(&render("{{ i.n | tojson }}", &names), &text);
        prop_assert_eq!(&render("{% for x in [i.n] %}{{ x }}{% endfor %}", &names), &text);
    }

    #[test]
    fn a_text_without_braces_is_itself(text in "[^{]{0,40}") {
        let template = compile(&text);
        prop_assert!(template.is_literal());
        prop_assert_eq!(template.render(&Scope::new()), Ok(Value::Text(text)));
    }
}

/// Expressions whose meaning is the same in minijinja: no booleans as numbers, no mixed order.
fn shared_expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(
        [
            "n",
            "m",
            "f",
            "0",
            "7",
            "2.5",
            "-3",
            "l | length",
            "'abc' | length",
            "l[0]",
            "l[-1]",
            "o.k",
            "o['k']",
            "'12' | int",
            "l | sum",
            "l | first",
            "l | max",
            "o.zz | default(4)",
        ]
        .as_slice(),
    )
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop::sample::select(["+", "-", "*", "/", "//", "%"].as_slice()),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (
                inner.clone(),
                inner.clone(),
                prop::sample::select(["<", "<=", "==", "!=", ">", ">="].as_slice()),
                inner.clone()
            )
                .prop_map(|(a, b, op, c)| format!("({a} if {b} {op} {c} else {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            inner.clone().prop_map(|a| format!("(-{a})")),
            inner.clone().prop_map(|a| format!("({a} | abs)")),
            inner.clone().prop_map(|a| format!("({a} | int)")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("([{a}, {b}, {c}] | sort | last)")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("([{a}, {b}][1:] | first)")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// minijinja's own evaluator is the measure where both have a value.
    #[test]
    fn arithmetic_and_choice_agree_with_minijinja(text in shared_expression()) {
        let names = r#"{"n":5,"m":-2,"f":0.75,"l":[3,1,2],"o":{"k":9}}"#;
        let environment = minijinja::Environment::new();
        let context: serde_json::Value = serde_json::from_str(names).unwrap();
        let theirs = environment
            .compile_expression_owned(text.as_str())
            .and_then(|compiled| compiled.eval(minijinja::Value::from(minijinja::value::Serde(&context))));
        let ours = expression(&text).eval(&scope_of(names));
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => {
                let theirs = f64::try_from(theirs).unwrap();
                let Value::Number(ours) = ours else { panic!("{text}: {ours:?}") };
                let ours: f64 = ours.as_str().parse().unwrap();
                prop_assert!(
                    (theirs - ours).abs() <= 1e-9 * theirs.abs().max(1.0),
                    "{}: {} and {}", text, theirs, ours
                );
            }
            (Err(_), Err(_)) => {}
            (Ok(theirs), Err(ours)) => prop_assert!(
                !f64::try_from(theirs).is_ok_and(f64::is_finite)
                    || ours.message.contains("too many digits"),
                "{}: {}", text, ours
            ),
            (Err(theirs), Ok(ours)) => prop_assert!(false, "{}: {} but {:?}", text, theirs, ours),
        }
    }
}
