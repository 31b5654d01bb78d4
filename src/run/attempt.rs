//! One step on its way: rendered, checked, made into a request.

use std::sync::Arc;

use super::paged::PagedRead;
use crate::action::{Effect, TargetFacts};
use crate::attachment::Attachment;
use crate::event::StepFinished;
use crate::outcome::Outcome;
use crate::plan::{PlannedAction, PlannedStep, Subject, file_paths, violation_diagnostic};
use crate::request::{self, Request};
use crate::template::Scope;
use crate::value::Value;

/// One step that performs an action, from its rendering to its outcome.
#[derive(Debug)]
pub(super) struct Attempt<'p> {
    pub(super) step: &'p PlannedStep,
    pub(super) action: &'p PlannedAction,
    pub(super) with: Value,
    pub(super) effect: Effect,
    pub(super) request: Option<Arc<Request>>,
    /// From 1; 0 before the first.
    pub(super) number: u32,
    /// Records that were counted against the limit of deletes when it was first sent in this stretch of the run.
    pub(super) counted: u64,
    /// Whether one of them may have been processed, also in an earlier stretch of the run.
    pub(super) in_doubt: bool,
    /// Why the attempt before this one did not settle it, and the status of its answer.
    pub(super) before: Option<(String, Option<u16>)>,
    /// Where the step reads page after page.
    pub(super) paged: Option<PagedRead<'p>>,
    /// When the step began, in milliseconds of the driver's clock.
    pub(super) began: u64,
}

impl<'p> Attempt<'p> {
    /// Renders and checks the parameters.
    ///
    /// # Errors
    /// Why nothing can be sent, with the place.
    pub(super) fn begin(
        step: &'p PlannedStep,
        action: &'p PlannedAction,
        scope: &Scope,
        began: u64,
    ) -> Result<Self, String> {
        let source = step.home.source();
        let with = action
            .with
            .render(scope)
            .map_err(|error| crate::diagnostic::in_one_line(&error.diagnostic(source)))?;
        let violations = action.action.check_params(&with);
        if !violations.is_empty() {
            let subject = Subject {
                what: &format!("`with` of {}", action.action.name()),
                node: &action.with_node,
                key: Some(action.with_span),
                source,
                advice: crate::playbook::belongs,
            };
            let lines: Vec<String> = violations
                .iter()
                .map(|violation| {
                    crate::diagnostic::in_one_line(&violation_diagnostic(violation, subject, &with))
                })
                .collect();
            return Err(lines.join("; "));
        }
        Ok(Self {
            effect: action.action.effect(&with),
            paged: PagedRead::begin(action, &with)?,
            step,
            action,
            with,
            request: None,
            number: 0,
            counted: 0,
            in_doubt: false,
            before: None,
            began,
        })
    }

    /// Goes on from what an earlier stretch of the run has left: so many attempts, one of which may have been processed.
    pub(super) const fn go_on(&mut self, number: u32, in_doubt: bool) {
        self.number = number;
        self.in_doubt = in_doubt;
        if let Some(paged) = &mut self.paged {
            paged.count_from(number);
        }
    }

    /// How often what is asked for now was sent: of a step that reads pages, the page.
    pub(super) fn tries(&self) -> u32 {
        let paged = self.paged.as_ref();
        paged.map_or(self.number, |paged| paged.tries(self.number))
    }

    /// Asks for the next page, of which nothing was sent yet.
    ///
    /// # Errors
    /// Why it cannot be asked for.
    pub(super) fn turn_page(&mut self) -> Result<(), String> {
        if let Some(paged) = &mut self.paged {
            paged.turn(&mut self.with, self.number);
        }
        self.before = None;
        self.in_doubt = false;
        match self.action.action.check_params(&self.with).first() {
            None => Ok(()),
            Some(violation) => Err(format!("not sent: {}", violation.message)),
        }
    }

    /// The page after those that were read, where one was and this one was not asked for yet.
    pub(super) fn next_page(&self) -> Option<u64> {
        let paged = self.paged.as_ref().filter(|paged| paged.read() > 0)?;
        (self.tries() == 0).then(|| paged.page())
    }

    /// The files that the request will carry.
    pub(super) fn files(&self) -> Vec<String> {
        self.action
            .action
            .file_param()
            .map(|param| file_paths(param, &self.with).into_values().collect())
            .unwrap_or_default()
    }

    /// Makes the request.
    ///
    /// # Errors
    /// Why it cannot be made, or breaks the action's own schema.
    pub(super) fn make_request(
        &mut self,
        target: &TargetFacts,
        attachments: Vec<Attachment>,
    ) -> Result<(), String> {
        let request = request::render(&self.action.action, &self.with, target, attachments)
            .map_err(|error| error.to_string())?;
        self.request = Some(Arc::new(request));
        Ok(())
    }

    /// Why it is not sent, in words that do not hide that it was sent before.
    pub(super) fn unsent(&self, why: &str) -> String {
        if let Some(page) = self.next_page() {
            return format!("page {page} was not read: {why}");
        }
        if self.number == 0 {
            return format!("not sent: {why}");
        }
        let before = self.before.as_ref();
        let before = before.map_or_else(String::new, |(reason, _)| format!("{reason}; "));
        format!("{before}not sent again: {why}")
    }

    /// Whether it may have changed something already, so that not sending it again does not mean that it is not done.
    pub(super) fn may_be_done(&self) -> bool {
        self.in_doubt && self.effect != Effect::Read
    }

    /// The status of the answer before.
    pub(super) fn status_before(&self) -> Option<u16> {
        self.before.as_ref().and_then(|(_, status)| *status)
    }

    /// How many records it deletes that were not counted yet: a retry deletes nothing more than its first attempt did
    /// not.
    pub(super) fn more_deletes(&self) -> u64 {
        if self.effect == Effect::Delete && self.number == 0 {
            self.action.action.item_count(&self.with) as u64
        } else {
            0
        }
    }
}

/// A step's end without anything else known of it.
pub(super) fn finished(
    step: &PlannedStep,
    row: Option<&str>,
    action: Option<&PlannedAction>,
    outcome: Outcome,
    error: Option<String>,
) -> StepFinished {
    StepFinished {
        step: step.id.clone(),
        row: row.map(str::to_owned),
        action: action.map(|planned| planned.action.name().to_owned()),
        outcome,
        http_status: None,
        code: None,
        msg: None,
        wolkvox_id: None,
        attempts: 0,
        pages: None,
        unsent: false,
        duration_ms: 0,
        accepted: false,
        error,
        warnings: Vec::new(),
        outputs: crate::value::Map::default(),
        blank: Vec::new(),
        withheld: Vec::new(),
        answer: None,
    }
}
