//! The daily limit, the answer to a wrong token, and the records that a sandbox begins with.

use super::*;
use crate::sandbox::{FirstRecord, OverLimit, UnknownIds, WrongToken};
use crate::source::Source;

#[tokio::test]
async fn a_token_has_so_many_calls_a_day() {
    for (over_limit, status, code) in [
        (OverLimit::Forbidden, 403, 403),
        (OverLimit::TooMany, 429, 429),
        (OverLimit::Hidden, 200, 403),
    ] {
        let bench = Bench::start(Options {
            daily_limit: Some(2),
            over_limit,
            tokens: vec!["made-up-token".into(), "other-token".into()],
            ..Options::default()
        })
        .await;
        bench.succeeds(UPDATE, &update()).await;
        // A refused call counts as well.
        bench.json(UPDATE, &json!({})).await;
        let (seen, text) = bench.json(UPDATE, &update()).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((seen.as_u16(), &answer["code"]), (status, &json!(code)));
        assert!(answer["msg"].as_str().unwrap().contains("no calls left"));
        assert!(!bench.last_call().done);
        let other = bench
            .request(Method::POST, UPDATE)
            .header("Wolkvox-Token", "other-token");
        assert_eq!(send(other.json(&update())).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_wrong_token_gets_the_chosen_code() {
    for (wrong_token, status) in [
        (WrongToken::Unauthorized, 401),
        (WrongToken::Forbidden, 403),
    ] {
        let bench = Bench::start(Options {
            wrong_token,
            ..Options::default()
        })
        .await;
        let request = bench
            .request(Method::POST, UPDATE)
            .header("Wolkvox-Token", "wrong");
        refused(
            send(request.json(&update())).await,
            status,
            "not one of this sandbox",
        );
    }
}

#[tokio::test]
async fn it_begins_with_the_records_given() {
    let text = "modulodeprueba:\n  contacts:\n    - { wolkvox_id: 64cb, fields: { Email: old@example.com, n: 1 } }\n";
    let folder = tempfile::tempdir().unwrap();
    let options = || Options {
        records: FirstRecord::parse(&Source::new("data.yaml", text)).unwrap(),
        unknown_ids: UnknownIds::Refuse,
        database: Some(folder.path().join("sandbox.db")),
        ..Options::default()
    };
    let mut bench = Bench::start(options()).await;
    bench.succeeds(UPDATE, &update()).await;
    assert_eq!(bench.records()[0].fields["n"], 1);
    assert_eq!(bench.records()[0].fields["Email"], "a@example.com");
    bench.sandbox.shutdown().await;

    let bench = Bench::start(options()).await;
    assert_eq!(bench.records()[0].fields["Email"], "a@example.com");
    let reset = bench.post("/_sandbox/reset").send().await.unwrap();
    assert_eq!(reset.status(), StatusCode::OK);
    assert_eq!(bench.records()[0].fields["Email"], "old@example.com");
    assert_eq!(bench.sandbox.calls().unwrap(), []);
    bench.succeeds(UPDATE, &update()).await;
    assert_eq!(bench.last_call().seq, 1);
}
