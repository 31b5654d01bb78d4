//! The words of the command line: which steps and rows they are about, and whether they can be said of those.

use super::super::args::ReconcileArgs;
use super::super::held_back::Held;
use super::settled::WithoutId;
use super::{Doubt, Known};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::event::{Decision, Reconciled, step_name};
use crate::report::words::plural;
use crate::value::is_blank;

/// The decisions of the command line.
///
/// # Errors
/// What cannot be said so: then nothing is.
pub(super) fn given(
    args: &ReconcileArgs,
    known: &Known<'_>,
) -> Result<Vec<Reconciled>, Diagnostic> {
    let mut words: Vec<Reconciled> = Vec::new();
    for (decision, names) in [
        (Decision::Ok, &args.ok),
        (Decision::Failed, &args.failed),
        (Decision::Resend, &args.resend),
    ] {
        for name in names {
            let named = Named::read(args, decision, name, known)?;
            for word in named.words(decision, known)? {
                add(word, &mut words)?;
            }
        }
    }
    let told = words
        .iter()
        .filter(|word| word.wolkvox_id.is_some())
        .count();
    if args.wolkvox_id.is_some() && told > 1 && args.ok.len() > 1 {
        return Err(Diagnostic::error(
            Code::InvalidValue,
            "--wolkvox-id is the id of one doubt, and several are called ok",
        )
        .help("give each its own: --ok STEP@ROW=ID"));
    }
    Ok(words)
}

/// A name of the command line, and the ids given with it.
struct Named<'n> {
    name: &'n str,
    /// The one after `=`.
    own_id: Option<&'n str>,
    /// The one of `--wolkvox-id`.
    flagged: Option<&'n str>,
}

impl<'n> Named<'n> {
    fn read(
        args: &'n ReconcileArgs,
        decision: Decision,
        name: &'n str,
        known: &Known<'_>,
    ) -> Result<Self, Diagnostic> {
        let is_whole = || {
            let mut doubts = known.doubts.iter().chain(known.left);
            doubts.any(|doubt| doubt.is(name))
                || known.held.iter().any(|held| held.is(name))
                || known.without_id.iter().any(|it| it.is(name))
        };
        let (name, own_id) = match name.rsplit_once('=') {
            // A row's key may hold a `=` of its own.
            Some((before, id)) if decision == Decision::Ok && !is_whole() => {
                (before, Some(an_id(id, "the id after `=`")?))
            }
            _ => (name, None),
        };
        Ok(Self {
            name,
            own_id,
            flagged: flagged_id(args)?,
        })
    }

    /// What is said of all that it names: doubts; else what failed though the CRM accepted it; else what went well and has
    /// no id; else updates that are left to `resume`; else what was settled before.
    fn words(&self, decision: Decision, known: &Known<'_>) -> Result<Vec<Reconciled>, Diagnostic> {
        let doubts = known.doubts.iter().filter(|doubt| doubt.is(self.name));
        let doubts: Vec<&Doubt> = doubts.collect();
        let held = known.held.iter().filter(|held| held.is(self.name));
        let held: Vec<&Held> = held.collect();
        if !doubts.is_empty() {
            let id = self.id_for(decision, doubts.len(), "doubt")?;
            return Ok(doubts.iter().map(|it| it.word(decision, id)).collect());
        }
        if !held.is_empty() {
            if decision != Decision::Ok {
                return Err(accepted(self.name));
            }
            let id = self.id_for(decision, held.len(), "step")?;
            return Ok(held.iter().map(|it| it.word(id)).collect());
        }
        let without_id = known.without_id.iter().filter(|it| it.is(self.name));
        let without_id: Vec<&WithoutId> = without_id.collect();
        if let [first, ..] = without_id.as_slice() {
            let id = self.id_for(decision, without_id.len(), "step")?;
            let id = id.ok_or_else(|| is_done(&first.name()))?;
            return Ok(without_id.iter().map(|it| it.word(id)).collect());
        }
        let left = known.left.iter().filter(|doubt| doubt.is(self.name));
        let left: Vec<&Doubt> = left.collect();
        if !left.is_empty() {
            let id = self.id_for(decision, left.len(), "update")?;
            return Ok(left.iter().map(|it| it.word(decision, id)).collect());
        }
        let id = self.own_id.or(self.flagged);
        let id = id.filter(|_| decision == Decision::Ok);
        match known.settled.iter().find(|it| it.is(self.name)) {
            Some(settled) => Ok(vec![settled.another_word(decision, id)?]),
            None => Err(nothing_of(self.name, known)),
        }
    }

    /// The id for the one thing that is named.
    fn id_for(
        &self,
        decision: Decision,
        many: usize,
        what: &str,
    ) -> Result<Option<&'n str>, Diagnostic> {
        let name = self.name;
        if let (Some(own), Some(flagged)) = (self.own_id, self.flagged) {
            return Err(Diagnostic::error(
                Code::InvalidValue,
                format!("two ids are given for {name}: {own} and {flagged}"),
            )
            .help("leave --wolkvox-id away, or the id after `=`"));
        }
        let id = self.own_id.or(self.flagged);
        let id = id.filter(|_| decision == Decision::Ok);
        if id.is_some() && many > 1 {
            let many = plural(u64::try_from(many).unwrap_or(u64::MAX), what);
            return Err(Diagnostic::error(
                Code::InvalidValue,
                format!("one id is given, and {name} names {many}"),
            )
            .help("name one row: --ok STEP@ROW=ID"));
        }
        Ok(id)
    }
}

/// That what the CRM accepted is neither undone nor sent again.
pub(super) fn accepted(name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::UnknownStep,
        format!("{name} is not in doubt: the CRM has accepted it"),
    )
    .help(format!(
        "where it is as it should be, say `--ok {name}`; else put it right in the CRM"
    ))
}

/// That what went well needs no word but its id.
fn is_done(name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::UnknownStep,
        format!("{name} is not in doubt: the CRM has done it, and gave no id"),
    )
    .help(format!(
        "look the record up in the CRM, and give its id: `--ok {name}=ID`"
    ))
}

/// Takes one word, where there is none yet for the same.
fn add(word: Reconciled, words: &mut Vec<Reconciled>) -> Result<(), Diagnostic> {
    let is_same = |other: &Reconciled| other.step == word.step && other.row == word.row;
    if words.iter().any(is_same) {
        let name = step_name(&word.step, word.row.as_deref());
        return Err(Diagnostic::error(
            Code::InvalidValue,
            format!("{name} is decided twice"),
        ));
    }
    words.push(word);
    Ok(())
}

/// The id of `--wolkvox-id`; a blank one is no id, and most often a variable that was never set.
fn flagged_id(args: &ReconcileArgs) -> Result<Option<&str>, Diagnostic> {
    args.wolkvox_id
        .as_deref()
        .map(|id| an_id(id, "the id that --wolkvox-id gives"))
        .transpose()
}

/// An id as somebody wrote it, without blanks around it.
fn an_id<'i>(id: &'i str, what: &str) -> Result<&'i str, Diagnostic> {
    let id = id.trim();
    let refused = |why: &str| Diagnostic::error(Code::InvalidValue, format!("{what} {why}"));
    if is_blank(id) {
        return Err(refused("is blank").help(
            "give the id that the CRM gave, or say `--ok` without one where nobody knows it",
        ));
    }
    match why_no_id(id) {
        Some(why) => Err(refused(why).help("copy it from the CRM once more")),
        None => Ok(id),
    }
}

/// Why this cannot be an id: a key that was pressed by the way, or more than one word, is soon taken for a part of it.
pub(super) fn why_no_id(id: &str) -> Option<&'static str> {
    let shows = |c: char| !is_blank(c.encode_utf8(&mut [0; 4]));
    (!id.chars().all(shows))
        .then_some("is no id: white space, or a character that does not show, is in it")
}

fn nothing_of(name: &str, known: &Known<'_>) -> Diagnostic {
    let doubts = known.doubts.iter().chain(known.left).map(Doubt::name);
    let others = known.held.iter().map(Held::name);
    let others = others.chain(known.without_id.iter().map(WithoutId::name));
    let known: Vec<String> = doubts.chain(others).collect();
    let mut finding = Diagnostic::error(
        Code::UnknownStep,
        format!("nothing is in doubt under the name {name}"),
    );
    finding.help = did_you_mean(name, known.iter().map(String::as_str))
        .or_else(|| Some("nothing is in doubt in this run".to_owned()));
    finding
}
