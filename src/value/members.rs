//! Values of others in a document of ours.

use super::Value;

impl Value {
    /// The object with these members, each in the place of one of its name or behind the others. A document made by
    /// `json!` gets so what it could not hold itself: numbers with their digits.
    #[must_use]
    pub fn with_members<'m>(self, members: impl IntoIterator<Item = (&'m str, Self)>) -> Self {
        let Self::Map(mut map) = self else {
            return self;
        };
        let members = members.into_iter();
        map.extend(members.map(|(name, value)| (name.to_owned(), value)));
        Self::Map(map)
    }
}
