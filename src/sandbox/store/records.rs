//! The records: created, updated, deleted, listed.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Store, StoreError, later, now, seconds, unreadable, value};
use crate::sandbox::beginning::FirstRecord;
use crate::sandbox::draw::scattered;

/// One record as the sandbox knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// The CRM operation that it belongs to.
    pub operation: String,
    /// Its module; cases are in `cases`, obligations in `obligations`, managements in `managements`, activities in
    /// `wolkvox_activities`.
    pub module: String,
    /// Its id.
    pub wolkvox_id: String,
    /// For an obligation or a management, the id of its record in `collections`.
    pub parent: Option<String>,
    /// All that the calls said of it, later ones over earlier ones. Whether the CRM merges so is not documented.
    pub fields: Map<String, Value>,
    /// When it became known, as RFC 3339 in UTC.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it was deleted, if it was.
    pub deleted_at: Option<String>,
    /// The program that created it, as it named itself; none where no create made it known.
    pub origin: Option<String>,
}

/// A record to be created.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct New<'a> {
    pub(in crate::sandbox) operation: &'a str,
    pub(in crate::sandbox) module: &'a str,
    pub(in crate::sandbox) parent: Option<&'a str>,
    pub(in crate::sandbox) fields: &'a Map<String, Value>,
    pub(in crate::sandbox) origin: Option<&'a str>,
    /// How long it does not show: it is known as from then on.
    pub(in crate::sandbox) lag: Duration,
}

/// The columns of a record, in the order in which [`record`] takes them.
pub(super) const COLUMNS: &str =
    "operation, module, wolkvox_id, parent, fields, created_at, updated_at, deleted_at, origin";

/// How many records one module has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::sandbox) struct Tally {
    pub(in crate::sandbox) operation: String,
    pub(in crate::sandbox) module: String,
    /// Deleted ones too.
    pub(in crate::sandbox) records: i64,
    pub(in crate::sandbox) deleted: i64,
}

impl Store {
    /// Whether a record is known and not deleted.
    pub(in crate::sandbox) fn knows(
        &self,
        operation: &str,
        module: &str,
        id: &str,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM records WHERE operation = ? AND module = ? AND wolkvox_id = ? AND deleted_at IS NULL";
        Ok(self
            .connection
            .prepare_cached(sql)?
            .exists(params![operation, module, id])?)
    }

    /// Keeps a record under the id it has, unless that is known already, be it as deleted.
    pub(in crate::sandbox) fn begin_with(&self, record: &FirstRecord) -> Result<(), StoreError> {
        let sql = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?6, NULL, NULL)
            ON CONFLICT DO NOTHING";
        self.connection.prepare_cached(sql)?.execute(params![
            record.operation,
            record.module,
            record.wolkvox_id,
            record.parent,
            json(&record.fields),
            now()
        ])?;
        Ok(())
    }

    /// Keeps a new record and gives it an id that no record of that module has.
    pub(in crate::sandbox) fn create(&self, new: New<'_>) -> Result<String, StoreError> {
        let New {
            operation,
            module,
            parent,
            origin,
            ..
        } = new;
        let (fields, now) = (json(new.fields), later(new.lag));
        let id = loop {
            let given: i64 = self
                .connection
                .prepare_cached("UPDATE ids SET given = given + 1 RETURNING given")?
                .query_row([], |row| row.get(0))?;
            let id = object_id(self.seed, seconds(), given.unsigned_abs());
            // An id from an earlier life of a memory database may have come back in an update.
            let sql =
                "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?6, NULL, ?) ON CONFLICT DO NOTHING";
            let kept = self
                .connection
                .prepare_cached(sql)?
                .execute(params![operation, module, id, parent, fields, now, origin])?;
            if kept == 1 {
                break id;
            }
        };
        Ok(id)
    }

    /// Lays fields over those of a record. One that is not known, or is deleted, begins with these alone.
    pub(in crate::sandbox) fn update(
        &self,
        operation: &str,
        module: &str,
        id: &str,
        fields: &Map<String, Value>,
    ) -> Result<(), StoreError> {
        let now = now();
        let sql = "SELECT fields FROM records WHERE operation = ? AND module = ? AND wolkvox_id = ? AND deleted_at IS NULL";
        let old: Option<Value> = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![operation, module, id], |row| value(row, 0))
            .optional()?;
        if let Some(Value::Object(mut merged)) = old {
            merged.extend(
                fields
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
            let sql = "UPDATE records SET fields = ?4, updated_at = ?5
                WHERE operation = ?1 AND module = ?2 AND wolkvox_id = ?3";
            self.connection.prepare_cached(sql)?.execute(params![
                operation,
                module,
                id,
                json(&merged),
                now
            ])?;
        } else {
            let sql = "INSERT INTO records VALUES (?, ?, ?, NULL, ?, ?, ?5, NULL, NULL) ON CONFLICT DO UPDATE SET
                parent = NULL, fields = excluded.fields, created_at = excluded.created_at,
                updated_at = excluded.updated_at, deleted_at = NULL, origin = NULL";
            self.connection.prepare_cached(sql)?.execute(params![
                operation,
                module,
                id,
                json(fields),
                now
            ])?;
        }
        Ok(())
    }

    /// Marks records as deleted, all or none. Ids that are not known stay so.
    pub(in crate::sandbox) fn delete(
        &self,
        operation: &str,
        module: &str,
        ids: &[&str],
    ) -> Result<(), StoreError> {
        let now = now();
        for id in ids {
            let sql = "UPDATE records SET deleted_at = ?4, updated_at = ?4
                WHERE operation = ?1 AND module = ?2 AND wolkvox_id = ?3 AND deleted_at IS NULL";
            self.connection
                .prepare_cached(sql)?
                .execute(params![operation, module, id, now])?;
        }
        Ok(())
    }

    /// How many records each module has, and how many of them are deleted.
    pub(in crate::sandbox) fn tally(&self) -> Result<Vec<Tally>, StoreError> {
        let sql = "SELECT operation, module, count(*), count(deleted_at) FROM records
            GROUP BY operation, module ORDER BY operation, module";
        let mut statement = self.connection.prepare_cached(sql)?;
        let tally = statement.query_map([], |row| {
            Ok(Tally {
                operation: row.get(0)?,
                module: row.get(1)?,
                records: row.get(2)?,
                deleted: row.get(3)?,
            })
        })?;
        Ok(tally.collect::<Result<_, _>>()?)
    }

    /// The records of a module that changed last, newest first.
    pub(in crate::sandbox) fn newest_records(
        &self,
        operation: &str,
        module: &str,
        most: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE operation = ? AND module = ?
            ORDER BY updated_at DESC, rowid DESC LIMIT ?"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let records = statement.query_map(params![operation, module, most], record)?;
        Ok(records.collect::<Result<_, _>>()?)
    }

    /// All records, in the order in which they became known.
    pub(in crate::sandbox) fn records(&self) -> Result<Vec<Record>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM records ORDER BY rowid");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let records = statement.query_map([], record)?.collect::<Result<_, _>>()?;
        Ok(records)
    }
}

/// An id with the build of real ones (the page's examples are cut, longer ones have 24 hexadecimal digits): a time, a
/// machine, a count. Where a seed is asked for, runs repeat: the time stands still, so far ahead that nobody takes it
/// for the time of the record.
fn object_id(seed: Option<u64>, seconds: u64, count: u64) -> String {
    const STILL: u64 = 0xf553_f100;
    let time = seed.map_or(seconds, |_| STILL);
    let machine = scattered(seed.unwrap_or(0));
    format!(
        "{:08x}{:010x}{:06x}",
        (time + (count >> 24)) & 0xffff_ffff,
        machine & 0xff_ffff_ffff,
        count & 0xff_ffff
    )
}

fn json(fields: &Map<String, Value>) -> String {
    serde_json::to_string(fields).expect("a JSON object with text keys can always be written")
}

pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let fields = row.get_ref(4)?.as_str()?;
    Ok(Record {
        operation: row.get(0)?,
        module: row.get(1)?,
        wolkvox_id: row.get(2)?,
        parent: row.get(3)?,
        fields: serde_json::from_str(fields).map_err(|error| unreadable(4, error))?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        deleted_at: row.get(7)?,
        origin: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::object_id;

    #[test]
    fn ids_look_real_repeat_and_differ() {
        let id = object_id(Some(0), 7, 1);
        assert_eq!(id, object_id(Some(0), 8, 1));
        assert_eq!(id.len(), 24);
        assert!(
            id.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
        let others = [
            object_id(Some(0), 7, 2),
            object_id(Some(1), 7, 1),
            object_id(Some(0), 7, 1 + (1 << 24)),
            object_id(None, 7, 1),
        ];
        assert!(others.iter().all(|other| *other != id), "{others:?}");
        assert!(object_id(None, 0x6553_f100, 1).starts_with("6553f100"));
    }
}
