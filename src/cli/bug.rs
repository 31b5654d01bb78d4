//! What is said where the program itself is wrong, and how it ends then. The release build has no unwinding: what is
//! not said here is not said at all.
#![expect(
    clippy::disallowed_methods,
    reason = "nothing can be trusted to return to main any more"
)]

use std::any::Any;
use std::panic::PanicHookInfo;

use super::Exit;
use super::terminal::Terminal;

/// From now on every panic, of whichever thread, is told as a bug and ends the process as one.
pub(super) fn be_told() {
    std::panic::set_hook(Box::new(|bug: &PanicHookInfo<'_>| {
        let place = bug.location().map(ToString::to_string);
        Terminal::new().say(&told(&what(bug.payload()), place.as_deref()));
        std::process::exit(i32::from(Exit::Bug.code()));
    }));
}

/// What the code says of it. What comes after the colon is a value, which may be a secret.
fn what(payload: &dyn Any) -> String {
    let text = match payload.downcast_ref::<&'static str>() {
        Some(text) => text,
        None => payload.downcast_ref::<String>().map_or("", String::as_str),
    };
    text.split(": ").next().unwrap_or_default().to_owned()
}

fn told(what: &str, place: Option<&str>) -> String {
    // Where a library is at fault, the path begins with the folders of the machine that built this.
    let place = place.map_or("an unknown place", |place| {
        place.find("/src/").map_or(place, |at| {
            let name = place[..at].rfind('/').map_or(0, |slash| slash + 1);
            &place[name..]
        })
    });
    format!(
        "error: this is a bug in voxplay {}, at {place}: {what}
  the journal tells what was sent until now: `voxplay runs show`
  what was on its way is in doubt: `voxplay reconcile`, then `voxplay resume`
help: please report it to those who make voxplay, with this text and the command
",
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_is_told_with_its_place_and_without_values() {
        let payload = "the row is there: Error(\"s3cret\")".to_owned();
        let said = told(&what(&payload), Some("src/run/lane/walk.rs:12:5"));
        assert!(
            said.contains("at src/run/lane/walk.rs:12:5: the row is there\n"),
            "{said}"
        );
        assert!(!said.contains("s3cret"), "{said}");
        let of_library = told(
            "",
            Some("/opt/cargo/registry/x/tokio-1.0.0/src/a/src.rs:1:2"),
        );
        assert!(
            of_library.contains("at tokio-1.0.0/src/a/src.rs:1:2"),
            "{of_library}"
        );
    }
}
