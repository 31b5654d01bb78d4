//! Starting, stopping, keeping.

use std::path::PathBuf;

use futures_util::future::join_all;

use super::*;
use crate::sandbox::{OpenError, StartError};

fn in_file(database: PathBuf) -> Options {
    Options {
        database: Some(database),
        ..Options::default()
    }
}

#[tokio::test]
async fn a_database_file_keeps_records_calls_and_ids_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let create = json!({ "operation": "o", "module": "contacts", "fields": { "Name": "Ana" } });

    let mut bench = Bench::start(in_file(file.clone())).await;
    let first = bench.succeeds(INSERT, &create).await["data"]["wolkvox_id"].clone();
    let (records, calls) = (bench.records(), bench.sandbox.calls().unwrap());
    bench.sandbox.shutdown().await;
    drop(bench);

    let bench = Bench::start(in_file(file)).await;
    assert_eq!(bench.records(), records);
    assert_eq!(bench.sandbox.calls().unwrap(), calls);
    let change = json!({ "operation": "o", "module": "contacts", "wolkvox-id": first, "fields": { "Age": 3 } });
    bench.succeeds(UPDATE, &change).await;
    assert_eq!(bench.last_call().notes, Vec::<String>::new());
    assert_eq!(bench.last_call().seq, 2);
    assert_eq!(
        json!(bench.records()[0].fields),
        json!({ "Name": "Ana", "Age": 3 })
    );
    let second = bench.succeeds(INSERT, &create).await["data"]["wolkvox_id"].clone();
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_file_of_something_else_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE mine (x)")
        .unwrap();
    let error = Sandbox::start(in_file(other.clone())).await.unwrap_err();
    assert!(
        matches!(error, StartError::Database(OpenError::NotOurs(_))),
        "{error:?}"
    );
    let tables: i64 = rusqlite::Connection::open(&other)
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);

    let error = Sandbox::start(in_file(folder.path().join("no/such/folder.db")))
        .await
        .unwrap_err();
    assert!(
        matches!(error, StartError::Database(OpenError::Sqlite { .. })),
        "{error:?}"
    );
}

/// The tables of the version before, with a record in them.
const BEFORE: &str = "
CREATE TABLE records (
    operation TEXT NOT NULL, module TEXT NOT NULL, wolkvox_id TEXT NOT NULL,
    parent TEXT, fields TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT,
    PRIMARY KEY (operation, module, wolkvox_id)
) STRICT;
CREATE INDEX children ON records (operation, parent) WHERE parent IS NOT NULL;
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    operation TEXT, body TEXT NOT NULL, http_status INTEGER, answer TEXT NOT NULL,
    fault TEXT, done INTEGER NOT NULL, documented TEXT NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE ids (given INTEGER NOT NULL) STRICT;
INSERT INTO ids VALUES (7);
INSERT INTO records VALUES ('o', 'contacts', '64cb', NULL, '{\"Name\":\"Ana\"}', '2026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.000Z', NULL);
PRAGMA application_id = 0x57767362;
PRAGMA user_version = 2;
";

#[tokio::test]
async fn a_file_of_the_version_before_is_brought_up_and_one_to_come_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let open = || rusqlite::Connection::open(&file).unwrap();
    open().execute_batch(BEFORE).unwrap();
    for opened in 1..=2 {
        let bench = Bench::start(in_file(file.clone())).await;
        let records = bench.records();
        assert_eq!((records.len(), &records[0].origin), (opened, &None));
        let create = json!({ "operation": "o", "module": "contacts", "fields": { "Name": "Luz" } });
        bench.succeeds(INSERT, &create).await;
        let query =
            json!({ "operation": "o", "module": "contacts", "field": "Name", "value": "Ana" });
        let found = bench
            .succeeds(&super::family::path("custom/query"), &query)
            .await;
        assert_eq!(found["data"][0]["wolkvox_id"], "64cb");
    }
    open().execute_batch("PRAGMA user_version = 4").unwrap();
    let error = Sandbox::start(in_file(file.clone())).await.unwrap_err();
    assert!(
        matches!(
            error,
            StartError::Database(OpenError::Version { found: 4, .. })
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_id_that_came_back_from_an_earlier_sandbox_is_not_given_again() {
    let create = json!({ "operation": "o", "module": "m", "fields": {} });
    let seeded = || Options {
        seed: Some(0),
        ..Options::default()
    };
    let bench = Bench::start(seeded()).await;
    let old = bench.succeeds(INSERT, &create).await["data"]["wolkvox_id"].clone();

    let bench = Bench::start(seeded()).await;
    bench
        .succeeds(
            UPDATE,
            &json!({ "operation": "o", "module": "m", "wolkvox-id": old, "fields": {} }),
        )
        .await;
    let new = bench.succeeds(INSERT, &create).await["data"]["wolkvox_id"].clone();
    assert_ne!(old, new);
    assert_eq!(bench.records().len(), 2);
}

#[tokio::test]
async fn tokens_are_kept_out_of_the_log() {
    let options = Options {
        tokens: vec!["made-up-token".into(), "other-token".into()],
        ..Options::default()
    };
    let bench = Bench::start(options).await;
    assert_eq!(bench.sandbox.token(), "made-up-token");
    for token in ["made-up-token", "other-token", "presented-token"] {
        let body = json!({
            "operation": token, "module": "m", "wolkvox-id": token, "fields": { "x": format!("<{token}>") },
            "wolkvox-token": "yet another", (token): 1
        });
        let request = bench
            .request(Method::POST, UPDATE)
            .header("Wolkvox-Token", token);
        let (status, _) = send(request.json(&body)).await;
        assert_eq!(status == StatusCode::OK, token != "presented-token");
    }
    send(
        bench
            .post("/made-up-token?made-up-token")
            .body("made-up-token"),
    )
    .await;
    let log = serde_json::to_string(&bench.sandbox.calls().unwrap()).unwrap();
    for secret in [
        "made-up-token",
        "other-token",
        "presented-token",
        "yet another",
    ] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(!format!("{:?}", bench.sandbox).contains("made-up-token"));
}

#[tokio::test]
async fn the_log_keeps_the_newest_calls() {
    let bench = Bench::start(Options {
        keep_calls: 3,
        ..Options::default()
    })
    .await;
    for _ in 0..5 {
        bench.succeeds(UPDATE, &update()).await;
    }
    let kept: Vec<i64> = bench
        .sandbox
        .calls()
        .unwrap()
        .iter()
        .map(|call| call.seq)
        .collect();
    assert_eq!(kept, [3, 4, 5]);
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_says_when_a_port_is_taken() {
    let bench = Bench::start(Options::default()).await;
    let port: u16 = bench
        .sandbox
        .base_url()
        .strip_prefix("http://127.0.0.1:")
        .unwrap()
        .parse()
        .unwrap();
    let error = Sandbox::start(Options {
        port,
        ..Options::default()
    })
    .await
    .unwrap_err();
    assert!(
        matches!(error, StartError::Port { port: named, .. } if named == port),
        "{error:?}"
    );
    for token in ["", " ", "two\nlines", "ñ"] {
        let error = Sandbox::start(Options {
            tokens: vec![token.into()],
            ..Options::default()
        })
        .await
        .unwrap_err();
        assert!(matches!(error, StartError::Token), "{error:?}");
    }
}

#[tokio::test]
async fn each_sandbox_makes_up_a_token_of_its_own() {
    let (one, other) = (
        Bench::start(Options::default()).await,
        Bench::start(Options::default()).await,
    );
    assert!(one.sandbox.token().starts_with("sandbox-"));
    assert_ne!(one.sandbox.token(), other.sandbox.token());
}

#[tokio::test]
async fn a_shutdown_ends_the_listening_and_keeps_the_answers_at_hand() {
    let mut bench = Bench::start(Options::default()).await;
    bench.succeeds(UPDATE, &update()).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    stop.send(()).unwrap();
    bench
        .sandbox
        .serve_until(async { stopped.await.unwrap() })
        .await;
    bench.sandbox.shutdown().await;
    let error = bench.post(UPDATE).json(&update()).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(bench.sandbox.calls().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_at_the_same_time_lose_nothing() {
    let bench = Bench::start(Options::default()).await;
    let create = json!({ "operation": "o", "module": "m", "fields": { "x": 1 } });
    let answers = join_all((0..200).map(|_| bench.succeeds(INSERT, &create))).await;
    let ids: std::collections::BTreeSet<&str> = answers
        .iter()
        .map(|answer| answer["data"]["wolkvox_id"].as_str().unwrap())
        .collect();
    assert_eq!((ids.len(), bench.records().len()), (200, 200));
    let counted: Vec<i64> = bench
        .sandbox
        .calls()
        .unwrap()
        .iter()
        .map(|call| call.seq)
        .collect();
    assert_eq!(counted, (1..=200).collect::<Vec<i64>>());
}
