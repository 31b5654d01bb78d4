//! What queries find, in which shape and in which pages.

use super::family::path;
use super::*;
use crate::sandbox::{Documented, Faults, IdForm, Rule, UnknownIds};

/// A sandbox with contacts of these numbers.
async fn with_contacts(options: Options, numbers: impl IntoIterator<Item = Value>) -> Bench {
    let bench = Bench::start(options).await;
    let fields: Vec<Value> = numbers
        .into_iter()
        .map(|number| json!({ "idcontact": number, "city": "Cali" }))
        .collect();
    let body = json!({ "operation": "o", "module": "contacts", "fields": fields });
    bench.succeeds(&path("custom/insertMany"), &body).await;
    bench
}

fn query(more: &Value) -> Value {
    let mut body =
        json!({ "operation": "o", "module": "contacts", "field": "city", "value": "Cali" });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn numbers(answer: &Value) -> Vec<&Value> {
    let rows = answer["data"].as_array().unwrap().iter();
    rows.map(|row| &row["idcontact"]).collect()
}

#[tokio::test]
async fn a_query_sees_what_was_inserted_changed_and_deleted() {
    let bench = Bench::start(Options::default()).await;
    let insert = json!({ "operation": "o", "module": "contacts", "fields": {
        "idcontact": "1001", "none": {},
        "Tel": { "type": "telephone", "country": "COLOMBIA", "code": "57", "value": "3000000000" }
    } });
    let request = bench.post(INSERT).header("User-Agent", "tester/1");
    let (_, text) = send(request.json(&insert)).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    let id = &answer["data"]["wolkvox_id"];
    let by = |field: &str, value: &Value| query(&json!({ "field": field, "value": value }));
    let found = bench
        .succeeds(&path("custom/query"), &by("idcontact", &json!("1001")))
        .await;
    let keys: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "code",
            "error",
            "msg",
            "page",
            "Total records",
            "Total pages",
            "data"
        ]
    );
    assert_eq!(
        (&found["code"], &found["msg"]),
        (&json!("200"), &json!("1 records were are found"))
    );
    assert_eq!(
        (&found["page"], &found["Total pages"]),
        (&json!(1), &json!(1))
    );
    let row = &found["data"][0];
    assert_eq!(
        row["Tel"],
        json!({ "country": "COLOMBIA", "code": "57", "value": "3000000000" })
    );
    assert_eq!((&row["none"], &row["wolkvox_id"]), (&json!([]), id));
    assert_eq!(row["wolkvox_usuario_creacion"], "API@o");
    assert_eq!(
        row["wolkvox_origen"],
        "tester/1 – /server/API/v2/custom/insert.php"
    );
    assert_eq!(
        row["wolkvox_fecha_creacion"].as_str().map(str::len),
        Some(19)
    );
    assert_eq!(bench.last_call().documented, Documented::Documented);
    assert_eq!(bench.last_call().notes, Vec::<String>::new());
    assert_eq!(
        bench
            .succeeds(&path("custom/query"), &by("Tel", &json!("3000000000")))
            .await["Total records"],
        1
    );
    assert_eq!(
        bench
            .succeeds(&path("custom/query"), &by("wolkvox_id", id))
            .await["Total records"],
        1
    );

    let change = json!({ "operation": "o", "module": "contacts", "wolkvox-id": id, "fields": { "idcontact": "1002" } });
    bench.succeeds(UPDATE, &change).await;
    assert_eq!(
        bench
            .succeeds(&path("custom/query"), &by("idcontact", &json!("1001")))
            .await["data"],
        json!([])
    );
    assert_eq!(
        bench
            .succeeds(&path("custom/query"), &by("idcontact", &json!("1002")))
            .await["data"][0]["wolkvox_id"],
        *id
    );
    let delete =
        json!({ "operation": "o", "module": "contacts", "multiple": false, "wolkvox-id": id });
    bench.succeeds(DELETE, &delete).await;
    let gone = bench
        .succeeds(&path("custom/query"), &by("wolkvox_id", id))
        .await;
    assert_eq!(
        (&gone["msg"], &gone["data"]),
        (&json!("0 records were are found"), &json!([]))
    );
    assert!(bench.last_call().notes[0].contains("invented here"));
}

#[tokio::test]
async fn what_was_made_may_show_later_only() {
    for (fault, count) in [("shown-late=1h", 0), ("shown-late=1h@2", 1)] {
        let rule = Rule::parse(&format!("custom/insertMany:{fault}")).unwrap();
        let faults = Faults {
            rules: vec![rule],
            ..Faults::default()
        };
        let options = Options {
            faults,
            ..Options::default()
        };
        let bench = with_contacts(options, [json!("1")]).await;
        assert_eq!(bench.records().len(), 1);
        let found = bench
            .succeeds(&path("custom/query"), &query(&json!({})))
            .await;
        assert_eq!(found["Total records"], count, "{fault}");
    }
}

#[tokio::test]
async fn pages_are_cut_as_asked_for() {
    let bench = with_contacts(Options::default(), (1..=5).map(|n| json!(n))).await;
    let url = path("custom/query");
    for (page, limit, seen) in [
        (json!(1), json!(2), vec![1, 2]),
        (json!("2"), json!("2"), vec![3, 4]),
        (json!(3), json!(2), vec![5]),
        (json!(4), json!(2), vec![]),
    ] {
        let answer = bench
            .succeeds(&url, &query(&json!({ "page": page, "limit": limit })))
            .await;
        assert_eq!(json!(numbers(&answer)), json!(seen));
        assert_eq!(
            (&answer["Total records"], &answer["Total pages"]),
            (&json!(5), &json!(3))
        );
    }
    assert!(bench.last_call().notes[0].contains("past the last one"));
    assert_eq!(
        numbers(&bench.succeeds(&url, &query(&json!({}))).await).len(),
        5
    );
    bench
        .refuses(
            &url,
            &query(&json!({ "limit": 251 })),
            416,
            "limit must be 250 at most",
        )
        .await;
    for (key, value) in [
        ("page", json!(0)),
        ("limit", json!("x")),
        ("limit", json!(1.5)),
        ("page", json!(null)),
    ] {
        bench
            .refuses(
                &url,
                &query(&json!({ key: value })),
                400,
                "a whole number from 1",
            )
            .await;
    }
    let same = bench
        .succeeds(&url, &query(&json!({ "page": u64::MAX, "limit": 250 })))
        .await;
    assert_eq!(same["data"], json!([]));
}

#[tokio::test]
async fn without_a_limit_a_page_is_bounded_and_says_so() {
    let bench = with_contacts(Options::default(), (1..=251).map(|n| json!(n))).await;
    let answer = bench
        .succeeds(&path("custom/query"), &query(&json!({})))
        .await;
    assert_eq!(
        (numbers(&answer).len(), &answer["Total pages"]),
        (250, &json!(2))
    );
    assert!(bench.last_call().notes[0].starts_with("limit is left out"));
}

#[tokio::test]
async fn the_samples_have_no_totals_and_a_bare_list() {
    let options = Options {
        ids: IdForm::Sampled,
        ..Options::default()
    };
    let bench = with_contacts(options, [json!("1")]).await;
    let (_, text) = bench.json(&path("custom/query"), &query(&json!({}))).await;
    assert!(
        text.starts_with(
            r#"{"code":"200","error":"null","msg":"1 records were are found","data":[{"#
        ),
        "{text}"
    );
    let dates = json!({ "operation": "o", "module": "contacts", "date": true, "from": "2020-01-01 00:00", "to": "2120-01-01 00:00" });
    let bare = bench.succeeds(&path("custom/queryDates"), &dates).await;
    assert_eq!(bare[0]["idcontact"], "1");
}

#[tokio::test]
async fn times_of_creation_and_reports_choose_by_their_ends() {
    let bench = with_contacts(Options::default(), [json!("1")]).await;
    let all = bench
        .succeeds(&path("custom/query"), &query(&json!({})))
        .await;
    let created = all["data"][0]["wolkvox_fecha_creacion"].as_str().unwrap();
    let minute = &created[..16];
    let dates = |from: &str, to: &str| json!({ "operation": "o", "module": "contacts", "date": true, "from": from, "to": to });
    for (from, to, count) in [
        (minute, minute, 1),
        ("2020-01-01 00:00", "2020-12-31 23:59", 0),
    ] {
        let found = bench
            .succeeds(&path("custom/queryDates"), &dates(from, to))
            .await;
        assert_eq!(found["Total records"], count);
    }
    let report = |name: &str| json!({ "operation": "o", "name": name, "dateStart": created, "dateEnd": created, "page": "1", "limit": "2" });
    let found = bench
        .succeeds(&path("custom/reports"), &report("contacts"))
        .await;
    assert_eq!(
        (&found["code"], &found["Total records"]),
        (&json!("200"), &json!(1))
    );
    let none = bench
        .succeeds(&path("custom/reports"), &report("Reporte de empresas"))
        .await;
    assert_eq!(none["Total records"], 0);
    assert!(bench.last_call().notes[0].contains("no report Reporte de empresas"));
}

#[tokio::test]
async fn a_number_is_found_by_its_digits_and_a_new_module_is_noted_or_refused() {
    let bench = with_contacts(
        Options::default(),
        [json!(1001), json!("1001"), json!("10011")],
    )
    .await;
    let by = |value: Value| query(&json!({ "field": "idcontact", "value": value }));
    let found = bench
        .succeeds(&path("custom/query"), &by(json!("1001")))
        .await;
    assert_eq!(numbers(&found), [&json!(1001), &json!("1001")]);
    assert!(bench.last_call().notes[0].contains("a text was compared with a number"));
    let other = query(&json!({ "module": "Ventas" }));
    assert_eq!(
        bench.succeeds(&path("custom/query"), &other).await["data"],
        json!([])
    );
    assert!(bench.last_call().notes[0].starts_with("no record of the module Ventas was known"));
    let strict = Bench::start(Options {
        unknown_ids: UnknownIds::Refuse,
        ..Options::default()
    })
    .await;
    strict
        .refuses(
            &path("custom/query"),
            &other,
            404,
            "no record of the module Ventas is known",
        )
        .await;
}

#[tokio::test]
async fn activities_and_cases_can_be_queried_like_records() {
    let bench = Bench::start(Options::default()).await;
    bench.succeeds(INSERT, &activity()).await;
    let body = json!({ "operation": "My-CRM-operation", "module": "wolkvox_activities", "field": "name", "value": "Nombre de la actividad" });
    assert_eq!(
        bench.succeeds(&path("custom/query"), &body).await["Total records"],
        1
    );

    let contact = json!({ "operation": "o", "module": "contacts", "fields": { "idcontact": "7", "namecontact": "Ana", "emailcontact": "ana@example.com" } });
    let contact = bench.succeeds(INSERT, &contact).await["data"]["wolkvox_id"].clone();
    let parts = [
        ("operation", "o"),
        ("case-type", "Request"),
        ("responsible", "a@acme"),
        ("owner", "b@acme"),
        ("contact", "ana@example.com"),
        ("description", "d"),
        ("status", "Abierto"),
        ("priority", "Media"),
        ("form", r#"{"Motivo":"Ventas"}"#),
        ("solution", "Hecho"),
    ];
    let form = parts
        .into_iter()
        .fold(Form::new(), |form, (name, text)| form.text(name, text));
    let form = form.part("file", pdf(b"%PDF"));
    let (_, text) = send(bench.post(&path("cases/insert")).multipart(form)).await;
    let opened: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(bench.last_call().notes, Vec::<String>::new());
    let (id, number) = (&opened["data"]["wolkvox_id"], &opened["data"]["idPrefijo"]);
    for (field, value) in [
        ("type case", json!("Request")),
        ("status", json!("Abierto")),
        ("status", json!("closed")),
        ("wolkvox-id", id.clone()),
        ("idPrefijo", number.clone()),
        ("name contact", json!("Ana")),
        ("email contact", json!("ana@example.com")),
        ("contact identification", json!("7")),
        ("responsible user", json!("a@acme")),
        ("solution", json!("Hecho")),
        ("reopened", json!("false")),
    ] {
        let body = json!({ "operation": "o", "field": field, "value": value });
        let found = bench.succeeds(&path("cases/queryCases"), &body).await;
        assert_eq!(found["Total records"], 1, "{field}");
        let case = &found["data"][0];
        assert_eq!((&case["wolkvox_id"], &case["contactId"]), (id, &contact));
        assert_eq!(
            case["status"],
            json!({ "value": "closed", "name": "Abierto" })
        );
        assert_eq!(
            (&case["form"]["Motivo"], &case["files"][0]["name"]),
            (&json!("Ventas"), &json!("contrato.pdf"))
        );
    }
    let by_id = json!({ "operation": "o", "module": "cases", "field": "wolkvox_id", "value": id });
    assert_eq!(
        bench.succeeds(&path("custom/query"), &by_id).await["data"][0]["idPrefijo"],
        *number
    );
    let notes = json!({ "operation": "o", "field": "type case", "value": "Request" });
    let notes = bench.succeeds(&path("cases/listHistoryNote"), &notes).await;
    assert_eq!(
        (
            &notes["data"][0]["contactEmail"],
            &notes["data"][0]["history"]
        ),
        (&json!("ana@example.com"), &json!([]))
    );
    assert!(bench.last_call().notes[0].contains("of the kind External"));
}

#[tokio::test]
async fn a_lost_answer_leaves_a_record_to_be_found_and_a_page_can_be_ignored() {
    let rules = [
        "custom/insert:lost-answer",
        "custom/query:first-page@after-1",
    ];
    let faults = Faults {
        rules: rules.map(|rule| Rule::parse(rule).unwrap()).into(),
        ..Faults::default()
    };
    let bench = with_contacts(
        Options {
            faults,
            ..Options::default()
        },
        [json!("1"), json!("2")],
    )
    .await;
    let insert = json!({ "operation": "o", "module": "contacts", "fields": { "idcontact": "3", "city": "Cali" } });
    bench.post(INSERT).json(&insert).send().await.unwrap_err();
    let url = path("custom/query");
    let found = bench
        .succeeds(&url, &query(&json!({ "field": "idcontact", "value": "3" })))
        .await;
    assert_eq!(found["Total records"], 1);
    for page in [1, 2, 3] {
        let answer = bench
            .succeeds(&url, &query(&json!({ "page": page, "limit": 2 })))
            .await;
        assert_eq!(numbers(&answer), ["1", "2"]);
    }
}
