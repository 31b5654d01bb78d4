//! Types, digits and text.

use super::*;
use crate::template::ErrorKind;

#[test]
fn exactly_one_expression_keeps_the_type() {
    let names = r#"{"a":{"n":1,"s":"x","b":true,"l":[1,{"k":null}],"o":{"z":1,"a":2},"nil":null}}"#;
    for (text, value) in [
        ("{{ a.n }}", "1"),
        ("{{ a.s }}", r#""x""#),
        ("{{ a.b }}", "true"),
        ("{{a.l}}", r#"[1,{"k":null}]"#),
        ("{{- a.o -}}", r#"{"z":1,"a":2}"#),
        ("{{ a.nil }}", "null"),
        ("{{ {'x': {'y': a.n}} }}", r#"{"x":{"y":1}}"#),
        ("{{ {'a':{'b':1}}}}", r#"{"a":{"b":1}}"#),
        ("{{ '}}' }}", r#""}}""#),
        ("{{ a.n }}{# why #}", "1"),
        ("{{ a.n > 0 }}", "true"),
        ("{{ (1, 2) }}", "[1,2]"),
    ] {
        assert!(compile(text).is_sole(), "{text}");
        assert_eq!(render(text, names), value, "{text}");
    }
}

#[test]
fn anything_else_is_text() {
    let names = r#"{"a":{"n":1,"b":true}}"#;
    for (text, value) in [
        (" {{ a.n }}", r#"" 1""#),
        ("{{ a.n }}{{ a.n }}", r#""11""#),
        ("{{ a.n }}\n", r#""1\n""#),
        ("{% if a.b %}{{ a.n }}{% endif %}", r#""1""#),
        ("{% raw %}{{ a.n }}{% endraw %}", r#""{{ a.n }}""#),
        ("", r#""""#),
    ] {
        assert!(!compile(text).is_sole(), "{text}");
        assert_eq!(render(text, names), value, "{text}");
    }
}

#[test]
fn a_text_without_syntax_is_itself_byte_for_byte() {
    for text in ["", "x", "ñ } %} }}\r\n\n", "{ {", "# {#"] {
        let literal = text != "# {#";
        let Ok(template) = engine().compile(text) else {
            assert!(!literal, "{text:?}");
            continue;
        };
        assert_eq!(template.is_literal(), literal, "{text:?}");
        assert_eq!(
            template.render(&Scope::new()).unwrap(),
            Value::from(text),
            "{text:?}"
        );
    }
    assert!(!compile("a{# b #}").is_literal());
    assert!(!compile("{{ 'a' }}").is_literal());
}

#[test]
fn the_last_newline_of_a_block_stays() {
    assert_eq!(render("a {{ 1 }}\nb\n", "{}"), r#""a 1\nb\n""#);
    assert_eq!(render("{% if true %}a{% endif %}\n", "{}"), r#""a\n""#);
    assert_eq!(render("plain\n", "{}"), r#""plain\n""#);
}

#[test]
fn digits_survive_wherever_a_number_is_only_handed_on() {
    let names = r#"{"i":{"amount":10000.10,"id":12345678901234567890123456789012345678901,"e":12e5,
        "rows":[{"v":2.50},{"v":1.00}]}}"#;
    for (text, value) in [
        ("{{ i.amount }}", "10000.10"),
        ("Owes {{ i.amount }}", r#""Owes 10000.10""#),
        ("{{ i.amount | text }}", r#""10000.10""#),
        ("{{ i.id }}", "12345678901234567890123456789012345678901"),
        (
            "id {{ i.id }}",
            r#""id 12345678901234567890123456789012345678901""#,
        ),
        (
            "{{ i.id | digits }}",
            r#""12345678901234567890123456789012345678901""#,
        ),
        ("{{ i.e }} {{ i['e'] }}", r#""12e5 12e5""#),
        ("{{ i.amount | default(0) }}", "10000.10"),
        ("{{ i.amount if true else 0 }}", "10000.10"),
        ("{{ i.amount or 0 }}", "10000.10"),
        (
            "{{ [i.amount, {'x': i.amount}] }}",
            r#"[10000.10,{"x":10000.10}]"#,
        ),
        ("{{ i.amount | tojson }}", r#""10000.10""#),
        ("{{ i.amount ~ '!' }}", r#""10000.10!""#),
        ("{{ i.rows | map(attribute='v') }}", "[2.50,1.00]"),
        ("{{ i.rows | map(attribute='v') | sort }}", "[1.00,2.50]"),
        (
            "{{ i.rows | map(attribute='v') | join('/') }}",
            r#""2.50/1.00""#,
        ),
        ("{{ (i.rows | first).v }}", "2.50"),
        ("{{ i.rows[1].v }}{{ i.rows[-1].v }}", r#""1.001.00""#),
        (
            "{% for r in i.rows %}{{ r.v }};{% endfor %}",
            r#""2.50;1.00;""#,
        ),
        ("{% set x = i.amount %}{{ x }}", r#""10000.10""#),
        ("{{ -i.amount }}", "-10000.10"),
        ("{{ 1.10 }}", "1.10"),
        ("{{ '10000.10' | float }}", "10000.10"),
    ] {
        assert_eq!(render(text, names), value, "{text}");
    }
}

#[test]
fn integers_are_exact_and_floats_short() {
    for (text, value) in [
        ("18446744073709551615 + 1", "18446744073709551616"),
        ("2**70", "1180591620717411303424"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("7 / 2", "3.5"),
        ("4 / 2", "2.0"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("2.0 * 3", "6.0"),
        ("0x10", "16"),
        ("1_000", "1000"),
    ] {
        assert_eq!(eval(text, "{}"), value, "{text}");
    }
}

#[test]
fn booleans_are_written_as_json_has_them_everywhere() {
    for (text, value) in [
        ("x{{ true }}", r#""xtrue""#),
        ("{{ 'a' ~ false }}", r#""afalse""#),
        ("{{ [true, false] | join(',') }}", r#""true,false""#),
        ("{{ true | string }}", r#""true""#),
        ("{% for b in [true] %}{{ b }}{% endfor %}", r#""true""#),
        ("{% set x %}{{ true }}{% endset %}{{ x }}", r#""true""#),
        ("{{ true | tojson }}", r#""true""#),
    ] {
        assert_eq!(render(text, "{}"), value, "{text}");
    }
}

#[test]
fn null_lists_and_objects_have_no_text() {
    for text in [
        "x{{ a.nil }}",
        "x{{ a.l }}",
        "x{{ a.o }}",
        "{% if true %}{{ a.l }}{% endif %}",
        "{{ 'x' ~ a.nil }}",
        "{{ [a.nil] | join }}",
    ] {
        let error = error(text, r#"{"a":{"nil":null,"l":[1],"o":{"k":1}}}"#);
        let is_null = text.contains("nil");
        let kinds = [ErrorKind::Type { is_null }, ErrorKind::NoText { is_null }];
        assert!(kinds.contains(&error.kind), "{text}");
    }
    let text = "x {{ a.l }}";
    let error = error(text, r#"{"a":{"l":[1]}}"#);
    assert_eq!(
        error.message,
        "`a.l` is a list, which has no text of its own"
    );
    assert!(error.help.as_ref().unwrap().contains("tojson"));
    assert_eq!(pointed(text, &error), "a.l");
}

#[test]
fn json_is_written_raw() {
    let names = r#"{"a":{"t":"<b> & 'ñ' \u2028","n":1.50}}"#;
    assert_eq!(
        compile("{{ a | tojson }}")
            .render(&scope_of(names))
            .unwrap(),
        Value::from("{\"t\":\"<b> & 'ñ' \u{2028}\",\"n\":1.50}")
    );
}

#[test]
fn nothing_is_escaped() {
    assert_eq!(render("<{{ a }}>", r#"{"a":"<&\">"}"#), r#""<<&\">>""#);
}

#[test]
fn values_of_different_types_are_not_ordered() {
    for text in [
        "7 < '8'",
        "none < 1",
        "[1] < [2]",
        "'a' > 1",
        "[1, 'a'] | sort",
        "true < 2",
    ] {
        let error = expression(text).eval(&Scope::new()).unwrap_err();
        let is_null = text.contains("none");
        assert_eq!(error.kind, ErrorKind::Type { is_null }, "{text}");
        assert!(error.range.is_some(), "{text}");
    }
    assert_eq!(eval("1 == 'a'", "{}"), "false");
    assert_eq!(eval("10000.10 == 10000.1 and 1 == 1.0", "{}"), "true");
    assert_eq!(eval("1 < 2 <= 2 != 3", "{}"), "true");
    assert_eq!(
        eval("9007199254740993 == 9007199254740992.0", "{}"),
        "false"
    );
}

#[test]
fn truth_is_that_of_jinja() {
    for (text, truth) in [
        ("''", false),
        ("'x'", true),
        ("0", false),
        ("0.00", false),
        ("-0.5", true),
        ("[]", false),
        ("[0]", true),
        ("{}", false),
        ("none", false),
        ("not ''", true),
        ("1 in [1, 2] and 3 not in [1, 2]", true),
        ("'b' in 'abc'", true),
        ("'k' in {'k': 0}", true),
        ("1 is odd and 'a' is not number", true),
    ] {
        assert_eq!(expression(text).is_true(&Scope::new()), Ok(truth), "{text}");
    }
}

#[test]
fn operators_that_do_not_fit_say_so() {
    for (text, part) in [
        ("'a' + 1", "`+` does not work on text and a number"),
        ("none * 2", "`*` does not work on null and a number"),
        ("-'a'", "text cannot be negative"),
        ("1 in 2", "a number cannot be in a number"),
        ("1 / 0", "divided by zero"),
        ("1e308 * 10", "not a finite number"),
        ("{1: 2}", "a key of an object is text"),
        ("'x' | add_days(1)", "`x` is not a date"),
        ("5 | upper | length | first", "a list is wanted here"),
    ] {
        let error = expression(text).eval(&Scope::new()).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn subscripts_and_slices_follow_python() {
    let names = r#"{"l":[1,2,3,4],"t":"año 1","k":"b","m":{"a b":1,"b":2,"ñ":3}}"#;
    for (text, value) in [
        ("l[0]", "1"),
        ("l[-1]", "4"),
        ("l.1", "2"),
        ("l[1:3]", "[2,3]"),
        ("l[:-1]", "[1,2,3]"),
        ("l[::2]", "[1,3]"),
        ("l[::-1]", "[4,3,2,1]"),
        ("l[10:]", "[]"),
        ("l[-9:2]", "[1,2]"),
        ("l[3:0:-2]", "[4,2]"),
        ("t[:3]", r#""año""#),
        ("t[1]", r#""ñ""#),
        ("t[-1]", r#""1""#),
        ("m['a b'] + m[k] + m['ñ']", "6"),
    ] {
        assert_eq!(eval(text, names), value, "{text}");
    }
}

#[test]
fn blocks_have_the_scopes_of_jinja() {
    for (text, value) in [
        (
            "{% for x in [1,2] %}{{ loop.index }}:{{ x }}{% if not loop.last %},{% endif %}{% endfor %}",
            "1:1,2:2",
        ),
        ("{% for x in [] %}a{% else %}none{% endfor %}", "none"),
        (
            "{% for x in [1,2,3] if x is odd %}{{ x }}/{{ loop.length }} {% endfor %}",
            "1/2 3/2 ",
        ),
        (
            "{% for k, v in {'a': 1} | items %}{{ k }}={{ v }}{% endfor %}",
            "a=1",
        ),
        ("{% for k in {'a': 1} %}{{ k }}{% endfor %}", "a"),
        (
            "{% set x = 1 %}{% for y in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}",
            "21",
        ),
        (
            "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
            "2",
        ),
        ("{% with x = 1, y = 2 %}{{ x + y }}{% endwith %}", "3"),
        ("{% set a, b = [1, 2] %}{{ b }}{{ a }}", "21"),
        ("{% if false %}a{% elif 1 %}b{% else %}c{% endif %}", "b"),
        ("{%- if true -%}  a  {%- endif -%}  ", "a"),
        ("{% set x %}a{{ 1 }}{% endset %}{{ x | upper }}", "A1"),
        ("{% for x in [1] %}{{ x }}{% endfor %}{{ x }}", "10"),
        (
            "{% for a in [1,2] %}{% for b in [1] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
            "1112",
        ),
    ] {
        let names = r#"{"x":0}"#;
        assert_eq!(
            render(text, names),
            Value::from(value).to_json_text(),
            "{text}"
        );
        // minijinja's own evaluator is the measure.
        let theirs = minijinja::Environment::new()
            .render_str(text, minijinja::context! { x => 0 })
            .unwrap();
        assert_eq!(theirs, value, "{text}");
    }
}

#[test]
fn filters_refuse_what_would_lose_something_silently() {
    for (text, part) in [
        ("1.5 | digits", "nothing but digits"),
        ("-5 | digits", "nothing but digits"),
        ("'n/a' | digits", "no digits"),
        ("'' | int", "is not a number"),
        ("'12a' | int", "is not a number"),
        ("'inf' | float", "is not a number"),
        ("'nan' | float", "is not a number"),
        ("'1e400' | float", "not a finite number"),
        ("none | int", "a number is wanted here, not null"),
        ("none | upper", "text is wanted here, not null"),
        ("[1] | upper", "text is wanted here, not a list"),
        ("[1, '2'] | sum", "a number is wanted here, not text"),
        (
            "[{'a': 1}, {'b': 2}] | map(attribute='a')",
            "item 1 of the list has no `a`",
        ),
        (
            "[{'a': 1}, {'b': 2}] | selectattr('a')",
            "item 1 of the list has no `a`",
        ),
    ] {
        let error = expression(text).eval(&Scope::new()).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn filters_do_what_jinja_does() {
    for (text, value) in [
        ("'+57 300' | int(0)", "0"),
        ("'+57' | int", "57"),
        ("' 007 ' | int", "7"),
        ("'-0' | int", "0"),
        ("'12.9' | int", "12"),
        ("1e3 | int", "1000"),
        ("12345678901234567890123 | int", "12345678901234567890123"),
        ("2 | float", "2.0"),
        ("2.5 | round", "2.0"),
        ("1234.567 | round(2)", "1234.57"),
        ("'a b  c' | split", r#"["a","b","c"]"#),
        ("'a b  c' | split(' ', 1)", r#"["a","b  c"]"#),
        ("'a,b,c' | split(',', 1)", r#"["a","b,c"]"#),
        ("'xxaxx' | trim('x')", r#""a""#),
        ("['b', 'A'] | sort", r#"["A","b"]"#),
        (
            "['b', 'A', 'a'] | sort(case_sensitive=true, reverse=true)",
            r#"["b","a","A"]"#,
        ),
        (
            "[{'n': 2}, {'n': 1}] | sort(attribute='n') | map(attribute='n')",
            "[1,2]",
        ),
        ("['1', '2'] | map('int') | sum", "3"),
        ("['a.b'] | map('replace', '.', '-')", r#"["a-b"]"#),
        (
            "[{'a': {'b': 1}}, {}] | map(attribute='a.b', default=0)",
            "[1,0]",
        ),
        (
            "[{'a': 1}, {}] | selectattr('a', 'defined')",
            r#"[{"a":1}]"#,
        ),
        ("[{'a': 1}, {'a': 0}] | rejectattr('a')", r#"[{"a":0}]"#),
        ("[1, 1.0, '1', 1] | unique", r#"[1,1.0,"1"]"#),
        ("none | default('x')", "null"),
        ("none | default('x', true)", r#""x""#),
        ("'abc' | first ~ 'abc' | last", r#""ac""#),
        ("range(3)", "[0,1,2]"),
        ("range(3, 0, -1)", "[3,2,1]"),
        ("'ab' * 2 + 'c'", r#""ababc""#),
        ("[1] * 2 + [3]", "[1,1,3]"),
        ("'ß' | upper", r#""SS""#),
    ] {
        assert_eq!(eval(text, "{}"), value, "{text}");
    }
}

#[test]
fn white_space_around_a_list_is_said_to_make_text_of_it() {
    let names = r#"{"ids":["a","b"]}"#;
    for text in ["{{ ids }}\n", " {{ ids }}", "\n{{ ids }} \n"] {
        let error = error(text, names);
        assert!(
            error
                .message
                .contains("is a list, which has no text of its own")
        );
        assert!(error.help.unwrap().contains("`|-` or `>-`"), "{text:?}");
    }
    let error = error("x{{ ids }}\n", names);
    assert!(error.help.unwrap().contains("| tojson"));
    for (text, around) in [
        ("{{ ids }}\n", ("", "\n")),
        (" x {{ ids }} y ", (" ", " ")),
        ("{{ ids -}}\n", ("", "")),
        (" plain ", ("", "")),
    ] {
        assert_eq!(compile(text).white_space(), around, "{text:?}");
    }
}
