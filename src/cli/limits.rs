//! What a run needs, against what its playbook and the project's policy allow.

use std::sync::Arc;

use super::open::Project;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::plan::Rehearsal;
use crate::plan::foresee::Tally;
use crate::playbook::Playbook;
use crate::report::words::plural;
use crate::source::{Source, Spanned};

/// What a run certainly needs, against what it may.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    pub(super) requests: u64,
    pub(super) deletes: u64,
}

impl From<&Tally> for Needs {
    fn from(tally: &Tally) -> Self {
        Self {
            requests: tally.requests().certain,
            deletes: tally.deleted.certain,
        }
    }
}

impl From<&Rehearsal> for Needs {
    fn from(rehearsal: &Rehearsal) -> Self {
        Self {
            requests: rehearsal.certain_requests(),
            deletes: rehearsal.certain_deletes(),
        }
    }
}

/// A limit or a policy, and the text that sets it.
type Bound<'b> = (&'b Arc<Source>, &'b Spanned<u64>);

/// The limits of the playbook and of those that it uses, and what `policy` allows it to set.
pub(super) fn check_limits(
    playbook: &Playbook,
    project: &Project,
    needs: Needs,
    findings: &mut Vec<Diagnostic>,
) {
    let config = &project.config;
    let counts = [
        (
            "requests",
            playbook.most_requests(),
            config.source.as_ref().zip(config.policy.requests.as_ref()),
            needs.requests,
        ),
        (
            "deletes",
            playbook.most_deletes(),
            config.source.as_ref().zip(config.policy.deletes.as_ref()),
            needs.deletes,
        ),
    ];
    for (what, limit, policy, certain) in counts {
        let finding = match (limit, policy) {
            // What the run needs can only be told once it is known what it may.
            (Some(limit), Some(policy)) if limit.1.value > policy.1.value => {
                Some(above_policy(what, limit, policy))
            }
            (Some((source, limit)), _) => passed(what, certain, limit.value, "the run").map(|it| {
                it.at(source, limit.span).help(format!(
                    "raise `limits.{what}` if that is meant, or split the playbook"
                ))
            }),
            (None, Some((source, policy))) => {
                let run = format!("a run of {}", playbook.source.name());
                passed(what, certain, policy.value, &run).map(|it| {
                    it.at(source, policy.span).help(format!(
                        "have `policy.{what}` raised if that is meant, or split the playbook"
                    ))
                })
            }
            (None, None) => None,
        };
        findings.extend(finding);
    }
}

/// A playbook that sets a higher limit than it may.
fn above_policy(what: &str, (source, limit): Bound<'_>, (config, policy): Bound<'_>) -> Diagnostic {
    let message = format!(
        "`limits.{what}` is {}, and the policy ({}) allows {}",
        limit.value,
        Place::new(config, policy.span),
        policy.value
    );
    Diagnostic::error(Code::LimitPassed, message)
        .at(source, limit.span)
        .help("lower the limit, or have the policy changed")
}

/// A run that needs more of something than it may have.
fn passed(what: &str, certain: u64, bound: u64, run: &str) -> Option<Diagnostic> {
    (certain > bound).then(|| {
        let message = format!(
            "{run} needs {}, and {bound} {} allowed",
            plural(certain, what.trim_end_matches('s')),
            if bound == 1 { "is" } else { "are" }
        );
        Diagnostic::error(Code::LimitPassed, message)
    })
}
