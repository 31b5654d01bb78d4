//! The page and its JSON; in a browser as well where one is installed.

use std::process::Command;

use super::envelopes::spoiled;
use super::*;

const NASTY: &str =
    "</pre><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";

async fn get(bench: &Bench, path: &str) -> (u16, String) {
    let response = bench.request(Method::GET, path).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn get_json(bench: &Bench, path: &str) -> Value {
    let (status, text) = get(bench, path).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A sandbox in which every text that a call can bring is an attack.
async fn attacked() -> Bench {
    let bench = spoiled(&["custom/delete:http-500"]).await;
    let body = json!({
        "operation": NASTY, "module": NASTY, "wolkvox-id": NASTY,
        "fields": { (NASTY): NASTY, "list": [NASTY] }, (NASTY): 1
    });
    bench.succeeds(UPDATE, &body).await;
    bench.json(DELETE, &delete()).await;
    get(&bench, &format!("/{NASTY}")).await;
    bench
}

#[tokio::test]
async fn the_page_shows_records_calls_faults_and_notes() {
    let bench = spoiled(&["custom/delete:http-500"]).await;
    let (_, empty) = get(&bench, "/").await;
    assert!(empty.contains("No call has arrived yet"));
    bench.succeeds(UPDATE, &update()).await;
    bench.json(DELETE, &delete()).await;
    let (status, page) = get(&bench, "/").await;
    assert_eq!(status, 200);
    for shown in [
        "Tipo de cliente",
        "contacts",
        "Succesfully edit record",
        "fault: http-500",
        "what the CRM does then is not documented",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.find("id=\"call-2\"").unwrap() < page.find("id=\"call-1\"").unwrap());
    // Nothing is loaded from elsewhere, and looking at the page is no call.
    assert!(!page.contains("http://") && !page.contains("https://"));
    assert_eq!(bench.sandbox.calls().unwrap().len(), 2);
}

#[tokio::test]
async fn no_text_of_a_call_becomes_markup() {
    let bench = attacked().await;
    let (_, page) = get(&bench, "/").await;
    let state = get_json(&bench, "/_sandbox/state.json?since=0").await;
    for html in [
        page.as_str(),
        state["calls"].as_str().unwrap(),
        state["records"].as_str().unwrap(),
        state["notes"].as_str().unwrap(),
    ] {
        assert!(
            !html.contains("<script>document") && !html.contains("<img"),
            "{html}"
        );
        assert!(html.contains("&lt;script&gt;"));
    }
    let response = bench.request(Method::GET, "/").send().await.unwrap();
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
}

#[tokio::test]
async fn the_state_brings_only_what_is_new() {
    let bench = spoiled(&[]).await;
    let empty = get_json(&bench, "/_sandbox/state.json?since=0").await;
    assert_eq!((&empty["last"], empty.get("calls")), (&json!(0), None));
    for _ in 0..3 {
        bench.succeeds(UPDATE, &update()).await;
    }
    let state = get_json(&bench, "/_sandbox/state.json?since=2").await;
    assert_eq!((&state["last"], &state["gap"]), (&json!(3), &json!(false)));
    let calls = state["calls"].as_str().unwrap();
    assert!(calls.contains("call-3") && !calls.contains("call-2"));
    for _ in 0..101 {
        bench.succeeds(UPDATE, &update()).await;
    }
    let state = get_json(&bench, "/_sandbox/state.json?since=3").await;
    assert_eq!(state["gap"], true);
    bench.post("/_sandbox/reset").send().await.unwrap();
    let reset = get_json(&bench, "/_sandbox/state.json?since=104").await;
    assert_ne!(reset["life"], state["life"]);
}

#[tokio::test]
async fn calls_and_records_come_as_json() {
    let bench = spoiled(&[]).await;
    bench.succeeds(UPDATE, &update()).await;
    let calls = get_json(&bench, "/_sandbox/calls.json").await;
    assert_eq!(calls, json!(bench.sandbox.calls().unwrap()));
    let records = get_json(&bench, "/_sandbox/records.json").await;
    assert_eq!(records[0]["fields"]["Tipo de cliente"], "VIP");
}

#[tokio::test]
async fn other_names_other_methods_and_strangers_are_refused() {
    let bench = spoiled(&[]).await;
    bench.succeeds(UPDATE, &update()).await;
    for (host, status) in [
        ("evil.example", 403),
        ("evil.example:80", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:8090", 200),
    ] {
        for path in [
            "/",
            "/_sandbox/state.json",
            "/_sandbox/records.json",
            "/_sandbox/calls.json",
        ] {
            let request = bench.request(Method::GET, path).header("Host", host);
            assert_eq!(
                request.send().await.unwrap().status(),
                status,
                "{host} {path}"
            );
        }
    }
    let unsigned = bench.request(Method::POST, "/_sandbox/reset");
    assert_eq!(unsigned.send().await.unwrap().status(), 403);
    assert_eq!(get(&bench, "/_sandbox/reset").await.0, 405);
    assert_eq!(get(&bench, "/_sandbox/other").await.0, 404);
    assert_eq!(bench.sandbox.calls().unwrap().len(), 1);
    // Only to look at it is no call.
    assert_eq!(bench.post("/").send().await.unwrap().status(), 404);
    assert_eq!(bench.sandbox.calls().unwrap().len(), 2);
}

#[tokio::test]
async fn tokens_are_not_on_the_page() {
    let bench = Bench::start(Options {
        tokens: vec!["made-up-token".into()],
        ..Options::default()
    })
    .await;
    let mut body = update();
    body["fields"]["x"] = json!("made-up-token");
    bench.succeeds(UPDATE, &body).await;
    for path in ["/", "/_sandbox/state.json", "/_sandbox/calls.json"] {
        assert!(
            !get(&bench, path).await.1.contains("made-up-token"),
            "{path}"
        );
    }
}

/// The page in a browser that runs its script for a while: what arrived after it was loaded is there, no attack has run,
/// the script was not stopped by the page's own policy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_it_live_and_runs_nothing_else() {
    let bench = attacked().await;
    let profile = tempfile::tempdir().unwrap();
    let url = format!("{}/", bench.sandbox.base_url());
    let folder = format!("--user-data-dir={}", profile.path().display());
    let shown = tokio::task::spawn_blocking(move || {
        Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking"])
            .args([
                "--disable-component-update",
                "--disable-sync",
                "--no-proxy-server",
            ])
            .args([&folder, "--virtual-time-budget=5000", "--dump-dom", &url])
            .output()
    })
    .await
    .unwrap();
    let output = match shown {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            #[expect(clippy::print_stderr, reason = "says why nothing was tested")]
            {
                eprintln!("skipped: there is no chromium here");
            }
            return;
        }
        other => other.expect("chromium runs"),
    };
    let dom = String::from_utf8_lossy(&output.stdout);
    assert!(
        dom.contains("data-on=\"yes\""),
        "the script did not run: {dom}"
    );
    assert!(
        dom.contains("<title>voxplay sandbox</title>"),
        "an attack ran"
    );
    assert!(dom.contains("&lt;script&gt;"));
}
