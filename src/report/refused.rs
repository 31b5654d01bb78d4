//! A run that was refused, in a short page of Markdown for the summary of a CI job.

use std::fmt::Write as _;

use super::markdown::{escape, short};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{in_order, summary};
use crate::secret::Masker;

/// How many findings are told; the page says how many there are beyond.
const MOST: usize = 50;

/// The page: that nothing was sent, and each finding with its place and what to do.
pub fn document(playbook: &str, findings: &[Diagnostic], masker: &Masker) -> String {
    let inline = |text: &str| escape(&short(&masker.mask(text)));
    let mut page = format!(
        "## ⛔ {}: refused\n\nNothing was sent: {}.\n\n",
        inline(playbook),
        summary(findings)
    );
    let told = in_order(findings);
    for finding in told.iter().take(MOST) {
        let _ = write!(page, "- **{}** ", finding.severity.as_str());
        if let Some(place) = &finding.place {
            let _ = write!(page, "{}: ", inline(&place.to_string()));
        }
        page.push_str(&inline(&finding.message));
        if let Some(help) = &finding.help {
            let _ = write!(page, " ({})", inline(help));
        }
        page.push('\n');
    }
    if told.len() > MOST {
        let _ = writeln!(page, "- and {} more", told.len() - MOST);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::secret::Secret;
    use crate::source::{Source, Span};

    #[test]
    fn findings_are_told_with_their_places_and_without_secrets() {
        let source = Source::new("play.yaml", "a: 1\nb: hush-hush\n");
        let findings = [
            Diagnostic::error(Code::MissingToken, "there is no token").help("set X"),
            Diagnostic::error(Code::UnknownKey, "`hush-hush` is <b>not</b> known")
                .at(&source, Span::new(5, 6)),
        ];
        let masker = Masker::new(&[Secret::new("hush-hush".to_owned())]);
        assert_eq!(
            document("play.yaml", &findings, &masker),
            "## ⛔ play.yaml: refused\n\nNothing was sent: 2 errors.\n\n- **error** play.yaml&#58;2&#58;1: \\`\\*\\*\\*\\` is &lt;b&gt;not&lt;/b&gt; known\n- **error** there is no token (set X)\n"
        );
        let many: Vec<Diagnostic> = (0..60)
            .map(|number| Diagnostic::error(Code::Advice, format!("finding {number}")))
            .collect();
        assert!(document("play.yaml", &many, &masker).ends_with("- and 10 more\n"));
    }
}
