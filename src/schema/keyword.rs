//! A keyword of our own that asks something of one value. What is wrong is told by its name: the words for it are found
//! by that.

use jsonschema::json::Json as Representation;
use jsonschema::{Keyword, ValidationError};

use super::node::Values;
use crate::value::Value;

/// What a keyword asks of a value.
pub(super) struct Asks {
    /// The keyword.
    pub(super) keyword: &'static str,
    /// Whether a value has it.
    pub(super) holds: fn(&Value) -> bool,
}

impl<'i> Keyword<'i, Values> for Asks {
    fn validate(
        &self,
        instance: <Values as Representation>::Node<'i>,
    ) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            Ok(())
        } else {
            Err(ValidationError::custom(self.keyword))
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        (self.holds)(instance)
    }
}
