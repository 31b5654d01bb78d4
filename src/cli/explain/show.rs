//! An explanation as text for people, and as JSON.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::explanation::Explanation;
use super::values::Origins;
use crate::report::words::{harmless, wrap};
use crate::value::{Map, Value};

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

impl Explanation {
    pub(super) fn human(&self, width: usize) -> String {
        let mut text = format!("{BOLD}{}{BOLD:#}", harmless(&self.id));
        if let Some(name) = &self.name {
            let _ = write!(text, "  {}", harmless(name));
        }
        let _ = writeln!(text, "\n{DIM}{}{DIM:#}\n", harmless(&self.place));
        for (what, fact) in &self.facts {
            let lines = wrap(&harmless(fact), width.saturating_sub(11).max(20));
            let _ = writeln!(
                text,
                "  {DIM}{what:<8}{DIM:#} {}",
                lines.join("\n           ")
            );
        }
        if !self.values.is_empty() {
            let _ = writeln!(text, "\n{BOLD}values{BOLD:#}");
        }
        for value in &self.values {
            let shown = harmless(&one_line(&value.value));
            let green = AnsiColor::Cyan.on_default();
            let _ = writeln!(
                text,
                "  {green}{}{green:#} = {shown}",
                // With nothing in it, `with` itself is the value.
                harmless(if value.path.is_empty() {
                    "with"
                } else {
                    &value.path
                })
            );
            match &value.template {
                None => {
                    let _ = writeln!(text, "    {DIM}literal, {}{DIM:#}", harmless(&value.place));
                }
                Some(template) => {
                    let template = harmless(template.trim());
                    let _ = writeln!(
                        text,
                        "    {DIM}{template}, {}{DIM:#}",
                        harmless(&value.place)
                    );
                    origins(&value.sources, 4, width, &mut text);
                }
            }
        }
        match &self.curl {
            None => {}
            Some(Err(problem)) => {
                let _ = writeln!(text, "\nno request can be made: {}", harmless(problem));
            }
            Some(Ok(command)) => {
                let _ = writeln!(text, "\n{BOLD}as curl{BOLD:#}\n");
                for line in command.lines() {
                    let _ = writeln!(text, "{}", harmless(line));
                }
            }
        }
        for note in &self.notes {
            text.push('\n');
            for line in wrap(&harmless(&format!("note: {note}")), width) {
                let _ = writeln!(text, "{DIM}{line}{DIM:#}");
            }
        }
        text
    }

    /// `{schema: 1, step, name, place, facts: [{what, value}], values: [{path, value, place, template, sources:
    /// [{read, from, sources}]}], curl, problem, notes}`.
    pub(super) fn json(&self) -> Value {
        let text = |text: &str| Value::from(text);
        let optional = |value: Option<&str>| value.map_or(Value::Null, Value::from);
        let facts = self
            .facts
            .iter()
            .map(|(what, value)| object(&[("what", text(what)), ("value", text(value))]));
        let values = self.values.iter().map(|value| {
            object(&[
                ("path", text(&value.path)),
                ("value", value.value.clone()),
                ("place", text(&value.place)),
                ("template", optional(value.template.as_deref())),
                ("sources", sources(&value.sources)),
            ])
        });
        let (curl, problem) = match &self.curl {
            Some(Ok(command)) => (Some(command.as_str()), None),
            Some(Err(problem)) => (None, Some(problem.as_str())),
            None => (None, None),
        };
        object(&[
            ("schema", Value::from(1_u64)),
            ("step", text(&self.id)),
            ("name", optional(self.name.as_deref())),
            ("place", text(&self.place)),
            ("facts", Value::List(facts.collect())),
            ("values", Value::List(values.collect())),
            ("curl", optional(curl)),
            ("problem", optional(problem)),
            (
                "notes",
                Value::List(self.notes.iter().map(|note| text(note)).collect()),
            ),
        ])
    }
}

fn object(entries: &[(&str, Value)]) -> Value {
    let entries = entries.iter().cloned();
    let entries = entries.map(|(key, value)| (key.to_owned(), value));
    Value::Map(entries.collect::<Map>())
}

fn sources(all: &[Origins]) -> Value {
    let one = |origin: &Origins| {
        object(&[
            ("read", Value::from(origin.read.as_str())),
            ("from", Value::from(origin.from.as_str())),
            ("sources", sources(&origin.below)),
        ])
    };
    Value::List(all.iter().map(one).collect())
}

fn origins(all: &[Origins], indent: usize, width: usize, text: &mut String) {
    for origin in all {
        let line = format!("{}: {}", origin.read, origin.from);
        let room = width.saturating_sub(indent + 2).max(20);
        let lines = wrap(&harmless(&line), room);
        let _ = write!(text, "{:indent$}", "");
        let _ = writeln!(text, "{}", lines.join(&format!("\n{:1$}", "", indent + 2)));
        origins(&origin.below, indent + 2, width, text);
    }
}

/// A value in one line.
pub(super) fn one_line(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_json_text(),
    }
}
