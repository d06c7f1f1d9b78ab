//! The clients that other services publish, unchanged, against the real service; and who checks our webhooks with the public package.

use super::service::{PICTURE, SOUND, Service, Stage, balance, fox, made};
use crate::crash::process::Process;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn told(variable: &str, what: &str) -> PathBuf {
    let told = std::env::var_os(variable);
    told.unwrap_or_else(|| {
        panic!("no {what} for the tests: run `cargo xtask test --install`, or set {variable}")
    })
    .into()
}

/// A Python that has the packages of `xtask/src/python.rs`.
pub(super) fn python() -> Command {
    let mut python = Command::new(told("PALITRA_TEST_PYTHON", "Python with the clients"));
    // Nothing of the surroundings: neither proxies nor keys.
    python.env_clear().env("PATH", "/usr/bin:/bin").env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

fn node() -> (Command, PathBuf) {
    let packages = told("PALITRA_TEST_NODE", "folder with the clients for Node");
    let mut node = Command::new("node");
    node.env_remove("NODE_OPTIONS").env_remove("http_proxy").env_remove("HTTP_PROXY");
    (node, packages)
}

pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/api/clients").join(name)
}

/// A customer whose client does all it can, and comes to its end: so many pictures and sounds are made.
fn completes(
    mut command: Command,
    name: &str,
    (pictures, sounds): (i64, i64),
    words: impl FnOnce(&Service, &str) -> Vec<String>,
) {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "1000"]);
    let service = stage.serve();
    command.arg(script(name)).args(words(&service, &key)).env("NO_PROXY", "*").env("no_proxy", "*");
    let run = Process::of(command).end().run;
    assert_eq!((run.code, run.stdout.trim()), (Some(0), "done"), "{}", run.stderr);
    let ann = service.client(&key);
    assert_eq!(balance(&ann).1, 0);
    // All that was made was paid, once each, and nothing else.
    let books = stage.close(service);
    assert!(books.generations.iter().all(|one| one.state == "succeeded"));
    assert_eq!(i64::try_from(books.generations.len()).unwrap(), pictures + sounds);
    let charged: i64 = books.generations.iter().map(|one| one.charged).sum();
    assert_eq!(charged, pictures * PICTURE + sounds * SOUND);
    assert_eq!(books.cash, 100_000 - charged);
}

#[test]
fn fals_client_for_python_completes_every_call() {
    completes(python(), "fal_python.py", (14, 0), |service, key| vec![service.url(""), key.to_owned()]);
}

#[test]
fn openais_client_for_python_completes_every_call() {
    completes(python(), "openai_python.py", (14, 2), |service, key| vec![service.url(""), key.to_owned()]);
}

#[test]
fn fals_client_for_javascript_completes_every_call() {
    let (node, packages) = node();
    let packages = packages.display().to_string();
    completes(node, "fal_node.mjs", (12, 0), |service, key| vec![service.url(""), key.to_owned(), packages]);
}

#[test]
fn openais_client_for_javascript_completes_every_call() {
    let (node, packages) = node();
    let packages = packages.display().to_string();
    completes(node, "openai_node.mjs", (10, 1), |service, key| {
        vec![service.url(""), key.to_owned(), packages]
    });
}

/// The receiver verifies each delivery with the public package, and each of them altered in four ways, which has to fail.
#[test]
fn a_receiver_with_the_public_package_verifies_our_deliveries_and_refuses_altered_ones() {
    let (stage, service, ann) = Stage::new().set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true").ann();
    let secret = stage.desk.path("secret");
    let mut command = python();
    command.arg(script("webhooks.py")).arg(&secret);
    let receiver = Receiver(Some(Process::of(command)));
    let port = receiver.hears("listening ");
    let new = ann.post("/v1/webhooks", &json!({ "url": format!("http://127.0.0.1:{port}/") })).is(201).json();
    std::fs::write(&secret, new["secret"].as_str().unwrap()).unwrap();
    let path = format!("/v1/webhooks/{}", new["id"].as_str().unwrap());

    let test = ann.post(&format!("{path}/test"), &Value::Null).is(202).json();
    let delivered = receiver.delivery();
    assert_eq!(
        (&delivered["id"], &delivered["told"]["type"]),
        (&test["delivery_id"], &json!("webhook.test"))
    );

    let fox = made(&ann, &fox());
    let told = receiver.delivery()["told"].clone();
    assert_eq!((&told["type"], &told["data"]["id"]), (&json!("generation.succeeded"), &fox["id"]));
    assert_eq!(told["data"]["price"]["amount"], PICTURE);

    // After a rotation whoever still has the old secret verifies as well.
    let rotated = ann.post(&format!("{path}/secret/rotate"), &Value::Null).is(200).json();
    for secret_now in [&new["secret"], &rotated["secret"]] {
        std::fs::write(&secret, secret_now.as_str().unwrap()).unwrap();
        let test = ann.post(&format!("{path}/test"), &Value::Null).is(202).json();
        assert_eq!(receiver.delivery()["id"], test["delivery_id"]);
    }
    stage.close(service);
}

struct Receiver(Option<Process>);

impl Receiver {
    /// What follows these words in the next line that begins with them.
    fn hears(&self, words: &str) -> String {
        let line = self.0.as_ref().unwrap().line(words);
        line.expect("the receiver gave up").split_once(words).unwrap().1.to_owned()
    }

    fn delivery(&self) -> Value {
        serde_json::from_str(&self.hears("delivered ")).unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(process) = self.0.take() {
            process.signal(Signal::KILL);
        }
    }
}
