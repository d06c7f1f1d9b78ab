//! What an earlier run left at the markets and nobody continues: its batch was stopped, or the deck has changed since. Before anybody
//! plans anew it is brought to its end, so that it is paid for once and used.

use super::plan::{Plan, Step};
use crate::{Engine, EngineEvent, Error, Result, scheduler::IDLE};
use palitra_domain::recipe;
use palitra_store::generations;
use serde_json::Value;

impl Engine {
    /// Whether something that the plan would run is under way already.
    pub async fn is_under_way(&self, plan: &Plan) -> Result<bool> {
        let (account, livemode) = (plan.options.account.clone(), plan.options.livemode);
        let under_way =
            self.store.read(move |tx| generations::recipes_under_way(tx, &account, livemode)).await?;
        Ok(!under_way.is_empty() && self.recipes(plan)?.iter().any(|recipe| under_way.contains(recipe)))
    }

    /// Waits for the end of what the plan would run once more; nothing is submitted meanwhile. Plan again afterwards.
    pub async fn finish_under_way(&self, plan: &Plan) -> Result<()> {
        let mut events = self.events();
        let running = self.start_without_claims().await?;
        let mut waited = Ok(());
        while waited.is_ok() && self.is_under_way(plan).await? {
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

    /// Of the steps that would run. A picture without a prompt has none yet, and cannot be under way.
    fn recipes(&self, plan: &Plan) -> Result<Vec<String>> {
        let image = self.model(&plan.options.model, "create")?;
        let writer = self.model(&plan.options.prompt_model, "write")?;
        let hash = |(model, mode): (&palitra_domain::catalogue::Model, &palitra_domain::catalogue::Mode),
                    input: &Value| { recipe::recipe_hash(&model.id, &mode.name, input) };
        let mut recipes = Vec::new();
        for item in &plan.items {
            if let Some(Step::Run(input)) = &item.prompt {
                recipes.push(hash((&writer.0, &writer.1), input));
            }
            if let Step::Run(input) = &item.picture {
                recipes.push(hash((&image.0, &image.1), input));
            }
        }
        Ok(recipes)
    }
}
