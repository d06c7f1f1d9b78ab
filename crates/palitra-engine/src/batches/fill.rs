//! What a finished prompt means for the picture that waits for it.

use palitra_domain::{ErrorCode, prompt, recipe};
use palitra_store::generations::{Child, Fill};
use serde_json::Value;

/// Completes the input of a picture step with the writer's prompt, cleaned (S0-08). An empty result is the item's error, never an
/// empty call.
pub(crate) fn fill(child: &Child, written: &str) -> Fill {
    Fill { child: child.id.clone(), to: picture_input(child, written) }
}

fn picture_input(child: &Child, written: &str) -> Result<(String, String), ErrorCode> {
    let prompt = prompt::clean_prompt(written);
    if prompt.trim().is_empty() {
        return Err(ErrorCode::EmptyPrompt);
    }
    let mut input: Value = serde_json::from_str(&child.input).map_err(|_| ErrorCode::Internal)?;
    input["prompt"] = Value::from(prompt);
    let recipe = recipe::recipe_hash(&child.model, &child.mode, &input);
    Ok((input.to_string(), recipe))
}
