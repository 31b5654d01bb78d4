//! The short form of a rule, for the command line: `custom/insert:lost-answer@3`.

use super::{Argument, CallChoice, Fault, Kind, Rule, Takes, When, loopback};
use crate::diagnostic::did_you_mean;
use crate::reading::parse_duration;

impl Rule {
    /// Reads `CALL:FAULT[=ARGUMENT][,applied|,not-applied][@WHEN]`.
    ///
    /// `CALL` is `any`, `custom/update` and so on. `ARGUMENT` is a duration, seconds, bytes or an address, as the
    /// fault takes it. `WHEN` is `3` (the third such call), `every-5`, `first-2`, `after-10` or `10%`; without it
    /// every such call is hit.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write.
    pub fn parse(spec: &str) -> Result<Self, String> {
        let (call, rest) = spec
            .split_once(':')
            .ok_or("write CALL:FAULT, for example custom/insert:lost-answer@3")?;
        let call = CallChoice::named(call).ok_or_else(|| {
            let help = did_you_mean(call, CallChoice::names())
                .unwrap_or_else(|| format!("one of {}", names(CallChoice::names())));
            format!("`{call}` is no call of the sandbox: {help}")
        })?;
        let (rest, when) = match rest.rsplit_once('@') {
            Some((rest, when)) => (rest, parse_when(when)?),
            None => (rest, When::Always),
        };
        let (rest, applied) = match rest.rsplit_once(',') {
            Some((rest, "applied")) => (rest, Some(true)),
            Some((rest, "not-applied")) => (rest, Some(false)),
            Some((_, other)) => {
                return Err(format!("`{other}` is neither `applied` nor `not-applied`"));
            }
            None => (rest, None),
        };
        let (name, argument) = match rest.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (rest, None),
        };
        let kind = kind_named(name)?;
        let argument = argument
            .map(|text| parse_argument(kind, text))
            .transpose()?;
        Ok(Self {
            call,
            id: None,
            when,
            fault: Some(Fault::new(kind, argument, applied)?),
            latency: None,
        })
    }
}

/// The fault of a name, or a sentence with the nearest one.
pub(super) fn kind_named(name: &str) -> Result<&'static Kind, String> {
    Kind::named(name).ok_or_else(|| {
        let help = did_you_mean(name, super::KINDS.iter().map(|kind| kind.name))
            .unwrap_or_else(|| "`voxplay sandbox --list-faults` lists them".to_owned());
        format!("there is no fault `{name}`: {help}")
    })
}

fn names(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn parse_when(text: &str) -> Result<When, String> {
    let wrong =
        || format!("`{text}` is not a time: write `3`, `every-5`, `first-2`, `after-10` or `10%`");
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.parse().map_err(|_| wrong())?;
        return if percent > 0.0 && percent <= 100.0 {
            Ok(When::Probability(percent / 100.0))
        } else {
            Err(format!(
                "`{text}` is no share of the calls: write more than `0%`, and at most `100%`"
            ))
        };
    }
    let (word, count) = text.rsplit_once('-').unwrap_or(("nth", text));
    let count: u64 = count.parse().map_err(|_| wrong())?;
    match word {
        "nth" if count > 0 => Ok(When::Nth(count)),
        "every" if count > 0 => Ok(When::Every(count)),
        "first" if count > 0 => Ok(When::First(count)),
        "after" => Ok(When::After(count)),
        _ => Err(wrong()),
    }
}

fn parse_argument(kind: &Kind, text: &str) -> Result<Argument, String> {
    let number = || format!("`{text}` must be a whole number");
    match kind.takes {
        Takes::Nothing => Err(format!("`{}` takes no `=` and value", kind.name)),
        Takes::For(_) => parse_duration(text)
            .map(Argument::For)
            .ok_or_else(|| format!("`{text}` must be a duration such as `500ms` or `2s`")),
        Takes::RetryAfter(_) => text.parse().map(Argument::RetryAfter).map_err(|_| number()),
        Takes::Bytes(_) => text.parse().map(Argument::Bytes).map_err(|_| number()),
        Takes::To => loopback(text).map(Argument::To),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_read() {
        let rule = Rule::parse("custom/insert:http-503-retry-after=7,applied@every-5").unwrap();
        let fault = rule.fault.unwrap();
        assert_eq!(fault.argument, Argument::RetryAfter(7));
        assert!(fault.applied);
        assert_eq!(rule.when, When::Every(5));
        let rule = Rule::parse("any:redirect-away=http://127.0.0.1:9/x?a=b@1").unwrap();
        assert_eq!(rule.when, When::Nth(1));
    }

    #[test]
    fn mistakes_are_named() {
        for (spec, says) in [
            ("http-500", "CALL:FAULT"),
            ("custom/updat:http-500", "custom/update"),
            ("any:lost-anser", "lost-answer"),
            ("any:http-500@0", "every-5"),
            ("any:http-500@first-0", "first-2"),
            ("any:http-500@0%", "at most `100%`"),
            ("any:http-500@101%", "at most `100%`"),
            ("any:http-500@often", "10%"),
            ("any:http-500=3", "takes no"),
            ("any:slow-body=3", "duration"),
            ("any:lost-answer,not-applied", "always made"),
            ("any:closed,applied", "no change is ever made"),
            ("any:closed,perhaps", "neither"),
            ("any:redirect-away", "needs an address"),
            ("any:redirect-away=http://example.com/", "loopback"),
            ("any:redirect-away=https://127.0.0.1/", "loopback"),
        ] {
            let error = Rule::parse(spec).unwrap_err();
            assert!(error.contains(says), "{spec}: {error}");
        }
    }
}
