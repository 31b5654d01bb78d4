//! `max_pages` beside an action: whether it has a meaning there, and what the first page is asked with. It knows no
//! answers.

use super::Tree;
use super::compile::Compiler;
use crate::action::{Action, Effect};
use crate::diagnostic::Code;
use crate::playbook::Step;
use crate::value::Value;

impl Compiler<'_> {
    /// How many pages a step reads at most; none where it says nothing of pages, or something wrong.
    pub(super) fn max_pages(&mut self, step: &Step, action: &Action) -> Option<u64> {
        let most = step.max_pages.as_ref()?;
        let name = action.name();
        let (problem, help) = if action.paging().is_none() {
            (
                format!("`max_pages` means nothing for {name}: its answer has no pages"),
                "take `max_pages` away; an action whose answers come in pages has the key `paging`",
            )
        } else if action.possible_effects() != [Effect::Read] {
            (
                format!("`max_pages` reads page after page, and {name} does not only read"),
                "take `max_pages` away: each page would be written again",
            )
        } else {
            return Some(most.value);
        };
        self.error(Code::InvalidValue, most.span, problem).help = Some(help.to_owned());
        None
    }
}

impl Tree {
    /// The same parameters, with what the first page is asked with where they do not say it.
    pub(super) fn with_first_page(mut self, action: &Action) -> Self {
        match &mut self {
            Self::Fixed(Value::Map(given)) => {
                let missing = action.beginning_of_pages(|name| given.contains_key(name));
                given.extend(missing);
            }
            Self::Map(given) => {
                let is_given = |name: &str| given.iter().any(|(key, _)| key == name);
                let missing = action.beginning_of_pages(is_given).into_iter();
                given.extend(missing.map(|(name, value)| (name, Self::Fixed(value))));
            }
            Self::Fixed(_) | Self::Template(_) | Self::Broken | Self::List(_) => {}
        }
        self
    }
}
