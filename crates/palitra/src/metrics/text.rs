//! The page's form: Prometheus' text exposition, version 0.0.4. A family begins when its first sample comes, and all of its samples follow.

use super::families::{Family, Kind};
use palitra_domain::figures::Observed;
use std::{
    fmt::{Display, Write},
    time::Duration,
};

#[derive(Default)]
pub(super) struct Page {
    text: String,
    family: &'static str,
}

impl Page {
    pub(super) fn add(&mut self, family: &Family, labels: &[&str], value: impl Display) {
        self.sample(family, "", labels, None, &value);
    }

    pub(super) fn time(&mut self, family: &Family, labels: &[&str], time: Duration) {
        self.add(family, labels, seconds(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)));
    }

    /// A histogram of microseconds.
    pub(super) fn times(&mut self, family: &Family, labels: &[&str], observed: &Observed) {
        self.histogram(family, labels, observed, seconds);
    }

    pub(super) fn numbers(&mut self, family: &Family, labels: &[&str], observed: &Observed) {
        self.histogram(family, labels, observed, |number| number.to_string());
    }

    pub(super) fn text(self) -> String {
        self.text
    }

    fn histogram(&mut self, family: &Family, labels: &[&str], observed: &Observed, show: fn(u64) -> String) {
        for (bound, count) in &observed.up_to {
            self.sample(family, "_bucket", labels, Some(&show(*bound)), count);
        }
        self.sample(family, "_bucket", labels, Some("+Inf"), &observed.count);
        self.sample(family, "_sum", labels, None, &show(observed.sum));
        self.sample(family, "_count", labels, None, &observed.count);
    }

    fn sample(
        &mut self,
        family: &Family,
        part: &str,
        values: &[&str],
        bound: Option<&str>,
        value: &dyn Display,
    ) {
        let Family { name, kind, labels, help, .. } = family;
        debug_assert_eq!(part.is_empty(), *kind != Kind::Histogram, "{name}");
        debug_assert_eq!(labels.len(), values.len(), "{name}");
        if self.family != *name {
            self.family = name;
            self.push(format_args!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()));
        }
        let labels = labels.iter().copied().zip(values.iter().copied());
        let labels: Vec<String> = labels
            .chain(bound.map(|bound| ("le", bound)))
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.push(format_args!("{name}{part}{labels} {value}\n"));
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("a string takes everything");
    }
}

/// Keys and markets are named by people.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// `0.01`, `1.5`, `60`: no floats.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::families::{ERRORS, SLOTS_LIMIT, TIMERS, WAIT};
    use palitra_domain::figures::Histogram;

    #[test]
    fn a_page_is_what_prometheus_reads() {
        let mut page = Page::default();
        page.add(&TIMERS, &[], 3);
        page.add(&SLOTS_LIMIT, &["fal", "the \"second\"\n\\"], 10);
        page.add(&SLOTS_LIMIT, &["fal", "main"], 2);
        let waits = Histogram::new(&[10_000, 1_500_000]);
        waits.time(Duration::from_millis(2));
        waits.time(Duration::from_secs(61));
        page.times(&WAIT, &["fal", "image"], &waits.observed());
        page.add(&ERRORS, &["fal", "auth"], 0);
        let help = |family: &Family| {
            format!("# HELP {} {}\n# TYPE {} {}", family.name, family.help, family.name, family.kind.as_str())
        };
        let wanted = [
            help(&TIMERS),
            "palitra_timers 3".to_owned(),
            help(&SLOTS_LIMIT),
            r#"palitra_slots_limit{market="fal",key="the \"second\"\n\\"} 10"#.to_owned(),
            r#"palitra_slots_limit{market="fal",key="main"} 2"#.to_owned(),
            help(&WAIT),
            r#"palitra_generation_wait_seconds_bucket{market="fal",lane="image",le="0.01"} 1"#.to_owned(),
            r#"palitra_generation_wait_seconds_bucket{market="fal",lane="image",le="1.5"} 1"#.to_owned(),
            r#"palitra_generation_wait_seconds_bucket{market="fal",lane="image",le="+Inf"} 2"#.to_owned(),
            r#"palitra_generation_wait_seconds_sum{market="fal",lane="image"} 61.002"#.to_owned(),
            r#"palitra_generation_wait_seconds_count{market="fal",lane="image"} 2"#.to_owned(),
            help(&ERRORS),
            r#"palitra_errors_total{market="fal",class="auth"} 0"#.to_owned(),
        ];
        assert_eq!(page.text(), wanted.join("\n") + "\n");
    }
}
