//! What an author can change: a finding with its place and its remedy. It does not know how it is shown.

pub mod render;
mod withheld;

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::source::{Position, Source, Span};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:ident;)*) => {
        /// The stable name of a kind of finding, as users see it and may search for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code in kebab-case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// Whether an error of this code means bad input or a guard that said no.
            pub const fn class(self) -> Class {
                match self { $(Code::$name => Class::$class,)* }
            }
        }
    };
}

/// What an error means for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The playbook, inputs, config or data are wrong: exit code 3.
    Invalid,
    /// A guard, a limit or a missing secret refuses: exit code 4.
    Refused,
}

codes! {
    /// The text is not YAML.
    YamlSyntax = "yaml-syntax", Invalid;
    /// A key stands twice in one mapping.
    DuplicateKey = "duplicate-key", Invalid;
    /// An anchor, alias, tag or merge key: valid YAML that playbooks do not use.
    YamlFeature = "yaml-feature", Invalid;
    /// A plain scalar that readers of YAML take for different things.
    AmbiguousScalar = "ambiguous-scalar", Invalid;
    /// A file that cannot be read, or is not UTF-8, or is too large.
    UnreadableFile = "unreadable-file", Invalid;
    /// A key that means nothing here.
    UnknownKey = "unknown-key", Invalid;
    /// A key that must be there and is not.
    MissingKey = "missing-key", Invalid;
    /// A value of the wrong type.
    WrongType = "wrong-type", Invalid;
    /// A value of the right type that is not allowed.
    InvalidValue = "invalid-value", Invalid;
    /// A value that breaks the schema of the action, input or file.
    Schema = "schema", Invalid;
    /// A JSON Schema that is itself wrong.
    InvalidSchema = "invalid-schema", Invalid;
    /// An action that is not in the catalogue.
    UnknownAction = "unknown-action", Invalid;
    /// An action file whose parts do not fit together.
    InvalidAction = "invalid-action", Invalid;
    /// A value given for an input that the playbook does not declare.
    UnknownInput = "unknown-input", Invalid;
    /// An input without a value.
    MissingInput = "missing-input", Invalid;
    /// A value that does not fit its input.
    InvalidInput = "invalid-input", Invalid;
    /// A template or expression that does not compile.
    TemplateSyntax = "template-syntax", Invalid;
    /// A name that no template can see here.
    UndefinedName = "undefined-name", Invalid;
    /// A template that could not be evaluated.
    TemplateFailed = "template-failed", Invalid;
    /// A reference to a step that does not exist.
    UnknownStep = "unknown-step", Invalid;
    /// A reference to a step that comes later, or to itself.
    LaterStep = "later-step", Invalid;
    /// A reference to a step whose `when` may skip it (a warning).
    MaybeSkipped = "maybe-skipped", Invalid;
    /// A reference to an output that the step does not have.
    UnknownOutput = "unknown-output", Invalid;
    /// Two steps with one id.
    DuplicateId = "duplicate-id", Invalid;
    /// A file that a playbook names and that is not there.
    MissingFile = "missing-file", Invalid;
    /// A file whose extension the CRM does not list (a warning).
    FileExtension = "file-extension", Invalid;
    /// A file outside the project's folder.
    OutsideProject = "outside-project", Refused;
    /// A file that holds the token of a target, which no playbook may read.
    TokenFile = "token-file", Refused;
    /// A target that cannot be one: not a host, wrong settings.
    BadTarget = "bad-target", Invalid;
    /// A target that is not configured.
    UnknownTarget = "unknown-target", Invalid;
    /// No target was chosen and none is configured.
    NoTarget = "no-target", Invalid;
    /// A token written down in a file that goes to git.
    LiteralToken = "literal-token", Invalid;
    /// The environment variable or file that holds the token is missing or empty.
    MissingToken = "missing-token", Refused;
    /// A host that is not on the list of allowed hosts.
    ForbiddenHost = "forbidden-host", Refused;
    /// Plain http to a host that is not loopback.
    InsecureHttp = "insecure-http", Refused;
    /// A host that the vendor has switched off (a warning).
    RetiredHost = "retired-host", Invalid;
    /// The playbook would send more than its limits, or the policy, allow.
    LimitPassed = "limit-passed", Refused;
    /// The playbook deletes and nobody has allowed it.
    DeleteNotAllowed = "delete-not-allowed", Refused;
    /// Something that a saved plan was made of has changed since.
    PlanChanged = "plan-changed", Refused;
    /// A part of the language that this version does not run.
    NotSupported = "not-supported", Invalid;
    /// What a run is made of has changed since it began.
    Changed = "changed", Refused;
    /// No run has this id, or none can be gone on with.
    UnknownRun = "unknown-run", Invalid;
    /// The state folder cannot be used.
    StateFolder = "state-folder", Refused;
    /// A thing that works but is worth a look (a warning).
    Advice = "advice", Invalid;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is sent.
    Error,
    /// Worth knowing; the run goes on.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A place in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// The bytes of it.
    pub span: Span,
}

impl Place {
    /// A span of a source.
    pub fn new(source: &Arc<Source>, span: Span) -> Self {
        Self {
            source: Arc::clone(source),
            span,
        }
    }

    /// Line and column where it begins.
    pub fn start(&self) -> Position {
        self.source.position(self.span.start)
    }

    /// Line and column after its last character.
    pub fn end(&self) -> Position {
        self.source.position(self.span.end)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source.is_unread() {
            f.write_str(self.source.name())?;
            return match self.source.only_line() {
                Some(line) => write!(f, ":{line}"),
                None => Ok(()),
            };
        }
        write!(f, "{}:{}", self.source.name(), self.start())
    }
}

/// What it is about a value that a finding objects to, as far as that says whether other data would do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Objection {
    /// What it holds; or the finding is about no value.
    #[default]
    Content,
    /// Its type, whatever it holds.
    Type,
    /// That it is a null: a blank in another spelling.
    Null,
}

/// One finding. Secrets may be inside its texts: whoever writes them out masks them.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// The kind of finding.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where; none only where no file is concerned.
    pub place: Option<Place>,
    /// A few words that stand at the caret.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// What about a value is wrong.
    pub objection: Objection,
}

impl Diagnostic {
    /// An error: nothing will be sent.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            label: None,
            help: None,
            objection: Objection::default(),
        }
    }

    /// A warning: the run goes on.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Span) -> Self {
        self.place = Some(Place::new(source, span));
        self
    }

    /// The same finding, in a file whose text is not here, where it has no place yet; `line` where one is known.
    #[must_use]
    pub fn in_file(mut self, name: &str, line: Option<u64>) -> Self {
        let line = line.and_then(|line| usize::try_from(line).ok());
        self.place
            .get_or_insert_with(|| Place::new(&Source::unread(name, line), Span::default()));
        self
    }

    /// The same finding with a few words at the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same finding with what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether this stops the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// A finding in one line: what, where and the remedy, for messages that are not shown with an excerpt.
pub fn in_one_line(diagnostic: &Diagnostic) -> String {
    let mut line = diagnostic.message.clone();
    if let Some(place) = &diagnostic.place {
        let _ = write!(line, " ({place})");
    }
    if let Some(help) = &diagnostic.help {
        line.push_str("; ");
        line.push_str(help);
    }
    line
}

/// The name among `known` that a typing error may have meant.
///
/// Spelling variants that only differ in `-`, `_`, blanks or case count as the same word.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(written);
    let length = wanted.chars().count();
    known
        .into_iter()
        .filter_map(|name| {
            let most = 1.max(length.max(name.chars().count()) / 3);
            let name_plain = plain(name);
            // The distance is at least the difference in length, which costs next to nothing.
            if name_plain.chars().count().abs_diff(length) > most {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&wanted, &name_plain);
            (distance <= most).then_some((distance, name))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A remedy: the nearest name if there is one, else all of them.
pub fn did_you_mean<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(name) = nearest(written, known.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let mut all: Vec<&str> = Vec::new();
    for name in known {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    (!all.is_empty()).then(|| format!("known here: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code} stands twice");
            assert!(
                code.as_str()
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-')
            );
        }
    }

    #[test]
    fn spelling_variants_find_their_name() {
        let known = ["wolkvox_id", "module", "fields"];
        assert_eq!(nearest("wolkvox-id", known), Some("wolkvox_id"));
        assert_eq!(nearest("modul", known), Some("module"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(
            did_you_mean("zzz", known).unwrap(),
            "known here: wolkvox_id, module, fields"
        );
        assert_eq!(
            did_you_mean("zzz", ["one", "two", "one"]).unwrap(),
            "known here: one, two"
        );
    }
}
