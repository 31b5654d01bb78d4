//! What has changed since a run began, in words, and how it is gone on with all the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::call::word;
use super::prepare::Prepared;
use super::resume::SANDBOX;
use super::resumption::Resumption;
use super::{fingerprints, private};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::RunStarted;
use crate::plan::Origin;

/// What has changed since the run began; none where nothing has.
pub(super) fn find(
    resumed: &Resumption,
    now: &RunStarted,
    prepared: &Prepared,
) -> Option<Diagnostic> {
    let earlier = &resumed.earlier;
    let names = earlier.fingerprints.keys().chain(now.fingerprints.keys());
    let mut changed: Vec<&String> = names
        .filter(|name| earlier.fingerprints.get(*name) != now.fingerprints.get(*name))
        .collect();
    changed.sort();
    changed.dedup();
    let mut names: Vec<String> = changed.into_iter().cloned().collect();
    // A sandbox has a new port each time; there is nothing in it to go on with but the run itself.
    let in_sandbox = earlier.target.name == SANDBOX && now.target.name == SANDBOX;
    if earlier.target.server != now.target.server && !in_sandbox {
        names.push(format!(
            "the target's server ({} then, {} now)",
            earlier.target.server, now.target.server
        ));
    }
    if let (Some(before), Some(after)) = (&earlier.timezone, &now.timezone)
        && before != after
    {
        names.push(format!("the time zone ({before} then, {after} now)"));
    }
    names.extend(private::changes(earlier, now));
    let other_tags = have_changed(&earlier.tags, &now.tags);
    if other_tags {
        names.push(format!(
            "the tags ({} then, {} now)",
            tags(&earlier.tags),
            tags(&now.tags)
        ));
    }
    if names.is_empty() {
        return None;
    }
    let mut message = format!(
        "since the run began, this has changed: {}",
        names.join(", ")
    );
    for name in &names {
        if let (Some(before), Some(after)) = (text_of(earlier, name), text_of(now, name)) {
            message.push_str("\n\n");
            message.push_str(&difference(name, before, after));
        }
    }
    let inputs: Vec<&str> = names.iter().filter_map(|name| input_of(name)).collect();
    let rest = || match &resumed.asked.run_again {
        None => of_resume(!inputs.is_empty()),
        Some(files) => of_run(resumed, files, &given_now(&inputs, prepared)),
    };
    let help = match (other_tags, names.len()) {
        (false, _) => rest(),
        (true, 1) => of_tags(resumed),
        (true, _) => format!("{}; as to the others: {}", of_tags(resumed), rest()),
    };
    Some(Diagnostic::error(Code::Changed, message).help(help))
}

/// The input that a change is one of, by its name.
fn input_of(change: &str) -> Option<&str> {
    let open = change.strip_prefix("the input ");
    let name = open.or_else(|| change.strip_prefix("the secret input "))?;
    name.split(',').next()
}

/// Where the new values of inputs come from, as far as the command line gives them.
fn given_now<'p>(inputs: &[&str], prepared: &'p Prepared) -> Vec<&'p Origin> {
    let origins = inputs
        .iter()
        .filter_map(|name| prepared.inputs.origins.get(*name));
    let by_hand = |origin: &&Origin| matches!(origin, Origin::Flag | Origin::File(_));
    origins.filter(by_hand).collect()
}

fn of_resume(has_new_input: bool) -> String {
    if has_new_input {
        "put it back as it was, or add `--accept-changes` to go on with the new value, if the steps that are left are meant so"
    } else {
        "put it back as it was, or go on with `--accept-changes` if the steps that are left are meant so"
    }
    .to_owned()
}

/// `run` accepts no changes, and `resume` takes new values from files alone.
fn of_run(resumed: &Resumption, files: &[PathBuf], given: &[&Origin]) -> String {
    let call = &resumed.call;
    let other = "what is new altogether is a run of its own, under another id";
    if resumed.is_ok {
        return format!("that run ended ok, and nothing of it is left to do; {other}");
    }
    if given.is_empty() {
        let go_on = call.resume("--accept-changes");
        return format!(
            "put it back as it was, or go on with `{go_on}`, if the steps that are left are meant so; {other}"
        );
    }
    let mut words = String::new();
    for file in files {
        let _ = write!(words, "--inputs {} ", word(&file.display().to_string()));
    }
    let mut before = String::new();
    if given.contains(&&Origin::Flag) {
        words.push_str("--inputs FILE ");
        "write the new value into a FILE, as NAME: VALUE, and ".clone_into(&mut before);
    }
    words.push_str("--accept-changes");
    let go_on = call.resume(&words);
    format!(
        "give it the value of then; or, if the steps that are left are meant for the new one: {before}go on with `{go_on}`; {other}"
    )
}

/// Whether other steps are chosen; in which order the tags are said, and how often, says nothing.
fn have_changed(before: &[String], after: &[String]) -> bool {
    let set = |tags: &[String]| tags.iter().cloned().collect::<BTreeSet<_>>();
    set(before) != set(after)
}

/// Tags as they are said.
fn tags(tags: &[String]) -> String {
    match tags {
        [] => "none".to_owned(),
        tags => word(&tags.join(",")),
    }
}

/// No flag takes other tags: what was left out on purpose would be sent.
fn of_tags(resumed: &Resumption) -> String {
    let then = &resumed.earlier.tags;
    let as_then = if then.is_empty() {
        "leave --tags and VOXPLAY_TAGS away, as then".to_owned()
    } else {
        format!("say `--tags {}`, as then", tags(then))
    };
    let by_itself = if resumed.is_ok {
        String::new()
    } else {
        format!(
            ", or go on with `{}`, which keeps them",
            resumed.call.resume("")
        )
    };
    format!(
        "{as_then}{by_itself}; what other tags choose is a run of its own, under another --run-id; it sends again what both choose"
    )
}

/// The text of which a digest is kept under that name; none of what is no text.
fn text_of<'s>(started: &'s RunStarted, name: &str) -> Option<&'s str> {
    if name == fingerprints::PLAYBOOK {
        return Some(&started.text);
    }
    started.texts.get(name).map(String::as_str)
}

fn difference(name: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(2)
        .header(
            &format!("{name}, when the run began"),
            &format!("{name}, now"),
        )
        .to_string()
        .trim_end()
        .to_owned()
}
