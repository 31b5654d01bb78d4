//! Dates and times. A value of theirs is ISO 8601 text, so that it can stand anywhere text can.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::{Span, Timestamp, ToSpan, Zoned};

use super::call::wrong;
use super::{Call, Outcome, formats};
use crate::template::Clock;
use crate::template::error::TemplateError;
use crate::value::Value;

/// What a text says about time. Only what has an offset is moved to the run's zone.
enum Moment {
    Day(Date),
    /// A time on the wall, wherever that wall is.
    Wall(DateTime),
    Instant(Zoned),
}

impl Moment {
    fn wall(&self) -> DateTime {
        match self {
            Self::Day(date) => date.to_datetime(jiff::civil::Time::midnight()),
            Self::Wall(wall) => *wall,
            Self::Instant(instant) => instant.datetime(),
        }
    }

    fn to_value<'a>(&self) -> Outcome<'a> {
        let text = match self {
            Self::Day(date) => date.to_string(),
            Self::Wall(wall) => format(wall, "%Y-%m-%dT%H:%M:%S")?,
            Self::Instant(instant) => {
                strtime::format("%Y-%m-%dT%H:%M:%S%:z", instant).map_err(|error| failed(&error))?
            }
        };
        Ok(Cow::Owned(Value::Text(text)))
    }
}

fn failed(error: &jiff::Error) -> TemplateError {
    TemplateError::other(format!("this date cannot be had: {error}"))
}

fn format(wall: &DateTime, format: &str) -> Result<String, TemplateError> {
    strtime::format(format, *wall).map_err(|error| {
        TemplateError::other(format!("`{format}` does not fit this date: {error}"))
    })
}

/// Reads ISO text.
fn read(text: &str, clock: &Clock) -> Result<Moment, TemplateError> {
    let bytes = text.as_bytes();
    let shape = |wanted: &[u8]| {
        wanted.iter().enumerate().all(|(at, kind)| match kind {
            b'0' => bytes.get(at).is_some_and(u8::is_ascii_digit),
            other => bytes.get(at) == Some(other),
        })
    };
    if !shape(b"0000-00-00") {
        return Err(
            TemplateError::other(format!("`{text}` is not a date as YYYY-MM-DD")).help(
                "read a date in another form with `parse_date`, for example `| parse_date('%d-%m-%Y')`",
            ),
        );
    }
    // The ten bytes are ASCII, so this cuts between characters.
    let date: Date = text[..10]
        .parse()
        .map_err(|_| TemplateError::other(format!("there is no such day as `{}`", &text[..10])))?;
    let Some(separator) = bytes.get(10) else {
        return Ok(Moment::Day(date));
    };
    let not_a_time =
        || TemplateError::other(format!("`{text}` is not a date with a time as HH:MM:SS"));
    if !matches!(separator, b' ' | b'T' | b't') {
        return Err(not_a_time());
    }
    // The separator is ASCII too.
    let time = &text[11..];
    if time.contains('[') || !time.contains(':') {
        return Err(not_a_time());
    }
    if time.contains(['Z', 'z', '+', '-']) {
        let instant: Timestamp = text.parse().map_err(|_| not_a_time())?;
        return Ok(Moment::Instant(instant.to_zoned(clock.zone.clone())));
    }
    text.parse().map(Moment::Wall).map_err(|_| not_a_time())
}

fn input(call: &mut Call<'_, '_>) -> Result<Moment, TemplateError> {
    match &*call.take_input() {
        Value::Text(text) => read(text, call.clock),
        other => Err(wrong("a date", other)),
    }
}

fn written<'a>(call: &mut Call<'_, 'a>, as_format: &str) -> Outcome<'a> {
    let text = format(&input(call)?.wall(), as_format)?;
    Ok(Cow::Owned(Value::Text(text)))
}

pub(super) fn now<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    Moment::Instant(call.clock.now.to_zoned(call.clock.zone.clone())).to_value()
}

pub(super) fn datetime<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    written(call, "%Y-%m-%d %H:%M:%S")
}

pub(super) fn date<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    written(call, "%Y-%m-%d")
}

pub(super) fn obligation_date<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    written(call, "%d-%m-%Y")
}

fn amount(call: &mut Call<'_, '_>) -> Result<i64, TemplateError> {
    call.integer_slot(0).map(Option::unwrap_or_default)
}

fn out_of_range(_: jiff::Error) -> TemplateError {
    TemplateError::other("the date would lie outside the years that there are")
}

/// Days and months move the date and leave the time of day as it is.
fn by_calendar<'a>(call: &mut Call<'_, 'a>, span: Span) -> Outcome<'a> {
    match input(call)? {
        Moment::Day(date) => date.checked_add(span).map(Moment::Day),
        Moment::Wall(wall) => wall.checked_add(span).map(Moment::Wall),
        Moment::Instant(instant) => instant.checked_add(span).map(Moment::Instant),
    }
    .map_err(out_of_range)?
    .to_value()
}

pub(super) fn add_days<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let span = Span::new().try_days(amount(call)?).map_err(out_of_range)?;
    by_calendar(call, span)
}

pub(super) fn add_months<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let span = Span::new()
        .try_months(amount(call)?)
        .map_err(out_of_range)?;
    by_calendar(call, span)
}

/// Hours and minutes pass as they do on a clock of the run's zone, also where it is changed.
fn by_clock<'a>(call: &mut Call<'_, 'a>, minutes: i64) -> Outcome<'a> {
    let zone = call.clock.zone.clone();
    let instant = match input(call)? {
        Moment::Instant(instant) => instant,
        other => other.wall().to_zoned(zone).map_err(out_of_range)?,
    };
    let span = 0.minutes().try_minutes(minutes).map_err(out_of_range)?;
    let later = instant.checked_add(span).map_err(out_of_range)?;
    Moment::Instant(later).to_value()
}

pub(super) fn add_hours<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let minutes = amount(call)?.saturating_mul(60);
    by_clock(call, minutes)
}

pub(super) fn add_minutes<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let minutes = amount(call)?;
    by_clock(call, minutes)
}

pub(super) fn parse_date<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let format = call.text_slot(0)?.unwrap_or_default();
    refuse_plain(&format)?;
    let text = call.text_input()?;
    let parts = BrokenDownTime::parse(&format, text.as_bytes())
        .map_err(|_| formats::misfit(&text, &format))?;
    let wrong = |_| formats::no_date(&text, &format, &parts);
    if parts.offset().is_some() || parts.timestamp().is_some() {
        let instant = parts.to_timestamp().map_err(wrong)?;
        return Moment::Instant(instant.to_zoned(call.clock.zone.clone())).to_value();
    }
    if parts.hour().is_some() {
        return Moment::Wall(parts.to_datetime().map_err(wrong)?).to_value();
    }
    Moment::Day(parts.to_date().map_err(wrong)?).to_value()
}

pub(super) fn format_date<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let as_format = call.text_slot(0)?.unwrap_or_default();
    refuse_plain(&as_format)?;
    let moment = input(call)?;
    let instant = match moment {
        Moment::Instant(instant) => instant,
        other => {
            let text = format(&other.wall(), &as_format);
            match text {
                Ok(text) => return Ok(Cow::Owned(Value::Text(text))),
                // The format wants the zone: then the wall stands in the run's.
                Err(_) => other
                    .wall()
                    .to_zoned(call.clock.zone.clone())
                    .map_err(out_of_range)?,
            }
        }
    };
    strtime::format(&as_format, &instant)
        .map(|text| Cow::Owned(Value::Text(text)))
        .map_err(|_| formats::unknown_sign(&as_format))
}

/// A format without `%` names no part of a date: it would be written as it stands.
fn refuse_plain(format: &str) -> Result<(), TemplateError> {
    if format.contains('%') {
        return Ok(());
    }
    let meant = with_signs(format);
    let error = TemplateError::syntax(format!(
        "`{format}` is not a format for dates: no `%` is in it"
    ));
    Err(error.help(if meant.contains('%') {
        format!("write `{meant}`")
    } else {
        "for example `%d/%m/%Y` or `%Y-%m-%d %H:%M:%S`".to_owned()
    }))
}

/// `DD/MM/YYYY` as strftime writes it; what stands for no part of a date stays.
fn with_signs(format: &str) -> String {
    let parts = [
        ("YYYY", "%Y"),
        ("YY", "%y"),
        ("DD", "%d"),
        ("HH", "%H"),
        ("SS", "%S"),
    ];
    let upper = format.to_ascii_uppercase();
    let (mut written, mut at) = (String::new(), 0);
    while let Some(next) = format[at..].chars().next() {
        let rest = &upper[at..];
        if let Some((name, sign)) = parts.iter().find(|(name, _)| rest.starts_with(name)) {
            written.push_str(sign);
            at += name.len();
        } else if rest.starts_with("MM") {
            // Behind the hour they are minutes.
            written.push_str(if written.contains("%H") { "%M" } else { "%m" });
            at += 2;
        } else {
            written.push(next);
            at += next.len_utf8();
        }
    }
    written
}

/// A literal format is tried on a date before the run.
pub(super) fn check_format(arguments: &[Option<&Value>]) -> Result<(), TemplateError> {
    let Some(Some(Value::Text(format))) = arguments.first() else {
        return Ok(());
    };
    refuse_plain(format)?;
    strtime::format(
        format,
        &Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC),
    )
    .map(drop)
    .map_err(|_| formats::unknown_sign(format))
}
