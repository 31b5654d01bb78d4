//! Dates and times.

use super::*;

const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";

fn in_zone(zone: &str, text: &str) -> Result<String, TemplateError> {
    engine_in(zone)
        .compile_expression(text)?
        .eval(&Scope::new())
        .map(|value| value.as_text().unwrap().to_owned())
}

fn date(text: &str) -> String {
    in_zone("<-05>5", text).unwrap()
}

#[test]
fn now_is_the_start_of_the_run_in_its_zone() {
    assert_eq!(date("now()"), "2026-03-05T10:30:00-05:00");
    assert_eq!(
        in_zone("UTC0", "now()").unwrap(),
        "2026-03-05T15:30:00+00:00"
    );
    assert_eq!(date("now() | datetime"), "2026-03-05 10:30:00");
    assert_eq!(
        date("now() | add_days(2) | datetime"),
        "2026-03-07 10:30:00"
    );
    assert_eq!(
        render("{{ now() }}", "{}"),
        r#""2026-03-05T10:30:00-05:00""#
    );
}

#[test]
fn iso_texts_are_read() {
    for (text, written) in [
        ("2026-01-31", "2026-01-31 00:00:00"),
        ("2026-01-31 10:00:00", "2026-01-31 10:00:00"),
        ("2026-01-31 10:00", "2026-01-31 10:00:00"),
        ("2026-01-31T10:00:00", "2026-01-31 10:00:00"),
        ("2026-01-31T10:00:00.25", "2026-01-31 10:00:00"),
        ("2026-01-31T10:00:00Z", "2026-01-31 05:00:00"),
        ("2026-01-31T10:00:00+02:00", "2026-01-31 03:00:00"),
        ("2026-01-31 23:30:00-08:00", "2026-02-01 02:30:00"),
        ("2024-02-29", "2024-02-29 00:00:00"),
    ] {
        assert_eq!(date(&format!("'{text}' | datetime")), written, "{text}");
    }
}

#[test]
fn texts_that_are_no_dates_are_refused() {
    for (text, part) in [
        ("2026-02-30", "no such day as `2026-02-30`"),
        ("2026-13-01", "no such day as `2026-13-01`"),
        ("2025-02-29 10:00:00", "no such day as `2025-02-29`"),
        ("31-01-2026", "not a date as YYYY-MM-DD"),
        ("", "not a date"),
        ("20260131", "not a date as YYYY-MM-DD"),
        ("2026-01-31 25:00:00", "not a date with a time"),
        ("2026-01-31x10:00:00", "not a date with a time"),
        ("2026-01-31 10", "not a date with a time"),
        ("2026-01-31 ", "not a date with a time"),
        ("2026-01-31ñ", "not a date with a time"),
        (
            "2026-01-31T10:00:00-05:00[America/Bogota]",
            "not a date with a time",
        ),
        ("2026-1-3", "not a date as YYYY-MM-DD"),
    ] {
        let error = in_zone("<-05>5", &format!("'{text}' | datetime")).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
    }
    let error = in_zone("UTC0", "'31-01-2026' | date").unwrap_err();
    assert!(error.help.unwrap().contains("parse_date('%d-%m-%Y')"));
    assert!(
        in_zone("UTC0", "5 | date")
            .unwrap_err()
            .message
            .contains("a date is wanted")
    );
}

#[test]
fn a_date_without_a_time_stays_one() {
    assert_eq!(date("'2026-02-27' | add_days(2)"), "2026-03-01");
    assert_eq!(date("'2026-01-31' | add_months(1)"), "2026-02-28");
    assert_eq!(
        date("'2024-01-31' | add_months(1) | obligation_date"),
        "29-02-2024"
    );
    assert_eq!(date("'2026-03-31' | add_months(-1)"), "2026-02-28");
    assert_eq!(
        date("'2026-01-31 08:00:00' | add_days(-31)"),
        "2025-12-31T08:00:00"
    );
    assert_eq!(
        date("'2026-01-31' | add_hours(1)"),
        "2026-01-31T01:00:00-05:00"
    );
}

#[test]
fn days_keep_the_time_of_day_and_hours_pass() {
    // The clocks of this zone go forward on 2026-03-08 at 02:00.
    for (text, written) in [
        ("now() | add_days(4)", "2026-03-09T10:30:00-04:00"),
        ("now() | add_hours(96)", "2026-03-09T11:30:00-04:00"),
        (
            "'2026-03-08 01:30:00' | add_minutes(60) | datetime",
            "2026-03-08 03:30:00",
        ),
        (
            "'2026-03-07 02:30:00' | add_days(1) | datetime",
            "2026-03-08 02:30:00",
        ),
        ("'2026-03-08 02:30:00' | datetime", "2026-03-08 02:30:00"),
        ("'2026-03-08T07:30:00Z' | datetime", "2026-03-08 03:30:00"),
        ("'2026-03-01' | format_date('%Y %z')", "2026 -0500"),
    ] {
        assert_eq!(in_zone(NEW_YORK, text).unwrap(), written, "{text}");
    }
}

#[test]
fn other_forms_are_read_by_their_format() {
    assert_eq!(date("'31-01-2026' | parse_date('%d-%m-%Y')"), "2026-01-31");
    assert_eq!(
        date("'31-01-2026' | parse_date('%d-%m-%Y') | add_days(1) | obligation_date"),
        "01-02-2026"
    );
    assert_eq!(
        date("'31/01/26 4:05 PM' | parse_date('%d/%m/%y %I:%M %p') | datetime"),
        "2026-01-31 16:05:00"
    );
    assert_eq!(
        date("'2026-01-31 10:00 +0000' | parse_date('%Y-%m-%d %H:%M %z') | datetime"),
        "2026-01-31 05:00:00"
    );
    assert_eq!(date("'20260131' | parse_date('%Y%m%d')"), "2026-01-31");
    for text in ["30-02-2026", "2026-01-31", "31-01-2026 x", "", "31-13-2026"] {
        let error = in_zone("UTC0", &format!("'{text}' | parse_date('%d-%m-%Y')")).unwrap_err();
        assert!(
            error.message.contains("is not a date as `%d-%m-%Y`"),
            "{text}: {error}"
        );
    }
}

#[test]
fn dates_beyond_the_calendar_are_errors() {
    for text in [
        "now() | add_days(99999999)",
        "now() | add_days(9223372036854775807)",
        "now() | add_hours(9223372036854775807)",
        "now() | add_months(-999999)",
        "'9999-12-31' | add_days(1)",
        "now() | add_days(1.5)",
        "now() | add_days('2')",
    ] {
        assert!(in_zone("<-05>5", text).is_err(), "{text}");
    }
}

#[test]
fn a_format_without_signs_is_refused_and_the_right_one_named() {
    for (template, help) in [
        (
            "{{ '2026-01-31' | format_date('DD/MM/YYYY') }}",
            "write `%d/%m/%Y`",
        ),
        (
            "{{ '31-01-26' | parse_date('dd-mm-yy') }}",
            "write `%d-%m-%y`",
        ),
        (
            "{{ '2026-01-31' | format_date('yyyy-MM-dd HH:mm:ss') }}",
            "write `%Y-%m-%d %H:%M:%S`",
        ),
        (
            "{{ '2026-01-31' | format_date(inputs.form) }}",
            "for example `%d/%m/%Y` or `%Y-%m-%d %H:%M:%S`",
        ),
    ] {
        let error = super::error(template, r#"{"inputs":{"form":"día"}}"#);
        assert!(
            error.message.contains("no `%` is in it"),
            "{template}: {error}"
        );
        assert_eq!(error.help.as_deref(), Some(help), "{template}");
    }
}
