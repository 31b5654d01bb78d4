//! Obligations, managements and the bulk call for debtors.

use super::family::path;
use super::*;

const MASSIVE: &str = "/server/API/v2/collections/massiveCollections.php";

fn debtor(number: &str) -> Value {
    json!({ "Identification": number, "Name": "Ana", "Email": "a@b", "Telephone": "3", "Zona": "Sur" })
}

fn load(debtors: &[Value]) -> Value {
    json!({ "operation": "o", "collections": debtors })
}

fn in_module<'r>(records: &'r [Record], module: &str) -> Vec<&'r Record> {
    let own = records.iter().filter(|record| record.module == module);
    own.collect()
}

#[tokio::test]
async fn an_obligation_is_found_and_changed_by_its_code() {
    let bench = Bench::start(Options::default()).await;
    let created =
        json!({ "operation": "o", "module": "collections", "fields": { "Identification": "1" } });
    let parent = bench.succeeds(INSERT, &created).await["data"]["wolkvox_id"].clone();
    let mut insert = obligation();
    insert["operation"] = json!("o");
    insert["wolkvox_id"] = parent.clone();
    let id = bench.succeeds(OBLIGATION, &insert).await["data"]["wolkvox_id"].clone();
    let query = json!({ "operation": "o", "wolkvox_id": parent, "obligation": "obl1" });
    let found = bench
        .succeeds(&path("collections/queryObligation"), &query)
        .await;
    let row = &found["data"][0];
    assert_eq!(
        (&row["total_balance"], &row["last_pay_date"]),
        (&json!("10000"), &json!("06-06-2023"))
    );
    assert_eq!(
        (row.get("wolkvox_id"), &row["form"]),
        (None, &insert["fields"]["form"])
    );

    let change = json!({ "operation": "o", "wolkvox_id": parent, "obligation": "obl1", "fields": {
        "total_balance": "5", "form": [{ "name": "Titulacion", "value": "x" }]
    } });
    let changed = bench
        .succeeds(&path("collections/updateObligation"), &change)
        .await;
    assert_eq!(
        (&changed["msg"], &changed["data"]["wolkvox_id"]),
        (&json!("Succesfully create record"), &id)
    );
    let row = bench
        .succeeds(&path("collections/queryObligation"), &query)
        .await["data"][0]
        .clone();
    assert_eq!(
        (&row["total_balance"], &row["portfolio_type"]),
        (&json!("5"), &json!("VIP Client"))
    );
    assert_eq!(
        row["form"],
        json!([{ "name": "Frecuencia", "value": "Frecuentado" }, { "name": "Titulacion", "value": "x" }])
    );
    // Parent and obligation stay what they are to each other.
    let records = bench.records();
    assert_eq!(json!(in_module(&records, "obligations")[0].parent), parent);
}

#[tokio::test]
async fn managements_are_found_by_the_customer() {
    let bench = Bench::start(Options::default()).await;
    let insert = json!({ "operation": "o", "fields": {
        "tipifycation_code": "PP", "tipifycation_desc": "Pago pendiente", "module": "collections", "wolkvox_idRecord": "64", "id_customer": "102"
    } });
    let id = bench
        .succeeds(&path("collections/insertGestion"), &insert)
        .await["data"]["wolkvox_id"]
        .clone();
    let query = json!({ "operation": "o", "field": "id_customer", "value": "102" });
    let found = bench
        .succeeds(&path("collections/queryGestion"), &query)
        .await;
    let row = &found["data"][0];
    assert_eq!(
        (
            &row["wolkvox_id"],
            &row["tipifycation_code"],
            &row["tipification_code"]
        ),
        (&id, &json!("PP"), &json!(""))
    );
    assert_eq!(
        (&row["wolkvox_owner"], &row["wolkvox_usuario_creacion"]),
        (&json!([]), &json!("API@o"))
    );
}

#[tokio::test]
async fn debtors_and_obligations_are_created_then_changed() {
    let bench = Bench::start(Options::default()).await;
    let mut ana = debtor("1");
    ana["Obligations"] = json!([{ "id": "02", "name": "obl-02", "total_balance": "1000", "expiring_date": "2026-02-03", "Zona": "Sur" }]);
    bench.succeeds(MASSIVE, &load(&[ana.clone()])).await;
    ana["Name"] = json!("Ana María");
    ana["Obligations"][0]["name"] = json!("other");
    ana["Obligations"][0]["total_balance"] = json!("900");
    let answer = bench.succeeds(MASSIVE, &load(&[ana, debtor("2")])).await;
    assert_eq!(answer["summary"]["successful_inserts"], 2);
    let records = bench.records();
    let debtors = in_module(&records, "collections");
    assert_eq!(
        (debtors.len(), &debtors[0].fields["Name"]),
        (2, &json!("Ana María"))
    );
    let debts = in_module(&records, "obligations");
    assert_eq!(debts.len(), 1);
    assert_eq!(
        debts[0].parent.as_deref(),
        Some(debtors[0].wolkvox_id.as_str())
    );
    assert_eq!(
        json!(debts[0].fields),
        json!({ "id": "02", "name": "obl-02", "total_balance": "900", "expiring_date": "2026-02-03", "form": [{ "name": "Zona", "value": "Sur" }] })
    );
    let report = json!({ "operation": "o", "name": "R", "dateStart": "2020-01-01 00:00:00", "dateEnd": "2120-01-01 00:00:00" });
    let rows = bench
        .succeeds(&path("collections/reportsCollection"), &report)
        .await;
    let keys: Vec<&String> = rows.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "code",
            "page",
            "Total records",
            "Total pages",
            "msg",
            "data"
        ]
    );
    assert_eq!(rows["msg"], "2 registros encontrados.");
    assert_eq!(rows["data"][0]["Total_debt"], json!({ "convert": 900 }));
}

#[tokio::test]
async fn what_lacks_a_key_is_left_out_and_what_is_empty_fails_all() {
    let bench = Bench::start(Options::default()).await;
    let mut no_mail = debtor("1");
    no_mail.as_object_mut().unwrap().shift_remove("Email");
    let mut no_name = debtor("2");
    no_name["Obligations"] = json!([{ "id": "01" }, { "id": "02", "name": "b" }]);
    let answer = bench.succeeds(MASSIVE, &load(&[no_mail, no_name])).await;
    assert_eq!(
        answer,
        json!({ "code": "200", "success": false, "summary": {
            "total_records_received": 2, "successful_inserts": 1, "failed_count": 1, "total_processed": 2,
            "failed_Sumary": [{ "Identification": "1", "error": "sandbox: Email is required" }]
        } })
    );
    let records = bench.records();
    assert_eq!(
        (
            in_module(&records, "collections").len(),
            in_module(&records, "obligations").len()
        ),
        (1, 1)
    );
    assert!(bench.last_call().notes[0].contains("left out for want of id or name: 1"));

    let mut empty = debtor("3");
    empty["Name"] = json!("");
    bench
        .refuses(
            MASSIVE,
            &load(&[debtor("4"), empty]),
            400,
            "collections[1].Name must be text that is not blank",
        )
        .await;
    let mut wrong_date = debtor("5");
    wrong_date["Obligations"] = json!([{ "id": "1", "name": "b", "expiring_date": "03-02-2026" }]);
    bench
        .refuses(
            MASSIVE,
            &load(&[wrong_date]),
            400,
            "collections[0].Obligations[0].expiring_date must be a date, YYYY-MM-DD",
        )
        .await;
    let many: Vec<Value> = (0..501).map(|n| debtor(&n.to_string())).collect();
    bench
        .refuses(MASSIVE, &load(&many), 400, "500 at most")
        .await;
    assert_eq!(bench.records().len(), 2);
}
