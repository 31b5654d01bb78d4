//! An action with its parameters → Request: rendered, valid against its schema, encoded.

use super::{Body, JsonBody, Part, PartContent, Request};
use crate::action::{Action, Encoding, TargetFacts};
use crate::attachment::Attachment;
use crate::value::Value;

/// Why parameters make no request: with an action whose parts fit together, a mistake in its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request of {action} cannot be made: {problem}")]
pub struct Unsendable {
    /// The action.
    pub action: String,
    /// What is wrong, without a full stop.
    pub problem: String,
}

/// Makes the request of an action for these parameters, which fit its schema. `attachments` are the files
/// that the parameters name, in their order.
///
/// # Errors
/// Where a template of the action has no value, or the body breaks the action's own request schema.
pub fn render(
    action: &Action,
    with: &Value,
    target: &TargetFacts,
    attachments: Vec<Attachment>,
) -> Result<Request, Unsendable> {
    let refuse = |problem: String| Unsendable {
        action: action.name().to_owned(),
        problem,
    };
    let body = action
        .body(with, target)
        .map_err(|error| refuse(error.to_string()))?;
    if let Some(body) = &body
        && let Some(violation) = action.check_request(body).first()
    {
        return Err(refuse(violation.message.clone()));
    }
    let query = action
        .query(with, target)
        .map_err(|error| refuse(error.to_string()))?;
    let body = match (action.encoding(), body) {
        (Encoding::None, _) | (_, None) => Body::None,
        (Encoding::Json, Some(body)) => Body::Json(JsonBody::from(&body)),
        (Encoding::Multipart, Some(body)) => {
            let mut parts = texts(&body);
            let files = action
                .attachments(with, target)
                .map_err(|error| refuse(error.to_string()))?;
            if let Some(files) = files {
                parts.extend(attachments.into_iter().map(|file| Part {
                    name: files.part.clone(),
                    content: PartContent::File(file),
                }));
            }
            Body::Multipart(parts)
        }
    };
    Ok(Request {
        method: action.method(),
        path: action.path().to_owned(),
        query,
        body,
    })
}

fn texts(body: &Value) -> Vec<Part> {
    let Some(parts) = body.as_map() else {
        return Vec::new();
    };
    parts
        .iter()
        .map(|(name, value)| Part {
            name: name.clone(),
            content: PartContent::Text(value.scalar_text().unwrap_or_default()),
        })
        .collect()
}
