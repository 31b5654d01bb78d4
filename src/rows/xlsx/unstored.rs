//! Which cells hold a formula whose value was never stored, as programs leave them that write workbooks and do not
//! calculate. To the reader of values they are empty, and a blank would go to the CRM in silence.

use std::io::BufReader;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, Reader as _, Xlsx};

use super::AHEAD;
use crate::rows::file::Steady;

/// A cell: row and column from 0.
type Place = (u32, u32);

/// The cells of a sheet that are empty, in their order, each with whether a formula is there. They come from a second
/// reading of the sheet, for the first one cannot say that as well as formats; it only begins when it is needed.
pub(super) struct Unstored {
    /// The workbook and the sheet, until the reading begins.
    unread: Option<(Steady, String)>,
    found: Option<Receiver<(Place, bool)>>,
    /// What was found of a cell that was not asked for yet.
    ahead: Option<(Place, bool)>,
}

impl Unstored {
    /// A file that was not read yet.
    pub(super) const fn new(file: Steady, sheet: String) -> Self {
        Self {
            unread: Some((file, sheet)),
            found: None,
            ahead: None,
        }
    }

    /// Whether a cell without a value has a formula. Every such cell is asked for, in the order of the sheet.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub(super) fn has(&mut self, place: Place) -> Result<bool, String> {
        if let Some((file, sheet)) = self.unread.take() {
            let (sender, receiver) = sync_channel(AHEAD);
            std::thread::Builder::new()
                .name("formulas of a workbook".to_owned())
                // When it ends early, its channel says so.
                .spawn(move || read(file, &sheet, &sender))
                .map_err(|error| error.to_string())?;
            self.found = Some(receiver);
        }
        let next = match (self.ahead.take(), &self.found) {
            (Some(ahead), _) => ahead,
            (None, Some(found)) => found
                .recv()
                .map_err(|_| "the formulas of the sheet could not be read".to_owned())?,
            (None, None) => return Ok(true),
        };
        if next.0 == place {
            return Ok(next.1);
        }
        // The two readings do not agree whether this cell is empty, so it counts as one that cannot be read.
        self.ahead = Some(next);
        Ok(true)
    }
}

/// Tells of every cell without a value whether it has a formula.
fn read(file: Steady, sheet: &str, sender: &SyncSender<(Place, bool)>) -> Option<()> {
    let mut workbook = Xlsx::new(BufReader::new(file)).ok()?;
    let mut reader = workbook.worksheet_cells_reader(sheet).ok()?;
    while let Some(cell) = reader.next_cell_with_formula_metadata().ok()? {
        if cell.value == DataRef::Empty {
            sender.send((cell.pos, cell.formula.is_some())).ok()?;
        }
    }
    Some(())
}
