//! The vendor's sample requests, answered with the vendor's sample answers to the letter.

use super::*;
use crate::sandbox::{Documented, IdForm, UnknownIds};

fn envelope(msg: &str, id: &str) -> String {
    format!(r#"{{"code":200,"error":"null","msg":"{msg}","data":{{"wolkvox_id":{id}}}}}"#)
}

#[tokio::test]
async fn sampled_answers_are_the_samples_to_the_byte() {
    let bench = Bench::start(Options {
        ids: IdForm::Sampled,
        ..Options::default()
    })
    .await;
    let (_, text) = bench.json(UPDATE, &update()).await;
    assert_eq!(text, envelope("Succesfully edit record", r#""64cb""#));
    let (_, text) = send(
        bench
            .post(CASE)
            .multipart(case().part("files", pdf(b"%PDF"))),
    )
    .await;
    assert_eq!(text, envelope("Succesfully update record", r#""""#));
    let (_, text) = bench.json(DELETE, &delete()).await;
    // The page answers its single delete with two.
    assert_eq!(
        text,
        envelope("Have been succesfully removed", r#"["",""]"#)
    );
    let several = json!({ "operation": "o", "module": "companies", "multiple": true, "wolkvox-id": ["66xx", "663xx"] });
    let (_, text) = bench.json(DELETE, &several).await;
    assert_eq!(
        text,
        envelope("Have been succesfully removed", r#"["",""]"#)
    );
    let (_, text) = bench.json(INSERT, &activity()).await;
    assert_eq!(text, envelope("Succesfully create record", r#"" ""#));
    let record = json!({ "operation": "o", "module": "contacts", "fields": { "Name": "Ana" } });
    let (_, text) = bench.json(INSERT, &record).await;
    assert_eq!(text, envelope("Succesfully create record", r#""""#));
    let answer = bench.succeeds(OBLIGATION, &obligation()).await;
    assert_eq!(answer["msg"], "Succesfully create record");
    assert_eq!(answer["data"]["wolkvox_id"], "123cb");
    let mut blank = activity();
    blank["fields"]["location"] = json!(" ");
    bench.succeeds(INSERT, &blank).await;
    assert!(
        bench
            .sandbox
            .calls()
            .unwrap()
            .iter()
            .all(|call| call.documented == Documented::Documented)
    );
}

#[tokio::test]
async fn real_ids_come_back_and_fresh_ones_differ() {
    let bench = Bench::start(Options::default()).await;
    assert_eq!(
        bench.succeeds(UPDATE, &update()).await["data"]["wolkvox_id"],
        "64cb"
    );
    let (_, text) = send(bench.post(CASE).multipart(case())).await;
    assert_eq!(text, envelope("Succesfully update record", r#""64cb""#));
    assert_eq!(
        bench.succeeds(DELETE, &delete()).await["data"]["wolkvox_id"],
        json!(["6074xxxxxx7d3"])
    );
    let mut fresh = Vec::new();
    for (path, body) in [
        (INSERT, activity()),
        (INSERT, activity()),
        (OBLIGATION, obligation()),
    ] {
        let id = bench.succeeds(path, &body).await["data"]["wolkvox_id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            id.len() == 24
                && id
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "{id}"
        );
        fresh.push(id);
    }
    fresh.sort();
    fresh.dedup();
    assert_eq!(fresh.len(), 3);
}

#[tokio::test]
async fn records_are_kept_per_operation_and_module() {
    let bench = Bench::start(Options::default()).await;
    let created = bench
        .succeeds(
            INSERT,
            &json!({ "operation": "a", "module": "contacts", "fields": { "x": 1, "y": [2] } }),
        )
        .await;
    let id = created["data"]["wolkvox_id"].as_str().unwrap();
    let change = |operation: &str| json!({ "operation": operation, "module": "contacts", "wolkvox-id": id, "fields": { "x": null, "Año nuevo": true } });
    bench.succeeds(UPDATE, &change("a")).await;
    assert_eq!(bench.last_call().notes, Vec::<String>::new());
    bench.succeeds(UPDATE, &change("b")).await;
    assert_eq!(
        bench.last_call().notes,
        [format!(
            "no record {id} in contacts was known; what the CRM does then is not documented"
        )]
    );

    let records = bench.records();
    assert_eq!(records.len(), 2);
    assert_eq!(
        json!(records[0].fields),
        json!({ "x": null, "y": [2], "Año nuevo": true })
    );
    assert_eq!(
        (records[1].operation.as_str(), json!(records[1].fields)),
        ("b", json!({ "x": null, "Año nuevo": true }))
    );
}

#[tokio::test]
async fn obligations_and_activities_have_a_place_of_their_own() {
    let bench = Bench::start(Options::default()).await;
    let id = bench.succeeds(OBLIGATION, &obligation()).await["data"]["wolkvox_id"].clone();
    let unknown =
        "no record 61fa3 in collections was known; what the CRM does then is not documented";
    assert_eq!(bench.last_call().notes, [unknown]);
    bench.succeeds(OBLIGATION, &obligation()).await;
    assert!(
        bench
            .last_call()
            .notes
            .iter()
            .any(|note| note.contains("has an obligation with this fields.id"))
    );
    bench.succeeds(INSERT, &activity()).await;

    let records = bench.records();
    let places: Vec<&str> = records
        .iter()
        .map(|record| record.module.as_str())
        .collect();
    assert_eq!(places, ["obligations", "obligations", "wolkvox_activities"]);
    assert_eq!(json!(records[0].wolkvox_id), id);
    assert_eq!(records[0].parent.as_deref(), Some("61fa3"));
    assert_eq!(json!(records[0].fields), obligation()["fields"]);

    let notes = bench.sandbox.notes().unwrap();
    let note = notes.iter().find(|note| note.text == unknown).unwrap();
    assert_eq!((note.first_call, note.calls), (1, 2));
}

#[tokio::test]
async fn a_deleted_record_is_unknown_again() {
    let bench = Bench::start(Options::default()).await;
    bench.succeeds(UPDATE, &update()).await;
    let delete = json!({ "operation": "modulodeprueba", "module": "contacts", "multiple": true, "wolkvox-id": ["64cb", "64cb"] });
    bench.succeeds(DELETE, &delete).await;
    assert_eq!(
        bench.last_call().notes,
        ["id 64cb is listed twice; what the CRM does then is not documented"]
    );
    assert!(bench.records()[0].deleted_at.is_some());
    bench.succeeds(DELETE, &delete).await;
    assert!(bench.last_call().notes[0].starts_with("no record 64cb in contacts was known"));
    let again = json!({ "operation": "modulodeprueba", "module": "contacts", "wolkvox-id": "64cb", "fields": { "new": "1" } });
    bench.succeeds(UPDATE, &again).await;
    assert!(bench.last_call().notes[0].starts_with("no record 64cb in contacts was known"));
    let records = bench.records();
    assert_eq!(
        (
            records.len(),
            &records[0].deleted_at,
            json!(records[0].fields)
        ),
        (1, &None, json!({ "new": "1" }))
    );
}

#[tokio::test]
async fn unknown_ids_can_be_refused() {
    let bench = Bench::start(Options {
        unknown_ids: UnknownIds::Refuse,
        ..Options::default()
    })
    .await;
    bench
        .refuses(
            UPDATE,
            &update(),
            404,
            "no record 64cb in contacts is known",
        )
        .await;
    bench
        .refuses(
            DELETE,
            &delete(),
            404,
            "no record 6074xxxxxx7d3 in contacts is known",
        )
        .await;
    bench
        .refuses(
            OBLIGATION,
            &obligation(),
            404,
            "no record 61fa3 in collections is known",
        )
        .await;
    bench
        .refuses(
            INSERT,
            &activity(),
            404,
            "no record código de id in cases is known",
        )
        .await;
    refused(
        send(bench.post(CASE).multipart(case())).await,
        404,
        "no record 64cb in cases is known",
    );
    assert_eq!(bench.last_call().documented, Documented::Invented);
    assert_eq!(bench.records(), []);

    // One unknown id among several: nothing is deleted.
    let created = bench
        .succeeds(
            INSERT,
            &json!({ "operation": "o", "module": "m", "fields": {} }),
        )
        .await;
    let id = &created["data"]["wolkvox_id"];
    let both =
        json!({ "operation": "o", "module": "m", "multiple": true, "wolkvox-id": [id, "other"] });
    bench
        .refuses(DELETE, &both, 404, "no record other in m is known")
        .await;
    assert_eq!(bench.records()[0].deleted_at, None);
}

#[tokio::test]
async fn what_the_pages_leave_open_is_noted() {
    let bench = Bench::start(Options::default()).await;
    let samples_of_nothing = json!({
        "operation": "o", "wolkvox_id": "1",
        "fields": { "id": "", "name": "", "total_balance": "", "last_pay_date": "", "last_type": "1", "form": [{ "name": "", "value": "" }] }
    });
    bench.succeeds(OBLIGATION, &samples_of_nothing).await;
    let notes = bench.last_call().notes.join("\n");
    assert!(
        notes.contains("blank in fields: id, name, total_balance, last_pay_date;"),
        "{notes}"
    );
    assert!(
        notes.contains(r#"fields."last_type" is not documented for this call"#),
        "{notes}"
    );

    let mut unusual = activity();
    unusual["fields"]["remember"] = json!(false);
    unusual["fields"]
        .as_object_mut()
        .unwrap()
        .remove("reminder_date");
    unusual["fields"]["phone"]["code"] = json!("+57");
    unusual["fields"]["status"] = json!("done");
    bench.succeeds(INSERT, &unusual).await;
    let notes = bench.last_call().notes.join("\n");
    for part in [
        "reminder_date is left out",
        "fields.phone.code is not digits",
        "fields.status is not created",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
}
