//! What an earlier run left at the markets and nobody continues: its batch was stopped, or the deck has changed since. Before anybody
//! plans anew it is brought to its end, so that it is paid for once and used.

use super::plan::{Plan, Step, model_of};
use crate::{Engine, EngineEvent, Error, Result, scheduler::IDLE};
use palitra_domain::recipe;
use palitra_store::generations;
use std::collections::HashSet;

impl Engine {
    /// Whether something that the plan would run is under way already.
    pub async fn is_under_way(&self, plan: &Plan) -> Result<bool> {
        let (account, livemode) = (plan.manifest.account.clone(), plan.manifest.livemode);
        let under_way =
            self.store.read(move |tx| generations::recipes_under_way(tx, &account, livemode)).await?;
        if under_way.is_empty() {
            return Ok(false);
        }
        let under_way: HashSet<String> = under_way.into_iter().collect();
        Ok(recipes(plan).any(|recipe| under_way.contains(&recipe)))
    }

    /// Waits for the end of what the plan would run once more; nothing is submitted meanwhile. Plan again afterwards.
    pub async fn finish_under_way(&self, plan: &Plan) -> Result<()> {
        let mut events = self.events();
        let running = self.start_without_claims().await?;
        let mut waited = Ok(());
        while waited.is_ok() {
            match self.is_under_way(plan).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    waited = Err(error);
                    break;
                }
            }
            tokio::select! {
                event = events.recv() => {
                    if let Ok(EngineEvent::Trouble(code)) = event {
                        waited = Err(Error::new(code));
                    }
                }
                () = self.clock.sleep(IDLE) => {}
            }
        }
        running.abort().await;
        waited
    }
}

/// Of the steps that would run. A picture without a prompt has none yet, and cannot be under way.
fn recipes(plan: &Plan) -> impl Iterator<Item = String> {
    let all =
        plan.manifest.items.iter().zip(&plan.steps).flat_map(|(item, steps)| item.steps.iter().zip(steps));
    all.filter_map(|(wish, step)| {
        let (Step::Run { input, recipe }, Some((model, mode))) = (step, model_of(&plan.models, wish)) else {
            return None;
        };
        Some(recipe.clone().unwrap_or_else(|| recipe::recipe_hash(&model.id, &mode.name, input)))
    })
}
