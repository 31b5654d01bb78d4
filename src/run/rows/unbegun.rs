//! Rows that were read and have not begun: which may begin, and which wait for another one of their kind.

use std::collections::{HashMap, VecDeque};

use super::item::Item;

/// Rows that were read and have not begun, in their order.
#[derive(Debug, Default)]
pub(super) struct Unbegun {
    ready: VecDeque<Item>,
    /// By `serialize_by`, rows behind one that is ready or running; an empty queue where none is behind it.
    behind: HashMap<String, VecDeque<Item>>,
    /// How many rows are in those queues.
    waiting: usize,
}

impl Unbegun {
    /// Takes a row that was read. The first of its kind may begin; those after it wait for it.
    pub(super) fn add(&mut self, item: Item) {
        let Some(value) = &item.serialize_by else {
            self.ready.push_back(item);
            return;
        };
        if let Some(queue) = self.behind.get_mut(value) {
            queue.push_back(item);
            self.waiting += 1;
        } else {
            self.behind.insert(value.clone(), VecDeque::new());
            self.ready.push_back(item);
        }
    }

    /// The next one that may begin.
    pub(super) fn next(&mut self) -> Option<Item> {
        self.ready.pop_front()
    }

    /// The row of this kind that has begun is over: the one behind it may begin.
    pub(super) fn is_over(&mut self, serialize_by: &str) {
        match self
            .behind
            .get_mut(serialize_by)
            .and_then(VecDeque::pop_front)
        {
            Some(next) => {
                self.waiting -= 1;
                self.ready.push_back(next);
            }
            None => {
                self.behind.remove(serialize_by);
            }
        }
    }

    /// Whether none may begin now.
    pub(super) fn has_none_ready(&self) -> bool {
        self.ready.is_empty()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.waiting
    }

    /// All of them, once none is to begin any more.
    pub(super) fn into_items(self) -> impl Iterator<Item = Item> {
        self.ready
            .into_iter()
            .chain(self.behind.into_values().flatten())
    }
}
