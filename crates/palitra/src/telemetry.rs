//! Log lines on stderr: text for people, JSON for machines.
//!
//! Our own crates (`palitra*`) log at the configured level, everything else from `warn` up: a plain prefix filter instead of
//! `env-filter`, whose regular expressions cost more to build than all of `tracing`. Secrets do not reach it: `Secret` prints
//! as `[redacted]`.

use crate::config::{LogFormat, LogLevel, Telemetry};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, registry};

/// Installs the subscriber for the whole process; a second call changes nothing.
pub fn install(settings: &Telemetry) {
    let layer = layer(settings.format, std::io::stderr);
    let installed =
        tracing::subscriber::set_global_default(registry().with(layer.with_filter(filter(settings.level))));
    // Only tests start a second time in one process; the first subscriber stays.
    drop(installed);
}

fn layer<S, W>(format: LogFormat, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> registry::LookupSpan<'a>,
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    match format {
        LogFormat::Text => fmt::layer().with_writer(writer).with_ansi(colour).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(writer).boxed(),
    }
}

fn filter(level: LogLevel) -> Targets {
    let ours = match level {
        LogLevel::Off => return Targets::new(),
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_target("palitra", ours).with_default(ours.min(LevelFilter::WARN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palitra_domain::secret::Secret;
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: LogLevel) -> String {
        let page = Page::default();
        let writer = page.clone();
        let layer = layer(format, move || writer.clone()).with_filter(filter(level));
        tracing::subscriber::with_default(registry().with(layer), || {
            let key = Secret::new("fal-key");
            tracing::info!(target: "palitra_engine::scheduler", { job.id = "gen_1", key = ?key }, "claimed");
            tracing::info!(target: "hyper::client", "pool");
            tracing::warn!(target: "hyper::client", "reset");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn ours_at_the_level_others_from_warn_and_no_secret() {
        let info = logged(LogFormat::Text, LogLevel::Info);
        assert!(info.contains("claimed") && info.contains("gen_1"), "{info}");
        assert!(!info.contains("pool") && info.contains("reset"), "{info}");
        assert!(!info.contains("fal-key") && info.contains("[redacted]"), "{info}");
        let error = logged(LogFormat::Text, LogLevel::Error);
        assert_eq!(error, "", "warnings of others are quieter than the level, too");
        assert_eq!(logged(LogFormat::Text, LogLevel::Off), "");
    }

    #[test]
    fn json_lines_are_documents_with_fields() {
        let page = logged(LogFormat::Json, LogLevel::Info);
        let line: serde_json::Value = serde_json::from_str(page.lines().next().unwrap()).unwrap();
        assert_eq!(line["message"], "claimed");
        assert_eq!(line["job.id"], "gen_1");
        assert_eq!(line["target"], "palitra_engine::scheduler");
    }
}
