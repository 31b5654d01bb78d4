//! A list of rows → the page of it that a call asks for, in the envelope that queries have.

use serde_json::{Map, Value, json};

use super::IdForm;
use super::answer::{Answer, Refusal};
use super::check::Keys;
use super::desk::Desk;

/// The most records a page, by the vendor's tables.
const MOST: usize = 250;

/// The page that a call asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    number: usize,
    limit: usize,
    /// Whether the call says how many records a page has.
    is_limited: bool,
}

impl Page {
    /// Reads `page` and `limit`, numbers or texts of digits: the vendor's tables have one, their samples the other.
    pub(super) fn asked(desk: &Desk<'_>, keys: &Keys<'_>) -> Result<Self, Refusal> {
        let limit = keys.whole("limit")?;
        let number = keys.whole("page")?.unwrap_or(1);
        if let Some(limit) = limit.filter(|limit| *limit > MOST as u64) {
            return Err(Refusal::beyond_limit(format!(
                "limit must be {MOST} at most, and is {limit}"
            )));
        }
        let whole = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self {
            number: if desk.only_first_page {
                1
            } else {
                whole(number)
            },
            limit: limit.map_or(MOST, whole),
            is_limited: limit.is_some(),
        })
    }

    /// How many pages so many rows make; one at least.
    fn of(self, rows: usize) -> usize {
        rows.div_ceil(self.limit).max(1)
    }

    /// The rows of this page.
    fn cut(self, desk: &mut Desk<'_>, rows: Vec<Value>) -> Vec<Value> {
        let count = rows.len();
        if self.number > self.of(count) {
            desk.note("the page is past the last one; what the CRM answers then is not documented, an empty list here");
        }
        if !self.is_limited && count > self.limit {
            desk.note(format!(
                "limit is left out: how many records a page has then is not documented, {MOST} here"
            ));
        }
        let skipped = (self.number - 1).saturating_mul(self.limit);
        rows.into_iter().skip(skipped).take(self.limit).collect()
    }

    /// What a query answers: its page of all rows that it found. Totals are in the vendor's tables and not in their
    /// samples.
    pub(super) fn answer(self, desk: &mut Desk<'_>, rows: Vec<Value>) -> Answer {
        let count = rows.len();
        if count == 0 {
            desk.note("nothing is found: that values are compared whole and to the letter is invented here");
        }
        let mut body = Map::new();
        body.insert("code".to_owned(), json!("200"));
        body.insert("error".to_owned(), json!("null"));
        body.insert(
            "msg".to_owned(),
            json!(format!("{count} records were are found")),
        );
        if desk.rules.ids == IdForm::Real {
            body.extend(self.totals(count));
        }
        body.insert("data".to_owned(), json!(self.cut(desk, rows)));
        desk.documented(Value::Object(body))
    }

    /// The same in the envelope of the call whose answer has no key `error` and a Spanish text.
    pub(super) fn answer_in_spanish(self, desk: &mut Desk<'_>, rows: Vec<Value>) -> Answer {
        let count = rows.len();
        let mut body = Map::new();
        body.insert("code".to_owned(), json!("200"));
        body.extend(self.totals(count));
        body.insert(
            "msg".to_owned(),
            json!(format!("{count} registros encontrados.")),
        );
        body.insert("data".to_owned(), json!(self.cut(desk, rows)));
        desk.documented(Value::Object(body))
    }

    /// The same as a bare list, which the sample of one call is.
    pub(super) fn answer_bare(self, desk: &mut Desk<'_>, rows: Vec<Value>) -> Answer {
        let rows = self.cut(desk, rows);
        desk.documented(json!(rows))
    }

    fn totals(self, count: usize) -> [(String, Value); 3] {
        [
            ("page", self.number),
            ("Total records", count),
            ("Total pages", self.of(count)),
        ]
        .map(|(key, number)| (key.to_owned(), json!(number)))
    }
}
