//! The further calls of the family: their sample answers to the letter, what each requires, files inside JSON, faults.

use super::*;
use crate::sandbox::{Faults, IdForm, Rule, UnknownIds};

pub(super) const BASE: &str = "/server/API/v2/";

/// The path of a call by its name.
pub(super) fn path(name: &str) -> String {
    format!("{BASE}{name}.php")
}

fn task() -> Value {
    json!({
        "operation": "o", "module": "wolkvox_activities", "type": "task",
        "fields": {
            "status": "created", "name": "Revisar saldo", "priority": "high", "name_module": "cases",
            "completion_date": "2026-05-30 15:00:00", "remember": true, "reminder_date": "2026-05-29 14:00:00",
            "description": "x", "id_record": "64a1", "wolkvox_owner": "ADMIN_@acme"
        }
    })
}

fn meeting() -> Value {
    let mut meeting = task();
    meeting["type"] = json!("meet");
    let fields = &mut meeting["fields"];
    fields["location"] = json!("Sala 2");
    fields["start_date"] = json!("2026-05-30 14:00:00");
    fields["participants"] = json!({ "type": "participant", "value": ["a@acme", "b@acme"] });
    meeting
}

fn new_case() -> Value {
    json!({
        "operation": "o", "case-type": "Request", "responsible": "a@acme", "owner": "b@acme",
        "contact": "c@example.com", "description": "d", "status": "Abierto", "priority": "Media",
        "form": { "Motivo": "Ventas" }, "attachments": ["aGVsbG8="]
    })
}

fn case_parts(absent: &str) -> Form {
    let case = new_case();
    let parts = case.as_object().unwrap().iter();
    let texts = parts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    texts
        .filter(|(key, _)| key != absent)
        .fold(Form::new(), |form, (key, text)| form.text(key, text))
}

/// A body for each call that takes JSON, whole.
fn bodies() -> Vec<(&'static str, Value)> {
    vec![
        (
            "custom/insertAttach",
            json!({ "operation": "o", "module": "contacts", "fields": { "Adjuntos": ["aGVsbG8="] } }),
        ),
        (
            "custom/insertMany",
            json!({ "operation": "o", "module": "contacts", "fields": [{ "a": "1" }, { "a": "2" }] }),
        ),
        (
            "custom/updateMany",
            json!({ "operation": "o", "module": "contacts", "fields": [{ "wolkvox-id": "64", "a": "1" }] }),
        ),
        (
            "custom/query",
            json!({ "operation": "o", "module": "contacts", "field": "a", "value": "1" }),
        ),
        (
            "custom/queryDates",
            json!({ "operation": "o", "module": "contacts", "date": true, "from": "2020-01-01 00:00", "to": "2120-01-01 00:00" }),
        ),
        (
            "custom/reports",
            json!({ "operation": "o", "name": "contacts", "dateStart": "2020-01-01 00:00:00", "dateEnd": "2120-01-01 00:00:00" }),
        ),
        ("cases/insertAttach", new_case()),
        (
            "cases/updateCaseAttachment",
            json!({ "operation": "o", "wolkvox-id": "64", "responsible": "a@acme", "status": "open", "attachments": ["aGVsbG8="] }),
        ),
        (
            "cases/queryCases",
            json!({ "operation": "o", "field": "type case", "value": "Request" }),
        ),
        (
            "cases/listHistoryNote",
            json!({ "operation": "o", "field": "type case", "value": "Request" }),
        ),
        (
            "collections/queryObligation",
            json!({ "operation": "o", "wolkvox_id": "64", "obligation": "1" }),
        ),
        (
            "collections/updateObligation",
            json!({ "operation": "o", "wolkvox_id": "64", "obligation": "1", "fields": { "total_balance": "120000" } }),
        ),
        (
            "collections/insertGestion",
            json!({ "operation": "o", "fields": { "tipifycation_code": "PP", "tipifycation_desc": "x", "module": "collections", "wolkvox_idRecord": "64" } }),
        ),
        (
            "collections/queryGestion",
            json!({ "operation": "o", "field": "id_customer", "value": "102" }),
        ),
        (
            "collections/massiveCollections",
            json!({ "operation": "o", "collections": [{ "Identification": "1", "Name": "a", "Email": "a@b", "Telephone": "3" }] }),
        ),
        (
            "collections/reportsCollection",
            json!({ "operation": "o", "name": "R", "dateStart": "2020-01-01 00:00:00", "dateEnd": "2120-01-01 00:00:00" }),
        ),
    ]
}

async fn sampled() -> Bench {
    Bench::start(Options {
        ids: IdForm::Sampled,
        ..Options::default()
    })
    .await
}

fn write(msg: &str, data: &str) -> String {
    format!(r#"{{"code":200,"error":"null","msg":"{msg}","data":{data}}}"#)
}

#[tokio::test]
async fn writes_answer_as_their_samples_do() {
    let bench = sampled().await;
    let blank = |id: &str| format!(r#"{{"wolkvox_id":"{id}"}}"#);
    let both = |id: &str| format!(r#"{{"wolkvox_id":"{id}","idPrefijo":"{id}"}}"#);
    for (body, id) in [(task(), " "), (meeting(), " ")] {
        let (_, text) = bench.json(INSERT, &body).await;
        assert_eq!(text, write("Succesfully create record", &blank(id)));
    }
    let (_, text) = send(bench.post(&path("cases/insert")).multipart(case_parts(""))).await;
    assert_eq!(text, write("Succesfully create record", &both("")));
    let created = "Succesfully create record";
    for (name, msg, data) in [
        ("custom/insertAttach", created, blank("")),
        (
            "custom/insertMany",
            "Succesfully create 2 record",
            "[]".to_owned(),
        ),
        (
            "custom/updateMany",
            "Succesfully edit record 1",
            "[]".to_owned(),
        ),
        ("cases/insertAttach", created, both(" ")),
        (
            "cases/updateCaseAttachment",
            "Succesfully update record",
            blank(" "),
        ),
        ("collections/updateObligation", created, blank("123cb")),
        ("collections/insertGestion", created, blank("123cb")),
    ] {
        let (_, body) = bodies()
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        let (_, text) = bench.json(&path(name), &body).await;
        assert_eq!(text, write(msg, &data), "{name}");
    }
    let (_, body) = bodies()
        .into_iter()
        .find(|(name, _)| name.contains("massive"))
        .unwrap();
    let (_, text) = bench
        .json(&path("collections/massiveCollections"), &body)
        .await;
    assert_eq!(
        text,
        r#"{"code":"200","success":true,"summary":{"total_records_received":1,"successful_inserts":1,"failed_count":0,"total_processed":1,"failed_Sumary":[]}}"#
    );
}

#[tokio::test]
async fn real_answers_have_ids_and_numbers_of_cases() {
    let bench = Bench::start(Options::default()).await;
    let answer = bench
        .succeeds(&path("cases/insertAttach"), &new_case())
        .await;
    let number = answer["data"]["idPrefijo"].as_str().unwrap();
    assert!(
        number
            .strip_prefix("PET-")
            .is_some_and(|digits| digits.parse::<u64>().is_ok())
    );
    assert_eq!(
        answer["data"]["wolkvox_id"].as_str().map(str::len),
        Some(24)
    );
    for body in [task(), meeting()] {
        let answer = bench.succeeds(INSERT, &body).await;
        assert_eq!(
            answer["data"]["wolkvox_id"].as_str().map(str::len),
            Some(24)
        );
    }
}

/// Each required key in turn left out: of the bodies, and of what stands in `fields`.
#[tokio::test]
async fn every_key_that_is_required_is_required() {
    let bench = Bench::start(Options::default()).await;
    for (name, whole) in bodies() {
        for key in whole.as_object().unwrap().keys() {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().shift_remove(key);
            bench
                .refuses(&path(name), &body, 400, &format!("{key} is required"))
                .await;
        }
    }
    let activity_keys = |body: &Value| -> Vec<String> {
        let fields = body["fields"].as_object().unwrap().keys();
        fields.filter(|key| *key != "phone").cloned().collect()
    };
    for whole in [task(), meeting()] {
        for key in activity_keys(&whole) {
            let mut body = whole.clone();
            body["fields"].as_object_mut().unwrap().shift_remove(&key);
            bench
                .refuses(INSERT, &body, 400, &format!("fields.{key}"))
                .await;
        }
    }
    for key in [
        "operation",
        "case-type",
        "owner",
        "contact",
        "description",
        "priority",
    ] {
        let form = case_parts(key);
        let answer = send(bench.post(&path("cases/insert")).multipart(form)).await;
        refused(answer, 400, &format!("{key} is required"));
    }
    let mut gestion = bodies().remove(12).1;
    gestion["fields"]
        .as_object_mut()
        .unwrap()
        .shift_remove("tipifycation_code");
    bench
        .refuses(
            &path("collections/insertGestion"),
            &gestion,
            400,
            "fields.tipifycation_code is required",
        )
        .await;
    assert_eq!(bench.records(), []);
}

#[tokio::test]
async fn values_have_the_documented_forms() {
    let bench = Bench::start(Options::default()).await;
    for (name, at, value, sentence) in [
        (
            "custom/insertMany",
            "/fields",
            json!({ "a": "1" }),
            "a list of at least one object",
        ),
        (
            "custom/insertMany",
            "/fields/1",
            json!({}),
            "fields[1] must be an object with at least one key",
        ),
        (
            "custom/updateMany",
            "/fields/0/wolkvox-id",
            json!(" "),
            "fields[0].wolkvox-id must be text that is not blank",
        ),
        (
            "custom/queryDates",
            "/date",
            json!(false),
            "date must be true",
        ),
        (
            "custom/queryDates",
            "/from",
            json!("2020-01-01 00:00:00"),
            "without seconds",
        ),
        (
            "custom/reports",
            "/dateStart",
            json!("2020-01-01"),
            "YYYY-MM-DD HH:MM:SS",
        ),
        (
            "cases/insertAttach",
            "/form",
            json!("{}"),
            "form must be an object",
        ),
        (
            "cases/insertAttach",
            "/attachments",
            json!(["not base64!"]),
            "files in base64",
        ),
        (
            "cases/insertAttach",
            "/attachments",
            json!([]),
            "at least one text",
        ),
        (
            "cases/queryCases",
            "/field",
            json!("type  case"),
            "field must be one of status",
        ),
        (
            "collections/updateObligation",
            "/fields",
            json!({}),
            "something to change",
        ),
        (
            "collections/insertGestion",
            "/fields/module",
            json!("contacts"),
            "one of collections",
        ),
    ] {
        let (_, mut body) = bodies()
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        *body.pointer_mut(at).unwrap() = value;
        bench.refuses(&path(name), &body, 400, sentence).await;
    }
    let mut late = meeting();
    late["fields"]["start_date"] = json!("2026-05-30 16:00:00");
    bench.succeeds(INSERT, &late).await;
    assert!(
        bench
            .last_call()
            .notes
            .join("\n")
            .contains("ends before it starts")
    );
}

#[tokio::test]
async fn one_bad_record_keeps_all_of_a_call_from_being_done() {
    let bench = Bench::start(Options {
        unknown_ids: UnknownIds::Refuse,
        ..Options::default()
    })
    .await;
    let insert = json!({ "operation": "o", "module": "m", "fields": [{ "a": "1" }, {}] });
    bench
        .refuses(&path("custom/insertMany"), &insert, 400, "fields[1]")
        .await;
    assert_eq!(bench.records(), []);
    let created = json!({ "operation": "o", "module": "m", "fields": { "a": "1" } });
    let id = bench.succeeds(INSERT, &created).await["data"]["wolkvox_id"].clone();
    let update = json!({ "operation": "o", "module": "m", "fields": [{ "wolkvox-id": id, "a": "2" }, { "wolkvox-id": "x", "a": "2" }] });
    bench
        .refuses(
            &path("custom/updateMany"),
            &update,
            404,
            "no record x in m is known",
        )
        .await;
    assert_eq!(bench.records()[0].fields["a"], "1");
}

#[tokio::test]
async fn files_inside_json_are_kept_by_their_digest_and_read_by_name() {
    let bench = Bench::start(Options::default()).await;
    let html = "<a href='data:image/png;base64,aGVsbG8=' download='a.png'><img src='data:image/png;base64,aGVsbG8=' alt='a.png'></a>";
    let body = json!({ "operation": "o", "module": "contacts", "fields": { "n": "1", "Adjuntos": [html], "tags": ["no base64!"] } });
    bench.succeeds(&path("custom/insertAttach"), &body).await;
    let fields = bench.records().pop().unwrap().fields;
    assert_eq!(fields["Adjuntos"][0]["size"], 5);
    assert_eq!(fields["tags"], json!(["no base64!"]));
    let query = json!({ "operation": "o", "module": "contacts", "field": "n", "value": "1" });
    let found = bench.succeeds(&path("custom/query"), &query).await;
    assert_eq!(found["data"][0]["Adjuntos"][0]["name"], "a.png");

    let id = bench
        .succeeds(&path("cases/insertAttach"), &new_case())
        .await["data"]["wolkvox_id"]
        .clone();
    let more = json!({ "operation": "o", "wolkvox-id": id, "responsible": "a@acme", "status": "closed", "attachments": [html] });
    bench
        .succeeds(&path("cases/updateCaseAttachment"), &more)
        .await;
    let query = json!({ "operation": "o", "field": "wolkvox-id", "value": id });
    let case = bench.succeeds(&path("cases/queryCases"), &query).await["data"][0].clone();
    assert_eq!(
        (&case["files"][0]["name"], &case["files"][1]["name"]),
        (&json!("attachment-1"), &json!("a.png"))
    );
    assert_eq!(
        (&case["status"]["name"], &case["caseType"]),
        (&json!("closed"), &json!("Request"))
    );
}

#[tokio::test]
async fn each_call_has_a_name_for_faults_and_takes_post_only() {
    let paths = bodies().into_iter().map(|(name, _)| name);
    for name in paths.chain(["cases/insert", "token/tokenInformation"]) {
        Rule::parse(&format!("{name}:lost-answer")).unwrap();
        let bench = Bench::start(Options::default()).await;
        let asked = bench
            .request(Method::GET, &path(name))
            .send()
            .await
            .unwrap();
        assert_eq!(
            (asked.status().as_u16(), &asked.headers()["allow"]),
            (405, &"POST".parse().unwrap())
        );
    }
}

/// No envelope fault makes an answer that another call has a shape of its own for.
#[tokio::test]
async fn every_fault_of_an_envelope_meets_every_answer() {
    for ids in [IdForm::Real, IdForm::Sampled] {
        for fault in [
            "code-text",
            "blank-id",
            "data-list",
            "bare-array",
            "huge=9",
            "error-absent",
            "first-page",
        ] {
            let faults = Faults {
                rules: vec![Rule::parse(&format!("any:{fault}")).unwrap()],
                ..Faults::default()
            };
            let bench = Bench::start(Options {
                ids,
                faults,
                ..Options::default()
            })
            .await;
            for (name, body) in bodies() {
                let answer = bench.succeeds(&path(name), &body).await;
                let text = answer.to_string();
                assert!(!text.contains(r#""\"200"#), "{name} {fault}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_tells_what_is_left_of_its_day() {
    let bench = Bench::start(Options {
        daily_limit: Some(3),
        ..Options::default()
    })
    .await;
    bench.succeeds(UPDATE, &update()).await;
    let ask = |query: &str| bench.post(&format!("{}{query}", path("token/tokenInformation")));
    let (status, text) = send(ask("?operation=a%20b")).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["code"], "200");
    let data = &answer["data"];
    assert_eq!(
        (
            &data["token_limit"],
            &data["token_use_today"],
            &data["available_consumition_options"]
        ),
        (&json!(3), &json!(2), &json!(1))
    );
    assert!((1..=24).contains(&data["hours_to_restart_count"].as_u64().unwrap()));
    assert_eq!(bench.last_call().operation.as_deref(), Some("a b"));
    refused(
        send(ask("")).await,
        400,
        "operation is required, in the address",
    );
    refused(send(ask("?operation=o")).await, 403, "no calls left");
}
