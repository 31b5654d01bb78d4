//! What is known of one step, made from the plan and its outlook.

use super::curl::{self, TokenWords};
use super::values::{Explained, Explainer};
use crate::cli::args::ExplainArgs;
use crate::cli::prepare::Prepared;
use crate::cli::saved;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::plan::foresee::{OutlookKind, RequestOutlook, RowsShown, Runs, StepOutlook, planned};
use crate::plan::{PlannedAction, PlannedKind, PlannedStep};
use crate::playbook::Input;
use crate::report::plan::rows_of;
use crate::report::words::{duration, plural};
use crate::secret::Masker;

/// What is known of one step.
pub(super) struct Explanation {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) place: String,
    /// Settings in the order in which they are shown: what, and its value.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) values: Vec<Explained>,
    pub(super) curl: Option<Result<String, String>>,
    pub(super) notes: Vec<String>,
}

impl Explanation {
    pub(super) fn of(args: &ExplainArgs, prepared: &Prepared) -> Result<Self, Diagnostic> {
        let plan = &prepared.plan;
        let outlook = saved::outlook(prepared, &args.what, RowsShown::Some);
        let step =
            planned(plan.steps(), &args.step).or_else(|| planned(plan.finally(), &args.step));
        let (Some(step), Some(found)) = (step, outlook.find(&args.step)) else {
            return Err(unknown(args, prepared));
        };
        let explainer = Explainer {
            prepared,
            outlook: &outlook,
            found: &found,
        };
        let mut explanation = Self {
            id: step.id.clone(),
            name: step.name.clone(),
            place: explainer.place(step.span),
            facts: Vec::new(),
            values: Vec::new(),
            curl: None,
            notes: Vec::new(),
        };
        for outer in found.around() {
            explanation.add_outer(outer, plan.step(&outer.id));
        }
        explanation.add_runs(step, found.outlook);
        if let (PlannedKind::Action(action), OutlookKind::Request(request)) =
            (&step.kind, &found.outlook.kind)
        {
            explanation.add_action(action, request);
            explanation.values = explainer.values(&action.with, &action.with_node, &request.with);
            explanation.add_curl(args, prepared, request);
        } else {
            if let (PlannedKind::Use(used), OutlookKind::Use(outlook)) =
                (&step.kind, &found.outlook.kind)
            {
                explanation.facts.push(("uses", used.path.clone()));
                explanation.values = explainer.inputs(used, &outlook.inputs);
            }
            let nested = step.nested().flatten();
            let ids: Vec<&str> = nested.map(|step| step.id.as_str()).collect();
            explanation.facts.push(("steps", ids.join(", ")));
            let note = "it sends nothing itself: explain one of its steps".to_owned();
            explanation.notes.push(note);
        }
        explanation.notes.extend(not_given(prepared));
        Ok(explanation)
    }

    /// A group, a loop or the use of another playbook around the step: what it is, over what, and whether it runs.
    fn add_outer(&mut self, outer: &StepOutlook, planned: Option<&PlannedStep>) {
        let id = &outer.id;
        let what = match &outer.kind {
            OutlookKind::Group(_) | OutlookKind::Request(_) => String::new(),
            OutlookKind::Loop(each) => format!(", for each row of {}", rows_of(each)),
            OutlookKind::Use(used) => format!(", which uses {}", used.path),
        };
        let when = planned.and_then(|step| step.when.as_ref());
        let whether = match (&outer.runs, when) {
            (Runs::Yes, None) => String::new(),
            (Runs::Yes, Some(when)) => format!(", whose `when: {}` holds", when.text.trim()),
            (Runs::OnlyIf { condition, mark }, _) => {
                format!(", which runs only if `{condition}` {mark}")
            }
            (Runs::No(reason), _) => format!(", which is skipped, because {reason}"),
        };
        let fact = format!("`{id}`{what}{whether}{}", of_rows(outer, planned));
        self.facts.push(("within", fact));
    }

    fn add_runs(&mut self, step: &PlannedStep, outlook: &StepOutlook) {
        if let Some(when) = &step.when {
            let holds = match &outlook.runs {
                Runs::Yes => "holds",
                Runs::OnlyIf { mark, .. } => mark,
                Runs::No(_) => "does not hold: the step is skipped",
            };
            self.facts
                .push(("when", format!("`{}` {holds}", when.text.trim())));
        } else if let Runs::No(reason) = &outlook.runs {
            self.facts.push(("skipped", format!("because {reason}")));
        }
    }

    fn add_action(&mut self, planned: &PlannedAction, request: &RequestOutlook) {
        let action = &planned.action;
        self.facts
            .push(("action", format!("{}: {}", action.name(), action.summary())));
        let reason = match (&request.because, request.effect_is_certain) {
            (Some(because), _) => format!(": {because}"),
            (None, false) => ": the worst that is possible, for what it depends on is not known".to_owned(),
            (None, true) if request.effect.is_repeatable() => {
                ": the same request twice leaves the same state, so it is sent again where its fate is in doubt".to_owned()
            }
            (None, true) => ": never sent again where its fate is in doubt".to_owned(),
        };
        self.facts
            .push(("effect", format!("{}{reason}", request.effect)));
        for condition in &planned.expect {
            self.facts
                .push(("expect", condition.text.trim().to_owned()));
        }
        let milliseconds =
            |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let retry = planned.retry;
        let retry = format!(
            "up to {} attempts, the first wait {}, the longest {}",
            retry.attempts,
            duration(milliseconds(retry.backoff)),
            duration(milliseconds(retry.max_backoff))
        );
        let retry = match planned.retry.attempts {
            1 => "one attempt: it is not tried again".to_owned(),
            _ => retry,
        };
        self.facts.push(("retry", retry));
        let timeout = duration(milliseconds(planned.timeout));
        self.facts
            .push(("timeout", format!("{timeout} for one request")));
        if let Some(most) = planned.max_pages {
            let most = format!("up to {}, a request each", plural(most, "page"));
            self.facts.push(("reads", most));
        }
    }

    fn add_curl(&mut self, args: &ExplainArgs, prepared: &Prepared, outlook: &RequestOutlook) {
        let token = TokenWords {
            source: prepared.token.as_ref(),
            root: &prepared.root,
        };
        let command =
            |request, masker: &Masker| curl::command(request, &prepared.facts, token, masker);
        let masker = prepared.masker();
        self.curl = outlook.request.as_ref().map(|request| match request {
            Ok(request) => Ok(command(request, &masker)),
            Err(problem) => Err(problem.clone()),
        });
        if args.what.sandbox {
            self.notes.push(
                "the command goes to `voxplay sandbox`: start it, and set SANDBOX_TOKEN to the token that it shows".to_owned(),
            );
        }
        if !outlook.marks.is_empty() {
            let unknown = match prepared.inputs.unknown.as_slice() {
                [] => "(known …)",
                _ => "(known …) or (input …)",
            };
            let note = format!("put in what stands as {unknown} before you run the command");
            self.notes.push(note);
        }
        if let (Some(Ok(shown)), Some(Ok(request))) = (&self.curl, &outlook.request)
            && *shown != command(request, &Masker::none())
        {
            let note = "*** stands for a secret: put it in before you run the command";
            self.notes.push(note.to_owned());
        }
    }

    /// Masks everything, before it is escaped and broken into lines: a secret in two pieces is not found any more.
    pub(super) fn mask(&mut self, masker: &Masker) {
        let hide = |text: &mut String| {
            if let std::borrow::Cow::Owned(masked) = masker.mask(text) {
                *text = masked;
            }
        };
        hide(&mut self.id);
        hide(&mut self.place);
        self.name.iter_mut().for_each(hide);
        self.facts.iter_mut().for_each(|(_, value)| hide(value));
        self.notes.iter_mut().for_each(hide);
        for value in &mut self.values {
            value.mask(masker, &hide);
        }
        if let Some(Ok(text) | Err(text)) = &mut self.curl {
            hide(text);
        }
    }
}

/// What the `when` of a loop means for its rows; empty where it has none that looks at them.
fn of_rows(outer: &StepOutlook, planned: Option<&PlannedStep>) -> String {
    let (Some(PlannedKind::Loop(planned)), OutlookKind::Loop(each)) =
        (planned.map(|step| &step.kind), &outer.kind)
    else {
        return String::new();
    };
    let Some(when) = &planned.when else {
        return String::new();
    };
    let when = when.text.trim();
    match each.rows {
        Some(rows @ 1..) if each.left_out == rows => format!(
            ", of which no row runs: {} left out by its `when: {when}`",
            if rows == 1 {
                "the only one is"
            } else {
                "all are"
            }
        ),
        _ => format!(", where `when: {when}` holds"),
    }
}

fn unknown(args: &ExplainArgs, prepared: &Prepared) -> Diagnostic {
    let steps = prepared.playbook().whole();
    let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    let mut finding = Diagnostic::error(
        Code::UnknownStep,
        format!(
            "{} has no step `{}`",
            prepared.plan.source().name(),
            args.step
        ),
    );
    finding.help = did_you_mean(&args.step, ids);
    finding
}

/// What is said of inputs that have no value: of secret ones, which no flag gives, apart from the others.
fn not_given(prepared: &Prepared) -> Vec<String> {
    let inputs = prepared.plan.playbook().inputs.iter();
    let unknown = inputs.filter(|input| prepared.inputs.unknown.contains(&input.name.value));
    let (secret, open): (Vec<_>, Vec<_>) = unknown.partition(|input| input.secret);
    let names = |inputs: &[&Input]| -> String {
        let names: Vec<&str> = inputs.iter().map(|it| it.name.value.as_str()).collect();
        names.join(", ")
    };
    let mut notes = Vec::new();
    if !open.is_empty() {
        notes.push(format!(
            "inputs that are not given: {}; `-i NAME=VALUE` or `--inputs FILE` gives values",
            names(&open)
        ));
    }
    if !secret.is_empty() {
        let variables: Vec<&str> = secret
            .iter()
            .filter_map(|input| Some(input.from_env.as_ref()?.value.as_str()))
            .collect();
        let variables = match variables.as_slice() {
            [] => String::new(),
            [one] => format!("the environment variable {one} or "),
            several => format!("the environment variables {} or ", several.join(", ")),
        };
        notes.push(format!(
            "secret inputs that are not given: {}; {variables}`--inputs FILE` gives values",
            names(&secret)
        ));
    }
    notes
}
