//! `voxplay explain`: where every value of a step comes from, and its request as a curl command. Nothing is sent.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the instant that is explained is read from the clock here"
)]

mod curl;
mod explanation;
mod show;
mod values;

use jiff::Timestamp;

use self::explanation::Explanation;
use super::Exit;
use super::args::{ExplainArgs, ExplainFormat};
use super::ci::Ci;
use super::prepare::{self, Occasion};
use super::terminal::{Terminal, width};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render;
use crate::report::plan::pretty;

pub(super) use self::curl::quoted;

pub(super) fn explain(args: &ExplainArgs) -> Exit {
    let mut terminal = Terminal::of(Ci::Auto);
    let mut findings = Vec::new();
    let mut secrets = Vec::new();
    let occasion = Occasion::look_at_what_is_known(Timestamp::now());
    let prepared = prepare::prepare(&args.what, occasion, &mut findings, &mut secrets);
    let masker = prepare::masker(&secrets, &findings);
    terminal.mask(masker.clone());
    let explained = prepared.as_ref().and_then(|prepared| {
        Explanation::of(args, prepared)
            .map_err(|finding| findings.push(finding))
            .ok()
    });
    if let Some(mut explained) = explained {
        explained.mask(&masker);
        match args.format {
            ExplainFormat::Human => terminal.answer(&explained.human(width())),
            ExplainFormat::Json => {
                terminal.answer(&format!("{}\n", pretty(&explained.json(), 0, &|_| None)));
            }
        }
        findings.retain(Diagnostic::is_error);
    }
    if !findings.is_empty() {
        match args.format {
            ExplainFormat::Human => terminal.say(&terminal.findings(&findings)),
            ExplainFormat::Json => terminal.answer(&render::json_lines(&findings)),
        }
    }
    Exit::of_findings(&findings).unwrap_or(Exit::Ok)
}
