//! Names that were masked may be equal, and what stands under them is still to be told apart.

use std::collections::HashMap;

/// The entries in their order; those whose names are equal get a count, so that none takes the place of another.
pub fn told_apart<V>(entries: impl IntoIterator<Item = (String, V)>) -> Vec<(String, V)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut named = Vec::new();
    for (name, value) in entries {
        let mut free = name.clone();
        while counts.contains_key(&free) {
            let count = counts.entry(name.clone()).or_insert(1);
            *count += 1;
            free = counted(&name, *count);
        }
        counts.insert(free.clone(), 1);
        named.push((free, value));
    }
    named
}

/// Whether a name may be this one, or this one with a count.
pub fn may_be(name: &str, masked: &str) -> bool {
    let count = name.strip_prefix(masked);
    count.is_some_and(|count| count.is_empty() || count.starts_with(" (") && count.ends_with(')'))
}

fn counted(name: &str, count: usize) -> String {
    format!("{name} ({count})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_counted_and_none_is_lost() {
        let given = ["a", "b", "a", "a (2)", "a", "a (2)"];
        let entries = given.iter().enumerate();
        let apart = told_apart(entries.map(|(at, name)| ((*name).to_owned(), at)));
        let names: Vec<&str> = apart.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["a", "b", "a (2)", "a (2) (2)", "a (3)", "a (2) (3)"]
        );
        assert!(apart.iter().all(|(name, at)| may_be(name, given[*at])));
        assert!(!may_be("ab", "a") && !may_be("a", "a (2)"));
    }
}
