//! Finds texts however their characters are spelled: each as it stands or escaped, in any mix. Knows nothing of
//! masking.

use std::collections::{HashMap, HashSet};

use super::escapes;
use crate::scan;

/// Texts to look for, however they are spelled.
pub(super) struct Spelled {
    /// By their first characters.
    texts: HashMap<char, Vec<Vec<char>>>,
    /// The bytes with which one of the texts can begin.
    begins: [bool; 256],
    /// The bytes with which an escape begins.
    escapes: [bool; 256],
    /// The bytes that are worth a look behind a backslash.
    after_backslash: [bool; 256],
    /// The characters of ASCII that the texts are made of.
    ascii: [bool; 128],
    /// Whether they have others.
    has_others: bool,
    /// Each character of the texts with the one after it; none after the last.
    pairs: HashSet<(char, Option<char>)>,
}

impl Spelled {
    /// Takes texts that are not empty.
    pub(super) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut spelled = Self {
            texts: HashMap::new(),
            begins: [false; 256],
            escapes: [false; 256],
            after_backslash: [false; 256],
            ascii: [false; 128],
            has_others: false,
            pairs: HashSet::new(),
        };
        for text in texts {
            spelled.add(text);
        }
        for byte in escapes::BEGINNINGS {
            // A plus is a space at most.
            spelled.escapes[usize::from(byte)] = byte != b'+' || spelled.has(' ');
            spelled.begins[usize::from(byte)] |= spelled.escapes[usize::from(byte)];
        }
        for byte in 0..=u8::MAX {
            let meant = escapes::after_backslash(byte);
            spelled.after_backslash[usize::from(byte)] = meant.is_none_or(|c| spelled.has(c));
        }
        spelled
    }

    fn add(&mut self, text: &str) {
        let letters: Vec<char> = text.chars().collect();
        for (at, c) in letters.iter().enumerate() {
            match self.ascii.get_mut(*c as usize) {
                Some(known) => *known = true,
                None => self.has_others = true,
            }
            self.pairs.insert((*c, letters.get(at + 1).copied()));
        }
        self.begins[usize::from(text.as_bytes()[0])] = true;
        self.texts.entry(letters[0]).or_default().push(letters);
    }

    fn has(&self, c: char) -> bool {
        self.ascii
            .get(c as usize)
            .copied()
            .unwrap_or(self.has_others)
    }

    /// Whether some character of the texts is escaped somewhere, and the one behind it is as in the texts: where none
    /// is, they stand there as they are or not at all. Most escapes are of quotes and line ends, which secrets seldom
    /// have.
    pub(super) fn may_be_escaped_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        // What cannot be one of these here gives its place to one that can.
        let begins = escapes::BEGINNINGS.map(|byte| {
            let may_begin = self.escapes[usize::from(byte)];
            if may_begin { byte } else { b'%' }
        });
        while let Some(next) = scan::position(&bytes[at..], scan::is_any_of(begins)) {
            at += next;
            if bytes[at] == b'\\'
                && let Some(after) = bytes.get(at + 1)
                && !self.after_backslash[usize::from(*after)]
            {
                at += 1;
                continue;
            }
            let mut is_ours = false;
            at = escapes::read(bytes, at, &mut |c, end| {
                is_ours |= self.has(c) && self.goes_on(text, c, end);
            });
            if is_ours {
                return true;
            }
        }
        false
    }

    /// Whether what stands here may follow this character in one of the texts.
    fn goes_on(&self, text: &str, c: char, at: usize) -> bool {
        let mut goes_on = self.pairs.contains(&(c, None));
        self.read(text, at, &mut |next, _| {
            goes_on |= self.pairs.contains(&(c, Some(next)));
        });
        goes_on
    }

    /// Tells `found` of every character that what begins here may spell, and where that ends then.
    fn read(&self, text: &str, at: usize, found: &mut impl FnMut(char, usize)) {
        let Some(first) = text.as_bytes().get(at) else {
            return;
        };
        if let Some(plain) = text.get(at..).and_then(|rest| rest.chars().next()) {
            found(plain, at + plain.len_utf8());
        }
        if self.escapes[usize::from(*first)] {
            escapes::read(text.as_bytes(), at, found);
        }
    }

    /// Where the texts stand, in order, those that overlap as one.
    pub(super) fn stretches<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> {
        let mut found = self.matches(text).peekable();
        std::iter::from_fn(move || {
            let (start, mut end) = found.next()?;
            while let Some((_, further)) = found.next_if(|(next, _)| *next < end) {
                end = end.max(further);
            }
            Some((start, end))
        })
    }

    /// Where one of the texts begins, and where the longest that begins there ends.
    fn matches<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> {
        let mut at = 0;
        let mut firsts = Vec::new();
        let mut places = Places::default();
        std::iter::from_fn(move || {
            while let Some(next) = position(text.as_bytes().get(at..)?, &self.begins) {
                let start = at + next;
                at = start + 1;
                firsts.clear();
                self.read(text, start, &mut |c, end| {
                    if let Some(wanted) = self.texts.get(&c) {
                        firsts.push((wanted, end));
                    }
                });
                let mut longest = None;
                for (wanted, from) in &firsts {
                    for wanted in *wanted {
                        let end = self.end(text, *from, &wanted[1..], &mut places);
                        longest = longest.max(end);
                    }
                }
                if let Some(end) = longest {
                    return Some((start, end));
                }
            }
            None
        })
    }

    /// Where a text that begins here ends; none where it does not stand here.
    fn end(&self, text: &str, start: usize, wanted: &[char], places: &mut Places) -> Option<usize> {
        let Places { now, next } = places;
        now.clear();
        now.push(start);
        for c in wanted {
            next.clear();
            for at in now.iter() {
                self.read(text, *at, &mut |spelled, end| {
                    if spelled == *c {
                        next.push(end);
                    }
                });
            }
            // Escapes that can be read in several ways come to few places.
            next.sort_unstable();
            next.dedup();
            std::mem::swap(now, next);
            if now.is_empty() {
                return None;
            }
        }
        now.last().copied()
    }
}

/// Where a text that has been found so far may go on, by the several readings of its escapes.
#[derive(Default)]
struct Places {
    now: Vec<usize>,
    next: Vec<usize>,
}

fn position(text: &[u8], wanted: &[bool; 256]) -> Option<usize> {
    text.iter().position(|byte| wanted[usize::from(*byte)])
}
