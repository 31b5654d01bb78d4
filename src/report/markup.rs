//! Markup written piece by piece: what is a literal of ours goes out as it stands, and everything else is
//! masked, freed of what XML 1.0 cannot hold, and escaped. It does not know HTML or `JUnit`.

use std::borrow::Cow;
use std::fmt::Display;

use crate::secret::Masker;

/// A document that grows.
pub(super) struct Markup<'m> {
    out: String,
    masker: &'m Masker,
}

impl<'m> Markup<'m> {
    /// Nothing yet; what `masker` knows will not show.
    pub(super) const fn new(masker: &'m Masker) -> Self {
        Self {
            out: String::new(),
            masker,
        }
    }

    /// Markup of ours. Only a literal fits, so no text from outside gets in here.
    pub(super) fn raw(&mut self, literal: &'static str) -> &mut Self {
        self.out.push_str(literal);
        self
    }

    /// Text from anywhere.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let masked = self.masker.mask(text);
        escape_into(&mut self.out, &masked, Place::Text);
        self
    }

    /// A number, or another thing whose words are ours.
    pub(super) fn show(&mut self, shown: impl Display) -> &mut Self {
        self.text(&shown.to_string())
    }

    /// An opening tag.
    pub(super) fn open(&mut self, name: &'static str, attributes: Attributes<'_>) -> &mut Self {
        self.begin(name, attributes);
        self.raw(">")
    }

    /// A closing tag.
    pub(super) fn close(&mut self, name: &'static str) -> &mut Self {
        self.raw("</").raw(name).raw(">")
    }

    /// A tag without content, as XML writes it.
    pub(super) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) -> &mut Self {
        self.begin(name, attributes);
        self.raw("/>")
    }

    /// A tag with text in it.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        text: &str,
    ) -> &mut Self {
        self.open(name, attributes).text(text).close(name)
    }

    fn begin(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.raw("<").raw(name);
        for (attribute, value) in attributes {
            let masked = self.masker.mask(value.as_ref());
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            escape_into(&mut self.out, &masked, Place::Attribute);
            self.out.push('"');
        }
    }

    /// How many bytes there are so far.
    pub(super) const fn len(&self) -> usize {
        self.out.len()
    }

    /// The document.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Attributes of a tag: the name is a literal, the value may come from anywhere.
pub(super) type Attributes<'a> = &'a [(&'static str, Cow<'a, str>)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Attribute,
}

fn escape_into(out: &mut String, text: &str, place: Place) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Readers of XML turn the ends of lines into one line feed; so does this, before they do.
            '\r' => {
                if characters.peek() != Some(&'\n') {
                    escape_into(out, "\n", place);
                }
            }
            '\n' if place == Place::Attribute => out.push_str("&#10;"),
            '\t' if place == Place::Attribute => out.push_str("&#9;"),
            '\n' | '\t' => out.push(character),
            other if is_unfit(other) => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
}

/// Whether a character cannot stand in XML 1.0, or would change how the text around it is shown.
pub(super) fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{fffe}' | '\u{ffff}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_markup() {
        let masker = Masker::new(["s&cret".to_owned()]);
        let mut markup = Markup::new(&masker);
        markup.element(
            "b",
            &[("title", "a\"'\n<".into())],
            "<script>&amp;\u{1b}[2J\u{ffff}\u{202e}\r\n\ts&cret",
        );
        assert_eq!(
            markup.finish(),
            "<b title=\"a&quot;&#39;&#10;&lt;\">&lt;script&gt;&amp;amp;\u{fffd}[2J\u{fffd}\u{fffd}\n\t***</b>"
        );
    }
}
