//! One result: a flat JSON object, as the measured programs print it.

/// The text of the line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(pub(super) String);

impl Line {
    /// The first line that is an object.
    pub(super) fn first(output: &str) -> Option<Line> {
        output.lines().find(|line| line.starts_with('{')).map(|line| Line(line.trim().to_owned()))
    }

    fn value(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.0.split_once(&format!("\"{name}\":"))?;
        let rest = rest.trim_start();
        match rest.strip_prefix('"') {
            Some(text) => text.split('"').next(),
            None => rest.split([',', '}']).next(),
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.value(name)?.trim().parse().ok()
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).unwrap_or_default()
    }

    /// The same with one more field; `value` is JSON.
    pub(super) fn with(self, name: &str, value: &str) -> Line {
        let body = self.0.trim_end().strip_suffix('}').unwrap_or(&self.0).to_owned();
        Line(format!("{body},\"{name}\":{value}}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_added() {
        let line = Line::first("noise\n{\"per_s\":12.5,\"store\": \"sqlite\",\"rows\":{\"a\":1}}\n")
            .expect("a line");
        let line = line.with("mode", "\"one\"");
        assert_eq!(
            (line.number("per_s"), line.text("store"), line.number("a")),
            (Some(12.5), "sqlite", Some(1.0))
        );
        assert_eq!((line.text("mode"), line.number("none"), line.text("none")), ("one", None, ""));
    }
}
