//! What a template says that it reads.

use super::*;
use crate::template::How;

/// Each read as `path`, with `?` where it is guarded and `*` where it is open, and its text.
fn reads(text: &str) -> Vec<(String, &str)> {
    let template = compile(text);
    template
        .reads()
        .iter()
        .map(|read| {
            let guarded = if read.guarded { "?" } else { "" };
            let open = if read.open { "*" } else { "" };
            (
                format!("{}{guarded}{open}", read.path.join(".")),
                &text[read.range.clone()],
            )
        })
        .collect()
}

fn paths(text: &str) -> Vec<String> {
    reads(text).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn paths_are_whole_with_their_place() {
    assert_eq!(
        reads("a {{ steps.promote.wolkvox_id }} {{ steps['promote'].ids[0].x | upper }}"),
        [
            (
                "steps.promote.wolkvox_id".to_owned(),
                "steps.promote.wolkvox_id"
            ),
            (
                "steps.promote.ids.0.x".to_owned(),
                "steps['promote'].ids[0].x"
            ),
        ]
    );
    assert_eq!(
        reads("ñandú {{ a . b [ 'c d' ] }}"),
        [("a.b.c d".to_owned(), "a . b [ 'c d' ]")]
    );
}

#[test]
fn a_path_stops_at_what_only_a_run_can_tell() {
    assert_eq!(
        reads("{{ steps[vars.name].id }}{{ a.b[1:c.d] }}{{ a[-1] }}"),
        [
            ("steps*".to_owned(), "steps[vars.name].id"),
            ("vars.name".to_owned(), "vars.name"),
            ("a.b*".to_owned(), "a.b[1:c.d]"),
            ("c.d".to_owned(), "c.d"),
            ("a*".to_owned(), "a[-1]"),
        ]
    );
}

#[test]
fn names_of_the_template_itself_are_not_read() {
    for (text, expected) in [
        (
            "{% for r in rows %}{{ r.id }}{{ loop.index }}{{ x }}{% endfor %}",
            "rows x",
        ),
        (
            "{% for r in rows if r.ok and y %}{% else %}{{ r.id }}{% endfor %}",
            "rows y r.id",
        ),
        (
            "{% for k, v in m | items %}{{ k }}{{ v }}{% endfor %}{{ k }}",
            "m k",
        ),
        ("{% set a = b %}{{ a.c }}", "b"),
        ("{% set a = a %}{{ a }}", "a"),
        ("{% set a %}{{ b }}{% endset %}{{ a }}", "b"),
        ("{% with a = b %}{{ a }}{% endwith %}{{ a }}", "b a"),
        ("{{ loop.index }}", "loop.index"),
        ("{{ now() | add_days(n) }}", "n"),
        ("{{ rows | map(attribute='id') }}", "rows"),
        ("{{ {'k': v, k: 1} }}", "v k"),
        ("{{ a if b else c }}", "b a c"),
        ("{{ a < b <= c in d }}", "a b c d"),
        ("plain", ""),
    ] {
        assert_eq!(paths(text).join(" "), expected, "{text}");
    }
}

#[test]
fn reads_that_may_be_undefined_are_marked() {
    for (text, expected) in [
        ("{{ a.b | default(c) }}", "a.b? c"),
        ("{{ a.b | upper | default('') }}", "a.b"),
        (
            "{{ a is defined }}{{ a is undefined }}{{ a is odd }}",
            "a? a? a",
        ),
        ("{{ a | required('x') }}", "a?"),
        ("{{ (a if b else c) | default('') }}", "b a? c?"),
        ("{{ a is defined and a.b == c }}", "a? a.b? c"),
        ("{{ a.b if a.b is defined else a }}", "a.b? a.b? a"),
        ("{{ a is undefined or a.b }}", "a? a.b?"),
        ("{{ a if not (b is undefined) else b }}", "b? a b"),
        (
            "{% if a is defined %}{{ a }}{% else %}{{ a }}{% endif %}{{ a }}",
            "a? a? a a",
        ),
        (
            "{% if a is undefined %}{% else %}{{ a }}{% endif %}",
            "a? a?",
        ),
        ("{{ a[b] | default('') }}", "a?* b"),
    ] {
        assert_eq!(paths(text).join(" "), expected, "{text}");
    }
}

#[test]
fn expressions_have_reads_too() {
    let text = r#"inputs.tier == "VIP" and response.code in vars.good"#;
    let expression = expression(text);
    let read: Vec<&str> = expression
        .reads()
        .iter()
        .map(|read| &text[read.range.clone()])
        .collect();
    assert_eq!(read, ["inputs.tier", "response.code", "vars.good"]);
}

#[test]
fn what_is_written_into_a_text_is_told() {
    for (text, expected) in [
        ("a {{ b.c }}", "b.c"),
        ("{{ b.c }}", ""),
        ("{{ 'a' ~ b ~ c[0] }}", "b c.0"),
        ("{{ b | upper }} {{ c }}", "c"),
        ("{% for b in c %}{{ b }}{{ d }}{% endfor %}", "d"),
    ] {
        let template = engine().compile(text).unwrap();
        let written = template.written().into_iter();
        let paths: Vec<String> = written.map(|read| read.path.join(".")).collect();
        assert_eq!(paths.join(" "), expected, "{text}");
    }
}

#[test]
fn comparisons_of_names_that_a_template_sets_are_not_told() {
    let text =
        "{% for row in rows %}{{ row == 5 }}{{ a < 5 }}{% endfor %}{{ b in 'xy' }}{{ 5 != c }}";
    let found = engine().compile(text).unwrap().compared();
    let found: Vec<(String, How)> = found
        .into_iter()
        .map(|compared| (compared.path.join("."), compared.how))
        .collect();
    let expected = [
        ("a".to_owned(), How::Ordered),
        ("c".to_owned(), How::Unwanted),
    ];
    assert_eq!(found, expected);
}
