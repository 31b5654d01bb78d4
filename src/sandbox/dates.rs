//! The forms of dates and times that the vendor's pages have, each exactly so, and always a day that the calendar has.
//! Knows no call.

use jiff::civil::{Date, Time};

/// `YYYY-MM-DD HH:MM:SS`, exactly so many digits, and a moment that the calendar has.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(' ') else {
        return false;
    };
    let (Some([year, month, day]), Some([hour, minute, second])) =
        (numbers(date, '-', [4, 2, 2]), numbers(time, ':', [2, 2, 2]))
    else {
        return false;
    };
    is_date(year, month, day) && Time::new(small(hour), small(minute), small(second), 0).is_ok()
}

/// `YYYY-MM-DD HH:MM`, without seconds.
pub(super) fn is_minute(text: &str) -> bool {
    text.len() == 16 && is_date_time(&format!("{text}:00"))
}

/// `YYYY-MM-DD`, exactly so many digits, and a day that the calendar has.
pub(super) fn is_year_first_date(text: &str) -> bool {
    numbers(text, '-', [4, 2, 2]).is_some_and(|[year, month, day]| is_date(year, month, day))
}

/// `DD-MM-YYYY`, exactly so many digits, and a day that the calendar has.
pub(super) fn is_day_first_date(text: &str) -> bool {
    numbers(text, '-', [2, 2, 4]).is_some_and(|[day, month, year]| is_date(year, month, day))
}

fn is_date(year: i16, month: i16, day: i16) -> bool {
    Date::new(year, small(month), small(day)).is_ok()
}

/// Two digits always fit.
fn small(number: i16) -> i8 {
    i8::try_from(number).unwrap_or(i8::MAX)
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i16; 3]> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (slot, width) in found.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_have_one_form_and_a_calendar() {
        for good in ["2023-07-30 00:00:00", "2024-02-29 23:59:59"] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "20230730 000000",
            "2023-07-30",
            "2023-07-30T00:00:00",
            "2023-02-29 00:00:00",
            "2023-13-01 00:00:00",
            "2023-07-30 24:00:00",
            "2023-07-30 00:00:00Z",
            "2023-7-30 00:00:00",
            "30-07-2023 00:00:00",
            " 2023-07-30 00:00:00",
            "+023-07-30 00:00:00",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn minutes_and_dates_without_a_time_have_one_form_too() {
        assert!(is_minute("2026-05-23 23:59"));
        assert!(is_year_first_date("2026-02-03"));
        for bad in ["2026-05-23 24:00", "2026-05-23 23:59:00", "2026-05-23"] {
            assert!(!is_minute(bad), "{bad}");
        }
        for bad in ["03-02-2026", "2026-02-30", "2026-2-3", ""] {
            assert!(!is_year_first_date(bad), "{bad}");
        }
    }

    #[test]
    fn dates_of_obligations_put_the_day_first() {
        assert!(is_day_first_date("25-05-2024"));
        assert!(is_day_first_date("29-02-2024"));
        for bad in [
            "2024-05-25",
            "05-25-2024",
            "29-02-2023",
            "5-5-2024",
            "25/05/2024",
            "25-05-2024 00:00:00",
            "",
        ] {
            assert!(!is_day_first_date(bad), "{bad}");
        }
    }
}
