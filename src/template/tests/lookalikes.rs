//! Values that look like one thing and count as another.

use super::{TemplateError, engine, expression, pointed, render, scope_of};

const ROW: &str = r#"{"row":{"no":"no","one":"1","blank":"","mail":"a@b.co","n":1,"price":" 2.50","flag":true,
    "yes":" YES ","list":[1,2],"spelled":"[1,2]","texts":["1","2"],"of":{"a":[true]}},"response":{"code":200}}"#;

fn holds(text: &str) -> Result<bool, TemplateError> {
    expression(text).is_true(&scope_of(ROW))
}

#[test]
fn a_text_that_is_a_word_for_yes_or_no_decides_nothing() {
    for word in [
        "true", "False", "yes", " NO ", "on", "off", "y", "n", "0", "1", "null", "None", "si", "SÍ",
    ] {
        let names = serde_json::json!({ "x": word }).to_string();
        for text in [
            "x",
            "not x",
            "x and true",
            "false or x",
            "true if x else false",
        ] {
            let error = expression(text).is_true(&scope_of(&names)).unwrap_err();
            let message = format!("the text `{}` would count as true", word.trim());
            assert!(error.message.starts_with(&message), "{text}: {error}");
            assert_eq!(pointed(text, &error), "x", "{text}");
        }
    }
    let error = holds("row.no").unwrap_err();
    assert_eq!(error.help.unwrap(), "compare it: `row.no == \"yes\"`, say");
    for block in [
        "{% if row.no %}a{% endif %}",
        "{% for x in [1] if row.no %}a{% endfor %}",
    ] {
        assert_eq!(pointed(block, &super::error(block, ROW)), "row.no");
    }
}

#[test]
fn other_texts_and_values_keep_their_truth() {
    for (text, truth) in [
        ("row.mail", true),
        ("row.blank", false),
        ("row.blank or row.mail", true),
        ("row.no == 'yes' or row.yes | trim | lower == 'yes'", true),
        ("row.n and row.flag", true),
    ] {
        assert_eq!(holds(text), Ok(truth), "{text}");
    }
    assert_eq!(render("{{ row.no or 'x' }}", ROW), r#""no""#);
    assert_eq!(render("{{ row.blank or row.one }}", ROW), r#""1""#);
    assert_eq!(render("{{ row.no | default('x', true) }}", ROW), r#""no""#);
}

#[test]
fn a_number_never_silently_differs_from_the_text_of_one() {
    for (text, message, help) in [
        (
            "row.one == 1",
            "`row.one` is the text \"1\", which never equals the number 1",
            "write `\"1\"` in quotes, or `row.one | int`",
        ),
        (
            "2.5 != row.price",
            "`row.price` is the text \" 2.50\", which never equals the number 2.5",
            "write `\"2.5\"` in quotes, or `row.price | float`",
        ),
        (
            "row.n == '1'",
            "`row.n` is the number 1, which never equals the text \"1\"",
            "write 1 without quotes",
        ),
        (
            "row.one == row.n",
            "`row.one` is the text \"1\", which never equals the number 1",
            "write `row.n | string`, or `row.one | int`",
        ),
        (
            "row.one in [1, 2]",
            "`row.one` is the text \"1\", which never equals the number 1",
            "write `\"1\"` in quotes, or `row.one | int`",
        ),
        (
            "row.n not in ['1', '2']",
            "`row.n` is the number 1, which never equals the text \"1\"",
            "write 1 without quotes",
        ),
        (
            "row.no == false",
            "`row.no` is the text \"no\", which never equals the boolean false",
            "write `\"no\"` in quotes",
        ),
        (
            "row.one is eq(1)",
            "the text \"1\" never equals the number 1",
            "write both as text, or both as numbers or booleans",
        ),
        (
            "[row.one] | select('in', [1]) | length",
            "the text \"1\" never equals the number 1",
            "write both as text, or both as numbers or booleans",
        ),
        (
            "row.list == row.texts",
            "`row.list` holds the number 1 where `row.texts` holds the text \"1\": these are never equal",
            "write both as text, or both as numbers or booleans",
        ),
        (
            "row.of != {'a': ['true']}",
            "`row.of` holds the boolean true where `{'a': ['true']}` holds the text \"true\": these are never equal",
            "write both as text, or both as numbers or booleans",
        ),
        (
            "row.list in [['1', '2']]",
            "`row.list` holds the number 1 where the other side holds the text \"1\": these are never equal",
            "write both as text, or both as numbers or booleans",
        ),
        (
            "row.spelled == [1, 2]",
            "`row.spelled` is text, which never equals a list",
            "a cell of a table is text, whatever it looks like: compare it with text in quotes",
        ),
        (
            "row.list is eq('[1, 2]')",
            "the other side is text, which never equals a list",
            "a cell of a table is text, whatever it looks like: compare it with text in quotes",
        ),
        (
            "row.n in '1, 2'",
            "a number cannot be in text",
            "write a list: `[1, 2]`",
        ),
        (
            "row.n in row.mail",
            "a number cannot be in text",
            "make the number text with `| string`",
        ),
    ] {
        let error = holds(text).unwrap_err();
        assert_eq!(error.message, message, "{text}");
        assert_eq!(error.help.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn a_list_of_several_types_hides_no_text_that_spells_the_value() {
    for (text, message, help) in [
        (
            "row.n in [3, '1', 2]",
            "`row.n` is the number 1, which never equals the text \"1\"",
            "write 1 without quotes",
        ),
        (
            "row.one not in ['3', 1]",
            "`row.one` is the text \"1\", which never equals the number 1",
            "write `\"1\"` in quotes, or `row.one | int`",
        ),
        (
            "row.flag in ['True', false]",
            "`row.flag` is the boolean true, which never equals the text \"True\"",
            "write true without quotes",
        ),
    ] {
        let error = holds(text).unwrap_err();
        assert_eq!(error.message, message, "{text}");
        assert_eq!(error.help.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn other_values_of_different_types_are_just_not_equal() {
    for (text, truth) in [
        ("row.mail == 1", false),
        ("row.blank == 0", false),
        ("row.n == none", false),
        ("row.mail != false", true),
        ("row.n in ['1', 1]", true),
        ("row.n in [3, '2']", false),
        ("row.one in ['3', 2]", false),
        ("row.flag in [false, 'yes']", false),
        ("row.n in [true, '1']", true),
        ("response.code in [201, '201']", false),
        // The CRM writes its code both ways, and so may whoever asks for it.
        ("response.code == '200'", true),
        ("'200' == response.code", true),
        ("response.code != '201'", true),
        ("response.code in ['200', '201']", true),
        ("response.code is eq('200')", true),
        ("response.code is ne('200')", false),
        ("'200' is eq(response.code)", true),
        ("response.code is in(['200', '201'])", true),
        ("response.code is lt('300')", true),
        ("row.list == [1, 2.0]", true),
        ("row.list == [2, 1]", false),
        ("row.list in [['1', '2'], [1, 2]]", true),
        ("row.list == []", false),
        ("row.texts == ['1', '2']", true),
        ("row.spelled == '[1,2]'", true),
        ("row.mail == [1, 2]", false),
        ("row.of == {'a': [true]}", true),
        ("row.of == {'b': ['true']}", false),
        ("row.one | int == 1", true),
        ("row.one == '1'", true),
    ] {
        assert_eq!(holds(text), Ok(truth), "{text}");
    }
}

#[test]
fn a_code_is_not_looked_for_in_text() {
    for text in [
        "response.code in '200, 201'",
        "response.code not in '200, 201'",
        "1 < response.code in '200, 201'",
    ] {
        let error = engine().compile_expression(text).unwrap_err();
        assert_eq!(error.message, "a code is looked for in a list, not in text");
        assert_eq!(error.help.as_deref(), Some("write a list: `[200, 201]`"));
        assert_eq!(pointed(text, &error), text.replace("1 < ", ""));
    }
}

#[test]
fn texts_that_spell_numbers_are_not_put_in_an_order_that_the_numbers_have_not() {
    let names = r#"{"r":{"debt":"1000","limit":"60","name":"Ana","day":"2026-01-31"},
        "rows":[{"n":"9"},{"n":"10"},{"n":"x"}]}"#;
    for text in [
        "r.debt > r.limit",
        "r.debt >= r.limit",
        "r.debt < '60'",
        "'7' <= r.limit",
        "r.debt is gt('60')",
        "[r.debt] | select('<', '60')",
        "[r.debt, r.limit] | max",
        "[r.debt, r.limit] | min",
        "[r.debt, 'x', r.limit] | sort",
        "rows | max(attribute='n')",
        "rows | sort(attribute='n')",
    ] {
        let error = expression(text).eval(&scope_of(names)).expect_err(text);
        assert!(
            error.message.contains("letter by letter"),
            "{text}: {error}"
        );
        assert!(error.help.as_ref().unwrap().contains("int"), "{text}");
    }
    let error = expression("r.debt > r.limit").eval(&scope_of(names));
    let error = error.unwrap_err();
    assert_eq!(
        error.message,
        "`r.debt` (\"1000\") and `r.limit` (\"60\") are texts, which are ordered letter by letter and not as numbers"
    );
    let error = expression("rows | max(attribute='n')").eval(&scope_of(names));
    assert_eq!(
        error.unwrap_err().help.unwrap(),
        "take the numbers out before: `| map(attribute='n') | map('int')`, or `map('float')`"
    );
    for (text, value) in [
        ("r.debt | int > r.limit | int", "true"),
        ("r.day < '2026-02-01'", "true"),
        ("r.name < 'Bea'", "true"),
        ("r.name < '5'", "false"),
        ("['b', 'a', '7'] | sort", r#"["7","a","b"]"#),
        ("[r.debt] | max", r#""1000""#),
        // As texts and as numbers they stand in one order.
        ("'20260101' <= '20260131'", "true"),
        ("'2026' > '2025'", "true"),
        ("'00420' < '01000'", "true"),
        ("r.debt <= '1000'", "true"),
        (
            "['20260102', '20260101', '20260102'] | sort",
            r#"["20260101","20260102","20260102"]"#,
        ),
        ("[r.debt, r.limit] | map('int') | max", "1000"),
    ] {
        assert_eq!(super::eval(text, names), value, "{text}");
    }
}
