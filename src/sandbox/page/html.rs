//! Calls, records and remarks → HTML. Every text goes through `escaped`.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::store::{Call, Note, Record, Tally};

/// The longest body or answer that is shown whole (characters).
const MOST_TEXT: usize = 20_000;

/// The longest preview of a record (characters).
const MOST_PREVIEW: usize = 160;

/// What the page is put together from; all but `life` and `last` is HTML already.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) life: &'a str,
    pub(super) last: i64,
    pub(super) calls: &'a str,
    pub(super) records: &'a str,
    pub(super) notes: &'a str,
    pub(super) counted: &'a str,
    pub(super) style: &'a str,
    pub(super) script: &'a str,
}

/// The whole page.
pub(super) fn page(parts: &Parts<'_>) -> String {
    let Parts {
        life,
        last,
        calls,
        records,
        notes,
        counted,
        style,
        script,
    } = parts;
    let about = ABOUT;
    let life = escaped(life);
    format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>voxplay sandbox</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body data-life="{life}" data-last="{last}">
<a class="skip" href="#calls-title">Skip to the calls</a>
<header>
<div class="top"><h1>voxplay sandbox</h1><span class="live" id="live" role="status">as of when it was loaded</span></div>
<p class="lead">An emulated Wolkvox CRM on this machine. It follows the vendor’s documents: agreement with it is agreement
with those documents, not with the vendor’s servers.</p>
<nav aria-label="Parts of the page"><a href="#records-title">Records</a><a href="#calls-title">Calls</a><a href="#notes-title">Remarks</a></nav>
</header>
<main>
{about}
<section aria-labelledby="records-title">
<div class="bar"><h2 id="records-title" tabindex="-1">Records</h2><span>what the calls made of them; the newest change first</span></div>
<div class="card stack" id="records">{records}</div>
</section>
<section aria-labelledby="calls-title">
<div class="bar"><h2 id="calls-title" tabindex="-1">Calls</h2><span id="counted">{counted}</span></div>
<div class="card stack" id="calls">{calls}</div>
</section>
<section aria-labelledby="notes-title">
<div class="bar"><h2 id="notes-title" tabindex="-1">Remarks</h2><span>what was unusual or invented in the newest calls</span></div>
<div class="card stack" id="notes">{notes}</div>
</section>
</main>
<footer>The same as JSON: <a href="/_sandbox/records.json">records</a>, <a href="/_sandbox/calls.json">calls</a>.
Times are UTC. Tokens are not shown.</footer>
<script>{script}</script>
</body>
</html>
"##
    )
}

/// What the sandbox is, and what it made up.
const ABOUT: &str = r#"<section class="card about" aria-label="About">
<details>
<summary>What is documented here, and what is invented</summary>
<div class="inside columns">
<div><h4>From the vendor’s pages</h4><ul>
<li>all calls of the API v2 that they describe, by exact path and letter case, POST only</li>
<li>the header <code>Wolkvox-Token</code></li>
<li>required keys in their exact spelling, closed lists of values, the forms of dates</li>
<li>the texts of successes, letter for letter, the forms of ids, the envelopes and the totals of queries</li>
<li>250 records a page and 500 debtors a call at most, and which of the debtors are left out</li>
<li>the codes 400, 401, 403, 404, 405, 412, 416 and 417</li>
<li>that a token has a daily number of calls</li>
</ul></div>
<div><h4>Invented, because no page says</h4><ul>
<li>the sentence of every refusal, and which code goes with which cause</li>
<li>that the HTTP status of a refusal is the code in its body</li>
<li>that an update lays its fields over the old ones</li>
<li>what becomes of ids that are not known, and of the same call sent twice</li>
<li>that a query compares whole values to the letter, and answers in the order of creation</li>
<li>that one bad record keeps all others of its call from being kept</li>
<li>the time zone of what queries show (UTC-05:00), the conditions of cases, the reports</li>
<li>the answer beyond the daily limit</li>
<li>most faults; each says of itself which it is</li>
</ul></div>
</div>
</details>
</section>"#;

/// How many calls there were, in words.
pub(super) fn counted(last: i64, most: u32) -> String {
    match last {
        0 => "none so far".to_owned(),
        1 => "1 so far".to_owned(),
        _ if last <= i64::from(most) => format!("{last} so far, newest first"),
        _ => format!("{last} so far; the newest {most}, newest first"),
    }
}

/// Calls, given oldest first, shown newest first.
pub(super) fn calls(calls: &[Call]) -> String {
    if calls.is_empty() {
        return empty(
            "No call has arrived yet. Run a playbook against this address and it shows up here.",
        );
    }
    calls.iter().rev().map(call).collect()
}

fn call(call: &Call) -> String {
    let seq = call.seq;
    let time = escaped(call.at.get(11..23).unwrap_or(&call.at));
    let (status, good) = match call.http_status {
        Some(status @ 200..=299) => (status.to_string(), " good"),
        Some(status) => (status.to_string(), ""),
        None => ("none".to_owned(), ""),
    };
    let shown = call
        .path
        .strip_prefix("/server/API/v2/")
        .unwrap_or(&call.path);
    let method = match call.method.as_str() {
        "POST" => String::new(),
        other => format!("{} ", escaped(other)),
    };
    let mut tags = String::new();
    if let Some(fault) = call.fault {
        let _ = write!(
            tags,
            r#"<span class="tag fault">fault: {}</span><span class="tag">{}</span>"#,
            escaped(fault),
            if call.done { "done" } else { "not done" }
        );
    }
    let word = call.documented.word();
    let _ = write!(tags, r#"<span class="tag {word}">{word}</span>"#);
    let operation = match &call.operation {
        Some(operation) => format!(", operation {}", escaped(operation)),
        None => String::new(),
    };
    let done = if call.done {
        "what it asked for was done"
    } else {
        "nothing was done"
    };
    format!(
        r#"<details id="call-{seq}" class="fresh"><summary><span class="line"><span class="number">#{seq}</span><time datetime="{at}">{time}</time><span class="status{good}" title="HTTP status">{status}</span><span class="path">{method}{path}</span><span class="tags">{tags}</span></span></summary>
<div class="inside"><div class="columns"><div><h4>Request{operation}</h4><pre tabindex="0">{body}</pre></div><div><h4>Answer ({done})</h4><pre tabindex="0">{answer}</pre></div></div>{notes}</div></details>
"#,
        at = escaped(&call.at),
        path = escaped(shown),
        body = pretty(&call.body, "no body"),
        answer = pretty(&call.answer, "no answer was sent"),
        notes = list(&call.notes),
    )
}

/// Records by module.
pub(super) fn records(modules: &[(Tally, Vec<Record>)]) -> String {
    if modules.is_empty() {
        return empty(
            "No record is known yet. Updates and inserts make records known; so does --seed-data.",
        );
    }
    modules.iter().map(module).collect()
}

fn module((tally, records): &(Tally, Vec<Record>)) -> String {
    let live = tally.records - tally.deleted;
    let mut count = format!("{live} {}", if live == 1 { "record" } else { "records" });
    if tally.deleted > 0 {
        let _ = write!(count, ", {} deleted", tally.deleted);
    }
    if i64::try_from(records.len()).is_ok_and(|shown| shown < tally.records) {
        let _ = write!(count, "; the newest {} are shown", records.len());
    }
    let rows: String = records.iter().map(record).collect();
    format!(
        r#"<div><div class="module"><h3>{}</h3><span>operation {}, {count}</span></div><div class="stack">{rows}</div></div>
"#,
        escaped(&tally.module),
        escaped(&tally.operation),
    )
}

fn record(record: &Record) -> String {
    let (gone, tag) = match &record.deleted_at {
        Some(_) => (" gone", r#"<span class="tag">deleted</span>"#),
        None => ("", ""),
    };
    let preview: Vec<String> = record
        .fields
        .iter()
        .map(|(name, value)| format!("{name}: {}", in_words(value)))
        .collect();
    let preview: String = preview.join(", ").chars().take(MOST_PREVIEW).collect();
    let mut facts = String::new();
    for (name, value) in &record.fields {
        let value = match value {
            Value::String(text) => escaped(text),
            other => pretty(other, "null"),
        };
        let _ = write!(facts, "<dt>{}</dt><dd>{value}</dd>", escaped(name));
    }
    if let Some(parent) = &record.parent {
        let _ = write!(facts, "<dt>(belongs to)</dt><dd>{}</dd>", escaped(parent));
    }
    for (name, time) in [
        ("(created)", Some(&record.created_at)),
        ("(changed)", Some(&record.updated_at)),
        ("(deleted)", record.deleted_at.as_ref()),
    ] {
        if let Some(time) = time {
            let _ = write!(facts, "<dt>{name}</dt><dd>{}</dd>", escaped(time));
        }
    }
    let id = escaped(&format!(
        "record-{}-{}-{}",
        record.operation, record.module, record.wolkvox_id
    ));
    format!(
        r#"<details id="{id}" class="{gone}"><summary><span class="record"><code>{}</code><span class="some">{}</span>{tag}</span></summary><div class="inside"><dl>{facts}</dl></div></details>
"#,
        escaped(&record.wolkvox_id),
        escaped(&preview),
    )
}

fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Remarks, each with the calls that got it.
pub(super) fn notes(notes: &[Note]) -> String {
    if notes.is_empty() {
        return empty("Nothing to remark so far.");
    }
    let mut html = String::new();
    for note in notes {
        let calls = match note.calls {
            1 => format!("call {}", note.first_call),
            many => format!("{many} calls, the first is {}", note.first_call),
        };
        let _ = writeln!(
            html,
            r#"<div class="module"><div>{}</div><span>{calls}</span></div>"#,
            escaped(&note.text)
        );
    }
    html
}

fn list(notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let mut items = String::new();
    for note in notes {
        let _ = write!(items, "<li>{}</li>", escaped(note));
    }
    format!(r#"<ul class="notes">{items}</ul>"#)
}

fn empty(text: &str) -> String {
    format!(r#"<p class="empty">{}</p>"#, escaped(text))
}

/// JSON over several lines, a text as it is; cut where it is very long.
fn pretty(value: &Value, nothing: &str) -> String {
    let text = match value {
        Value::Null => nothing.to_owned(),
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => format!("{}\n… ({} bytes in all)", escaped(&text[..end]), text.len()),
        None => escaped(&text),
    }
}

/// A text that is text and nothing else, between tags and in quoted attributes. What would turn the direction of the
/// text, or cannot be seen, is shown by its number.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' | '\t' => html.push(c),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(html, "\\u{{{:x}}}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(html, "\\u{{{:x}}}", u32::from(c));
            }
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        assert_eq!(
            escaped("<script a='b\"&\u{202e}\u{0}ñ"),
            "&lt;script a=&#39;b&quot;&amp;\\u{202e}\\u{0}ñ"
        );
    }
}
