//! The table of faults: every one that can be asked for, by name.

use std::time::Duration;

use super::super::answer::Documented::{self, Documented as Listed, Invented};

/// One class of fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name in rules.
    pub name: &'static str,
    /// What the client sees, in a few words.
    pub says: &'static str,
    /// Whether the call's change is made.
    pub change: Change,
    /// Whether the vendor's pages know it.
    pub documented: Documented,
    /// The further key that a rule may have for it.
    pub takes: Takes,
    pub(in crate::sandbox) does: Does,
}

/// Whether the change that a call asks for is made when a fault hits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Never: `applied: true` is an error.
    Never,
    /// Always: `applied: false` is an error.
    Always,
    /// Not, unless the rule says `applied: true`.
    NotUnlessSaid,
    /// It is, unless the rule says `applied: false`.
    UnlessSaid,
}

/// What a fault can be told beyond its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// `for`: how long; this long where it is not said.
    For(Duration),
    /// `retry_after`: seconds; so many where it is not said.
    RetryAfter(u32),
    /// `to`: an http address on loopback; it must be said.
    To,
    /// `bytes`: how many; so many where it is not said.
    Bytes(u64),
}

/// What is done to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Does {
    /// This HTTP status, the same code in the body.
    Status(u16),
    /// HTTP 200, this code in the body.
    Code(u16),
    Envelope(Envelope),
    Bytes(Bytes),
    Flow(Flow),
    /// To another path of the sandbox.
    RedirectHere,
    /// To the address given.
    RedirectAway,
    Huge,
    /// The documented answer, whole.
    Plain,
    /// The answer to the same query with `page` 1.
    FirstPage,
    /// The documented answer, and queries do not show yet what was made.
    ShownLate,
}

/// A change to the JSON of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Envelope {
    CodeText,
    ErrorNull,
    ErrorAbsent,
    ErrorEmpty,
    ErrorText,
    Code400,
    Status400,
    DataAbsent,
    DataObject,
    DataList,
    BareArray,
    OtherMsg,
    BlankId,
}

/// A change to the bytes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Bytes {
    Html200,
    Html502,
    Maintenance,
    Empty,
    Truncated,
    Mark,
    PhpNotice,
    WrongType,
}

/// How the bytes of the answer travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Flow {
    /// Closed before the body of the request is read.
    CloseUnread,
    /// Closed without a byte of the answer.
    Close,
    /// Reset without a byte of the answer.
    Reset,
    /// Closed in the middle of the body.
    CloseInBody,
    /// Nothing comes, and the connection stays.
    Stall,
    /// Half of the body comes, and the connection stays.
    StallInBody,
    /// The head comes in two pieces with this pause between them.
    SlowHead,
    /// The body comes in pieces, over this time.
    SlowBody,
}

impl Kind {
    /// The fault of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// Whether the request is cut before its body could be read.
    pub(in crate::sandbox) fn is_before_the_body(&self) -> bool {
        self.does == Does::Flow(Flow::CloseUnread)
    }
}

const fn kind(
    name: &'static str,
    says: &'static str,
    change: Change,
    documented: Documented,
    takes: Takes,
    does: Does,
) -> Kind {
    Kind {
        name,
        says,
        change,
        documented,
        takes,
        does,
    }
}

const fn status(name: &'static str, status: u16, documented: Documented) -> Kind {
    kind(
        name,
        "this HTTP status, the same code in the body",
        Change::NotUnlessSaid,
        documented,
        Takes::Nothing,
        Does::Status(status),
    )
}

const fn waiting(name: &'static str, status: u16) -> Kind {
    kind(
        name,
        "this HTTP status with a Retry-After header (retry_after: seconds)",
        Change::NotUnlessSaid,
        Invented,
        Takes::RetryAfter(1),
        Does::Status(status),
    )
}

const fn code(name: &'static str, code: u16, documented: Documented) -> Kind {
    kind(
        name,
        "HTTP 200, this code in the body",
        Change::NotUnlessSaid,
        documented,
        Takes::Nothing,
        Does::Code(code),
    )
}

const fn envelope(
    name: &'static str,
    says: &'static str,
    documented: Documented,
    change: Envelope,
) -> Kind {
    kind(
        name,
        says,
        Change::UnlessSaid,
        documented,
        Takes::Nothing,
        Does::Envelope(change),
    )
}

const fn bytes(name: &'static str, says: &'static str, change: Bytes) -> Kind {
    kind(
        name,
        says,
        Change::UnlessSaid,
        Invented,
        Takes::Nothing,
        Does::Bytes(change),
    )
}

const fn flow(name: &'static str, says: &'static str, change: Change, flow: Flow) -> Kind {
    kind(
        name,
        says,
        change,
        Invented,
        Takes::Nothing,
        Does::Flow(flow),
    )
}

/// Every fault. "Documented" means that the vendor's pages know such an answer from the CRM, be it only its code.
/// A refused connection is not among them: whether it is refused is settled before there is a request.
pub static KINDS: &[Kind] = &[
    // The vendor's list of codes, as the HTTP status …
    status("http-400", 400, Listed),
    status("http-401", 401, Listed),
    status("http-403", 403, Listed),
    status("http-404", 404, Listed),
    status("http-405", 405, Listed),
    status("http-412", 412, Listed),
    status("http-416", 416, Listed),
    status("http-417", 417, Listed),
    status("http-429", 429, Invented),
    waiting("http-429-retry-after", 429),
    status("http-500", 500, Invented),
    status("http-502", 502, Invented),
    status("http-503", 503, Invented),
    waiting("http-503-retry-after", 503),
    // … and inside an HTTP 200: the pages do not say which of the two it is.
    code("code-400", 400, Listed),
    code("code-401", 401, Listed),
    code("code-403", 403, Listed),
    code("code-404", 404, Listed),
    code("code-405", 405, Listed),
    code("code-412", 412, Listed),
    code("code-416", 416, Listed),
    code("code-417", 417, Listed),
    code("code-429", 429, Invented),
    code("code-500", 500, Invented),
    kind(
        "maintenance",
        "HTTP 403 with an HTML page, as during the maintenance of the vendor's other product",
        Change::Never,
        Invented,
        Takes::Nothing,
        Does::Bytes(Bytes::Maintenance),
    ),
    // The envelope.
    envelope(
        "code-text",
        "code is text: \"200\"",
        Listed,
        Envelope::CodeText,
    ),
    envelope(
        "error-null",
        "error is JSON null",
        Invented,
        Envelope::ErrorNull,
    ),
    envelope(
        "error-absent",
        "there is no key error",
        Invented,
        Envelope::ErrorAbsent,
    ),
    envelope(
        "error-empty",
        "error is \"\"",
        Invented,
        Envelope::ErrorEmpty,
    ),
    envelope(
        "error-text",
        "code 200, and a real text in error",
        Invented,
        Envelope::ErrorText,
    ),
    envelope(
        "code-400-error-null",
        "HTTP 200, code 400, error still \"null\"",
        Invented,
        Envelope::Code400,
    ),
    envelope(
        "http-400-code-200",
        "HTTP 400, code 200 in the body",
        Invented,
        Envelope::Status400,
    ),
    envelope(
        "data-absent",
        "there is no key data",
        Invented,
        Envelope::DataAbsent,
    ),
    envelope("data-object", "data is {}", Invented, Envelope::DataObject),
    envelope("data-list", "data is []", Invented, Envelope::DataList),
    envelope(
        "bare-array",
        "the answer stands in a list",
        Invented,
        Envelope::BareArray,
    ),
    envelope(
        "other-msg",
        "msg has other words",
        Invented,
        Envelope::OtherMsg,
    ),
    envelope(
        "blank-id",
        "every id in the answer is blank",
        Listed,
        Envelope::BlankId,
    ),
    // The bytes.
    bytes("html-200", "HTTP 200 with an HTML page", Bytes::Html200),
    bytes("html-502", "HTTP 502 with an HTML page", Bytes::Html502),
    bytes("empty-body", "HTTP 200 without a body", Bytes::Empty),
    bytes(
        "truncated-json",
        "the JSON ends in the middle, the HTTP is whole",
        Bytes::Truncated,
    ),
    bytes("bom", "a byte order mark before the JSON", Bytes::Mark),
    bytes(
        "php-notice",
        "a PHP notice before the JSON",
        Bytes::PhpNotice,
    ),
    bytes(
        "wrong-type",
        "Content-Type says text/html",
        Bytes::WrongType,
    ),
    kind(
        "huge",
        "a success with a very long msg (bytes: how long)",
        Change::UnlessSaid,
        Invented,
        Takes::Bytes(64 * 1024 * 1024),
        Does::Huge,
    ),
    // The time.
    kind(
        "slow-headers",
        "the head of the answer stops after its first bytes (for: how long)",
        Change::UnlessSaid,
        Invented,
        Takes::For(Duration::from_secs(2)),
        Does::Flow(Flow::SlowHead),
    ),
    kind(
        "slow-body",
        "the body of the answer comes in small pieces (for: how long in all)",
        Change::UnlessSaid,
        Invented,
        Takes::For(Duration::from_secs(2)),
        Does::Flow(Flow::SlowBody),
    ),
    flow(
        "stall",
        "no answer ever comes, the connection stays",
        Change::UnlessSaid,
        Flow::Stall,
    ),
    flow(
        "stall-in-body",
        "half of the body comes, then nothing",
        Change::UnlessSaid,
        Flow::StallInBody,
    ),
    // The connection.
    flow(
        "closed-unread",
        "closed after the head of the request, its body unread",
        Change::Never,
        Flow::CloseUnread,
    ),
    flow(
        "closed",
        "closed after the request was read, nothing done",
        Change::Never,
        Flow::Close,
    ),
    flow(
        "lost-answer",
        "closed without an answer after the call was carried out",
        Change::Always,
        Flow::Close,
    ),
    flow(
        "reset",
        "reset after the request was read",
        Change::NotUnlessSaid,
        Flow::Reset,
    ),
    flow(
        "cut-body",
        "closed in the middle of the answer's body",
        Change::UnlessSaid,
        Flow::CloseInBody,
    ),
    // Elsewhere.
    kind(
        "redirect",
        "HTTP 302 to another path of the sandbox",
        Change::Never,
        Invented,
        Takes::Nothing,
        Does::RedirectHere,
    ),
    kind(
        "redirect-away",
        "HTTP 302 to another server (to: an http address on loopback)",
        Change::Never,
        Invented,
        Takes::To,
        Does::RedirectAway,
    ),
    // The quiet ones.
    kind(
        "first-page",
        "a query answers its first page, whatever page is asked for",
        Change::UnlessSaid,
        Invented,
        Takes::Nothing,
        Does::FirstPage,
    ),
    kind(
        "shown-late",
        "what the call creates is known to other calls only later (for: how long)",
        Change::UnlessSaid,
        Invented,
        Takes::For(Duration::from_secs(5)),
        Does::ShownLate,
    ),
    kind(
        "not-stored",
        "the documented success, and nothing was done (the vendor's own troubleshooting page knows it)",
        Change::Never,
        Listed,
        Takes::Nothing,
        Does::Plain,
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
    }
}
