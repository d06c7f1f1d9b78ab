//! The input of a model out of the OpenAPI document that a market shows for it: one JSON Schema, references replaced by what they lead to.

use serde_json::{Map, Value};

/// References inside references; deeper ones are left out.
const DEPTH_MAX: usize = 8;
/// Values that one schema may become: documents come from outside, and references can multiply.
const VALUES_MAX: usize = 20_000;

/// The body of the first POST that has one.
pub(crate) fn body(document: &Value) -> Option<Value> {
    let paths = document["paths"].as_object()?;
    let schema = paths.values().find_map(|path| {
        let schema = &path["post"]["requestBody"]["content"]["application/json"]["schema"];
        schema.is_object().then_some(schema)
    })?;
    let mut left = VALUES_MAX;
    resolved(document, schema, DEPTH_MAX, &mut left).filter(|schema| schema["properties"].is_object())
}

/// `None` when there is too much of it.
fn resolved(document: &Value, value: &Value, depth: usize, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    match value {
        Value::Object(fields) => {
            let target = fields.get("$ref").and_then(Value::as_str);
            if let Some(target) = target.and_then(|target| document.pointer(target.strip_prefix('#')?)) {
                return match depth.checked_sub(1) {
                    Some(depth) => resolved(document, target, depth, left),
                    None => Some(Value::Object(Map::new())),
                };
            }
            let fields = fields
                .iter()
                .map(|(name, value)| Some((name.clone(), resolved(document, value, depth, left)?)));
            fields.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Value::Array(values) => values
            .iter()
            .map(|value| resolved(document, value, depth, left))
            .collect::<Option<_>>()
            .map(Value::Array),
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(input: Value, schemas: Value) -> Value {
        let body = json!({"content": {"application/json": {"schema": input}}});
        json!({
            "paths": {"/a/requests/{id}": {"get": {}}, "/a": {"post": {"requestBody": body}}},
            "components": {"schemas": schemas},
        })
    }

    #[test]
    fn references_are_replaced() {
        let schemas = json!({
            "Input": {"type": "object", "properties": {"size": {"anyOf": [{"$ref": "#/components/schemas/Size"}, {"enum": ["auto"]}]}}},
            "Size": {"type": "object"},
        });
        let found = body(&document(json!({"$ref": "#/components/schemas/Input"}), schemas));
        let wanted = json!({"type": "object", "properties": {"size": {"anyOf": [{"type": "object"}, {"enum": ["auto"]}]}}});
        assert_eq!(found, Some(wanted));
    }

    #[test]
    fn documents_that_never_end_are_cut_or_left_alone() {
        let schemas = json!({"Input": {"properties": {"next": {"$ref": "#/components/schemas/Input"}}}});
        let found =
            body(&document(json!({"$ref": "#/components/schemas/Input"}), schemas)).expect("a schema");
        assert!(found["properties"]["next"]["properties"]["next"].is_object());
        let twice = json!({"properties": {
            "a": {"$ref": "#/components/schemas/Input"}, "b": {"$ref": "#/components/schemas/Input"},
            "c": {"$ref": "#/components/schemas/Input"}, "d": {"$ref": "#/components/schemas/Input"},
        }});
        assert_eq!(
            body(&document(json!({"$ref": "#/components/schemas/Input"}), json!({"Input": twice}))),
            None
        );
        for nothing in [json!({}), json!([]), json!(null), json!({"paths": {"/a": {"post": {}}}})] {
            assert_eq!(body(&nothing), None, "{nothing}");
        }
        assert_eq!(body(&document(json!({"type": "string"}), json!({}))), None);
    }
}
