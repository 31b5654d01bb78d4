//! Where a run, or a loop, goes no further: after failures, at limits, at the word of the server; and what it says then.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{Project, Ran};
use crate::server::{Answer, Arrived, DONE, json, status};

/// Long enough for everything that ends at all.
const GUARD: Duration = Duration::from_mins(1);

fn refused() -> Answer {
    json(r#"{"code":400,"error":"no such record"}"#)
}

fn csv(rows: usize) -> String {
    let rows: Vec<String> = (1..=rows).map(|row| format!("{row}\n")).collect();
    format!("id\n{}", rows.concat())
}

/// The row that a request speaks of.
fn row_of(arrived: &Arrived) -> String {
    let body: Value = serde_json::from_str(arrived.text()).unwrap();
    let id = [&body["wolkvox-id"], &body["wolkvox_id"]]
        .into_iter()
        .find_map(Value::as_str);
    id.unwrap().to_owned()
}

/// A loop of creates over `rows.csv`, with these keys beside `for_each`.
fn creates(keys: &str) -> String {
    format!(
        "steps:\n  - id: each\n    for_each: {{ csv: rows.csv }}\n{keys}    action: obligation.insert\n    with: {{ wolkvox_id: \"{{{{ row.id }}}}\", id: \"1\", name: Loan }}\n"
    )
}

fn with_target(project: &Project, rules: &str) {
    let url = project.server.url();
    project.write(
        "voxplay.yaml",
        &format!(
            "targets:\n  t: {{ server: \"{url}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, {rules} }}\ndefault_target: t\n"
        ),
    );
}

/// Waits for the end of a run that might hang; then it is killed.
fn ended(project: &Project, child: Child) -> Ran {
    let id = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(GUARD) else {
        let _ = Command::new("kill").args(["-KILL", &id]).status();
        panic!("the run hangs");
    };
    project.ran(output.unwrap())
}

/// Lets go of what the server holds back once the end of the second row is told; the run to its end.
fn released_after_row_2(project: &Project) -> Ran {
    let mut child = project.command(&[]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut heard = String::new();
    while !heard.contains("\"row\":\"2\"") {
        assert!(stdout.read_line(&mut heard).unwrap() > 0, "{heard}");
    }
    project.server.release();
    stdout.read_to_string(&mut heard).unwrap();
    let mut ran = ended(project, child);
    ran.stdout = heard;
    ran
}

/// Runs 100 rows two at a time, of which the first is held until the second has ended.
fn second_before_first(keys: &str, second: &Answer) -> Ran {
    let playbook = creates(&format!("    concurrency: 2\n{keys}"));
    let project = Project::new(&playbook, []);
    project.write("rows.csv", &csv(100));
    let second = second.clone();
    project
        .server
        .judge(move |arrived| match row_of(arrived).as_str() {
            "1" => Answer::Held(DONE),
            "2" => second.clone(),
            _ => json(DONE),
        });
    released_after_row_2(&project)
}

#[test]
fn a_failure_counts_at_once_though_an_older_row_is_on_its_way() {
    for (keys, second, exit) in [
        ("", refused(), 1),
        ("    max_failures: 0\n", refused(), 1),
        (
            "    max_failures: 0%\n    on_failure: continue\n",
            refused(),
            1,
        ),
        ("", Answer::CutRead, 5),
    ] {
        let ran = second_before_first(keys, &second);
        assert_eq!((ran.exit, ran.arrived.len()), (exit, 2), "{keys}{ran:?}");
        let counts = &ran.finished()["counts"];
        assert_eq!((&counts["ok"], &counts["not_run"]), (&1.into(), &98.into()));
    }
}

#[test]
fn rows_that_wait_for_their_first_request_do_not_begin_after_a_stop() {
    let project = Project::new(&creates("    concurrency: 8\n"), [refused()]);
    project.write("rows.csv", &csv(20));
    with_target(&project, "concurrency: 1");
    let ran = project.run(&[]);
    // The place that the first leaves may be taken while its answer is written down.
    assert!(ran.arrived.len() <= 2, "{ran:?}");
    assert_eq!(ran.exit, 1, "{ran:?}");

    // One that has begun goes to its end: half a row is worse than one more.
    let steps = "steps:\n  - id: each\n    for_each: { csv: rows.csv }\n    concurrency: 2\n    steps:\n      - id: a\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n      - id: b\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: c } }\n";
    let project = Project::new(steps, []);
    project.write("rows.csv", &csv(20));
    project
        .server
        .judge(|arrived| match row_of(arrived).as_str() {
            "1" if arrived.text().contains("\"A\":\"b\"") => Answer::Held(DONE),
            "2" => refused(),
            _ => json(DONE),
        });
    let ran = released_after_row_2(&project);
    let rows: Vec<String> = ran.arrived.iter().map(row_of).collect();
    assert_eq!(rows.iter().filter(|row| *row == "1").count(), 2, "{rows:?}");
    assert_eq!(rows.len(), 3, "{rows:?}");
}

#[test]
fn a_place_at_the_target_is_free_again_when_nothing_is_sent() {
    let child = "voxplay: 1\nsteps:\n  - id: a\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n  - id: b\n    when: steps.a.outcome == 'ok'\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"2\", fields: { A: b } }\nfinally:\n  - id: c\n    when: steps.a.outcome == 'ok'\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"3\", fields: { A: b } }\n";
    let project = Project::new(
        "limits: { requests: 1 }\nsteps:\n  - id: u\n    use: child.yaml\n",
        [],
    );
    project.write("child.yaml", child);
    with_target(&project, "concurrency: 1");
    let ran = ended(&project, project.command(&[]).spawn().unwrap());
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    assert_eq!(ran.outcome("u.c"), "failed");
}

#[test]
fn max_failures_counts_what_failed_and_says_so_everywhere() {
    let project = Project::new(&creates("    max_failures: 1\n"), []);
    project.write("rows.csv", &csv(20));
    project
        .server
        .judge(|arrived| match row_of(arrived).as_str() {
            "1" | "2" | "3" => Answer::CutRead,
            "4" | "6" => refused(),
            _ => json(DONE),
        });
    let reports = ["json", "junit", "markdown", "html"].map(|kind| format!("{kind}=out.{kind}"));
    let reports = reports.iter().flat_map(|to| ["--report", to.as_str()]);
    let ran = project.run(&reports.collect::<Vec<_>>());
    // Rows in doubt are no failures: the sixth is the second that failed.
    assert_eq!((ran.exit, ran.arrived.len()), (5, 6), "{ran:?}");
    let why = "more than 1 row failed (`max_failures`)";
    let ends = ran.events("step_finished");
    let error = ends.last().unwrap()["error"].as_str().unwrap();
    assert!(error.ends_with(&format!("; stopped: {why}")), "{error}");
    assert_eq!(ran.finished()["stopped"], why);

    let project = Project::new(&creates("    max_failures: 1\n"), [refused(), refused()]);
    project.write("rows.csv", &csv(20));
    let reports = ["json", "junit", "markdown", "html"].map(|kind| format!("{kind}=out.{kind}"));
    let reports = reports.iter().flat_map(|to| ["--report", to.as_str()]);
    let ran = project.run(&reports.collect::<Vec<_>>());
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    assert_eq!(ran.finished()["stopped"], why);
    for kind in ["json", "junit", "markdown", "html"] {
        let report = project.folder.path().join(format!("out.{kind}"));
        let report = std::fs::read_to_string(report).unwrap().replace('\\', "");
        assert!(report.contains(why), "{kind}: {report}");
    }
    let human = project.finish(project.voxplay(&["run", "playbook.yaml"]));
    assert!(!human.stdout.contains("stopped: "), "{human:?}");
    let project = Project::new(&creates("    max_failures: 0\n"), [refused()]);
    project.write("rows.csv", &csv(20));
    let human = project.finish(project.voxplay(&["run", "playbook.yaml"]));
    let line = "\nstopped: more than 0 rows failed (`max_failures`)\n";
    assert!(human.stdout.contains(line), "{human:?}");
}

#[test]
fn a_loop_that_failed_too_often_stops_the_run_though_its_data_breaks_off_as_well() {
    // Which data it is, only an answer tells.
    let step = |id: &str| {
        format!(
            "  - id: {id}\n    action: record.update\n    with: {{ module: contacts, wolkvox_id: \"{id}\", fields: {{ A: b }} }}\n"
        )
    };
    for (keys, data, sent, last) in [
        // More have failed than may: what comes after it is not run, whatever else is wrong with it.
        ("    max_failures: 0\n", "64cb", 2, "not_run"),
        ("    max_failures: 1\n", "64cb", 4, "not_run"),
        ("    max_failures: 9\n", "64cb", 19, "ok"),
        ("", "64cb", 19, "ok"),
        // There is no data at all.
        ("    max_failures: 0\n", "other", 0, "ok"),
    ] {
        let keys = format!("    on_failure: continue\n{keys}");
        let each = creates(&keys).replace("rows.csv }", "\"{{ steps.before.wolkvox_id }}\" }");
        let each = each.replace("steps:\n", &format!("steps:\n{}", step("before")));
        let project = Project::new(&format!("{each}{}", step("after")), []);
        let rows = csv(19).replace('\n', ",Ana\n").replacen("Ana", "name", 1);
        project.write(data, &format!("{rows}20,\"Ana\n"));
        project
            .server
            .judge(|arrived| match row_of(arrived).as_str() {
                "2" | "4" => refused(),
                _ => json(DONE),
            });
        let ran = project.run(&[]);
        let told = (ran.exit, ran.arrived.len(), ran.outcome("after"));
        let sent = 1 + sent + usize::from(last == "ok");
        assert_eq!(told, (1, sent, last.to_owned()), "{keys}{}", ran.stdout);
    }
}

#[test]
fn a_run_ends_where_what_was_done_cannot_be_read_any_more() {
    let project = Project::new(&creates("    on_failure: continue\n"), []);
    project.write("rows.csv", &csv(3));
    let row_1 = |answer: Answer| {
        move |arrived: &Arrived| match row_of(arrived).as_str() {
            "1" => answer.clone(),
            _ => json(DONE),
        }
    };
    project.server.judge(row_1(refused()));
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");
    project.server.judge(row_1(Answer::Held(DONE)));
    let arguments = ["resume", "r", "--retry-failed", "--format", "json"];
    let child = project.voxplay(&arguments).spawn().unwrap();
    project.server.wait_for(4);
    // What the journal says of the second row is damaged while the first is on its way.
    let journal = project.folder.path().join(".voxplay/journal.sqlite");
    let open = rusqlite::Connection::open(journal).unwrap();
    open.busy_timeout(GUARD).unwrap();
    let damage = r#"UPDATE events SET body = '{"a":1}' WHERE "row" = '2'"#;
    assert!(open.execute(damage, []).unwrap() > 0);
    drop(open);
    project.server.release();
    let ran = ended(&project, child);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    assert!(ran.stdout.contains("state-folder"), "{ran:?}");
}

#[test]
fn records_deleted_before_a_resumption_count_against_the_limit() {
    let playbook = "limits: { deletes: 1 }\nsteps:\n  - id: each\n    for_each: { csv: rows.csv, key: \"{{ row.id }}\" }\n    steps:\n      - id: u\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n      - id: d\n        when: steps.u.outcome == 'ok'\n        action: record.delete\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\" }\n";
    let project = Project::new(playbook, [json(DONE), refused()]);
    project.write("rows.csv", &csv(3));
    let resume = || {
        let arguments = [
            "resume",
            "--retry-failed",
            "--allow",
            "delete",
            "--format",
            "json",
        ];
        let ran = project.finish(project.voxplay(&arguments));
        let deletes = ran.arrived.iter();
        let deletes = deletes.filter(|arrived| arrived.line.contains("delete.php"));
        (deletes.count(), ran)
    };
    let ran = project.run(&["--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    // What the CRM refused deleted nothing; the second row's would be one more.
    let (deletes, ran) = resume();
    assert_eq!((ran.exit, deletes), (1, 2), "{ran:?}");
    assert!(ran.stdout.contains("`limits.deletes` is 1"), "{ran:?}");
    let (deletes, ran) = resume();
    assert_eq!((ran.exit, deletes), (1, 2), "{ran:?}");
}

#[test]
fn a_wait_that_the_server_asks_of_all_is_no_longer_than_a_step_s_timeout() {
    let step = |id: &str| {
        format!(
            "  - id: {id}\n    on_failure: continue\n    timeout: 5s\n    action: record.update\n    with: {{ module: contacts, wolkvox_id: \"1\", fields: {{ A: b }} }}\n"
        )
    };
    let busy = Answer::Http(
        "429 Too Many",
        "Retry-After: 900000\r\n".to_owned(),
        Vec::new(),
    );
    let playbook = format!("steps:\n{}{}", step("a"), step("b"));
    let project = Project::new(&playbook, [busy]);
    let ran = ended(&project, project.command(&[]).spawn().unwrap());
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    let error = ran.step("b")["error"].as_str().unwrap().to_owned();
    assert!(
        error.contains("not sent: the server has asked everybody to wait"),
        "{error}"
    );
}

#[test]
fn a_loop_takes_time_and_one_over_nothing_is_ok() {
    let playbook = "steps:\n  - id: outer\n    for_each: { items: [1] }\n    steps:\n      - id: inner\n        for_each: { items: [] }\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n  - id: slow\n    for_each: { items: [1] }\n    retry: { attempts: 2, backoff: 50ms, max_backoff: 50ms }\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n";
    let busy = status("503 Service Unavailable", "");
    let ran = Project::new(playbook, [busy]).run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
    assert_eq!(ran.finished()["counts"]["ok"], 2, "{ran:?}");
    let ends = ran.events("step_finished");
    let slow = ends
        .iter()
        .find(|end| end["step"] == "slow" && end["row"].is_null());
    let duration = slow.unwrap()["duration_ms"].as_u64().unwrap();
    assert!(duration >= 25, "{duration}");
}

#[test]
fn what_was_never_sent_is_not_said_to_be_sent_again() {
    let project = Project::new(&creates("    concurrency: 2\n"), []);
    project.write("rows.csv", &csv(2));
    with_target(&project, "rate: 1/h");
    let child = project.command(&[]).spawn().unwrap();
    project.server.wait_for(1);
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let ran = ended(&project, child);
    assert_eq!((ran.exit, ran.arrived.len()), (130, 1), "{ran:?}");
    let ends = ran.events("step_finished");
    let second = ends.iter().find(|end| end["row"] == "2").unwrap();
    assert_eq!(second["error"], "interrupted before it was sent", "{ran:?}");
}

#[test]
fn a_row_that_hangs_does_not_hold_up_the_others() {
    for (keys, account) in [("", None), ("    succeeded: done.csv\n", Some("done.csv"))] {
        let project = Project::new(&creates(&format!("    concurrency: 2\n{keys}")), []);
        project.write("rows.csv", &csv(300));
        project
            .server
            .judge(|arrived| match row_of(arrived).as_str() {
                "1" => Answer::Held(DONE),
                _ => json(DONE),
            });
        // Nobody reads what it prints before it is over.
        let child = project.command_as("human", &[]).spawn().unwrap();
        let began = Instant::now();
        while project.server.arrived().len() < 300 && began.elapsed() < GUARD {
            std::thread::sleep(Duration::from_millis(20));
        }
        let arrived = project.server.arrived().len();
        project.server.release();
        let ran = ended(&project, child);
        assert_eq!((ran.exit, arrived), (0, 300), "{ran:?}");
        if let Some(account) = account {
            let text = std::fs::read_to_string(project.folder.path().join(account)).unwrap();
            let ids: Vec<&str> = text.lines().skip(1).map(first_cell).collect();
            let all: Vec<String> = (1..=300).map(|row| row.to_string()).collect();
            assert_eq!(ids, all, "{text}");
        }
    }
}

fn first_cell(line: &str) -> &str {
    line.split(',').next().unwrap_or_default()
}

#[test]
fn the_command_that_goes_on_after_an_interruption_allows_the_deletes_that_are_left() {
    let delete =
        "    action: record.delete\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\" }\n";
    let update = "    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n";
    let rows = |id: &str, list: &str, action: &str| {
        format!("  - id: {id}\n    for_each: {{ {list} }}\n{action}")
    };
    let one = "items: [{ id: \"9\" }]";
    for (first, second, flags) in [(update, delete, " --allow delete"), (delete, update, "")] {
        let first = rows("first", one, first);
        let second = rows("second", "csv: rows.csv", second);
        let project = Project::new(&format!("steps:\n{first}{second}"), []);
        project.write("rows.csv", &csv(2));
        project
            .server
            .judge(|arrived| match row_of(arrived).as_str() {
                "9" => json(DONE),
                _ => Answer::Held(DONE),
            });
        let run = ["run", "playbook.yaml", "--run-id", "r", "--allow", "delete"];
        let mut child = project.voxplay(&run).spawn().unwrap();
        project.server.wait_for(2);
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.unwrap().success());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut heard = String::new();
        while !heard.contains("stopping: ") {
            assert!(stderr.read_line(&mut heard).unwrap() > 0, "{heard}");
        }
        project.server.release();
        stderr.read_to_string(&mut heard).unwrap();
        let ran = ended(&project, child);
        assert_eq!(ran.exit, 130, "{heard}");
        let command = format!("go on with it:\n  voxplay resume r{flags}\n");
        assert!(heard.contains(&command), "{command}{heard}");
    }
}

#[test]
fn what_waits_for_a_connection_when_a_run_is_stopped_was_not_sent() {
    let project = Project::new(&creates(""), []);
    project.write("rows.csv", &csv(2));
    // Nobody answers there: the handshake never ends.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap());
    let mut run = project.command(&["--run-id", "r"]);
    let child = run.env("WOLKVOX_SERVER", server).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0]).unwrap();
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.unwrap().success());
    let ran = ended(&project, child);
    assert_eq!(ran.exit, 130, "{ran:?}");
    let ends = ran.events("step_finished");
    let first = ends.iter().find(|end| end["row"] == "1").unwrap();
    assert_eq!(first["outcome"], "not_run", "{first}");
    assert_eq!(first["error"], "interrupted before it was sent", "{first}");
    assert_eq!(ran.finished()["requests"], 0, "{ran:?}");
    // Nothing is in doubt, and all is sent by the next stretch.
    let resume = ["resume", "r", "--accept-changes", "--format", "json"];
    let ran = project.finish(project.voxplay(&resume));
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
}
