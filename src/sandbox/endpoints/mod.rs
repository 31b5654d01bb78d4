//! The calls by their paths, a file for each or for a few of one kind: what the vendor's page says it takes and answers.

mod activity;
mod attach;
mod case;
mod case_insert;
mod case_query;
mod delete;
mod insert;
mod management;
mod many;
mod massive;
mod obligation;
mod obligation_read;
mod query;
mod report_collection;
mod token;
mod update;

use super::answer::{Answer, Refusal};
use super::desk::Desk;
use super::serve::Received;

/// A call that the vendor documents and the sandbox serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Update,
    Case,
    Delete,
    Insert,
    Obligation,
    InsertWithFiles,
    InsertMany,
    UpdateMany,
    Query,
    QueryDates,
    Report,
    CaseInsert,
    CaseInsertWithFiles,
    CaseUpdateWithFiles,
    CaseQuery,
    CaseNotes,
    ObligationQuery,
    ObligationUpdate,
    Management,
    ManagementQuery,
    Collections,
    CollectionReport,
    Token,
}

impl Endpoint {
    /// Each by its name: the path without what all have in common.
    pub(super) const ALL: &[(&str, Self)] = &[
        ("custom/update", Self::Update),
        ("cases/update", Self::Case),
        ("custom/delete", Self::Delete),
        ("custom/insert", Self::Insert),
        ("collections/insertObligation", Self::Obligation),
        ("custom/insertAttach", Self::InsertWithFiles),
        ("custom/insertMany", Self::InsertMany),
        ("custom/updateMany", Self::UpdateMany),
        ("custom/query", Self::Query),
        ("custom/queryDates", Self::QueryDates),
        ("custom/reports", Self::Report),
        ("cases/insert", Self::CaseInsert),
        ("cases/insertAttach", Self::CaseInsertWithFiles),
        ("cases/updateCaseAttachment", Self::CaseUpdateWithFiles),
        ("cases/queryCases", Self::CaseQuery),
        ("cases/listHistoryNote", Self::CaseNotes),
        ("collections/queryObligation", Self::ObligationQuery),
        ("collections/updateObligation", Self::ObligationUpdate),
        ("collections/insertGestion", Self::Management),
        ("collections/queryGestion", Self::ManagementQuery),
        ("collections/massiveCollections", Self::Collections),
        ("collections/reportsCollection", Self::CollectionReport),
        ("token/tokenInformation", Self::Token),
    ];

    /// The endpoint of a name, to the letter.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, endpoint)| *endpoint)
    }

    /// The endpoint at a path, to the letter.
    pub(super) fn at(path: &str) -> Option<Self> {
        let name = path.strip_prefix("/server/API/v2/")?.strip_suffix(".php")?;
        Self::named(name)
    }

    /// Checks a call, does what it says, and answers.
    pub(super) fn answer(
        self,
        desk: &mut Desk<'_>,
        received: &Received,
    ) -> Result<Answer, Refusal> {
        let body = &received.body;
        match self {
            Self::Update => update::answer(desk, body),
            Self::Case => case::answer(desk, body),
            Self::Delete => delete::answer(desk, body),
            Self::Insert => insert::answer(desk, received),
            Self::Obligation => obligation::answer(desk, body),
            Self::InsertWithFiles => attach::answer_record(desk, body),
            Self::InsertMany => many::answer_insert(desk, body),
            Self::UpdateMany => many::answer_update(desk, body),
            Self::Query => query::answer(desk, body),
            Self::QueryDates => query::answer_dates(desk, body),
            Self::Report => query::answer_report(desk, body),
            Self::CaseInsert => case_insert::answer(desk, body),
            Self::CaseInsertWithFiles => attach::answer_case(desk, body),
            Self::CaseUpdateWithFiles => attach::answer_update(desk, body),
            Self::CaseQuery => case_query::answer(desk, body),
            Self::CaseNotes => case_query::answer_with_notes(desk, body),
            Self::ObligationQuery => obligation_read::answer_query(desk, body),
            Self::ObligationUpdate => obligation_read::answer_update(desk, body),
            Self::Management => management::answer_insert(desk, body),
            Self::ManagementQuery => management::answer_query(desk, body),
            Self::Collections => massive::answer(desk, body),
            Self::CollectionReport => report_collection::answer(desk, body),
            Self::Token => token::answer(desk, received),
        }
    }
}
