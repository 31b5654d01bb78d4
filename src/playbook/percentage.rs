//! A share of rows: `5%`, `0.5%`.

use std::fmt;

/// A part of a whole, exact to a thousandth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentage {
    thousandths: u32,
}

impl Percentage {
    /// Reads `5%` or `0.5%`: from 0 to 100, with at most three decimals and a point before them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(decimals) || decimals.len() > 3 {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let decimals: u32 = format!("{decimals:0<3}").parse().ok()?;
        let thousandths = whole.checked_mul(1000)?.checked_add(decimals)?;
        (thousandths <= 100_000).then_some(Self { thousandths })
    }

    /// What is wrong with a text that is meant as a share and is none, and what to do.
    pub(super) fn objection(text: &str) -> Option<(&'static str, &'static str)> {
        let number = text.strip_suffix('%')?.trim_end();
        let is_number = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let value: f64 = number.parse().ok().filter(|_| is_number)?;
        if value > 100.0 {
            return Some((
                "can be at most 100%",
                "for rows that go on whatever fails write `on_failure: continue` instead",
            ));
        }
        let decimals = number.split_once('.').map_or(0, |(_, it)| it.len());
        (decimals > 3).then_some((
            "can have at most three decimals",
            "write `0.001%` or more; `max_failures: 0` stops at the first row that fails",
        ))
    }

    /// How many of so many it is, less what makes no whole one: more than this is more than the share.
    pub fn of(self, total: u64) -> u64 {
        let part = u128::from(total) * u128::from(self.thousandths) / 100_000;
        u64::try_from(part).unwrap_or(total)
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.thousandths / 1000)?;
        let decimals = format!("{:03}", self.thousandths % 1000);
        match decimals.trim_end_matches('0') {
            "" => f.write_str("%"),
            decimals => write!(f, ".{decimals}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_and_written_exactly() {
        for (text, shown, of_300) in [
            ("5%", "5%", 15),
            ("0.5%", "0.5%", 1),
            ("0.50 %", "0.5%", 1),
            ("33.333%", "33.333%", 99),
            ("007%", "7%", 21),
            ("100.0%", "100%", 300),
            ("0%", "0%", 0),
        ] {
            let share = Percentage::parse(text).expect(text);
            assert_eq!((share.to_string().as_str(), share.of(300)), (shown, of_300));
        }
        assert_eq!(Percentage::parse("100%").unwrap().of(u64::MAX), u64::MAX);
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in [
            "5",
            "%",
            ".5%",
            "5.%",
            "0,5%",
            "-1%",
            "+1%",
            "101%",
            "100.1%",
            "0.1234%",
            "1e1%",
            "5%%",
            "99999999999%",
        ] {
            assert_eq!(Percentage::parse(text), None, "{text}");
        }
        let said = |text| Percentage::objection(text).map(|(message, _)| message);
        for text in ["0.00001%", "99.1234 %", "0.1234%"] {
            assert_eq!(
                said(text),
                Some("can have at most three decimals"),
                "{text}"
            );
        }
        for text in ["101%", "100.1%", "99999999999%"] {
            assert_eq!(said(text), Some("can be at most 100%"), "{text}");
        }
        for text in ["5", "%", "0,5%", "-1%", "5%%", "1e1%"] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
