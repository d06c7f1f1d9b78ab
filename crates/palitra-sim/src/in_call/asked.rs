//! One call as it came: JSON, or fields and files, and what a rule or the log calls it by.

use crate::market::form;
use axum::{
    body::Bytes,
    http::{HeaderMap, Method, header},
};
use palitra_domain::recipe::hex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A call, read.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// Below the base, without a slash before it; other paths are empty.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// JSON, or the fields of a form as texts; `null` when it was neither.
    pub(crate) input: Value,
    /// The files of a form.
    pub(crate) files: Vec<File>,
    /// It was a form.
    pub(crate) is_form: bool,
}

/// One file of a form.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) file_name: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

impl Asked {
    pub(crate) fn read(method: Method, path: String, headers: HeaderMap, body: &Bytes) -> Asked {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let is_form = content_type.starts_with("multipart/form-data");
        let (mut input, mut files) = (Value::Null, Vec::new());
        if is_form {
            (input, files) = form::parts(content_type, body).map(|parts| apart(&parts)).unwrap_or_default();
        } else if content_type.starts_with("application/json") {
            input = serde_json::from_slice(body).unwrap_or_default();
        }
        Asked { method, path, headers, input, files, is_form }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.input[name].as_str().unwrap_or_default()
    }

    /// What is to be drawn, said or answered: the last message of a conversation.
    pub(crate) fn prompt(&self) -> String {
        let last = self.input["messages"].as_array().and_then(|messages| messages.last());
        match last {
            Some(message) => text_of(&message["content"]),
            None => [self.text("prompt"), self.text("input")].concat(),
        }
    }

    /// The input for the log: of a file its name, type, length and hash.
    pub(super) fn logged(&self) -> Value {
        let Value::Object(mut fields) = self.input.clone() else { return self.input.clone() };
        for file in &self.files {
            let about = json!({
                "file_name": file.file_name,
                "content_type": file.content_type,
                "bytes": file.bytes.len(),
                "sha256": hex(&Sha256::digest(&file.bytes)),
            });
            match fields.entry(file.name.clone()).or_insert_with(|| json!([])) {
                Value::Array(files) => files.push(about),
                other => *other = json!([other.take(), about]),
            }
        }
        Value::Object(fields)
    }
}

/// A text, or the texts of its parts.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn apart(parts: &[form::Part<'_>]) -> (Value, Vec<File>) {
    let (mut fields, mut files) = (Map::new(), Vec::new());
    for part in parts {
        match part.file_name {
            Some(file_name) => files.push(File {
                name: part.name.to_owned(),
                file_name: file_name.to_owned(),
                content_type: part.content_type.unwrap_or_default().to_owned(),
                bytes: Bytes::copy_from_slice(part.content),
            }),
            None => {
                fields.insert(part.name.to_owned(), json!(String::from_utf8_lossy(part.content)));
            }
        }
    }
    (Value::Object(fields), files)
}
