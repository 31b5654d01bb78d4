//! Which fault hits a call. Counts the calls that each rule looked at; no clock, so the same calls meet the same faults.

use std::time::Duration;

use super::super::endpoints::Endpoint;
use super::{Fault, Faults};

/// What was found for one call.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct Picked {
    /// The fault and the number of its rule, from 1.
    pub(in crate::sandbox) fault: Option<(usize, Fault)>,
    /// How long the answer is held back.
    pub(in crate::sandbox) delay: Duration,
}

/// The rules, and how many calls each of them has looked at.
#[derive(Debug)]
pub(in crate::sandbox) struct Picker {
    faults: Faults,
    seed: u64,
    seen: Vec<u64>,
    calls: u64,
    by_id: bool,
}

impl Picker {
    pub(in crate::sandbox) fn new(faults: Faults, seed: u64) -> Self {
        Self {
            seed: faults.seed.unwrap_or(seed),
            seen: vec![0; faults.rules.len()],
            calls: 0,
            by_id: faults.rules.iter().any(|rule| rule.id.is_some()),
            faults,
        }
    }

    /// Whether a rule asks for ids, so that they need to be gathered.
    pub(in crate::sandbox) fn asks_for_ids(&self) -> bool {
        self.by_id
    }

    /// Begins to count again.
    pub(in crate::sandbox) fn forget(&mut self) {
        self.seen.fill(0);
        self.calls = 0;
    }

    /// The first look at a call, when only its head is here: faults that leave its body unread.
    pub(in crate::sandbox) fn before_the_body(&mut self, call: Option<Endpoint>) -> Option<Picked> {
        let picked = self.pick(call, &[], true);
        picked.fault.is_some().then_some(picked)
    }

    /// The look at a call that was read, and the ids it names: all other faults.
    pub(in crate::sandbox) fn after_the_body(
        &mut self,
        call: Option<Endpoint>,
        ids: &[&str],
    ) -> Picked {
        self.pick(call, ids, false)
    }

    fn pick(&mut self, call: Option<Endpoint>, ids: &[&str], before: bool) -> Picked {
        if !before {
            self.calls += 1;
        }
        let mut picked = Picked::default();
        if let (Some(latency), false) = (self.faults.latency, before) {
            picked.delay = latency.drawn(self.seed, 0, self.calls);
        }
        let rules = self.faults.rules.iter().zip(&mut self.seen);
        for (number, (rule, seen)) in (1..).zip(rules) {
            let unread = rule
                .fault
                .as_ref()
                .is_some_and(|fault| fault.kind.is_before_the_body());
            let named = rule.id.as_deref().is_none_or(|id| ids.contains(&id));
            if unread != before || !rule.call.takes(call) || !named {
                continue;
            }
            *seen += 1;
            // Stream 0 is the delay of all; a rule has one for its probability and one for its delay.
            let stream = number as u64 * 2;
            if !rule.when.hits(*seen, self.seed, stream) {
                continue;
            }
            if let Some(latency) = rule.latency {
                picked.delay += latency.drawn(self.seed, stream + 1, *seen);
            }
            if picked.fault.is_none() {
                picked.fault = rule.fault.clone().map(|fault| (number, fault));
            }
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Latency, Rule};
    use super::*;

    fn hits(spec: &str, calls: usize) -> Vec<usize> {
        let faults = Faults {
            rules: vec![Rule::parse(spec).unwrap()],
            ..Faults::default()
        };
        let mut rules = Picker::new(faults, 3);
        (1..=calls)
            .filter(|_| {
                let picked = rules.after_the_body(Some(Endpoint::Update), &["a"]);
                picked.fault.is_some()
            })
            .collect()
    }

    #[test]
    fn rules_hit_when_they_say() {
        assert_eq!(hits("any:http-500", 3), [1, 2, 3]);
        assert_eq!(hits("any:http-500@3", 6), [3]);
        assert_eq!(hits("any:http-500@every-2", 6), [2, 4, 6]);
        assert_eq!(hits("any:http-500@first-2", 6), [1, 2]);
        assert_eq!(hits("any:http-500@after-4", 6), [5, 6]);
        assert_eq!(hits("custom/update:http-500@1", 2), [1]);
        assert_eq!(hits("cases/update:http-500", 2), [0_usize; 0]);
        let share = hits("any:http-500@20%", 1_000);
        assert!((150..250).contains(&share.len()), "{}", share.len());
        assert_eq!(share, hits("any:http-500@20%", 1_000));
    }

    #[test]
    fn the_first_rule_that_is_due_decides_and_every_rule_counts() {
        let faults = Faults {
            rules: ["any:http-500@2", "any:http-503@every-2"]
                .map(|spec| Rule::parse(spec).unwrap())
                .into(),
            ..Faults::default()
        };
        let mut rules = Picker::new(faults, 0);
        let picked: Vec<_> = (0..4)
            .map(|_| {
                rules
                    .after_the_body(None, &[])
                    .fault
                    .map(|(number, _)| number)
            })
            .collect();
        assert_eq!(picked, [None, Some(1), None, Some(2)]);
    }

    #[test]
    fn delays_lie_between_their_bounds_and_repeat() {
        let faults = Faults {
            latency: Some(Latency::parse("10ms..90ms").unwrap()),
            ..Faults::default()
        };
        let delays = || {
            let mut rules = Picker::new(faults.clone(), 5);
            (0..100)
                .map(|_| rules.after_the_body(None, &[]).delay.as_millis())
                .collect::<Vec<_>>()
        };
        assert!(delays().iter().all(|delay| (10..=90).contains(delay)));
        assert!(
            delays().iter().any(|delay| *delay < 30) && delays().iter().any(|delay| *delay > 70)
        );
        assert_eq!(delays(), delays());
    }
}
