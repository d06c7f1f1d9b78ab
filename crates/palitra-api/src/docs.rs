//! `GET /openapi.json` and `/docs`: the description of the native API for programs, and as one page for people, without scripts.

use crate::door::Door;
use axum::{
    Router,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;
use std::{fmt::Write, sync::LazyLock};

/// Made once: it is the same for everybody.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| crate::router::description().to_json().unwrap_or_default());

static PAGE: LazyLock<String> = LazyLock::new(|| page(&serde_json::from_str(&DOCUMENT).unwrap_or_default()));

const CSS: &str = include_str!("docs.css");

pub(crate) fn routes() -> Router<Door> {
    Router::new()
        .route("/openapi.json", get(async || text("application/json", &DOCUMENT)))
        .route("/docs", get(async || text("text/html; charset=utf-8", &PAGE)))
}

fn text(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'")),
    ];
    (headers, text).into_response()
}

/// One page: a part for each tag, in it a folded part for each route.
fn page(document: &Value) -> String {
    let mut out = String::new();
    let info = &document["info"];
    let put = |out: &mut String, text: std::fmt::Arguments<'_>| out.write_fmt(text).unwrap_or_default();
    put(
        &mut out,
        format_args!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title} API</title><style>{CSS}</style><main><h1>{title} API <small>{version}</small></h1>",
            title = escaped(word(&info["title"])),
            version = escaped(word(&info["version"])),
        ),
    );
    for paragraph in word(&info["description"]).split("\n\n") {
        put(&mut out, format_args!("<p>{}</p>", marked(paragraph)));
    }
    out.push_str("<p><a href=\"/openapi.json\">openapi.json</a> is the same for programs (OpenAPI 3.1).</p>");
    let mut tag = "";
    let mut routes: Vec<(&str, &String, &String, &Value)> = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, route) in methods.as_object().into_iter().flatten() {
            routes.push((word(&route["tags"][0]), path, method, route));
        }
    }
    routes.sort_by_key(|(tag, path, ..)| (*tag, *path));
    for (of, path, method, route) in routes {
        if of != tag {
            tag = of;
            put(&mut out, format_args!("<h2>{}</h2>", escaped(tag)));
        }
        put(
            &mut out,
            format_args!(
                "<details><summary><b class=\"{method}\">{method}</b> <code>{path}</code> <span>{}</span></summary>",
                escaped(word(&route["summary"])),
                path = escaped(path),
            ),
        );
        if let Some(about) = route["description"].as_str() {
            put(&mut out, format_args!("<p>{}</p>", marked(about)));
        }
        parameters(&mut out, &route["parameters"]);
        let body = &route["requestBody"]["content"];
        for (kind, content) in body.as_object().into_iter().flatten() {
            put(&mut out, format_args!("<h4>Body <code>{}</code></h4>", escaped(kind)));
            schema(&mut out, document, &content["schema"], 0);
        }
        for (status, answer) in route["responses"].as_object().into_iter().flatten() {
            if !status.starts_with('2') {
                continue;
            }
            put(&mut out, format_args!("<h4>{status} {}</h4>", escaped(word(&answer["description"]))));
            for content in answer["content"].as_object().into_iter().flatten().map(|(_, content)| content) {
                schema(&mut out, document, &content["schema"], 0);
            }
        }
        out.push_str("</details>");
    }
    out.push_str("</main></html>");
    out
}

fn parameters(out: &mut String, parameters: &Value) {
    let Some(all) = parameters.as_array().filter(|all| !all.is_empty()) else { return };
    out.push_str("<table>");
    for one in all {
        let required = if one["required"] == true { " <i>required</i>" } else { "" };
        write!(
            out,
            "<tr><td><code>{}</code>{required}<td>{}<td>{}</tr>",
            escaped(word(&one["name"])),
            escaped(word(&one["in"])),
            marked(word(&one["description"]))
        )
        .unwrap_or_default();
    }
    out.push_str("</table>");
}

/// How deep shapes inside shapes are shown.
const DEPTH_MAX: usize = 3;

/// The fields of a shape; those inside it are folded.
fn schema(out: &mut String, document: &Value, shape: &Value, depth: usize) {
    let shape = resolved(document, shape);
    if let Some(inner) = shape["oneOf"].as_array().or(shape["allOf"].as_array()) {
        inner.iter().filter(|one| one["type"] != "null").for_each(|one| schema(out, document, one, depth));
        return;
    }
    let inner = if shape["type"] == "array" { resolved(document, &shape["items"]) } else { shape };
    let Some(fields) = inner["properties"].as_object() else { return };
    out.push_str("<table>");
    for (name, field) in fields {
        let is_required = inner["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let required = if is_required { " <i>required</i>" } else { "" };
        let kind = resolved(document, field);
        let about = field["description"].as_str().or(kind["description"].as_str()).unwrap_or_default();
        write!(
            out,
            "<tr><td><code>{}</code>{required}<td>{}<td>{}",
            escaped(name),
            escaped(&kind_of(field)),
            marked(about)
        )
        .unwrap_or_default();
        if depth < DEPTH_MAX {
            schema(out, document, field, depth + 1);
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}

/// What a reference points at.
fn resolved<'a>(document: &'a Value, shape: &'a Value) -> &'a Value {
    let name = shape["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.map_or(shape, |name| &document["components"]["schemas"][name])
}

/// `string`, `Money`, `Asset[]`.
fn kind_of(shape: &Value) -> String {
    if let Some(reference) = shape["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(any) = shape["oneOf"].as_array() {
        let kinds = any.iter().filter(|one| one["type"] != "null").map(kind_of);
        return kinds.collect::<Vec<_>>().join(" or ");
    }
    let kinds: Vec<&str> = match &shape["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        _ => Vec::new(),
    };
    match kinds.as_slice() {
        ["array"] => format!("{}[]", kind_of(&shape["items"])),
        kinds => kinds.join(" or "),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What stands between backticks is code.
fn marked(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in escaped(text).split('`').enumerate() {
        if n % 2 == 1 {
            out.push_str("<code>");
            out.push_str(part);
            out.push_str("</code>");
        } else {
            out.push_str(part);
        }
    }
    out
}
