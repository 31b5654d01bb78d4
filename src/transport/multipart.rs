//! `multipart/form-data` whose files are read while they are sent. Does not know what the fields mean.

use std::io;

use bytes::BytesMut;
use futures_util::stream;
use reqwest::multipart::Form;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::failure::{FileBroke, NotSentReason};
use crate::attachment::{Attachment, fits_a_header};
use crate::request::{Part, PartContent};

/// Bytes of a file in memory at a time.
const CHUNK: usize = 64 * 1024;

/// The form, its files open and checked to be those that were described.
///
/// # Errors
/// A file cannot be opened or has changed; a name holds a control character, which would end its header early.
pub(super) async fn form(parts: &[Part]) -> Result<Form, NotSentReason> {
    // Without this the library writes `name*=utf-8''…` for a name with an accent or a space, which PHP does not
    // read. File names it always writes raw in UTF-8, with `\"` for a quote and `\\` for a backslash, as PHP wants.
    let mut form = Form::new().percent_encode_noop();
    for part in parts {
        let name = header_text(&part.name)?
            .replace('\\', "\\\\")
            .replace('"', "\\\"");
        let content = match &part.content {
            PartContent::Text(text) => reqwest::multipart::Part::text(text.clone()),
            PartContent::File(attachment) => file(attachment).await?,
        };
        form = form.part(name, content);
    }
    Ok(form)
}

async fn file(attachment: &Attachment) -> Result<reqwest::multipart::Part, NotSentReason> {
    let name = header_text(attachment.name())?.to_owned();
    let file = open(attachment).await?;
    reqwest::multipart::Part::stream_with_length(contents(file, attachment), attachment.size())
        .file_name(name)
        .mime_str(attachment.media_type())
        .map_err(|_| NotSentReason::Malformed {
            detail: format!("`{}` is not a media type", attachment.media_type()),
        })
}

fn header_text(text: &str) -> Result<&str, NotSentReason> {
    if !fits_a_header(text) {
        return Err(NotSentReason::Malformed {
            detail: format!(
                "the name {text:?} of a multipart field or file holds a control character"
            ),
        });
    }
    Ok(text)
}

/// Opens the file and makes sure that it is still the one that was described: by size and time, which cost nothing,
/// and by its digest when the time differs.
async fn open(attachment: &Attachment) -> Result<File, NotSentReason> {
    let path = attachment.path();
    let unreadable = |error: io::Error| NotSentReason::FileUnreadable {
        path: path.to_owned(),
        detail: error.to_string(),
    };
    let changed = || NotSentReason::FileChanged {
        path: path.to_owned(),
    };

    // Asked before opening: opening a pipe waits for its writer.
    let now = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if !now.is_file() {
        return Err(changed());
    }
    let file = File::open(path).await.map_err(unreadable)?;
    let now = file.metadata().await.map_err(unreadable)?;
    if now.len() != attachment.size() {
        return Err(changed());
    }
    if attachment.modified().is_some() && now.modified().ok() == attachment.modified() {
        return Ok(file);
    }
    let mut described = file.into_std().await;
    let attachment = attachment.clone();
    let (file, same) = tokio::task::spawn_blocking(move || {
        let same = attachment.is_still(&mut described)?;
        io::Seek::rewind(&mut described)?;
        io::Result::Ok((described, same))
    })
    .await
    .expect("reading a file does not panic, and nobody cancels it")
    .map_err(unreadable)?;
    if same {
        Ok(File::from_std(file))
    } else {
        Err(changed())
    }
}

/// Exactly as many bytes as were described, because their number stands in the request's head already.
fn contents(file: File, attachment: &Attachment) -> reqwest::Body {
    let broke = {
        let path = attachment.path().to_owned();
        move |detail: String| FileBroke {
            path: path.clone(),
            detail,
        }
    };
    let pieces = stream::try_unfold(
        (file, attachment.size(), broke),
        |(file, left, broke)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut piece = BytesMut::with_capacity(CHUNK);
            let mut rest = file.take(left.min(CHUNK as u64));
            match rest.read_buf(&mut piece).await {
                Ok(0) => Err(broke(format!("it ended {left} bytes early"))),
                Ok(read) => Ok(Some((
                    piece.freeze(),
                    (rest.into_inner(), left - read as u64, broke),
                ))),
                Err(error) => Err(broke(error.to_string())),
            }
        },
    );
    reqwest::Body::wrap_stream(pieces)
}
