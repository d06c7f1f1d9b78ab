//! The items of lines: any generation per line, each checked by itself, so that a bad line fails alone.

use super::manifest::{Manifest, ManifestItem, Worked};
use crate::{Engine, Result, generations::Wish};
use palitra_domain::{
    AccountId, AssetId, BatchId, Livemode,
    state::{BatchKind, Priority, StepKind},
};
use serde_json::{Value, json};
use std::time::Duration;

/// One generation that is asked for.
#[derive(Debug, Clone)]
pub struct Line {
    /// Of the line in its file, from 1.
    pub number: u32,
    pub model: String,
    /// `None`: the model's first.
    pub mode: Option<String>,
    pub input: Value,
}

/// Who asks for lines, and how they are carried out.
#[derive(Debug, Clone)]
pub struct LinesOptions {
    pub account: AccountId,
    pub livemode: Livemode,
    /// Where these lines lie.
    pub source: String,
    pub title: String,
    /// Lines at once; 0: as many as the markets take.
    pub workers: u32,
    pub priority: Priority,
}

impl Engine {
    /// The item of a line, after every check that a wish is put to.
    pub async fn line_item(&self, line: &Line, options: &LinesOptions) -> Result<ManifestItem> {
        let mode = match &line.mode {
            Some(mode) => mode.clone(),
            None => self.first_mode(&line.model)?,
        };
        let wish = Wish {
            account: options.account.clone(),
            livemode: options.livemode,
            model: line.model.clone(),
            mode,
            input: line.input.clone(),
            priority: options.priority,
            key: None,
            webhook: None,
            is_own: false,
        };
        let steps = self.steps_of(&wish, StepKind::Run).await?;
        let prompt = line.input["prompt"].as_str().or(line.input["text"].as_str()).unwrap_or_default();
        let title = prompt.chars().take(100).collect();
        Ok(ManifestItem { number: line.number, title, content: json!({}), steps })
    }

    /// Cancels what is left of parts of a file that it does not have any more; answers them.
    pub async fn cancel_parts_after(
        &self,
        (account, livemode): (&AccountId, Livemode),
        file: &str,
        last: usize,
    ) -> Result<Vec<BatchId>> {
        let (account, begins) = (account.clone(), format!("{file}#"));
        let of_file = begins.clone();
        let read = self.store.read(move |tx| {
            palitra_store::batches::open_from(tx, (&account, livemode), BatchKind::Run, &begins)
        });
        let mut cancelled = Vec::new();
        for batch in read.await? {
            let part = batch.source.strip_prefix(&of_file).and_then(|part| part.parse::<usize>().ok());
            if part.is_some_and(|part| part > last) {
                self.cancel_batch(&batch.id).await?;
                cancelled.push(batch.id);
            }
        }
        Ok(cancelled)
    }

    /// What a model does when nothing else is said.
    pub fn first_mode(&self, model: &str) -> Result<String> {
        let catalogue = self.catalogue();
        let of_alias = catalogue.aliases().get(model).and_then(|alias| alias.modes.keys().next().cloned());
        let of_model = || Some(catalogue.find(model)?.modes.first()?.name.clone());
        match of_alias.or_else(of_model) {
            Some(mode) => Ok(mode),
            // What is not there is told with the nearest.
            None => self.model(model, "create").map(|(_, mode)| mode.name.clone()),
        }
    }
}

impl LinesOptions {
    /// Each line stands alone: there is no gate.
    pub fn manifest(&self, items: Vec<ManifestItem>, faces: Vec<AssetId>) -> Manifest {
        Manifest {
            account: self.account.clone(),
            livemode: self.livemode,
            key: None,
            kind: BatchKind::Run,
            source: self.source.clone(),
            title: self.title.clone(),
            shown: json!({ "workers": self.workers }),
            gate_percent: 0,
            sequential: false,
            priority: self.priority,
            workers: vec![Worked { kind: StepKind::Run, count: self.workers, interval: Duration::ZERO }],
            faces,
            items,
        }
    }
}
