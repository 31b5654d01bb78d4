use super::{document, outcome, source};
use crate::document::read;

/// What is read as what.
const READ: &[(&str, &str)] = &[
    ("", "null"),
    ("# only a comment\n", "null"),
    ("---\n", "null"),
    ("\u{feff}a: 1\n", r#"{"a":1}"#),
    ("a: 1", r#"{"a":1}"#),
    ("a: |\n  x", r#"{"a":"x\n"}"#),
    ("a: 1\r\nb: |\r\n  x\r\n  y\r\n", r#"{"a":1,"b":"x\ny\n"}"#),
    ("a:\nb: ~\nc: null\n", r#"{"a":null,"b":null,"c":null}"#),
    ("[true, True, TRUE, false]", "[true,true,true,false]"),
    (
        "[no, yes, on, off, y, n, tRUE, nULL]",
        r#"["no","yes","on","off","y","n","tRUE","nULL"]"#,
    ),
    ("no: 1\non: 2\n", r#"{"no":1,"on":2}"#),
    ("a: 10000.10", r#"{"a":10000.10}"#),
    (
        "a: 12345678901234567890123",
        r#"{"a":12345678901234567890123}"#,
    ),
    (
        "a: 1234567890123456789012345678901234567890123",
        r#"{"a":1234567890123456789012345678901234567890123}"#,
    ),
    (
        "a: -170141183460469231731687303715884105728",
        r#"{"a":-170141183460469231731687303715884105728}"#,
    ),
    ("a: 18446744073709551615", r#"{"a":18446744073709551615}"#),
    ("a: [1e400, -1e400]", r#"{"a":[1e400,-1e400]}"#),
    (
        "a: [-0, -0.0, 0e0, 12e5, 1E+5]",
        r#"{"a":[-0,-0.0,0e0,12e5,1E+5]}"#,
    ),
    (
        "a: 0.1000000000000000055511151231257827",
        r#"{"a":0.1000000000000000055511151231257827}"#,
    ),
    (
        "a: 2024-05-01\nb: 12:30\nc: 1_000\nd: 1.2.3\n",
        r#"{"a":"2024-05-01","b":"12:30","c":"1_000","d":"1.2.3"}"#,
    ),
    (r#"a: "0123""#, r#"{"a":"0123"}"#),
    ("a: '+573001234567'", r#"{"a":"+573001234567"}"#),
    ("'1': a\n\"true\": b\n", r#"{"1":"a","true":"b"}"#),
    ("'<<': a", r#"{"<<":"a"}"#),
    ("? a\n: b\n", r#"{"a":"b"}"#),
    ("a: x\n  y\n", r#"{"a":"x y"}"#),
    ("a: >-\n  x\n  y\n\n  z\n", r#"{"a":"x y\nz"}"#),
    (
        r#"{"a": [1, {"b": null}], "c": "\u00f1\ud83d\ude00"}"#,
        r#"{"a":[1,{"b":null}],"c":"ñ😀"}"#,
    ),
    (
        r#"{"\ud83d\ude00": '\ud83d\ude00', "b": "\\ud83d\\ude00 \uD83D\uDE00"}"#,
        r#"{"😀":"\\ud83d\\ude00","b":"\\ud83d\\ude00 😀"}"#,
    ),
    (
        "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t2\n\t]\n}\n",
        r#"{"a":1,"b":[2]}"#,
    ),
    (
        "a: '{{ x }}'\nb: it costs {{ x }}\n",
        r#"{"a":"{{ x }}","b":"it costs {{ x }}"}"#,
    ),
    (
        "a:\n- 1\n-\n- b: 2\n  c: 3\n",
        r#"{"a":[1,null,{"b":2,"c":3}]}"#,
    ),
    ("--- {a: 1}\n...\n", r#"{"a":1}"#),
    ("a: http://x/y#z\n", r#"{"a":"http://x/y#z"}"#),
];

/// What is refused, and where the finding points.
const REFUSED: &[(&str, &str)] = &[
    // A number to some readers.
    (
        "phone: +573001234567",
        "ambiguous-scalar 1:8 `+573001234567`",
    ),
    ("a: 0123", "ambiguous-scalar 1:4 `0123`"),
    ("a: 08", "ambiguous-scalar 1:4 `08`"),
    (
        "a: [0x1F, 0o17, 0b101]",
        "ambiguous-scalar 1:5 `0x1F` / ambiguous-scalar 1:11 `0o17` / ambiguous-scalar 1:17 `0b101`",
    ),
    (
        "a: .5\nb: 5.\n",
        "ambiguous-scalar 1:4 `.5` / ambiguous-scalar 2:4 `5.`",
    ),
    (
        "a: .inf\nb: -.INF\nc: .nan\n",
        "ambiguous-scalar 1:4 `.inf` / ambiguous-scalar 2:4 `-.INF` / ambiguous-scalar 3:4 `.nan`",
    ),
    ("1: a", "ambiguous-scalar 1:1 `1`"),
    (
        "null: a\ntrue: b\n~: c\n",
        "ambiguous-scalar 1:1 `null` / ambiguous-scalar 2:1 `true` / ambiguous-scalar 3:1 `~`",
    ),
    ("a: x\n  - b\n", "ambiguous-scalar 2:3 `- b`"),
    // Keys.
    (
        "a: 1\nb: 2\na: 3\na: 4\n",
        "duplicate-key 3:1 `a` / duplicate-key 4:1 `a`",
    ),
    (
        "x: {a: 1, 'a': 2}\ny:\n  b: 1\n  b: 2\n",
        "duplicate-key 1:11 `'a'` / duplicate-key 4:3 `b`",
    ),
    (": a", "yaml-syntax 1:1 ``"),
    ("[1, 2]: a", "yaml-feature 1:1 `[1, 2]`"),
    ("<<: {a: 1}", "yaml-feature 1:1 `<<`"),
    // Parts of YAML that are not used.
    (
        "a: &x 1\nb: *x\n",
        "yaml-feature 1:4 `&x` / yaml-feature 2:4 `*x`",
    ),
    ("a: *missing\n", "yaml-feature 1:4 `*missing`"),
    ("*a : 1\n", "yaml-feature 1:1 `*a`"),
    (
        "a: !!str 12\nb: !x [1]\n",
        "yaml-feature 1:4 `!!str` / yaml-feature 2:4 `!x`",
    ),
    ("a: !e!x 1\n", "yaml-feature 1:4 `!e!x 1`"),
    ("a: 1\n---\nb: 2\n", "yaml-feature 2:1 `---`"),
    ("%YAML 1.1\n---\na: 1\n", "yaml-feature 1:1 `%YAML 1.1`"),
    // Templates without quotes.
    ("a: {{ x }}\n", "yaml-syntax 1:4 `{{ x }}`"),
    (
        "a: {{ x }} and {{ y }} # c\n",
        "yaml-syntax 1:4 `{{ x }} and {{ y }}`",
    ),
    (
        "a: {{ x.y == 'z' }}\nb: [{{ c }}, {{ d }}]\n",
        "yaml-syntax 1:4 `{{ x.y == 'z' }}` / yaml-syntax 2:5 `{{ c }}` / yaml-syntax 2:14 `{{ d }}`",
    ),
    (
        "- {{ rows | map('a', \"b\") }}\n",
        "yaml-syntax 1:3 `{{ rows | map('a', \"b\") }}`",
    ),
    (
        "a: {% if x %}1{% endif %}\n",
        "yaml-syntax 1:4 `{% if x %}1{% endif %}`",
    ),
    ("{{ x }}: 1\n", "yaml-syntax 1:1 `{{ x }}: 1`"),
    // Wrong YAML.
    ("a: b: c # d\n", "yaml-syntax 1:4 `b: c`"),
    ("a: 1\n  b: 2\n", "yaml-syntax 2:3 `b: 2`"),
    ("a:b\nc: 1\n", "yaml-syntax 2:1 `c: 1`"),
    ("a: @x # d\n", "yaml-syntax 1:4 `@x`"),
    ("a: %x\n", "yaml-syntax 1:4 `%x`"),
    ("- `x` y\n", "yaml-syntax 1:3 ``x` y`"),
    ("a:\n\tb: 1\n", "yaml-syntax 2:1 `\t`"),
    ("a:\n  b: 1\n\tc: 2\n", "yaml-syntax 3:1 `\t`"),
    ("a: \"x\nb: 1\n", "yaml-syntax 1:4 `\"`"),
    ("a: 1\nb: 'x\n", "yaml-syntax 2:4 `'`"),
    ("a: \"x\n---\n", "yaml-syntax 1:4 `\"`"),
    ("a: 'don't'\n", "yaml-syntax 1:9 `t'`"),
    ("a: \"say \"hi\"\"\n", "yaml-syntax 1:10 `hi\"\"`"),
    ("a: \"C:\\Data\"\n", "yaml-syntax 1:7 `\\D`"),
    ("a: \"\\xZZ\"\n", "yaml-syntax 1:5 `\\x`"),
    ("a: [1, 2\nb: 1\n", "yaml-syntax 2:2 `:`"),
    ("a: {x: 1\n", "yaml-syntax 1:4 `{`"),
    ("a: [1}\n", "yaml-syntax 1:4 `[`"),
    ("a: ]\n", "yaml-syntax 1:4 `]`"),
    ("a: - b\n", "yaml-syntax 1:4 `- b`"),
    ("a: ? b\n", "yaml-syntax 1:4 `? b`"),
    ("a:\n  - x\n b: 1\n", "yaml-syntax 3:2 `b: 1`"),
    ("a:\n  b: 1\n c: 2\n", "yaml-syntax 3:2 `c: 2`"),
    ("a: 1\nkey\n", "yaml-syntax 2:1 `key`"),
    ("a: | text\n", "yaml-syntax 1:4 `| text`"),
    ("a: \"x\" y\n", "yaml-syntax 1:8 `y`"),
    ("- a\nb: 1\n", "yaml-syntax 2:1 `b: 1`"),
    // Characters.
    (
        "a: x\u{2028}y\u{85}\n",
        "yaml-syntax 1:5 `\u{2028}` / yaml-syntax 1:7 `\u{85}`",
    ),
    (
        "a: \u{7}\0\n",
        "yaml-syntax 1:4 `\u{7}` / yaml-syntax 1:5 `\0`",
    ),
    ("a: 1\rb: 2\n", "yaml-syntax 1:5 `\r`"),
    ("a: \u{feff}x\n", "yaml-syntax 1:4 `\u{feff}`"),
    // Many at once, in the order of the text, also before a syntax error.
    (
        "a: 1\nb: +5\na: &x 1\nd: {{ y }}\nc: @\n",
        "ambiguous-scalar 2:4 `+5` / duplicate-key 3:1 `a` / yaml-feature 3:4 `&x` / yaml-syntax 4:4 `{{ y }}` / yaml-syntax 5:4 `@`",
    ),
    // Readers that disagree.
    ("a: [?x]\n", "ambiguous-scalar 1:5 `?x`"),
];

#[test]
fn the_table_of_what_is_read() {
    for (text, expected) in READ {
        assert_eq!(&outcome(text), expected, "{text:?}");
    }
}

#[test]
fn the_table_of_what_is_refused() {
    let mut wrong = Vec::new();
    for (text, expected) in REFUSED {
        let found = outcome(text);
        if found != *expected {
            wrong.push(format!(
                "{text:?}\n  expected {expected}\n  found    {found}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn remedies_show_what_to_write() {
    let help = |text: &str| {
        let findings = read(&source(text)).unwrap_err();
        findings[0].help.clone().unwrap_or_default()
    };
    for (text, remedy) in [
        (
            "phone: +573001234567",
            r#"write it in quotes: "+573001234567""#,
        ),
        ("a: {{ x }} b", r#"write it in quotes: "{{ x }} b""#),
        (
            r#"a: {{ x["y"] }}"#,
            r#"write it in quotes: '{{ x["y"] }}'"#,
        ),
        ("a: b: c", r#"write it in quotes: "b: c""#),
        ("a: @x", r#"write it in quotes: "@x""#),
        ("1: a", r#"write it in quotes: "1""#),
        ("a: [?x]", "write it in quotes"),
    ] {
        assert!(help(text).starts_with(remedy), "{text}: {}", help(text));
    }
    let findings = read(&source("a: 1\nb: 2\na: 3\n")).unwrap_err();
    assert_eq!(
        findings[0].label.as_deref(),
        Some("first written in line 1")
    );
}

#[test]
fn spans_of_nodes() {
    let text = "\u{feff}a: 1\nb: [x, {y: z}]\nc: | # why | not\n  hi\n  ho\n\n# end\nd: 'it''s'\ne:\nf:\n- 1\n- g: >2-\n     w\n";
    let document = document(text);
    let shown = |pointer: &[&str]| {
        let node = document.root.at(pointer).unwrap();
        document.source.slice(node.span)
    };
    assert_eq!(shown(&["a"]), "1");
    assert_eq!(shown(&["b"]), "[x, {y: z}]");
    assert_eq!(shown(&["b", "1"]), "{y: z}");
    assert_eq!(shown(&["c"]), "| # why | not\n  hi\n  ho");
    assert_eq!(shown(&["d"]), "'it''s'");
    assert_eq!(shown(&["e"]), "");
    assert_eq!(shown(&["f"]), "1\n- g: >2-\n     w");
    assert_eq!(shown(&["f", "1"]), "g: >2-\n     w");
    assert_eq!(shown(&["f", "1", "g"]), ">2-\n     w");
    // Where nothing was written the place is where it could be.
    let nothing = document.root.get("e").unwrap().span;
    assert_eq!(
        &document.source.text()[nothing.start - 2..nothing.start],
        "e:"
    );
}
