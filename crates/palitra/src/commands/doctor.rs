//! `palitra doctor`: whether everything this installation needs is in order, and what to do where it is not.

use super::{Session, Stop, markets, said, voices};
use crate::{
    failure::{Failure, Phrase},
    wiring::App,
};
use palitra_domain::{ErrorCode, Money};
use palitra_engine::{About, Processes, Worker};
use serde_json::json;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Warning,
    Problem,
}

struct Finding {
    what: String,
    verdict: Verdict,
    words: String,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "problem",
        }
    }
}

pub(super) async fn run(session: &Session) -> Result<(), Stop> {
    let lang = session.console.lang;
    let mut findings = Vec::new();
    let mut find =
        |what: &str, verdict, words: String| findings.push(Finding { what: what.to_owned(), verdict, words });
    let file = session
        .loaded
        .file
        .as_ref()
        .map_or_else(|| "config.default.toml".to_owned(), |file| file.display().to_string());
    find("settings", Verdict::Ok, file);
    for warning in &session.loaded.warnings {
        find("settings", Verdict::Warning, warning.text(lang));
    }
    for (setting, rate) in [
        ("money.usd_rate", session.config().money.usd_rate),
        ("money.credit_rate", session.config().money.credit_rate),
    ] {
        if session.loaded.origins.iter().any(|shown| shown.setting == setting && shown.origin == "default") {
            let words = Phrase::new("doctor-default-rate").with("value", rate.to_string());
            find(setting, Verdict::Warning, words.text(lang));
        }
    }
    match session.look().await {
        Ok(None) => find(
            "data",
            Verdict::Ok,
            Phrase::new("doctor-no-data").with("value", session.cli.data.display().to_string()).text(lang),
        ),
        Ok(Some(app)) => {
            let shared = !app.is_owner() && !app.engine.is_shared();
            let who = if shared { "doctor-data-shared" } else { "doctor-data" };
            find(
                "data",
                Verdict::Ok,
                Phrase::new(who).with("value", session.cli.data.display().to_string()).text(lang),
            );
            let processes = app.engine.processes().await?;
            find("database", Verdict::Ok, database(&app, &processes).text(lang));
            if app.engine.is_shared() {
                for (verdict, words) in workers(&processes) {
                    find("worker", verdict, words.text(lang));
                }
            }
            for alert in app.engine.alerts().await? {
                find("markets", Verdict::Problem, markets::alert_line(session, &alert));
            }
            let problems = app.engine.all_problems().await?;
            if problems.is_empty() {
                find("books", Verdict::Ok, Phrase::new("doctor-books").text(lang));
            }
            for problem in problems {
                find("books", Verdict::Problem, problem);
            }
            let currency = session.config().money.currency;
            for spent in app.engine.spent().await? {
                let words = Phrase::new("doctor-house-loss")
                    .with("account", spent.account)
                    .with("value", Money::new(spent.hour, currency).to_string())
                    .with("total", Money::new(spent.day, currency).to_string());
                find("house loss", Verdict::Warning, words.text(lang));
            }
        }
        Err(failure) => find("data", Verdict::Problem, failure.message(lang)),
    }
    for (market, ring) in session.config().markets.rings() {
        let words = match ring.keys().as_slice() {
            [] => Phrase::new("doctor-no-key").with("value", palitra_engine::markets::key_setting(market)),
            keys => Phrase::new("doctor-keys")
                .with("value", keys.iter().map(|key| key.label.as_str()).collect::<Vec<_>>().join(", ")),
        };
        find(market, Verdict::Ok, words.text(lang));
    }
    find("sandbox", Verdict::Ok, draw(lang));
    for (verdict, words) in voices::findings(session) {
        find("voices", verdict, words.text(lang));
    }
    report(session, &findings)
}

fn database(app: &App, processes: &Processes) -> Phrase {
    let About { version, database, migrations } = &processes.about;
    let phrase = if app.engine.is_shared() {
        Phrase::new("doctor-postgres").with("place", database.as_str())
    } else {
        Phrase::new("doctor-sqlite")
    };
    phrase.with("version", version.as_str()).with("migrations", *migrations)
}

/// Who works with the database, and since when nothing was heard of them.
fn workers(processes: &Processes) -> Vec<(Verdict, Phrase)> {
    if processes.workers.is_empty() {
        return vec![(Verdict::Ok, Phrase::new("doctor-workers-none"))];
    }
    let told = |worker: &Worker| {
        let (key, verdict) = match worker.left {
            None => ("doctor-worker-dead", Verdict::Warning),
            Some(_) if processes.leader.as_ref() == Some(&worker.id) => ("doctor-worker-leads", Verdict::Ok),
            Some(_) => ("doctor-worker", Verdict::Ok),
        };
        let ago = i64::try_from(worker.renewed_ago.as_secs()).unwrap_or(i64::MAX);
        let phrase = Phrase::new(key)
            .with("id", worker.id.as_str())
            .with("place", worker.place.as_str())
            .with("roles", worker.roles.as_str())
            .with("ago", ago);
        (verdict, phrase)
    };
    processes.workers.iter().map(told).collect()
}

/// The artist really draws something small.
fn draw(lang: palitra_domain::i18n::Lang) -> String {
    let recipe =
        palitra_sim::artist::Recipe { prompt: "a palette", width: 256, height: 144, seed: 1, index: 0 };
    match palitra_sim::artist::draw(&recipe) {
        Ok(png) => Phrase::new("doctor-artist").with("value", png.len().to_string()).text(lang),
        Err(error) => error.to_string(),
    }
}

fn report(session: &Session, findings: &[Finding]) -> Result<(), Stop> {
    let document: Vec<_> = findings
        .iter()
        .map(|finding| json!({ "what": finding.what, "verdict": finding.verdict.word(), "message": finding.words }))
        .collect();
    session.console.document(&document);
    for finding in findings {
        let verdict = session.console.text(&format!("doctor-{}", finding.verdict.word()), &[]);
        session.console.say(&format!("{verdict:<9} {:<16} {}", finding.what, finding.words));
    }
    let problems = findings.iter().filter(|finding| finding.verdict == Verdict::Problem).count();
    if problems == 0 {
        return Ok(());
    }
    let failure =
        Failure::new(ErrorCode::Unhealthy).with("value", i64::try_from(problems).unwrap_or(i64::MAX));
    Err(said(session, failure))
}
