//! Rows → what a loop does at a time: one row, or a batch of them.

use super::{Row, RowError, Rows};

/// The rows of a source in lists of one size. The last list may be shorter, and so is one before a row that cannot be
/// read: that one stands alone, in its place.
#[derive(Debug)]
pub struct Items {
    rows: Rows,
    size: usize,
    /// A row that cannot be read, found while a list was made.
    put_back: Option<RowError>,
}

impl Rows {
    /// The same rows in lists of `size`; of one where there are no batches.
    pub const fn in_items(self, size: Option<usize>) -> Items {
        Items {
            rows: self,
            size: match size {
                Some(size) => size,
                None => 1,
            },
            put_back: None,
        }
    }
}

impl Iterator for Items {
    type Item = Result<Vec<Row>, RowError>;

    /// The next list, which is never empty.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.put_back.take() {
            return Some(Err(error));
        }
        let mut item = Vec::with_capacity(self.size.min(1024));
        while item.len() < self.size {
            match self.rows.next() {
                Some(Ok(row)) => item.push(row),
                Some(Err(error)) if item.is_empty() => return Some(Err(error)),
                Some(Err(error)) => {
                    self.put_back = Some(error);
                    break;
                }
                None => break,
            }
        }
        (!item.is_empty()).then_some(Ok(item))
    }
}
