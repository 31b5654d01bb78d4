//! What some tests need of the machine. Where it is missing they say so and pass, unless `VOXPLAY_REQUIRE` names it:
//! words of `bash`, `chromium`, `lsp`, `mount`, `xmllint`. `.ci/run` names what it has found or installed.
#![expect(clippy::print_stderr, reason = "a test says what it leaves out")]

/// Says that a test, or the rest of it, is left out.
///
/// # Panics
/// Where what is missing is required: a check that is not made must not look like one that passed.
pub(crate) fn leave_out(what: &str, why: &str) {
    let required = std::env::var("VOXPLAY_REQUIRE").unwrap_or_default();
    assert!(!names(&required, what), "VOXPLAY_REQUIRE has {what}: {why}");
    eprintln!("left out: {why}");
}

fn names(required: &str, what: &str) -> bool {
    required.split_whitespace().any(|word| word == what)
}

#[test]
fn what_is_required_is_named_as_a_word() {
    assert!(names("bash lsp", "lsp"));
    for required in ["", "bash", "lsp-of-another-name"] {
        assert!(!names(required, "lsp"), "{required}");
    }
}

/// All others that leave something out do so by `leave_out`.
#[test]
fn nothing_is_left_out_in_another_way() {
    let files = [
        include_str!("completions.rs"),
        include_str!("kill/disk.rs"),
        include_str!("reports/readers.rs"),
        include_str!("schema/servers.rs"),
    ];
    for file in files {
        assert!(file.contains("leave_out(") && !file.contains("eprintln!"));
    }
}
