//! The recipe: all that is needed to repeat a generation, and its hash.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 in lower-case hexadecimal over model, mode and input. Two inputs that differ only in the order of their keys are
/// one recipe; the first line names the version of this rule, so that a change of it never answers for old results.
pub fn recipe_hash(model: &str, mode: &str, input: &Value) -> String {
    let mut hasher = Sha256::new();
    for part in ["palitra.recipe/1", model, mode] {
        hasher.update(part);
        hasher.update(b"\n");
    }
    hasher.update(canonical(input));
    hex(&hasher.finalize())
}

/// One more word of an input; a list goes behind the list that is there.
pub fn put(input: &mut Value, word: &str, value: Value) {
    match (input.get_mut(word), value) {
        (Some(Value::Array(there)), Value::Array(more)) => there.extend(more),
        (_, value) => input[word] = value,
    }
}

/// An input of which one more word is known, and its recipe. Input and value are JSON; `None` when one of them is not.
pub fn with_word(
    model: &str,
    mode: &str,
    input: &str,
    (word, value): (&str, &str),
) -> Option<(String, String)> {
    let mut input: Value = serde_json::from_str(input).ok()?;
    put(&mut input, word, serde_json::from_str(value).ok()?);
    let recipe = recipe_hash(model, mode, &input);
    Some((input.to_string(), recipe))
}

/// JSON with sorted keys and no spaces.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_unstable();
            let fields = keys
                .iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&fields[key.as_str()])));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_matter_and_everything_else_does() {
        let base =
            recipe_hash("sandbox/artist", "create", &json!({"prompt": "a cat", "size": {"w": 1, "h": 2}}));
        assert_eq!(
            base,
            recipe_hash("sandbox/artist", "create", &json!({"size": {"h": 2, "w": 1}, "prompt": "a cat"}))
        );
        for other in [
            recipe_hash("sandbox/other", "create", &json!({"prompt": "a cat", "size": {"w": 1, "h": 2}})),
            recipe_hash("sandbox/artist", "edit", &json!({"prompt": "a cat", "size": {"w": 1, "h": 2}})),
            recipe_hash("sandbox/artist", "create", &json!({"prompt": "a cat ", "size": {"w": 1, "h": 2}})),
            recipe_hash("sandbox/artist", "create", &json!({"prompt": "a cat", "size": {"w": "1", "h": 2}})),
        ] {
            assert_ne!(base, other);
        }
        assert_eq!(base.len(), 64);
    }
}
