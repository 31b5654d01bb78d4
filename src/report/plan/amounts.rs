//! Counts in words: of requests and records, of the rows of a loop, and against limits.

use std::fmt::Write as _;

use super::{Budget, EFFECTS, PlanReport};
use crate::plan::foresee::{Count, LoopOutlook, RequestOutlook, Tally};
use crate::report::words::plural;

/// `3`, `1 to 3`, `up to 3`, `3 or more`.
pub(super) fn amount(count: Count) -> String {
    let Count {
        certain, possible, ..
    } = count;
    if count.is_open {
        format!("{certain} or more")
    } else if certain == possible {
        possible.to_string()
    } else if certain == 0 {
        format!("up to {possible}")
    } else {
        format!("{certain} to {possible}")
    }
}

/// An amount of something: `1 record`, `up to 3 records`, `an unknown number of records`.
pub(super) fn quantity(count: Count, one: &str) -> String {
    if count.is_open && count.certain == 0 {
        return format!("an unknown number of {one}s");
    }
    let many = if count.is_open || count.possible != 1 {
        "s"
    } else {
        ""
    };
    format!("{} {one}{many}", amount(count))
}

/// How many records are deleted, in words: `5 records`.
pub fn records(tally: &Tally) -> String {
    quantity(tally.deleted, "record")
}

/// How many rows there are, and what they send.
pub(super) fn rows(each: &LoopOutlook) -> String {
    let mut parts = Vec::new();
    match each.rows {
        Some(rows) => parts.push(plural(rows, "row")),
        None => parts.push("how many rows is not known yet".to_owned()),
    }
    if each.left_out > 0 {
        parts.push(format!("{} left out by `when`", each.left_out));
    }
    if each.unreadable > 0 {
        parts.push(format!(
            "{} that cannot be read and will fail",
            each.unreadable
        ));
    }
    if each.unsendable > 0 {
        parts.push(format!(
            "{} that cannot be sent and will fail",
            each.unsendable
        ));
    }
    if let Some(batch) = each.batch {
        parts.push(format!("{batch} in one call"));
    }
    if each.concurrency > 1 {
        parts.push(format!("{} side by side", each.concurrency));
    }
    let mut text = parts.join(", ");
    let requests = each.tally.requests();
    if requests.possible > 0 && each.rows.is_some() {
        let effects: Vec<String> = EFFECTS
            .into_iter()
            .map(|effect| (effect, each.tally.of(effect)))
            .filter(|(_, count)| count.possible > 0)
            .map(|(effect, count)| format!("{} {effect}", amount(count)))
            .collect();
        let effects = effects.join(", ");
        let _ = write!(text, ": {} ({effects})", quantity(requests, "request"));
    }
    text
}

/// That pages follow the one that is shown; none where one answer is all.
pub(super) fn pages(outlook: &RequestOutlook) -> Option<String> {
    let most = outlook.max_pages?;
    Some(match most {
        1 => "one page is read".to_owned(),
        most => format!("up to {most} pages are read, a request each: this is the first"),
    })
}

/// How many items run and are not shown, and how to see them; none where all are.
pub(super) fn not_shown(each: &LoopOutlook) -> Option<String> {
    let (one, many) = if each.batch.is_some() {
        ("batch", "batches")
    } else {
        ("row", "rows")
    };
    match each.not_shown {
        0 => None,
        1 => Some(format!(
            "1 more {one} runs and is not shown: --all-rows shows it"
        )),
        count => Some(format!(
            "{count} more {many} run and are not shown: --all-rows shows them"
        )),
    }
}

/// What comes of a run that needs so many requests, where the day may not have as many left.
pub(super) const fn budget_passed(budget: Budget, needs: Count) -> Option<&'static str> {
    let left = budget.left();
    if needs.certain > left {
        Some("run would stop at the daily budget, and could be resumed tomorrow")
    } else if needs.possible > left {
        Some("run may stop at the daily budget, and could be resumed tomorrow")
    } else {
        None
    }
}

/// What a limit is about, what the run needs, and whether that passes it.
pub(super) struct Limited {
    /// `requests` or `deletes`.
    pub(super) what: &'static str,
    /// `5 of 4`.
    pub(super) of: String,
    /// What follows where the limit is, or may be, passed.
    pub(super) passed: Option<&'static str>,
}

/// The limits that there are.
pub(super) fn limits(report: &PlanReport<'_>) -> Vec<Limited> {
    let tally = &report.outlook.tally;
    let all = [
        ("requests", report.limits.requests, tally.requests()),
        ("deletes", report.limits.deletes, tally.deleted),
    ];
    all.into_iter()
        .filter_map(|(what, limit, needs)| {
            let limit = limit?;
            let passed = if needs.certain > limit {
                Some("more than allowed: a run is refused")
            } else if needs.possible > limit || needs.is_open {
                Some("may be more than allowed: a run would stop there")
            } else {
                None
            };
            Some(Limited {
                what,
                of: format!("{} of {limit}", amount(needs)),
                passed,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        let count = |certain, possible, is_open| Count {
            certain,
            possible,
            is_open,
        };
        for (counted, words) in [
            (count(1, 1, false), "1 record"),
            (count(0, 1, false), "up to 1 record"),
            (count(0, 2, false), "up to 2 records"),
            (count(1, 3, false), "1 to 3 records"),
            (count(1, 1, true), "1 or more records"),
            (count(0, 1, true), "an unknown number of records"),
            (count(0, 0, false), "0 records"),
        ] {
            assert_eq!(quantity(counted, "record"), words);
        }
    }
}
