//! Actions for people, in lines of a width. Plain text with ANSI colours, which the writer takes out
//! where they do not belong.

use std::fmt::Write as _;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};

use super::parameters::{self, Row};
use super::{Origin, yaml};
use crate::action::{Action, Catalogue, Documentation, Effect, Encoding, Example};
use crate::report::words::{harmless, wrap};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The whole catalogue: name, effect, what it does.
pub(super) fn list(catalogue: &Catalogue, width: usize) -> String {
    let actions: Vec<Arc<Action>> = catalogue.actions().collect();
    let (built_in, own): (Vec<_>, Vec<_>) = actions
        .iter()
        .partition(|action| catalogue.is_built_in(action.name()));
    let names = longest(actions.iter().map(|action| action.name()));
    let effects: Vec<String> = actions.iter().map(|action| effects(action)).collect();
    let columns = (names, longest(effects.iter().map(String::as_str)));
    let mut text = String::new();
    group(&mut text, &built_in, columns, width);
    if !own.is_empty() {
        let _ = writeln!(text, "\n{BOLD}this project's own{BOLD:#}");
        group(&mut text, &own, columns, width);
    }
    let _ = writeln!(
        text,
        "\n{DIM}`voxplay actions show NAME` has parameters, outputs and examples.{DIM:#}"
    );
    text
}

fn group(text: &mut String, actions: &[&Arc<Action>], columns: (usize, usize), width: usize) {
    let (names, effects_wide) = columns;
    let indent = names + 2 + effects_wide + 2;
    for action in actions {
        let lines = wrap(
            &harmless(action.summary()),
            width.saturating_sub(indent).max(20),
        );
        let effects = effects(action);
        let colour = style(action.effect_rule().strongest());
        for (number, line) in lines.iter().enumerate() {
            if number == 0 {
                let _ = writeln!(
                    text,
                    "{BOLD}{:<names$}{BOLD:#}  {colour}{effects:<effects_wide$}{colour:#}  {line}",
                    action.name()
                );
            } else {
                let _ = writeln!(text, "{:indent$}{line}", "");
            }
        }
    }
}

fn longest<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// The usual effect first: `update or create`.
fn effects(action: &Action) -> String {
    let usual = action.effect_rule().default();
    let others = action.possible_effects().into_iter();
    let mut words = vec![usual.as_str()];
    words.extend(others.filter(|effect| *effect != usual).map(Effect::as_str));
    words.join(" or ")
}

const fn style(effect: Effect) -> Style {
    match effect {
        Effect::Read => DIM,
        Effect::Update => AnsiColor::Green.on_default(),
        Effect::Create => AnsiColor::Yellow.on_default(),
        Effect::Delete => AnsiColor::Red.on_default(),
    }
}

/// One action, whole.
pub(super) fn show(action: &Action, origin: &Origin, width: usize) -> String {
    let mut page = Page {
        text: String::new(),
        width,
    };
    page.line(&format!("{BOLD}{}{BOLD:#}", action.name()));
    page.prose(&harmless(action.summary()), 0);
    if let Some(description) = action.description() {
        page.line("");
        for paragraph in description.trim().split("\n\n") {
            page.prose(paragraph, 0);
        }
    }
    page.line("");
    page.facts(action, origin);
    page.parameters(action);
    page.outputs(action);
    page.remarks("where the vendor's pages disagree", action.contradictions());
    page.remarks("notes", action.notes());
    page.examples(action);
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn prose(&mut self, text: &str, indent: usize) {
        for line in wrap(text, self.width.saturating_sub(indent).max(20)) {
            self.line(&format!("{:indent$}{}", "", harmless(&line)));
        }
    }

    fn title(&mut self, title: &str) {
        self.line(&format!("\n{BOLD}{title}{BOLD:#}"));
    }

    /// A word and what belongs to it, in a column of its own.
    fn fact(&mut self, word: &str, texts: &[String]) {
        let mut word = word;
        for text in texts {
            for line in wrap(text, self.width.saturating_sub(12).max(20)) {
                self.line(&format!("{DIM}{word:<12}{DIM:#}{}", harmless(&line)));
                word = "";
            }
        }
    }

    fn facts(&mut self, action: &Action, origin: &Origin) {
        let rule = action.effect_rule();
        let mut effects = vec![format!("{}: {}", rule.default(), meaning(rule.default()))];
        for (condition, effect, because) in rule.cases() {
            effects.push(format!("{effect} where `{condition}`: {because}"));
            effects.push(format!("({})", meaning(effect)));
        }
        self.fact("effect", &effects);
        let encoding = match action.encoding() {
            Encoding::Json => ", JSON",
            Encoding::Multipart => ", multipart form",
            Encoding::None => "",
        };
        let method = action.method().as_str();
        self.fact("call", &[format!("{method} {}{encoding}", action.path())]);
        if let (Some(items), Some(most)) = (action.items_param(), action.max_items()) {
            self.fact("at most", &[format!("{most} of `{items}` in one call")]);
        }
        if let Some(lookup) = action.lookup() {
            let with = format!("{}, for `reconcile --look-up`", lookup.action);
            let proves = lookup.description.clone();
            let texts: Vec<String> = [Some(with), proves].into_iter().flatten().collect();
            self.fact("looked up", &texts);
        }
        let page = action.page();
        let title = [Some(page.title.clone()), page.url.clone()];
        self.fact("page", &title.into_iter().flatten().collect::<Vec<_>>());
        let documentation = match action.documentation() {
            Documentation::Documented => "documented: the vendor's sources agree",
            Documentation::SourcesDisagree if action.contradictions().is_empty() => {
                "sources disagree"
            }
            Documentation::SourcesDisagree => "sources disagree: see below what is done",
            Documentation::Thin => "thin: one source only, or one with holes",
        };
        self.fact("how well", &[documentation.to_owned()]);
        let origin = match origin {
            Origin::BuiltIn => "part of voxplay".to_owned(),
            Origin::Project(file) => format!("this project: {file}"),
        };
        self.fact("from", &[origin]);
    }

    fn parameters(&mut self, action: &Action) {
        let rows = parameters::rows(action.params_schema());
        if rows.is_empty() {
            return;
        }
        self.title("parameters (* required)");
        let marked = |row: &Row| format!("{}{}", row.name, if row.required { "*" } else { "" });
        let rows: Vec<[String; 3]> = rows
            .iter()
            .map(|row| [marked(row), row.value.clone(), row.about.clone()])
            .collect();
        self.table(&rows);
        if !action.extensions().is_empty() {
            self.prose(
                &format!(
                    "Extensions that the vendor lists: {}. Another one is a warning.",
                    action.extensions().join(", ")
                ),
                2,
            );
        }
    }

    fn outputs(&mut self, action: &Action) {
        let ids: Vec<&str> = action.id_outputs().collect();
        let rows: Vec<[String; 3]> = action
            .output_names()
            .map(|name| {
                let kind = if ids.contains(&name) { "id" } else { "value" };
                let about = action.output_description(name).unwrap_or_default();
                [name.to_owned(), kind.to_owned(), about.to_owned()]
            })
            .collect();
        if !rows.is_empty() {
            self.title("outputs, as steps.ID.NAME");
            self.table(&rows);
        }
    }

    /// Three columns, each wrapped in its own width.
    fn table(&mut self, rows: &[[String; 3]]) {
        let column = |index: usize, most: usize| {
            longest(rows.iter().map(|row| row[index].as_str())).min(most)
        };
        let (first, second) = (column(0, 24), column(1, self.width / 4));
        let third = self
            .width
            .saturating_sub(2 + first + 2 + second + 2)
            .max(20);
        for [name, value, about] in rows {
            let (values, abouts) = (wrap(value, second), wrap(about, third));
            for number in 0..values.len().max(abouts.len()) {
                let cell = |lines: &[String]| {
                    lines
                        .get(number)
                        .map_or(String::new(), |line| harmless(line))
                };
                let (value, about) = (cell(&values), cell(&abouts));
                let name = if number == 0 { name.as_str() } else { "" };
                let line = format!(
                    "  {BOLD}{name:<first$}{BOLD:#}  {DIM}{value:<second$}{DIM:#}  {about}"
                );
                self.line(line.trim_end());
            }
        }
    }

    fn remarks(&mut self, title: &str, remarks: &[String]) {
        if remarks.is_empty() {
            return;
        }
        self.title(title);
        for remark in remarks {
            let lines = wrap(remark, self.width.saturating_sub(4).max(20));
            for (number, line) in lines.iter().enumerate() {
                let mark = if number == 0 { "- " } else { "  " };
                self.line(&format!("  {mark}{}", harmless(line)));
            }
        }
    }

    fn examples(&mut self, action: &Action) {
        // A placeholder of the vendor in double braces would be a template in a playbook.
        let examples: Vec<&Example> = action
            .examples()
            .iter()
            .filter(|example| !yaml::holds_template(&example.with))
            .collect();
        if examples.is_empty() {
            return;
        }
        self.title("examples, ready for `steps:`");
        let id = action.name().replace('.', "_");
        for (number, example) in examples.into_iter().enumerate() {
            let id = match number {
                0 => id.clone(),
                _ => format!("{id}_{}", number + 1),
            };
            let effect = action.effect(&example.with);
            let with = example.with.as_map().filter(|with| !with.is_empty());
            let rest = if with.is_some() { "" } else { " {}" };
            self.line(&format!(
                "  {DIM}# {} ({effect}){DIM:#}\n  - id: {id}\n    action: {}\n    with:{rest}",
                harmless(&example.name),
                action.name()
            ));
            for line in example
                .with
                .as_map()
                .into_iter()
                .flat_map(|map| yaml::entries(map, 6))
            {
                self.line(&line);
            }
        }
    }
}

/// What an effect means for sending.
const fn meaning(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "it changes nothing, and may be sent again",
        Effect::Update => "sent twice it leaves the same state, so it may be sent again",
        Effect::Create => "sent twice it makes two: once it may have arrived, it is not sent again",
        Effect::Delete => "nothing can undo it: once it may have arrived, it is not sent again",
    }
}
