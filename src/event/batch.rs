//! Several rows that stand for one: a batch goes its way under the name of its first row, and is counted row by row.

use serde::{Deserialize, Serialize};

/// The rows of a batch. What could not be read among them is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// How many.
    pub rows: u64,
    /// The number of the first in the data, from 1.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
}

impl Batch {
    /// The batch of rows with these numbers; none where it is one row, or none.
    pub fn of(numbers: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut numbers = numbers.into_iter();
        let first = numbers.next()?;
        let mut batch = Self {
            rows: 1,
            first,
            last: first,
        };
        for last in numbers {
            batch.rows += 1;
            batch.last = last;
        }
        (batch.rows > 1).then_some(batch)
    }

    /// `rows 5 to 8`.
    pub fn words(&self) -> String {
        format!("rows {} to {}", self.first, self.last)
    }
}

/// How many rows that is.
pub fn rows_in(batch: Option<&Batch>) -> u64 {
    batch.map_or(1, |batch| batch.rows)
}

/// What people read of a row: `row 5`, `rows 5 to 8` of a batch, and both its key and its rows where it has a key.
pub fn row_words(name: &str, batch: Option<&Batch>) -> String {
    match batch {
        None => format!("row {name}"),
        Some(batch) if name == batch.first.to_string() => batch.words(),
        Some(batch) => format!("batch {name} ({})", batch.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, row_words};

    #[test]
    fn a_batch_says_which_rows_it_holds() {
        let batch = Batch::of([5, 6, 8]);
        assert_eq!(row_words("5", batch.as_ref()), "rows 5 to 8");
        assert_eq!(row_words("K", batch.as_ref()), "batch K (rows 5 to 8)");
        assert_eq!(batch.map(|batch| batch.rows), Some(3));
        assert_eq!(row_words("5", Batch::of([5]).as_ref()), "row 5");
        assert_eq!(Batch::of([]), None);
    }
}
