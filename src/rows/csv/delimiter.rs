//! Which character stands between cells, judged by the first records.

use super::split::{Record, Splitter};

/// What is tried, the likeliest first.
pub const USUAL_DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many records are judged, the header among them.
const RECORDS: usize = 50;

/// The delimiter of a text that begins with `sample` (UTF-8), and ends there if `is_whole`.
///
/// It must part the header in two at least; the one with which most records have as many cells as the
/// header wins, then the one with more columns. A header that nothing parts is one column.
pub(super) fn find(sample: &[u8], is_whole: bool) -> u8 {
    let best = USUAL_DELIMITERS
        .into_iter()
        // The last of equals would win: the likeliest must come last.
        .rev()
        .filter_map(|delimiter| Some((score(sample, is_whole, delimiter)?, delimiter)))
        .max_by_key(|(score, _)| *score);
    best.map_or(b',', |(_, delimiter)| delimiter)
}

/// How many of 1000 records agree with the header, and its columns; none where it has only one.
fn score(sample: &[u8], is_whole: bool, delimiter: u8) -> Option<(usize, usize)> {
    let mut splitter = Splitter::new(sample, delimiter, 1);
    let mut record = Record::default();
    let mut widths = Vec::new();
    while widths.len() < RECORDS && splitter.read(&mut record).ok()? {
        widths.push(record.fault.is_none().then(|| record.len()));
    }
    // The last record of a sample may have been cut.
    if !is_whole && widths.len() > 1 && widths.len() < RECORDS {
        widths.pop();
    }
    let columns = (*widths.first()?)?;
    let rows = &widths[1..];
    let agreeing = rows.iter().filter(|width| **width == Some(columns)).count();
    let share = if rows.is_empty() {
        1000
    } else {
        agreeing * 1000 / rows.len()
    };
    (columns > 1).then_some((share, columns))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_first_records_tell() {
        for (text, expected) in [
            ("id,name\n1,a\n", b','),
            ("id;name\n1;a\n", b';'),
            ("id\tname\n1\ta\n", b'\t'),
            ("id|name\n1|a\n", b'|'),
            // Decimal commas in a file of semicolons, also one in the header.
            ("id;amount\n1;1,5\n2;2,5\n", b';'),
            ("id;name, first\n1;a\n2;b, c\n", b';'),
            // Delimiters inside quotes are none.
            ("\"a;b;c\",d\n\"1;2;3\",4\n", b','),
            ("id,note\n1,\"x;y\nz;w\"\n", b','),
            // One ragged row does not change the verdict.
            ("a,b;c,d\n1,2,3\n4,5,6\n7,8\n", b','),
            ("id\n1\n", b','),
            ("a;b;c", b';'),
            ("", b','),
        ] {
            assert_eq!(
                find(text.as_bytes(), true) as char,
                expected as char,
                "{text:?}"
            );
        }
    }
}
