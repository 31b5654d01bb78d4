//! Which records there are, for calls that read or change some of them: those that are not deleted, and show already.

use rusqlite::{OptionalExtension as _, params};

use super::records::{COLUMNS, Record, record};
use super::{Store, StoreError, now};

impl Store {
    /// The records of a module that are not deleted, in the order in which they became known; with `holding` only
    /// those in whose fields that text stands, and perhaps some more.
    pub(in crate::sandbox) fn living(
        &self,
        operation: &str,
        module: &str,
        holding: Option<&str>,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE operation = ? AND module = ? AND deleted_at IS NULL
            AND (?3 IS NULL OR instr(fields, ?3) > 0) AND created_at <= ?4 ORDER BY rowid"
        );
        // As it is written between the quotes of JSON.
        let holding = holding.map(|text| {
            let json = serde_json::Value::from(text).to_string();
            json[1..json.len() - 1].to_owned()
        });
        let mut statement = self.connection.prepare_cached(&sql)?;
        let records = statement.query_map(params![operation, module, holding, now()], record)?;
        Ok(records.collect::<Result<_, _>>()?)
    }

    /// The record of an id, unless it is deleted.
    pub(in crate::sandbox) fn find(
        &self,
        operation: &str,
        module: &str,
        id: &str,
    ) -> Result<Option<Record>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE operation = ? AND module = ? AND wolkvox_id = ?
            AND deleted_at IS NULL AND created_at <= ?"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row(params![operation, module, id, now()], record);
        Ok(found.optional()?)
    }

    /// The obligations of a record, by their codes, in the order in which they became known; all of them with no
    /// code.
    pub(in crate::sandbox) fn obligations(
        &self,
        operation: &str,
        parent: &str,
        code: Option<&str>,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE operation = ? AND module = 'obligations' AND parent = ?
            AND deleted_at IS NULL AND (?3 IS NULL OR fields ->> 'id' = ?3)
            AND created_at <= ?4 ORDER BY rowid"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let records = statement.query_map(params![operation, parent, code, now()], record)?;
        Ok(records.collect::<Result<_, _>>()?)
    }

    /// The debtor of a number, unless it is deleted.
    pub(in crate::sandbox) fn debtor(
        &self,
        operation: &str,
        number: &str,
    ) -> Result<Option<Record>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE operation = ? AND module = 'collections'
            AND fields ->> 'Identification' = ? AND deleted_at IS NULL AND created_at <= ? ORDER BY rowid LIMIT 1"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row(params![operation, number, now()], record);
        Ok(found.optional()?)
    }

    /// Whether a module ever had a record.
    pub(in crate::sandbox) fn has_module(
        &self,
        operation: &str,
        module: &str,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM records WHERE operation = ? AND module = ? LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.exists(params![operation, module])?)
    }
}
