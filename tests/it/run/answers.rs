//! The table of what an answer means, for each effect: outcome, requests, exit code.

use std::fmt::Write as _;

use super::Project;
use crate::server::{Answer, DONE, json, status};

const STEPS: [(&str, &str); 5] = [
    (
        "read",
        "action: record.read\n    with: { module: contacts }",
    ),
    (
        "update",
        "action: record.update\n    with: { module: contacts, wolkvox_id: \"64cb\", fields: { A: b } }",
    ),
    (
        "update",
        "action: case.update\n    with: { wolkvox_id: \"64cb\", responsible: u@acme, status: open }",
    ),
    (
        "create",
        "action: obligation.insert\n    with: { wolkvox_id: \"64cb\", id: \"1\", name: Loan }",
    ),
    (
        "delete",
        "action: record.delete\n    with: { module: contacts, wolkvox_id: \"64cb\" }",
    ),
];

/// A case with a file attached may store it twice.
const CASE_WITH_FILE: (&str, &str) = (
    "create",
    "action: case.update\n    with: { wolkvox_id: \"64cb\", responsible: u@acme, status: open, files: a.pdf }",
);

/// What a row of the table says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Row {
    Ok,
    /// A clear no: one request.
    Failed,
    /// Not processed: tried again, then failed.
    NotProcessed,
    /// Tried again where it may be, then unknown.
    InDoubt,
    /// Unknown at once, whatever the effect.
    Redirect,
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<(&'static str, Answer, Row)> {
    let body = |text: &str| json(text);
    let with_header = |line, header: &str, text: &str| {
        Answer::Http(line, format!("{header}\r\n"), text.as_bytes().to_vec())
    };
    vec![
        ("the vendor's sample", body(DONE), Row::Ok),
        (
            "code as text",
            body(r#"{"code":"200","error":"null"}"#),
            Row::Ok,
        ),
        ("error null", body(r#"{"code":200,"error":null}"#), Row::Ok),
        (
            "error NULL",
            body(r#"{"code":200,"error":"NULL"}"#),
            Row::Ok,
        ),
        ("error empty", body(r#"{"code":200,"error":""}"#), Row::Ok),
        ("error absent", body(r#"{"code":200}"#), Row::Ok),
        ("201", status("201 Created", r#"{"code":200}"#), Row::Ok),
        (
            "msg never decides",
            body(r#"{"code":200,"msg":"Error: failed"}"#),
            Row::Ok,
        ),
        (
            "with a BOM-less head of blanks",
            body("  \n{\"code\":200}\n"),
            Row::Ok,
        ),
        (
            "429",
            status("429 Too Many Requests", DONE),
            Row::NotProcessed,
        ),
        (
            "429 HTML",
            status("429 Too Many Requests", "<html>"),
            Row::NotProcessed,
        ),
        (
            "503 with Retry-After",
            with_header("503 Service Unavailable", "Retry-After: 0", "later"),
            Row::NotProcessed,
        ),
        (
            "another code",
            body(r#"{"code":404,"error":"null","msg":"x"}"#),
            Row::Failed,
        ),
        (
            "another code as text",
            body(r#"{"code":"500"}"#),
            Row::Failed,
        ),
        ("code 429 in a body", body(r#"{"code":429}"#), Row::Failed),
        (
            "a real error",
            body(r#"{"code":200,"error":"not found"}"#),
            Row::Failed,
        ),
        (
            "a real error alone",
            body(r#"{"error":"not found"}"#),
            Row::Failed,
        ),
        (
            "400 with a body",
            status("400 Bad Request", r#"{"code":400}"#),
            Row::Failed,
        ),
        (
            "400 that says 200",
            status("400 Bad Request", DONE),
            Row::Failed,
        ),
        ("404 HTML", status("404 Not Found", "<html>"), Row::Failed),
        ("401", status("401 Unauthorized", ""), Row::Failed),
        ("500", status("500 Internal Server Error", ""), Row::InDoubt),
        (
            "500 that says done",
            status("500 Internal Server Error", DONE),
            Row::InDoubt,
        ),
        (
            "502 HTML",
            status("502 Bad Gateway", "<html>"),
            Row::InDoubt,
        ),
        (
            "503 alone",
            status("503 Service Unavailable", ""),
            Row::InDoubt,
        ),
        ("504", status("504 Gateway Timeout", ""), Row::InDoubt),
        (
            "HTML",
            body("<html><body>Fatal error</body></html>"),
            Row::InDoubt,
        ),
        ("empty", body(""), Row::InDoubt),
        (
            "204",
            Answer::Http("204 No Content", String::new(), vec![]),
            Row::InDoubt,
        ),
        ("bad JSON", body(r#"{"code":200,"#), Row::InDoubt),
        (
            "two JSON values",
            body(r#"{"code":200}{"code":200}"#),
            Row::InDoubt,
        ),
        ("a JSON list", body(r#"[{"code":200}]"#), Row::InDoubt),
        ("a JSON number", body("200"), Row::InDoubt),
        (
            "no code",
            body(r#"{"error":"null","data":{}}"#),
            Row::InDoubt,
        ),
        ("code null", body(r#"{"code":null}"#), Row::InDoubt),
        (
            "code blank",
            body(r#"{"code":" ","error":"null"}"#),
            Row::InDoubt,
        ),
        (
            "not UTF-8",
            Answer::Http(
                "200 OK",
                String::new(),
                b"{\"code\":200,\"msg\":\"\xff\"}".to_vec(),
            ),
            Row::InDoubt,
        ),
        (
            "huge",
            body(&format!(
                "{{\"code\":200,\"msg\":\"{}\"}}",
                "x".repeat(9 << 20)
            )),
            Row::InDoubt,
        ),
        ("broken off", Answer::Broken, Row::InDoubt),
        ("cut after reading", Answer::CutRead, Row::InDoubt),
        (
            "302",
            with_header("302 Found", "Location: /elsewhere", ""),
            Row::Redirect,
        ),
        (
            "307",
            with_header(
                "307 Temporary Redirect",
                "Location: http://127.0.0.1:1/",
                DONE,
            ),
            Row::Redirect,
        ),
        ("304", status("304 Not Modified", ""), Row::Redirect),
    ]
}

fn expected(effect: &str, row: Row) -> (&'static str, usize, i32) {
    let repeatable = matches!(effect, "read" | "update");
    match row {
        Row::Ok => ("ok", 1, 0),
        Row::Failed => ("failed", 1, 1),
        Row::NotProcessed => ("failed", 2, 1),
        Row::InDoubt => ("unknown", if repeatable { 2 } else { 1 }, 5),
        Row::Redirect => ("unknown", 1, 5),
    }
}

fn playbook(step: &str) -> String {
    format!("steps:\n  - id: one\n    retry: {{ attempts: 2, backoff: 1ms }}\n    {step}\n")
}

fn compare(name: &str, answer: &Answer, row: Row, (effect, step): (&str, &str)) {
    let project = Project::new(&playbook(step), [answer.clone(), answer.clone()]);
    project.write("a.pdf", "PDF");
    let ran = project.run(&["--allow", "delete"]);
    let found = (ran.outcome("one"), ran.arrived.len(), ran.exit);
    let (outcome, requests, exit) = expected(effect, row);
    assert_eq!(
        found,
        (outcome.to_owned(), requests, exit),
        "{name}, {step}: {ran:?}"
    );
    assert_eq!(ran.step("one")["attempts"], requests, "{name}, {step}");
    assert_eq!(ran.finished()["requests"], requests, "{name}, {step}");
}

/// The rows that do not stop a run, for every kind of step, in one run.
#[test]
fn clear_answers() {
    let mut steps = "steps:\n".to_owned();
    let mut script = Vec::new();
    let mut wanted = Vec::new();
    for (name, answer, row) in table() {
        if matches!(row, Row::InDoubt | Row::Redirect) {
            continue;
        }
        for (effect, step) in STEPS.into_iter().chain([CASE_WITH_FILE]) {
            let id = format!("s{}", wanted.len());
            let (outcome, requests, _) = expected(effect, row);
            write!(steps, "  - id: {id}\n    on_failure: continue\n    retry: {{ attempts: 2, backoff: 1ms }}\n    {step}\n").expect("text takes text");
            script.extend(vec![answer.clone(); requests]);
            wanted.push((name, step, id, outcome, requests));
        }
    }
    let project = Project::new(&steps, script);
    project.write("a.pdf", "PDF");
    let ran = project.run(&["--allow", "delete"]);
    for (name, step, id, outcome, requests) in &wanted {
        let end = ran.step(id);
        assert_eq!(end["outcome"], *outcome, "{name}, {step}: {end}");
        assert_eq!(end["attempts"], *requests, "{name}, {step}: {end}");
    }
    let requests: usize = wanted.iter().map(|(.., requests)| requests).sum();
    assert_eq!(ran.arrived.len(), requests);
    assert_eq!(ran.finished()["requests"], requests);
    assert_eq!(ran.exit, 1);
}

/// The rows that stop a run, for one kind of step; `few` leaves out those that differ in words only.
fn stopping_answers(step: (&str, &str), few: bool) {
    for (name, answer, row) in table() {
        let typical = [
            "500 that says done",
            "HTML",
            "no code",
            "broken off",
            "cut after reading",
            "302",
        ];
        if matches!(row, Row::InDoubt | Row::Redirect) && (!few || typical.contains(&name)) {
            compare(name, &answer, row, step);
        }
    }
}

#[test]
fn a_read_in_doubt() {
    stopping_answers(STEPS[0], true);
}

#[test]
fn an_update_in_doubt() {
    stopping_answers(STEPS[1], false);
}

#[test]
fn a_case_without_a_file_in_doubt() {
    stopping_answers(STEPS[2], true);
}

#[test]
fn a_create_in_doubt() {
    stopping_answers(STEPS[3], false);
}

#[test]
fn a_delete_in_doubt() {
    stopping_answers(STEPS[4], true);
}

#[test]
fn a_case_with_a_file_in_doubt() {
    stopping_answers(CASE_WITH_FILE, true);
}

/// Whether a byte had left when the connection went is a matter of luck; what is said of it is not.
#[test]
fn a_connection_cut_unread_is_told_as_it_was() {
    for (effect, step) in STEPS {
        let project = Project::new(&playbook(step), [Answer::CutUnread, Answer::CutUnread]);
        let ran = project.run(&["--allow", "delete"]);
        let end = ran.step("one");
        let unsent = end["error"].as_str().unwrap().starts_with("not sent");
        match end["outcome"].as_str().unwrap() {
            "failed" => assert!(unsent && end["attempts"] == 2, "{end}"),
            "unknown" => assert!(!unsent || effect == "update", "{end}"),
            other => panic!("{other}: {end}"),
        }
    }
}

#[test]
fn no_answer_in_time_is_in_doubt() {
    for (effect, step) in STEPS.into_iter().chain([CASE_WITH_FILE]) {
        let playbook = playbook(&format!("timeout: 300ms\n    {step}"));
        let project = Project::new(&playbook, [Answer::Stall, Answer::Stall]);
        project.write("a.pdf", "PDF");
        let ran = project.run(&["--allow", "delete"]);
        let (outcome, requests, exit) = expected(effect, Row::InDoubt);
        let found = (ran.outcome("one"), ran.arrived.len(), ran.exit);
        assert_eq!(
            found,
            (outcome.to_owned(), requests, exit),
            "{step}: {ran:?}"
        );
    }
}

#[test]
fn nobody_listening_is_not_sent_and_tried_again() {
    for (_, step) in STEPS {
        let project = Project::new(&playbook(step), []);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut command = project.command(&["--allow", "delete"]);
        command.env("WOLKVOX_SERVER", format!("http://{address}"));
        let ran = project.finish(command);
        assert_eq!(
            (ran.outcome("one").as_str(), ran.exit),
            ("failed", 1),
            "{ran:?}"
        );
        assert_eq!(ran.step("one")["attempts"], 2, "{ran:?}");
    }
}

#[test]
fn tls_to_a_plain_server_is_not_sent() {
    let project = Project::new(&playbook(STEPS[3].1), [Answer::CutRead, Answer::CutRead]);
    let mut command = project.command(&[]);
    command.env(
        "WOLKVOX_SERVER",
        project.server.url().replace("http", "https"),
    );
    let ran = project.finish(command);
    assert_eq!(
        (ran.outcome("one").as_str(), ran.exit),
        ("failed", 1),
        "{ran:?}"
    );
}

#[test]
fn a_redirect_is_followed_nowhere() {
    for (_, step) in STEPS {
        let elsewhere = crate::server::Server::start([]);
        let to = format!("Location: {}/server\r\n", elsewhere.url());
        let answer = Answer::Http("307 Temporary Redirect", to, vec![]);
        let project = Project::new(&playbook(step), [answer]);
        let ran = project.run(&["--allow", "delete"]);
        assert_eq!((ran.arrived.len(), ran.exit), (1, 5), "{ran:?}");
        assert_eq!(elsewhere.arrived().len(), 0, "the token went elsewhere");
    }
}

#[test]
fn a_retry_that_is_answered_settles_it() {
    let not_now = status("429 Too Many Requests", "");
    for (effect, step) in STEPS {
        let first = if matches!(effect, "read" | "update") {
            Answer::CutRead
        } else {
            not_now.clone()
        };
        let project = Project::new(&playbook(step), [first]);
        let ran = project.run(&["--allow", "delete"]);
        assert_eq!(
            (ran.outcome("one").as_str(), ran.arrived.len(), ran.exit),
            ("ok", 2, 0),
            "{ran:?}"
        );
        let [first, second] = ran.arrived.as_slice() else {
            panic!("{ran:?}");
        };
        if !step.contains("case") {
            assert_eq!(first.body, second.body, "the same request again");
        }
    }
}

#[test]
fn a_no_after_a_doubt_leaves_an_update_in_doubt() {
    for second in [
        status("429 Too Many Requests", ""),
        status("404 Not Found", ""),
    ] {
        for (effect, step) in &STEPS[..3] {
            let project = Project::new(&playbook(step), [Answer::CutRead, second.clone()]);
            let ran = project.run(&[]);
            let expected = if *effect == "read" {
                ("failed", 1)
            } else {
                ("unknown", 5)
            };
            assert_eq!((ran.outcome("one").as_str(), ran.exit), expected, "{ran:?}");
        }
    }
}

#[test]
fn retry_after_is_kept_to_and_bounded_by_the_timeout() {
    let wait = |seconds: &str| {
        Answer::Http(
            "429 Too Many Requests",
            format!("Retry-After: {seconds}\r\n"),
            vec![],
        )
    };
    let long = playbook(&format!("timeout: 2s\n    {}", STEPS[3].1));
    let ran = Project::new(&long, [wait("3600")]).run(&[]);
    assert_eq!(
        (ran.outcome("one").as_str(), ran.arrived.len()),
        ("failed", 1),
        "{ran:?}"
    );
    assert!(
        ran.step("one")["error"]
            .as_str()
            .unwrap()
            .contains("3600 s"),
        "{ran:?}"
    );
    // The wish replaces our own wait, which would be far longer than the test may take.
    let step = format!("timeout: 2s\n    {}", STEPS[3].1);
    let patient = playbook(&step).replace("backoff: 1ms", "backoff: 1h, max_backoff: 1h");
    let ran = Project::new(&patient, [wait("1")]).run(&[]);
    assert_eq!(
        (ran.outcome("one").as_str(), ran.arrived.len()),
        ("ok", 2),
        "{ran:?}"
    );
}

#[test]
fn attempts_count_the_first_try() {
    for attempts in 1..=3 {
        let playbook =
            playbook(STEPS[1].1).replace("attempts: 2", &format!("attempts: {attempts}"));
        let script = vec![status("500 Internal Server Error", ""); 5];
        let ran = Project::new(&playbook, script).run(&[]);
        assert_eq!(ran.arrived.len(), attempts, "{ran:?}");
        assert_eq!(ran.step("one")["attempts"], attempts);
    }
}
