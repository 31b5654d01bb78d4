//! Faults whose answer is whole HTTP: codes, the envelope, the bytes, redirects.

use super::*;
use crate::sandbox::{Documented, Faults, KINDS, Rule};

/// A sandbox with the faults of short forms.
pub(super) async fn spoiled(specs: &[&str]) -> Bench {
    Bench::start(Options {
        faults: faults(specs),
        seed: Some(0),
        ..Options::default()
    })
    .await
}

pub(super) fn faults(specs: &[&str]) -> Faults {
    Faults {
        rules: specs
            .iter()
            .map(|spec| Rule::parse(spec).unwrap())
            .collect(),
        ..Faults::default()
    }
}

/// What came back: status, content type, body.
struct Back {
    status: u16,
    content_type: String,
    body: Vec<u8>,
    headers: reqwest::header::HeaderMap,
}

impl Back {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }
}

async fn back(bench: &Bench, body: &Value) -> Back {
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let response = client
        .post(format!("{}{INSERT}", bench.sandbox.base_url()))
        .header("Wolkvox-Token", bench.sandbox.token())
        .json(body)
        .send()
        .await
        .expect("an answer");
    let headers = response.headers().clone();
    Back {
        status: response.status().as_u16(),
        content_type: headers["content-type"].to_str().unwrap().to_owned(),
        headers,
        body: response.bytes().await.expect("a body").to_vec(),
    }
}

fn create() -> Value {
    json!({ "operation": "o", "module": "contacts", "fields": { "Name": "Ana" } })
}

/// One insert that meets a fault; the call in the log as well.
async fn met(spec: &str) -> (Back, Call, usize) {
    let bench = spoiled(&[&format!("any:{spec}")]).await;
    let back = back(&bench, &create()).await;
    let kept = bench.records().len();
    let call = bench.last_call();
    assert_eq!(call.fault, Some(spec.split(['=', ',']).next().unwrap()));
    assert_eq!(call.http_status, Some(back.status));
    assert_eq!(call.done, kept == 1);
    (back, call, kept)
}

#[tokio::test]
async fn every_code_comes_as_status_and_in_the_body() {
    for code in [400, 401, 403, 404, 405, 412, 416, 417, 429, 500, 502, 503] {
        let (back, call, kept) = met(&format!("http-{code}")).await;
        assert_eq!((back.status, kept), (code, 0));
        assert_eq!(back.json()["code"], code);
        assert_ne!(back.json()["error"], "null");
        let listed = ![429, 500, 502, 503].contains(&code);
        assert_eq!(call.documented == Documented::Documented, listed, "{code}");
        assert!(!back.headers.contains_key("retry-after"));
    }
    for code in [400, 401, 403, 404, 405, 412, 416, 417, 429, 500] {
        let (back, _, kept) = met(&format!("code-{code}")).await;
        assert_eq!((back.status, kept), (200, 0));
        assert_eq!(back.json()["code"], code);
    }
}

#[tokio::test]
async fn a_change_can_be_made_behind_an_error_and_left_out_behind_a_success() {
    for spec in [
        "http-500,applied",
        "http-502,applied",
        "http-503,applied",
        "code-400,applied",
    ] {
        assert_eq!(met(spec).await.2, 1, "{spec}");
    }
    let (back, call, kept) = met("not-stored").await;
    assert_eq!((back.status, kept), (200, 0));
    let id = back.json()["data"]["wolkvox_id"].clone();
    assert_eq!(id.as_str().unwrap().len(), 24);
    assert!(!call.done);
    assert_eq!(met("code-text,not-applied").await.2, 0);

    // An id that was given for nothing is not given again.
    let bench = spoiled(&["any:not-stored@1"]).await;
    let first = bench.succeeds(INSERT, &create()).await;
    let second = bench.succeeds(INSERT, &create()).await;
    assert_ne!(first["data"], second["data"]);
    assert_eq!(bench.records().len(), 1);
}

#[tokio::test]
async fn waiting_is_asked_for_in_seconds() {
    for (spec, status, seconds) in [
        ("http-429-retry-after=7", 429, "7"),
        ("http-503-retry-after", 503, "1"),
    ] {
        let (back, ..) = met(spec).await;
        assert_eq!(back.status, status);
        assert_eq!(back.headers["retry-after"], seconds);
    }
}

#[tokio::test]
async fn the_envelope_has_every_known_and_unknown_form() {
    let plain = spoiled(&[]).await.succeeds(INSERT, &create()).await;
    let form = |spec: &'static str| async move {
        let (back, _, kept) = met(spec).await;
        assert_eq!(kept, 1, "{spec}");
        (back.status, back.json())
    };
    let changed = |key: &str, value: Value| {
        let mut answer = plain.clone();
        answer[key] = value;
        (200, answer)
    };
    let without = |key: &str| {
        let mut answer = plain.clone();
        answer.as_object_mut().unwrap().shift_remove(key);
        (200, answer)
    };
    assert_eq!(form("code-text").await, changed("code", json!("200")));
    assert_eq!(form("error-null").await, changed("error", Value::Null));
    assert_eq!(form("error-empty").await, changed("error", json!("")));
    assert_eq!(form("error-absent").await, without("error"));
    assert_eq!(form("data-absent").await, without("data"));
    assert_eq!(form("data-object").await, changed("data", json!({})));
    assert_eq!(form("data-list").await, changed("data", json!([])));
    assert_eq!(
        form("code-400-error-null").await,
        changed("code", json!(400))
    );
    assert_eq!(form("http-400-code-200").await, (400, plain.clone()));
    assert_eq!(form("bare-array").await, (200, json!([plain.clone()])));
    let (_, answer) = form("error-text").await;
    assert_eq!(answer["code"], 200);
    assert!(answer["error"].as_str().unwrap().starts_with("sandbox: "));
    let (_, answer) = form("other-msg").await;
    assert_ne!(answer["msg"], plain["msg"]);
    let (_, answer) = form("blank-id").await;
    assert_eq!(answer["data"], json!({ "wolkvox_id": "" }));
}

#[tokio::test]
async fn every_id_of_a_list_can_be_blank() {
    let bench = spoiled(&["custom/delete:blank-id"]).await;
    let body =
        json!({ "operation": "o", "module": "m", "multiple": true, "wolkvox-id": ["a", "b"] });
    let answer = bench.succeeds(DELETE, &body).await;
    assert_eq!(answer["data"]["wolkvox_id"], json!(["", ""]));
}

#[tokio::test]
async fn bytes_that_are_no_json_come_as_asked() {
    for (spec, status, begins, kept) in [
        ("html-200", 200, "<!DOCTYPE html>", 1),
        ("html-502", 502, "<!DOCTYPE html>", 1),
        ("html-502,not-applied", 502, "<!DOCTYPE html>", 0),
        ("maintenance", 403, "<!DOCTYPE html>", 1),
        ("bom", 200, "\u{feff}{\"code\":200", 1),
        ("php-notice", 200, "<br />\n<b>Notice</b>", 1),
        ("truncated-json", 200, "{\"code\":200", 1),
        ("wrong-type", 200, "{\"code\":200", 1),
        ("empty-body", 200, "", 1),
    ] {
        let (back, call, made) = met(spec).await;
        let text = String::from_utf8(back.body).unwrap();
        assert_eq!(back.status, status, "{spec}");
        assert!(text.starts_with(begins), "{spec}: {text}");
        assert_eq!(text.is_empty(), begins.is_empty(), "{spec}");
        assert_eq!(made, if spec == "maintenance" { 0 } else { kept }, "{spec}");
        let html = begins.starts_with("<!") || spec == "wrong-type";
        assert_eq!(back.content_type.starts_with("text/html"), html, "{spec}");
        let json = serde_json::from_str::<Value>(&text).is_ok();
        assert_eq!(json, spec == "wrong-type", "{spec}");
        assert_eq!(call.answer.is_string(), spec != "wrong-type", "{spec}");
    }
}

#[tokio::test]
async fn a_huge_answer_is_as_long_as_asked_and_logged_short() {
    let (back, call, _) = met("huge=3000000").await;
    assert_eq!(back.json()["msg"].as_str().unwrap().len(), 3_000_000);
    assert!(call.answer.as_str().unwrap().len() < 5_000);
}

#[tokio::test]
async fn redirects_go_to_the_sandbox_or_to_loopback() {
    let (back, call, kept) = met("redirect").await;
    assert_eq!((back.status, kept), (302, 0));
    assert!(
        back.headers["location"]
            .to_str()
            .unwrap()
            .starts_with("/server/")
    );
    assert!(!call.done);
    let (back, ..) = met("redirect-away=http://127.0.0.1:9/x").await;
    assert_eq!(back.headers["location"], "http://127.0.0.1:9/x");
}

#[tokio::test]
async fn rules_choose_by_call_and_by_id() {
    let source = crate::source::Source::new(
        "faults.yaml",
        "rules:\n\
         - { call: custom/update, id: 64cb, fault: http-500 }\n\
         - { call: custom/delete, id: b, fault: http-502 }\n\
         - { call: cases/update, id: 64cb, fault: http-503 }\n\
         - { call: custom/insert, id: código de id, fault: http-417 }\n",
    );
    let bench = Bench::start(Options {
        faults: Faults::parse(&source).unwrap(),
        ..Options::default()
    })
    .await;
    let mut other = update();
    other["wolkvox-id"] = json!("other");
    bench.succeeds(UPDATE, &other).await;
    assert_eq!(bench.json(UPDATE, &update()).await.0, 500);
    bench.succeeds(DELETE, &delete()).await;
    let body =
        json!({ "operation": "o", "module": "m", "multiple": true, "wolkvox-id": ["a", "b"] });
    assert_eq!(bench.json(DELETE, &body).await.0, 502);
    assert_eq!(send(bench.post(CASE).multipart(case())).await.0, 503);
    assert_eq!(bench.json(INSERT, &activity()).await.0, 417);
    assert_eq!(bench.last_call().notes.len(), 2);
}

#[tokio::test]
async fn a_fault_says_in_the_log_what_it_is() {
    let bench = spoiled(&["any:http-503"]).await;
    bench.json(UPDATE, &update()).await;
    let notes = bench.last_call().notes;
    let note = notes.last().unwrap();
    assert!(
        note.starts_with("fault http-503 (rule 1, invented): "),
        "{note}"
    );
    assert!(note.ends_with("no change is made"), "{note}");
}

/// A table of faults with a row that no test meets would be a promise nobody keeps.
#[test]
fn every_fault_is_met_by_a_test() {
    let tests = [
        include_str!("envelopes.rs"),
        include_str!("wire.rs"),
        include_str!("queries.rs"),
    ]
    .concat();
    for kind in KINDS {
        let family = ["http-", "code-"].iter().any(|family| {
            kind.name
                .strip_prefix(family)
                .is_some_and(|code| code.parse::<u16>().is_ok())
        });
        assert!(
            family
                || tests.contains(&format!("\"{}", kind.name))
                || tests.contains(&format!(":{}", kind.name)),
            "{}",
            kind.name
        );
    }
}
