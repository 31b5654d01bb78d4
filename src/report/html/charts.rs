//! Series and steps → inline SVG. Numbers become coordinates here; it knows no texts from outside.

use std::borrow::Cow;

use crate::report::markup::Markup;
use crate::report::record::{Bucket, Series, StepRecord};
use crate::report::words::duration;

/// The drawing area of a chart, in its own units: what is drawn in it scales with the page.
const LEFT: f64 = 44.0;
const TOP: f64 = 12.0;
const WIDTH: f64 = 306.0;
const HEIGHT: f64 = 96.0;

/// Requests a second; those in trouble stand at the foot.
pub(super) fn rate(markup: &mut Markup<'_>, series: &Series) {
    let per_second = |count: u64| float(count) * 1_000.0 / float(series.width_ms());
    let most = series.buckets().iter().map(|it| it.requests).max();
    let top = nice(per_second(most.unwrap_or_default()));
    figure_begins(
        markup,
        "Requests per second",
        &format!("{} at most", number(per_second(most.unwrap_or_default()))),
    );
    axes(markup, series, ("0", &number(top)));
    for (index, bucket) in series.buckets().iter().enumerate() {
        let troubled = per_second(bucket.troubled) / top;
        let all = per_second(bucket.requests) / top;
        bar(markup, series, index, (troubled, all), "fill-ok");
        bar(markup, series, index, (0.0, troubled), "fill-failed");
    }
    figure_ends(
        markup,
        &[
            ("fill-ok", "ended well"),
            ("fill-failed", "ended in trouble"),
        ],
    );
}

/// How long requests took: the median and what 95 of 100 do not exceed.
pub(super) fn latency(markup: &mut Markup<'_>, series: &Series) {
    let p95 = |bucket: &Bucket| bucket.latency.percentile(95);
    let most = series.buckets().iter().map(p95).max().unwrap_or_default();
    // A few requests that ran into their time-out must not flatten the rest.
    let top = 10f64.powf(float(most.max(10)).log10().ceil());
    figure_begins(
        markup,
        "Time per request",
        &format!(
            "95 of 100 requests took {} or less at the worst; the scale is logarithmic",
            duration(most)
        ),
    );
    axes(markup, series, ("1 ms", &milliseconds(top)));
    for (percent, line, dot) in [(95, "line-p95", "dot-p95"), (50, "line-p50", "dot-p50")] {
        curve(markup, series, top, percent, (line, dot));
    }
    figure_ends(
        markup,
        &[
            ("fill-ok", "half of them"),
            ("dot-p95", "95 of 100 (dashed)"),
        ],
    );
}

/// What requests wait for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Waiting {
    /// The target's pace.
    Pace,
    /// The pause before another attempt.
    Retries,
}

impl Waiting {
    /// How long requests of a stretch of time waited, in milliseconds.
    pub(super) const fn of(self, bucket: &Bucket) -> u64 {
        match self {
            Self::Pace => bucket.pace_ms,
            Self::Retries => bucket.backoff_ms,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Pace => "Waiting for the target's pace",
            Self::Retries => "Waiting before retries",
        }
    }
}

/// Waiting over time: for the pace by the moment when it ended, before retries by that when it began.
pub(super) fn waiting(markup: &mut Markup<'_>, series: &Series, waiting: Waiting) {
    let most = series.buckets().iter().map(|it| waiting.of(it)).max();
    let most = most.unwrap_or_default();
    let top = nice(float(most));
    figure_begins(
        markup,
        waiting.title(),
        &format!("{} at most, added up over all rows", duration(most)),
    );
    axes(markup, series, ("0", &milliseconds(top)));
    for (index, bucket) in series.buckets().iter().enumerate() {
        let share = float(waiting.of(bucket)) / top;
        bar(markup, series, index, (0.0, share), "fill-wait");
    }
    figure_ends(markup, &[("fill-wait", "waited, added up")]);
}

/// The stretch of time that a step took, on the line of the whole run.
pub(super) fn stretch(markup: &mut Markup<'_>, step: &StepRecord, whole_ms: u64) {
    let whole = float(whole_ms.max(1));
    let begins = (float(step.begins_ms) / whole * 1_000.0).min(994.0);
    let width = (float(step.duration_ms) / whole * 1_000.0).clamp(6.0, 1_000.0 - begins);
    let class = match step.outcome {
        crate::outcome::Outcome::Ok => "fill-ok",
        crate::outcome::Outcome::Failed => "fill-failed",
        crate::outcome::Outcome::Unknown => "fill-unknown",
        _ => "fill-skipped",
    };
    markup.open(
        "svg",
        &[
            ("viewBox", "0 0 1000 12".into()),
            ("preserveAspectRatio", "none".into()),
            ("aria-hidden", "true".into()),
            ("focusable", "false".into()),
        ],
    );
    rectangle(markup, "lane", [0.0, 5.0, 1_000.0, 2.0]);
    if step.attempts > 0 || step.duration_ms > 0 {
        rectangle(markup, class, [begins, 0.0, width, 12.0]);
    }
    markup.close("svg");
}

fn figure_begins(markup: &mut Markup<'_>, title: &'static str, told: &str) {
    markup.raw("<figure>").element("figcaption", &[], title);
    markup.open(
        "svg",
        &[
            ("viewBox", "0 0 360 136".into()),
            ("role", "img".into()),
            ("aria-label", format!("{title}: {told}").into()),
        ],
    );
}

fn figure_ends(markup: &mut Markup<'_>, key: &[(&'static str, &'static str)]) {
    markup.close("svg").raw("<p class=\"key\">");
    for (class, name) in key {
        markup.open(
            "svg",
            &[
                ("class", "swatch".into()),
                ("viewBox", "0 0 20 12".into()),
                ("aria-hidden", "true".into()),
            ],
        );
        rectangle(markup, class, [0.0, 0.0, 20.0, 12.0]);
        markup.close("svg").text(name);
    }
    markup.raw("</p></figure>");
}

fn axes(markup: &mut Markup<'_>, series: &Series, (foot, top): (&str, &str)) {
    for y in [TOP, TOP + HEIGHT] {
        markup.empty(
            "line",
            &[
                ("class", "axis".into()),
                ("x1", coordinate(LEFT)),
                ("x2", coordinate(LEFT + WIDTH)),
                ("y1", coordinate(y)),
                ("y2", coordinate(y)),
            ],
        );
    }
    let count = u64::try_from(series.buckets().len()).unwrap_or(u64::MAX);
    let end = duration(series.width_ms().saturating_mul(count));
    tick(markup, (LEFT - 5.0, TOP + 4.0), "end", top);
    tick(markup, (LEFT - 5.0, TOP + HEIGHT + 4.0), "end", foot);
    tick(markup, (LEFT, TOP + HEIGHT + 17.0), "start", "start");
    tick(markup, (LEFT + WIDTH, TOP + HEIGHT + 17.0), "end", &end);
}

fn tick(markup: &mut Markup<'_>, (x, y): (f64, f64), anchor: &'static str, text: &str) {
    let attributes = [
        ("class", "tick".into()),
        ("x", coordinate(x)),
        ("y", coordinate(y)),
        ("text-anchor", anchor.into()),
    ];
    markup.element("text", &attributes, text);
}

/// A bar between two shares of the height.
fn bar(
    markup: &mut Markup<'_>,
    series: &Series,
    index: usize,
    (from, to): (f64, f64),
    class: &'static str,
) {
    if to <= from {
        return;
    }
    let step = WIDTH / float(series.buckets().len() as u64);
    let x = LEFT + step * float(index as u64);
    let gap = if step > 4.0 { 1.0 } else { 0.0 };
    let height = (to - from) * HEIGHT;
    let y = TOP + HEIGHT - to * HEIGHT;
    rectangle(markup, class, [x, y, step - gap, height]);
}

/// A line through the buckets that have requests; where one stands alone, a dot.
fn curve(
    markup: &mut Markup<'_>,
    series: &Series,
    top: f64,
    percent: u64,
    (line, dot): (&'static str, &'static str),
) {
    let step = WIDTH / float(series.buckets().len() as u64);
    let points: Vec<Option<(f64, f64)>> = series
        .buckets()
        .iter()
        .enumerate()
        .map(|(index, bucket)| {
            let share = float(bucket.latency.percentile(percent).max(1)).log10() / top.log10();
            let x = LEFT + step * (float(index as u64) + 0.5);
            (bucket.latency.count() > 0).then_some((x, TOP + HEIGHT - share * HEIGHT))
        })
        .collect();
    for run in points.split(Option::is_none) {
        let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
        match run.as_slice() {
            [] => {}
            [(x, y)] => rectangle(markup, dot, [x - 2.0, y - 2.0, 4.0, 4.0]),
            many => {
                let pairs: Vec<String> =
                    many.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                markup.empty(
                    "polyline",
                    &[("class", line.into()), ("points", pairs.join(" ").into())],
                );
            }
        }
    }
}

fn rectangle(markup: &mut Markup<'_>, class: &'static str, [x, y, width, height]: [f64; 4]) {
    markup.empty(
        "rect",
        &[
            ("class", class.into()),
            ("x", coordinate(x)),
            ("y", coordinate(y)),
            ("width", coordinate(width)),
            ("height", coordinate(height)),
        ],
    );
}

fn coordinate(value: f64) -> Cow<'static, str> {
    let text = format!("{value:.1}");
    text.strip_suffix(".0")
        .map_or(text.clone(), str::to_owned)
        .into()
}

/// The next round number that is not smaller: the top of an axis.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let fits = steps.into_iter().find(|step| step * power >= value * 0.999);
    fits.unwrap_or(10.0) * power
}

fn number(value: f64) -> String {
    if value >= 10.0 || value.fract() < 0.05 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

fn milliseconds(value: f64) -> String {
    if value >= 1_000.0 {
        format!("{} s", number(value / 1_000.0))
    } else {
        format!("{} ms", number(value))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture needs no exact number"
)]
const fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let tops: Vec<String> = [0.0, 0.4, 1.0, 7.0, 11.0, 450.0, 5_100.0]
            .into_iter()
            .map(|value| number(nice(value)))
            .collect();
        assert_eq!(tops, ["1", "0.5", "1", "10", "20", "500", "10000"]);
    }
}
