//! The pages of a step with `max_pages`: which one is read next, and what those before it gave. It sends nothing; a
//! page that does not go well is the end of the step.

use crate::action::{Action, Joined, Outputs, Pages, Seen, Turn};
use crate::plan::PlannedAction;
use crate::value::Value;

/// A step that reads page after page, on its way.
#[derive(Debug)]
pub(super) struct PagedRead<'p> {
    action: &'p Action,
    pages: Pages<'p>,
    /// The number of the first page that is read.
    first: u64,
    most: u64,
    /// How many pages were read.
    read: u64,
    joined: Joined,
    warnings: Vec<String>,
    /// The step's attempts before the first one for the page that is read now.
    attempts_before: u32,
}

/// What all pages gave.
pub(super) struct AllPages {
    pub(super) outputs: Outputs,
    pub(super) warnings: Vec<String>,
}

impl<'p> PagedRead<'p> {
    /// The pages of a step; none where it reads one answer.
    ///
    /// # Errors
    /// Why its pages have no numbers.
    pub(super) fn begin(planned: &'p PlannedAction, with: &Value) -> Result<Option<Self>, String> {
        let Some(most) = planned.max_pages else {
            return Ok(None);
        };
        let action = &*planned.action;
        let pages = Pages::begin(action, with)?;
        Ok(pages.map(|pages| Self {
            action,
            first: pages.page(),
            pages,
            most,
            read: 0,
            joined: Joined::default(),
            warnings: Vec::new(),
            attempts_before: 0,
        }))
    }

    /// The number of the page that is read now.
    pub(super) const fn page(&self) -> u64 {
        self.pages.page()
    }

    /// How many pages were read.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// The attempts for the page that is read now, of so many that the step has made.
    pub(super) const fn tries(&self, attempts: u32) -> u32 {
        attempts.saturating_sub(self.attempts_before)
    }

    /// Counts attempts from here on as those of the page that is read now.
    pub(super) const fn count_from(&mut self, attempts: u32) {
        self.attempts_before = attempts;
    }

    /// Takes a page that went well, with what is worth a look in it, and says whether another is to be read.
    ///
    /// # Errors
    /// Why nobody can tell whether another follows.
    pub(super) fn take(
        &mut self,
        seen: &Seen<'_>,
        outputs: Outputs,
        warnings: Vec<String>,
    ) -> Result<bool, String> {
        let turn = self.pages.take(seen)?;
        self.read += 1;
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        let next = match turn {
            Turn::Next(of) => Some(of),
            Turn::Empty(Some(of)) => Some(Some(of)),
            Turn::Empty(None) | Turn::Last => None,
        };
        let goes_on = next.is_some() && self.read < self.most;
        // Without records, a page has nothing to say, not that its ids are blank either; unless none has any.
        let says_nothing = matches!(turn, Turn::Empty(_)) && (goes_on || self.joined.has_begun());
        if !says_nothing {
            self.joined.add(self.action, outputs);
        }
        let Some(of) = next.filter(|_| !goes_on) else {
            return Ok(goes_on);
        };
        let warning = self.stopped_early(of);
        self.warnings.push(warning);
        Ok(false)
    }

    /// Asks for the next page, after so many attempts.
    pub(super) fn turn(&mut self, with: &mut Value, attempts: u32) {
        self.pages.turn(with);
        self.count_from(attempts);
    }

    /// What all pages gave.
    pub(super) fn finish(&mut self) -> AllPages {
        let joined = std::mem::take(&mut self.joined);
        let mut warnings = std::mem::take(&mut self.warnings);
        match joined.repeated() {
            0 => {}
            1 => warnings.push("1 record stood on two pages, and is taken once".to_owned()),
            many => warnings.push(format!(
                "{many} records stood on two pages, and are taken once"
            )),
        }
        AllPages {
            outputs: joined.into_outputs(),
            warnings,
        }
    }

    fn stopped_early(&self, of: Option<u64>) -> String {
        let (first, last, most) = (self.first, self.page(), self.most);
        let read = if first == last {
            format!("page {first}")
        } else {
            format!("pages {first} to {last}")
        };
        let was = if first == last { "was" } else { "were" };
        match of {
            Some(all) => format!(
                "only {read} of {all} {was} read, because `max_pages` is {most}: raise it to read them all"
            ),
            None => format!(
                "only {read} {was} read, because `max_pages` is {most}, and there may be more: raise it to read on"
            ),
        }
    }
}
