//! Reports to look at, and what is checked about their pages.

mod contrast;
mod safe;
mod told;

use super::About;
use palitra_domain::{
    BatchId, Currency, ErrorCode, Money,
    state::{BatchKind, BatchState, StepKind, StepStatus},
};
use palitra_engine::batches::{ItemReport, Report, StepError, Totals, WorkerReport};

const ABOUT: About<'_> =
    About { title: "Клетка", deck_file: "cell.md", illustrated: Some("cell.illustrated.md") };

fn slide(number: u32) -> ItemReport {
    ItemReport {
        number,
        title: format!("Title {number}"),
        status: StepStatus::Succeeded,
        reused: false,
        prompt: Some(format!("Слайд {number}: A cell")),
        clean_prompt: Some("A cell".to_owned()),
        model: Some("sandbox/artist".to_owned()),
        file: Some(format!("{number:02}.png")),
        attempts: 1,
        cost: None,
        price: Money::new(950, Currency::RUB),
        started_at: None,
        finished_at: Some("2026-05-04T10:21:33Z".to_owned()),
        error: None,
        failed_model: None,
        steps: Vec::new(),
        object_key: None,
    }
}

fn without_picture(number: u32, status: StepStatus, code: ErrorCode) -> ItemReport {
    let error = StepError { code, step: StepKind::Picture, message: code.name().to_owned() };
    let failed_model = Some("fal-ai/flux/dev".to_owned());
    ItemReport { status, file: None, error: Some(error), failed_model, ..slide(number) }
}

fn report(slides: Vec<ItemReport>) -> Report {
    let count = |status| slides.iter().filter(|slide| slide.status == status).count();
    let totals = Totals {
        items: slides.len(),
        succeeded: count(StepStatus::Succeeded),
        failed: count(StepStatus::Failed),
        skipped: count(StepStatus::Skipped),
        cancelled: count(StepStatus::Cancelled),
        paid_calls: 3,
        price: Money::new(123_450, Currency::RUB),
        makespan_s: 96.4,
    };
    let worker = WorkerReport {
        id: "picture-2".to_owned(),
        kind: "picture".to_owned(),
        items: 3,
        ok: 2,
        failed: 1,
        busy_s: 3725.0,
        waiting_s: 0.2,
    };
    let batch = BatchId::parse("bat_01k2j3h4g5f6d7s8a9p0q1w2e3").unwrap();
    Report {
        batch,
        status: BatchState::Completed,
        kind: BatchKind::Slides,
        error: None,
        items: slides,
        workers: vec![worker],
        totals,
    }
}

/// One slide of every kind, in the order of `KINDS`.
fn every_kind() -> Report {
    let mut slides = vec![
        slide(1),
        ItemReport { reused: true, ..slide(2) },
        without_picture(3, StepStatus::Failed, ErrorCode::MarketCredits),
        without_picture(4, StepStatus::Skipped, ErrorCode::BatchStopped),
        without_picture(5, StepStatus::Cancelled, ErrorCode::Cancelled),
        ItemReport { status: StepStatus::Waiting, file: None, ..slide(6) },
    ];
    slides[2].price = Money::new(0, Currency::RUB);
    report(slides)
}

/// The values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let opening = format!(" {attribute}=\"");
    page.split(opening.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}
