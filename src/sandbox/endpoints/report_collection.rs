//! `collections/reportsCollection.php`: the rows of a report on collections, without the key `error`.

use serde_json::{Value, json};

use super::obligation::COLLECTIONS;
use super::query::{Report, created_between};
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::desk::{Desk, json_object};
use crate::sandbox::shapes::searched;

/// What a row shows of its record as it is.
const AS_KEPT: [&str; 5] = ["Address", "Identification", "Name", "Expire", "Telephone"];

pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let Report {
        operation,
        from,
        to,
        page,
        ..
    } = Report::asked(desk, &keys)?;
    desk.note("the sandbox has no reports: by any name it answers all records of collections of that time");
    let mut rows = Vec::new();
    for record in created_between(desk, (operation, COLLECTIONS), from, to)? {
        let id = record["wolkvox_id"].as_str().unwrap_or_default();
        let debts = desk.store.obligations(operation, id, None)?;
        let balances = debts
            .iter()
            .filter_map(|debt| debt.fields.get("total_balance"));
        let balances: Vec<String> = balances.filter_map(searched).collect();
        rows.push(row(&record, &total(&balances)));
    }
    Ok(page.answer_in_spanish(desk, rows))
}

/// The sum of what is a number; whole where all of it is.
fn total(balances: &[String]) -> Value {
    let whole: Option<Vec<i64>> = balances.iter().map(|text| text.parse().ok()).collect();
    match whole.and_then(|whole| whole.into_iter().try_fold(0_i64, i64::checked_add)) {
        Some(sum) => json!(sum),
        None => json!(
            balances
                .iter()
                .filter_map(|text| text.parse::<f64>().ok())
                .sum::<f64>()
        ),
    }
}

/// A row as the sample has it; a debtor without data has an empty list in place of each object.
fn row(record: &Value, total: &Value) -> Value {
    let owner = record.get("wolkvox_owner").cloned();
    let mut row = json!({ "wolkvox_owner": owner.unwrap_or_else(|| json!([])), "wolkvox_id": record["wolkvox_id"] });
    for key in AS_KEPT {
        row[key] = record.get(key).cloned().unwrap_or_else(|| json!(""));
    }
    row["Total_debt"] = json!({ "convert": total });
    row["To_expired"] = json!([]);
    for key in ["wolkvox_fecha_creacion", "wolkvox_usuario_creacion"] {
        row[key] = record[key].clone();
    }
    row["wolkvox_gestions"] = json!({ "obligation": [] });
    row["weight"] = Value::Null;
    row["wolkvox_best_tipify"] = json!("");
    row
}
