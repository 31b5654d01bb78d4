//! What a person does after a run that stopped before its end: the commands, as they can be typed here.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the next day is told by the clock"
)]

use jiff::{Timestamp, ToSpan as _};

use super::call::Call;
use super::prepare::Prepared;
use crate::event::{RunFinished, RunOutcome};
use crate::report::human::plural;

/// The lines for people; nothing where the run is over.
pub(super) fn advice(
    finished: &RunFinished,
    has_doubts: bool,
    prepared: &Prepared,
    call: &Call,
) -> String {
    let until = finished
        .is_out_of_budget()
        .then(|| next_day(prepared))
        .flatten();
    let goes_on = matches!(
        finished.outcome,
        RunOutcome::Interrupted | RunOutcome::Budget
    );
    let (words, commands) = if has_doubts {
        let words = match &until {
            Some(until) => format!("say what you found in the CRM; then, {until}, go on:"),
            None => "say what you found in the CRM, then go on:".to_owned(),
        };
        (words, vec![call.reconcile(""), call.resume("")])
    } else if goes_on {
        let words = match &until {
            Some(until) => format!("go on {until}:"),
            None => "go on with it:".to_owned(),
        };
        (words, vec![call.resume("")])
    } else {
        return String::new();
    };
    let commands = commands.into_iter();
    commands.fold(format!("{words}\n"), |text, command| {
        format!("{text}  {command}\n")
    })
}

/// When the target takes requests again, and how many.
fn next_day(prepared: &Prepared) -> Option<String> {
    let daily = prepared.target.daily_budget?;
    let now = Timestamp::now().to_zoned(prepared.zone.clone());
    let then = now.checked_add(1.day()).ok()?.start_of_day().ok()?;
    Some(format!(
        "from {}, when another {} may be sent",
        then.strftime("%Y-%m-%d %H:%M %:z"),
        plural(daily, "request")
    ))
}
