//! Bodies of fields and files: `multipart/form-data` (RFC 7578).
//!
//! The boundary is the hash of everything that it stands between: it cannot occur in there, and needs no randomness.

use bytes::Bytes;
use ring::digest::{Context, SHA256};

/// A body that is put together part by part, in order.
#[derive(Debug, Default)]
pub(crate) struct Multipart {
    /// The lines before a part, without the boundary, and the part.
    parts: Vec<(String, Bytes)>,
}

impl Multipart {
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let head = format!("Content-Disposition: form-data; name=\"{}\"\r\n\r\n", quoted(name));
        self.parts.push((head, Bytes::copy_from_slice(value.as_bytes())));
    }

    pub(crate) fn file(&mut self, name: &str, file_name: &str, mime: &str, bytes: Bytes) {
        let (name, file_name, mime) = (quoted(name), quoted(file_name), quoted(mime));
        let head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {mime}\r\n\r\n"
        );
        self.parts.push((head, bytes));
    }

    /// The value of `Content-Type`, and the body.
    pub(crate) fn encode(&self) -> (String, Vec<u8>) {
        let boundary = self.boundary();
        let mut body = Vec::new();
        for (head, content) in &self.parts {
            body.extend_from_slice(format!("--{boundary}\r\n{head}").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }

    fn boundary(&self) -> String {
        let mut hash = Context::new(&SHA256);
        for (head, content) in &self.parts {
            hash.update(head.as_bytes());
            hash.update(content);
        }
        hash.finish().as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// As browsers write names (WHATWG HTML, *multipart/form-data encoding algorithm*).
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
