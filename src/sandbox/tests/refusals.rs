//! Every refusal: path, method, token, body, keys, types, forms.

use super::*;
use crate::sandbox::{Documented, FilePart};

#[tokio::test]
async fn paths_methods_and_tokens_are_exact() {
    let bench = Bench::start(Options::default()).await;
    for path in [
        "/",
        "/server/api/v2/custom/update.php",
        "/server/API/v2/custom/update",
        "//server/API/v2/custom/update.php",
    ] {
        bench.refuses(path, &update(), 404, "no such call").await;
    }
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let response = bench
            .request(method, UPDATE)
            .json(&update())
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["allow"], "POST");
        refused(
            (response.status(), response.text().await.unwrap()),
            405,
            "takes POST",
        );
    }
    refused(
        send(bench.request(Method::POST, UPDATE).json(&update())).await,
        401,
        "Wolkvox-Token is required",
    );
    let wrong = bench
        .request(Method::POST, UPDATE)
        .header("wolkvox-token", "a-wrong-token");
    refused(
        send(wrong.json(&update())).await,
        403,
        "not one of this sandbox",
    );

    let calls = bench.sandbox.calls().unwrap();
    assert_eq!(calls.len(), 10);
    for call in &calls {
        assert_eq!(call.documented, Documented::Invented);
        assert_eq!(
            call.notes[0],
            "the body of this refusal is invented: the vendor publishes none"
        );
        assert_eq!(call.body, update());
        assert_eq!(call.operation.as_deref(), Some("modulodeprueba"));
    }
    assert_eq!(bench.records(), []);
}

#[tokio::test]
async fn bodies_must_be_what_the_call_takes() {
    let bench = Bench::start(Options::default()).await;
    for path in [UPDATE, DELETE, INSERT, OBLIGATION] {
        refused(send(bench.post(path)).await, 400, "the body is empty");
        refused(
            send(bench.post(path).body("operation=x")).await,
            400,
            "the body is not JSON",
        );
        assert_eq!(bench.last_call().body, "operation=x");
        refused(
            send(bench.post(path).body("\u{feff}{}")).await,
            400,
            "the body is not JSON",
        );
        refused(
            send(bench.post(path).body("[]")).await,
            400,
            "must be a JSON object",
        );
        refused(
            send(bench.post(path).multipart(case())).await,
            400,
            "takes JSON, not form-data",
        );
    }
    bench.refuses(CASE, &update(), 400, "takes form-data").await;
    let no_boundary = bench
        .post(CASE)
        .header("content-type", "multipart/form-data")
        .body("x");
    refused(send(no_boundary).await, 400, "form-data cannot be read");
    let cut = bench
        .post(CASE)
        .header("content-type", "multipart/form-data; boundary=b");
    refused(
        send(cut.body("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nhalf")).await,
        400,
        "cannot be read",
    );
    refused(
        send(bench.post(INSERT).body(activity().to_string())).await,
        400,
        "Content-Type must be application/json",
    );
}

#[tokio::test]
async fn a_json_body_above_the_limit_is_refused_and_not_kept() {
    let bench = Bench::start(Options::default()).await;
    let body = vec![b' '; 17 * 1024 * 1024];
    refused(send(bench.post(UPDATE).body(body)).await, 413, "too large");
    assert_eq!(bench.last_call().body, Value::Null);
    let long = "x".repeat(17 * 1024 * 1024);
    refused(
        send(bench.post(CASE).multipart(case().text("note", long))).await,
        413,
        "too large",
    );
}

/// Each entry of a body in turn left out.
#[tokio::test]
async fn every_documented_key_is_required() {
    let bench = Bench::start(Options::default()).await;
    let required: [(&str, Value, &[&str]); 4] = [
        (
            UPDATE,
            update(),
            &["/operation", "/module", "/wolkvox-id", "/fields"],
        ),
        (
            DELETE,
            delete(),
            &["/operation", "/module", "/multiple", "/wolkvox-id"],
        ),
        (
            INSERT,
            activity(),
            &[
                "/operation",
                "/module",
                "/type",
                "/fields",
                "/fields/status",
                "/fields/name",
                "/fields/priority",
                "/fields/name_module",
                "/fields/completion_date",
                "/fields/remember",
                "/fields/reminder_date",
                "/fields/description",
                "/fields/id_record",
                "/fields/location",
                "/fields/wolkvox_owner",
                "/fields/phone",
                "/fields/phone/type",
                "/fields/phone/country",
                "/fields/phone/code",
                "/fields/phone/value",
            ],
        ),
        (
            OBLIGATION,
            obligation(),
            &["/operation", "/wolkvox_id", "/fields"],
        ),
    ];
    for (path, sample, pointers) in required {
        for pointer in pointers {
            let (place, key) = pointer.rsplit_once('/').unwrap();
            let mut body = sample.clone();
            body.pointer_mut(place)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(key)
                .unwrap();
            let name = pointer[1..].replace('/', ".");
            bench
                .refuses(path, &body, 400, &format!("{name} is required"))
                .await;
        }
    }
    for name in ["operation", "wolkvox-id", "responsible", "status"] {
        let form = case_without(name);
        refused(
            send(bench.post(CASE).multipart(form)).await,
            400,
            &format!("{name} is required"),
        );
    }
    assert!(
        bench
            .last_call()
            .notes
            .iter()
            .any(|note| note.contains("412 and 417"))
    );
    assert_eq!(bench.records(), []);
}

/// Puts each value in the place of the sample's own and expects the refusal.
async fn refuses_each(path: &str, sample: Value, changes: Vec<(&str, Value, &str)>) {
    let bench = Bench::start(Options::default()).await;
    for (pointer, value, sentence) in changes {
        let mut body = sample.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        bench.refuses(path, &body, 400, sentence).await;
    }
    assert_eq!(bench.records(), []);
}

#[tokio::test]
async fn types_of_an_update_are_checked() {
    let mut sample = update();
    sample["attachments"] = json!([]);
    let changes = vec![
        (
            "/operation",
            json!(" "),
            "operation must be text that is not blank",
        ),
        ("/module", json!(7), "module must be text"),
        (
            "/wolkvox-id",
            json!(""),
            "wolkvox-id must be text that is not blank",
        ),
        ("/wolkvox-id", json!(["64cb"]), "wolkvox-id must be text"),
        ("/fields", json!([]), "fields must be an object"),
        ("/fields", json!("{}"), "fields must be an object"),
        (
            "/attachments",
            json!("aGk="),
            "attachments must be a list of texts",
        ),
    ];
    refuses_each(UPDATE, sample, changes).await;
}

#[tokio::test]
async fn multiple_and_the_ids_of_a_delete_must_agree() {
    let bench = Bench::start(Options::default()).await;
    let changes = vec![
        (
            "/multiple",
            json!("false"),
            "multiple must be true or false, not text",
        ),
        (
            "/multiple",
            json!(true),
            "must be a list where multiple is true",
        ),
        (
            "/wolkvox-id",
            json!(["a", "b"]),
            "must be one id where multiple is false",
        ),
        ("/wolkvox-id", json!([]), "at least one id"),
        ("/wolkvox-id", json!([""]), "not blank"),
        ("/wolkvox-id", json!([1]), "a list of texts"),
        ("/wolkvox-id", json!(1), "text or a list of texts"),
    ];
    refuses_each(DELETE, delete(), changes).await;

    let mut list_of_one = delete();
    list_of_one["wolkvox-id"] = json!(["6074xxxxxx7d3"]);
    bench.succeeds(DELETE, &list_of_one).await;
}

#[tokio::test]
async fn types_and_forms_of_an_activity_are_checked() {
    let changes = vec![
        (
            "/type",
            json!("visit"),
            "type must be one of call, task, meet",
        ),
        (
            "/fields/priority",
            json!("urgent"),
            "fields.priority must be one of high, normal, low",
        ),
        (
            "/fields/remember",
            json!("true"),
            "fields.remember must be true or false",
        ),
        (
            "/fields/completion_date",
            json!("20230730 000000"),
            "YYYY-MM-DD HH:MM:SS",
        ),
        (
            "/fields/reminder_date",
            json!("2023-02-29 00:00:00"),
            "YYYY-MM-DD HH:MM:SS",
        ),
        (
            "/fields/id_record",
            json!("  "),
            "fields.id_record must be text that is not blank",
        ),
        (
            "/fields/phone",
            json!("57"),
            "fields.phone must be an object",
        ),
        (
            "/fields/phone/value",
            json!(3_001_234_567_u64),
            "fields.phone.value must be text",
        ),
    ];
    refuses_each(INSERT, activity(), changes).await;
}

#[tokio::test]
async fn values_of_an_obligation_must_be_text_and_dates_put_the_day_first() {
    let changes = vec![
        (
            "/wolkvox_id",
            json!(""),
            "wolkvox_id must be text that is not blank",
        ),
        (
            "/fields/total_balance",
            json!(10000),
            "fields.total_balance must be text",
        ),
        (
            "/fields/days_delay",
            json!(90),
            "fields.days_delay must be text",
        ),
        ("/fields/expiring_date", json!("2024-05-25"), "DD-MM-YYYY"),
        ("/fields/last_pay_date", json!("31-06-2023"), "DD-MM-YYYY"),
        ("/fields/form", json!({}), "fields.form must be a list"),
        (
            "/fields/form/0/value",
            json!(1),
            "fields.form must be a list",
        ),
    ];
    refuses_each(OBLIGATION, obligation(), changes).await;
}

#[tokio::test]
async fn the_spelling_of_the_id_key_counts_and_is_pointed_out() {
    let bench = Bench::start(Options::default()).await;
    let body = json!({ "operation": "o", "module": "m", "wolkvox_id": "1", "fields": {} });
    bench
        .refuses(
            UPDATE,
            &body,
            400,
            r#"wolkvox-id is required ("wolkvox_id" was sent; the spelling counts)"#,
        )
        .await;
    let body = json!({ "operation": "o", "wolkvox-id": "1", "fields": {} });
    bench
        .refuses(
            OBLIGATION,
            &body,
            400,
            r#"wolkvox_id is required ("wolkvox-id" was sent; the spelling counts)"#,
        )
        .await;
}

#[tokio::test]
async fn forms_and_file_parts_of_a_case_are_checked() {
    let bench = Bench::start(Options::default()).await;
    for text in ["", "[]", "no", "{", "null"] {
        let form = case_without("form").text("form", text);
        refused(
            send(bench.post(CASE).multipart(form)).await,
            400,
            "form must be a text that holds a JSON object",
        );
    }
    let blank = case_without("status").text("status", " ");
    refused(
        send(bench.post(CASE).multipart(blank)).await,
        400,
        "status must be text that is not blank",
    );
    let as_text = case().text("file", "not a file");
    refused(
        send(bench.post(CASE).multipart(as_text)).await,
        400,
        "file must be a file",
    );
    let hidden = case().part("solution", pdf(b"%PDF"));
    refused(
        send(bench.post(CASE).multipart(hidden)).await,
        400,
        "a file is sent as solution",
    );

    for (file_part, good, bad) in [
        (FilePart::File, "file", "files"),
        (FilePart::Files, "files", "file"),
    ] {
        let bench = Bench::start(Options {
            file_part,
            ..Options::default()
        })
        .await;
        let (status, _) = send(bench.post(CASE).multipart(case().part(good, pdf(b"%PDF")))).await;
        assert_eq!(status, StatusCode::OK);
        let sent = send(bench.post(CASE).multipart(case().part(bad, pdf(b"%PDF")))).await;
        refused(
            sent,
            400,
            &format!("a file is sent as {bad}; it must be {good}"),
        );
    }
}
