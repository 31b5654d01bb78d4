//! The names of the columns: which are kept, and what is wrong with them.

/// The columns of a table: as many as the header has cells, each kept under its name or ignored.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// Every name as written, ignored ones too.
    names: Vec<String>,
}

/// A header that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeaderError {
    /// From 0.
    pub(super) index: usize,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Whether a column or key is left out of rows: it was added by an account file.
pub(super) fn is_ignored(name: &str) -> bool {
    name.starts_with('_')
}

impl Header {
    pub(super) fn new(names: Vec<String>) -> Result<Self, HeaderError> {
        let wrong = |index, message, help| HeaderError {
            index,
            message,
            help,
        };
        for (index, name) in names.iter().enumerate() {
            if name.trim().is_empty() {
                return Err(wrong(
                    index,
                    "the header of this column is blank".to_owned(),
                    "give the column a name, or remove it from every row",
                ));
            }
            if name.contains(['\0', '\u{fffd}']) {
                return Err(wrong(
                    index,
                    "the header of this column holds a character that cannot be read".to_owned(),
                    "save the file as UTF-8",
                ));
            }
        }
        let mut first = std::collections::HashMap::new();
        for (index, name) in names.iter().enumerate() {
            if is_ignored(name) {
                continue;
            }
            if let Some(before) = first.insert(name.as_str(), index) {
                return Err(wrong(
                    index,
                    format!("`{name}` is already the header of column {}", before + 1),
                    "give each column a name of its own",
                ));
            }
        }
        if first.is_empty() {
            return Err(wrong(
                0,
                "there is no column whose name does not begin with `_`".to_owned(),
                "such columns are ignored: rename the ones with data",
            ));
        }
        Ok(Self { names })
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// The name of a column, from 0, as written.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }

    /// The names that rows have, in order.
    pub(super) fn kept(&self) -> Vec<String> {
        let kept = self.names.iter().filter(|name| !is_ignored(name));
        kept.cloned().collect()
    }

    /// The cells of a row without the ignored ones.
    pub(super) fn keep(&self, cells: Vec<String>) -> Vec<String> {
        let named = self.names.iter().zip(cells);
        named
            .filter(|(name, _)| !is_ignored(name))
            .map(|(_, cell)| cell)
            .collect()
    }

    /// The cells of a row under their names, without the ignored ones.
    pub(super) fn map(&self, cells: Vec<String>) -> crate::value::Map {
        let mut map = crate::value::map_with_room_for(self.names.len());
        let named = self.names.iter().zip(cells);
        map.extend(
            named
                .filter(|(name, _)| !is_ignored(name))
                .map(|(name, cell)| (name.clone(), cell.into())),
        );
        map
    }
}
