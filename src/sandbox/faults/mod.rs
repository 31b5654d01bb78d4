//! Faults: which call is to be hit, when, and by what. Knows no HTTP; what a fault does to an answer is in `spoil`.

mod kinds;
mod pick;
mod read;
mod short;
mod spoil;

use std::net::IpAddr;
use std::time::Duration;

use url::Url;

use super::draw::drawn;
use super::endpoints::Endpoint;
use crate::reading::parse_duration;

pub(super) use kinds::Flow;
pub use kinds::{Change, KINDS, Kind, Takes};
pub(super) use pick::{Picked, Picker};
pub(super) use spoil::{Reply, nothing, spoil};

/// What is to go wrong. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    /// The delay of every answer.
    pub latency: Option<Latency>,
    /// Where probabilities and delays are drawn from; the sandbox's own seed where it is not said.
    pub seed: Option<u64>,
    /// Rules, in order: of those that are due for a call, the first one with a fault decides.
    pub rules: Vec<Rule>,
}

/// One rule. It is made by [`Faults::load`] or [`Rule::parse`].
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    call: CallChoice,
    /// Only calls that name this id.
    id: Option<String>,
    when: When,
    fault: Option<Fault>,
    latency: Option<Latency>,
}

/// Which calls a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallChoice {
    /// Every request but those for the page.
    Any,
    One(Endpoint),
}

/// Which of the calls that a rule looks at it hits. The first call is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    Always,
    Nth(u64),
    Every(u64),
    First(u64),
    After(u64),
    Probability(f64),
}

/// A fault with all that it needs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub(super) kind: &'static Kind,
    argument: Argument,
    /// Whether the call's change is made.
    pub(super) applied: bool,
}

/// What a fault was told beyond its name; each kind takes one at most.
#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Nothing,
    For(Duration),
    RetryAfter(u32),
    To(Url),
    Bytes(u64),
}

/// A delay: always the same, or drawn evenly between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    least: Duration,
    most: Duration,
}

impl Latency {
    /// A delay that is drawn between two; `None` where the first is the larger.
    pub fn between(least: Duration, most: Duration) -> Option<Self> {
        (least <= most).then_some(Self { least, most })
    }

    /// `50ms`, or `10ms..90ms`.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let wrong = || {
            format!("`{text}` is not a delay: write `50ms`, or `10ms..90ms` for one that varies")
        };
        let (shorter, longer) = parse_duration(least)
            .zip(parse_duration(most))
            .ok_or_else(wrong)?;
        Self::between(shorter, longer).ok_or_else(|| {
            format!("`{text}` begins with the longer delay: write `{most}..{least}`")
        })
    }

    fn drawn(self, seed: u64, stream: u64, count: u64) -> Duration {
        let spread =
            u64::try_from(self.most.saturating_sub(self.least).as_nanos()).unwrap_or(u64::MAX - 1);
        self.least + Duration::from_nanos(drawn(seed, stream, count) % (spread + 1))
    }
}

impl CallChoice {
    /// `custom/update` and so on, or `any`.
    fn named(name: &str) -> Option<Self> {
        if name == "any" {
            return Some(Self::Any);
        }
        Endpoint::named(name).map(Self::One)
    }

    /// All names, for messages.
    fn names() -> impl Iterator<Item = &'static str> + Clone {
        std::iter::once("any").chain(Endpoint::ALL.iter().map(|(name, _)| *name))
    }

    fn takes(self, call: Option<Endpoint>) -> bool {
        match self {
            Self::Any => true,
            Self::One(wanted) => call == Some(wanted),
        }
    }
}

impl When {
    /// Whether the `count`th call is hit; `stream` tells the rules' draws apart.
    fn hits(self, count: u64, seed: u64, stream: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Nth(nth) => count == nth,
            Self::Every(every) => count.is_multiple_of(every),
            Self::First(first) => count <= first,
            Self::After(after) => count > after,
            Self::Probability(share) => super::draw::share(seed, stream, count) < share,
        }
    }
}

impl Fault {
    /// Whether a query is to answer its first page only.
    pub(super) fn is_first_page(&self) -> bool {
        self.kind.does == kinds::Does::FirstPage
    }

    /// How long queries do not show what the call creates; zero is not at all.
    pub(super) fn lag(&self) -> Duration {
        match (self.kind.does, &self.argument) {
            (kinds::Does::ShownLate, Argument::For(lag)) => *lag,
            _ => Duration::ZERO,
        }
    }

    /// Puts a fault together.
    ///
    /// # Errors
    /// A sentence on what does not fit: a missing address, or `applied` where only the other is possible.
    fn new(
        kind: &'static Kind,
        argument: Option<Argument>,
        applied: Option<bool>,
    ) -> Result<Self, String> {
        let argument = match (argument, kind.takes) {
            (Some(argument), _) => argument,
            (None, Takes::Nothing) => Argument::Nothing,
            (None, Takes::For(pause)) => Argument::For(pause),
            (None, Takes::RetryAfter(seconds)) => Argument::RetryAfter(seconds),
            (None, Takes::Bytes(count)) => Argument::Bytes(count),
            (None, Takes::To) => {
                return Err(format!(
                    "`{}` needs an address to redirect to, such as http://127.0.0.1:9000/",
                    kind.name
                ));
            }
        };
        let applied = match (kind.change, applied) {
            (Change::Never, Some(true)) => {
                return Err(format!("with `{}` no change is ever made", kind.name));
            }
            (Change::Always, Some(false)) => {
                return Err(format!("with `{}` the change is always made", kind.name));
            }
            (Change::Never, _) => false,
            (Change::Always, _) => true,
            (Change::NotUnlessSaid, said) => said.unwrap_or(false),
            (Change::UnlessSaid, said) => said.unwrap_or(true),
        };
        Ok(Self {
            kind,
            argument,
            applied,
        })
    }
}

/// An http address on loopback: a redirect of the sandbox never points a client, and its token, anywhere else.
fn loopback(text: &str) -> Result<Url, String> {
    let refused =
        || format!("`{text}` must be an http address on loopback, such as http://127.0.0.1:9000/");
    let url = Url::parse(text).map_err(|_| refused())?;
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    if here && plain {
        Ok(url)
    } else {
        Err(refused())
    }
}
