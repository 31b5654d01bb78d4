//! The `Retry-After` header (RFC 9110, 10.2.3): seconds, or a moment. Does not know whether anybody will wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// A server that asks for more than this is not coming back in our time.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// How long to wait, counted from the answer's own `Date` (the two clocks need not agree) or, without one, from
/// `now`. Zero if the moment is past; nothing if the value is neither form: a number below zero is none, and a server
/// that says such a thing has not said that it did nothing.
pub(super) fn parse(value: &str, date: Option<&str>, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit()) {
        // More digits than fit a number are a long time, too.
        return Some(
            value
                .parse()
                .map_or(LONGEST, Duration::from_secs)
                .min(LONGEST),
        );
    }
    let until = http_date(value)?;
    let from = date.and_then(http_date).unwrap_or(now);
    Some(
        Duration::try_from(until.duration_since(from))
            .unwrap_or_default()
            .min(LONGEST),
    )
}

/// The one form of an HTTP date that may still be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text.trim())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn wait(value: &str, date: Option<&str>) -> Option<u64> {
        parse(value, date, http_date(NOW).unwrap()).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds() {
        assert_eq!(wait("120", None), Some(120));
        assert_eq!(wait(" 0 ", None), Some(0));
        assert_eq!(
            wait("99999999999999999999999", None),
            Some(LONGEST.as_secs())
        );
    }

    #[test]
    fn moments() {
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT", None), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:07 GMT", None), Some(0));
        // By the server's clock, which is a minute behind ours, it is 90 seconds.
        assert_eq!(
            wait(
                "Sun, 06 Nov 1994 08:50:07 GMT",
                Some("Sun, 06 Nov 1994 08:48:37 GMT")
            ),
            Some(90)
        );
        assert_eq!(
            wait("Sun, 06 Nov 1994 08:50:07 GMT", Some("nonsense")),
            Some(30)
        );
    }

    #[test]
    fn neither() {
        for value in ["", "-", "-5", "-0", "soon", "1.5", "+3", "12 s"] {
            assert_eq!(wait(value, None), None, "{value:?}");
        }
    }
}
