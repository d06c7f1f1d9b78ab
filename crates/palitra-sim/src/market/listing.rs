//! The list of models of a simulated market, and how a script changes it: for tests of what the catalogue makes of a market that has moved.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the list says otherwise than what is run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListingScript {
    /// Ids that are not listed.
    pub remove: Vec<String>,
    /// Merged into the entry of each id, `null` takes a field away (RFC 7396); an id that is not listed becomes an entry of its own.
    pub change: BTreeMap<String, Value>,
}

impl ListingScript {
    /// The list as the script has it; `id` is the field that names a model.
    pub(crate) fn apply(&self, id: &str, mut entries: Vec<Value>) -> Vec<Value> {
        entries.retain(|entry| !self.remove.iter().any(|gone| entry[id] == **gone));
        for (name, change) in &self.change {
            if let Some(entry) = entries.iter_mut().find(|entry| entry[id] == **name) {
                merge(entry, change);
                continue;
            }
            let mut entry = json!({ id: name });
            merge(&mut entry, change);
            entries.push(entry);
        }
        entries
    }
}

fn merge(value: &mut Value, change: &Value) {
    let Value::Object(changes) = change else {
        *value = change.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    let Value::Object(fields) = value else { return };
    for (name, change) in changes {
        match change {
            Value::Null => drop(fields.remove(name)),
            change => merge(fields.entry(name).or_insert(Value::Null), change),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_changed_field_by_field() {
        let script: ListingScript = serde_json::from_value(json!({
            "remove": ["b"],
            "change": {"a": {"price": null, "schema": {"required": ["x"]}}, "new": {"price": 1}},
        }))
        .expect("a script");
        let list = vec![json!({"id": "a", "price": 2, "schema": {"type": "object"}}), json!({"id": "b"})];
        assert_eq!(
            script.apply("id", list),
            [
                json!({"id": "a", "schema": {"type": "object", "required": ["x"]}}),
                json!({"id": "new", "price": 1})
            ]
        );
    }
}
