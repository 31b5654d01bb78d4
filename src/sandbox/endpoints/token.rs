//! `token/tokenInformation.php`: what is left of the day's calls. It takes no body, and a parameter in the address.

use serde_json::json;

use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::desk::Desk;
use crate::sandbox::quota::Spent;
use crate::sandbox::serve::Received;
use crate::sandbox::store::hours_left;

/// A limit that the vendor's pages show, where none is set here.
const USUAL: u64 = 4800;

pub(super) fn answer(desk: &mut Desk<'_>, received: &Received) -> Result<Answer, Refusal> {
    let operation = received.parameter("operation").unwrap_or_default();
    if operation.trim().is_empty() {
        return Err(Refusal::bad_request(
            "operation is required, in the address: tokenInformation.php?operation=…",
        ));
    }
    if !matches!(received.body, Body::Empty) {
        desk.note("the call came with a body; it is documented without one");
    }
    let Spent { limit, used } = desk.spent;
    if limit.is_none() {
        desk.note(format!(
            "no daily limit is set here (--daily-limit): {USUAL} is one that the pages show, and nothing is refused beyond it"
        ));
    }
    let limit = limit.unwrap_or(USUAL);
    Ok(desk.documented(json!({
        "code": "200",
        "error": "null",
        "msg": "1 records were are found",
        "data": {
            "description": "sandbox",
            "token_limit": limit,
            "token_use_today": used,
            "available_consumition_options": limit.saturating_sub(used),
            "hours_to_restart_count": hours_left(),
        },
    })))
}
