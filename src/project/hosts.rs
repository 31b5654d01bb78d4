//! What stands in `allow_hosts`, and whether it can be the host of any server.

use url::{Host, Url};

use crate::diagnostic::Code;
use crate::reading::Findings;
use crate::source::Spanned;

/// Warns of entries that no host is ever equal to: whoever wrote one means it to allow something.
pub(super) fn check(entries: &[Spanned<String>], findings: &mut Findings) {
    for entry in entries {
        let Some(help) = instead_of(&entry.value) else {
            continue;
        };
        let message = format!("no host is `{}`, so this entry allows none", entry.value);
        findings
            .warning(Code::InvalidValue, entry.span, message)
            .help = Some(help);
    }
}

/// What to write instead of an entry; none where it is a host, or `*.` and a domain.
fn instead_of(entry: &str) -> Option<String> {
    const FORMS: &str =
        "write the host alone, such as crm.example.com, or `*.example.com` for all below a domain";
    let (stars, written) = entry
        .strip_prefix("*.")
        .map_or(("", entry), |domain| ("*.", domain));
    if !stars.is_empty() || !entry.contains('*') {
        if is_host(written) {
            return None;
        }
        let stars = if entry.starts_with('.') { "*." } else { stars };
        if let Some(meant) = host_in(written.trim_start_matches('.')) {
            return Some(format!(
                "write `{stars}{meant}`: neither a scheme nor a port nor a path belongs to it"
            ));
        }
    }
    Some(FORMS.to_owned())
}

/// Whether a server can have this host.
fn is_host(text: &str) -> bool {
    !text.starts_with('.') && host_in(text).is_some_and(|host| host.eq_ignore_ascii_case(text))
}

/// The host in what may be a whole address.
fn host_in(text: &str) -> Option<String> {
    let text = text.trim();
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&whole).ok()?;
    let host = url.host()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if let Host::Domain(name) = &host
        && !name.chars().all(fits)
    {
        return None;
    }
    Some(host.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_can_be_hosts_are_left_alone() {
        for entry in [
            "crm.example.com",
            "CRM.Example.com",
            "*.example.com",
            "localhost",
            "10.0.0.1",
            "[::1]",
            "xn--and-6ma2c.example",
            "intranet",
        ] {
            assert_eq!(instead_of(entry), None, "{entry}");
        }
    }

    #[test]
    fn what_is_meant_is_said() {
        for (entry, meant) in [
            ("https://example.com", "`example.com`"),
            ("http://example.com/", "`example.com`"),
            (".example.com", "`*.example.com`"),
            ("example.com:443", "`example.com`"),
            ("example.com/path", "`example.com`"),
            ("*.example.com/path", "`*.example.com`"),
            (" example.com ", "`example.com`"),
            ("ñandú.example", "`xn--and-6ma2c.example`"),
            ("*", "the host alone"),
            ("a.*.com", "the host alone"),
            ("exa mple.com", "the host alone"),
            ("my_host.example.com", "the host alone"),
        ] {
            let said = instead_of(entry).unwrap();
            assert!(said.contains(meant), "{entry}: {said}");
        }
    }
}
