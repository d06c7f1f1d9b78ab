//! Who may pass where: every route of the description and a listed rest, with no key, a wrong one, another account's, one without the
//! scope. A route that is neither described nor listed fails the last test.

use super::{
    client::Client,
    service::{ARTIST, Service, Stage, fox, made},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// A route that is not described: method, path, the scope that it needs.
type Route = (&'static str, &'static str, Needs);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Read,
    Generate,
    Account,
    Operator,
    /// It opens to a signature, and without one it is not there.
    Link,
    /// It opens to a token of its own.
    Token,
    /// It is for everybody.
    Nothing,
}

/// Of the doors that speak other services' shapes, and of what stands beside the API.
const REST: &[Route] = &[
    ("GET", "/openapi.json", Needs::Nothing),
    ("GET", "/docs", Needs::Nothing),
    ("POST", "/api/media/generate-image", Needs::Generate),
    ("POST", "/api/media/generate-audio", Needs::Generate),
    ("POST", "/api/media/generate-batch", Needs::Generate),
    ("GET", "/api/media/tasks/{task_id}", Needs::Read),
    ("DELETE", "/api/media/tasks/{task_id}", Needs::Generate),
    ("POST", "/fal/queue/{app}", Needs::Generate),
    ("GET", "/fal/queue/{app}/requests/{id}", Needs::Generate),
    ("GET", "/fal/queue/{app}/requests/{id}/status", Needs::Generate),
    ("GET", "/fal/queue/{app}/requests/{id}/status/stream", Needs::Generate),
    ("PUT", "/fal/queue/{app}/requests/{id}/cancel", Needs::Generate),
    ("POST", "/fal/{app}", Needs::Generate),
    ("GET", "/fal/{app}/requests/{id}/status", Needs::Generate),
    ("POST", "/fal/run/{app}", Needs::Generate),
    ("POST", "/fal/rest/storage/auth/token", Needs::Generate),
    ("POST", "/fal/rest/storage/upload/initiate", Needs::Generate),
    ("POST", "/fal/rest/storage/upload/initiate-multipart", Needs::Generate),
    ("GET", "/fal/rest/.well-known/jwks.json", Needs::Nothing),
    ("POST", "/fal/cdn/files/upload", Needs::Token),
    ("POST", "/fal/cdn/files/upload/multipart", Needs::Token),
    ("GET", "/fal/cdn/files/{link}", Needs::Link),
    ("PUT", "/fal/cdn/files/{link}/multipart/{permission}/{number}", Needs::Link),
    ("POST", "/fal/cdn/files/{link}/multipart/{permission}/complete", Needs::Link),
    ("PUT", "/fal/cdn/parts/{permission}/{number}", Needs::Link),
    ("POST", "/fal/cdn/parts/{permission}/complete", Needs::Link),
    ("PUT", "/fal/cdn/put/{permission}", Needs::Link),
    ("POST", "/api/fal/proxy", Needs::Generate),
    ("POST", "/openai/v1/images/generations", Needs::Generate),
    ("POST", "/openai/v1/images/edits", Needs::Generate),
    ("POST", "/openai/v1/audio/speech", Needs::Generate),
    ("GET", "/openai/v1/models", Needs::Read),
    ("GET", "/openai/v1/models/{model}", Needs::Read),
];

/// What the rest is routed by, as it stands in the source.
const ROUTED: &[&str] = &[
    "/api/fal/proxy",
    "/api/media/generate-audio",
    "/api/media/generate-batch",
    "/api/media/generate-image",
    "/api/media/tasks/{task_id}",
    "/docs",
    "/fal/cdn/files/upload",
    "/fal/cdn/files/upload/multipart",
    "/fal/cdn/files/{link}",
    "/fal/cdn/files/{link}/multipart/{permission}/complete",
    "/fal/cdn/files/{link}/multipart/{permission}/{number}",
    "/fal/cdn/parts/{permission}/complete",
    "/fal/cdn/parts/{permission}/{number}",
    "/fal/cdn/put/{permission}",
    "/fal/queue/{*path}",
    "/fal/rest/.well-known/jwks.json",
    "/fal/rest/storage/auth/token",
    "/fal/rest/storage/upload/initiate",
    "/fal/rest/storage/upload/initiate-multipart",
    "/fal/run/{*path}",
    "/fal/{*path}",
    "/openai/v1/audio/speech",
    "/openai/v1/images/edits",
    "/openai/v1/images/generations",
    "/openai/v1/models",
    "/openai/v1/models/{*model}",
    "/openapi.json",
];

/// One way in, with what stands for its placeholders.
#[derive(Debug)]
struct Way {
    method: String,
    path: String,
    needs: Needs,
    /// It names something of the first account.
    is_hers: bool,
}

/// The scope that a described route needs.
fn needs(method: &str, path: &str, route: &Value) -> Needs {
    let is_open = route["security"].as_array().is_some_and(|ways| ways.iter().any(|way| *way == json!({})));
    let part = path.split('/').nth(2).unwrap_or_default();
    match (part, method) {
        ("accounts", "POST") if path == "/v1/accounts" => Needs::Nothing,
        _ if is_open => Needs::Link,
        ("vouchers", _) if path.ends_with("/redeem") => Needs::Account,
        ("accounts" | "audit" | "markets" | "price-groups" | "vouchers", _) => Needs::Operator,
        ("models", "POST") => Needs::Operator,
        ("models", _) if path.ends_with("/history") => Needs::Operator,
        ("generations", _) if path.ends_with("/refund") => Needs::Operator,
        ("keys", _) => Needs::Account,
        ("account", "GET") if path == "/v1/account" => Needs::Read,
        ("webhooks", "GET") if path.ends_with("/secret") => Needs::Account,
        ("account", _) => Needs::Account,
        (_, "GET") => Needs::Read,
        ("webhooks", _) => Needs::Account,
        _ => Needs::Generate,
    }
}

/// The first account, with one of everything.
struct House {
    stage: Stage,
    service: Service,
    ann: Client,
    ids: BTreeMap<&'static str, String>,
    keys: BTreeMap<&'static str, String>,
}

impl House {
    fn new() -> House {
        let stage = Stage::new()
            .set("PALITRA_SECURITY__STRANGERS_PER_MINUTE", "0")
            .set("PALITRA_SERVER__SIGN_UP", "true")
            .set("PALITRA_SERVER__SIGN_UPS_PER_ADDRESS", "0")
            .set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true");
        let mut keys = BTreeMap::from([("ann", stage.key("ann", &["--credit", "1000"]))]);
        for scope in ["read", "generate", "account", "operator"] {
            keys.insert(scope, stage.key("ann", &["--scope", scope]));
        }
        keys.insert("bob", stage.key("bob", &["--credit", "1000"]));
        keys.insert("test", stage.key("ann", &["--test", "--credit", "1000"]));
        // One that every key with its one scope may renew.
        let spare = stage.desk.json(&["keys", "create", "--account", "ann", "--scope", "account"]);
        let service = stage.serve();
        let ann = service.client(&keys["ann"]);
        let fox = made(&ann, &fox());
        let word = json!({ "word": "fox", "format": "64x64" });
        let task =
            ann.ask("POST", "/api/media/generate-image").header("prefer", "wait=60").json(&word).send();
        let webhook = ann.post("/v1/webhooks", &json!({ "url": "http://127.0.0.1:9/" })).is(201).json();
        let webhook = text(&webhook["id"]);
        let sent = ann.post(&format!("/v1/webhooks/{webhook}/test"), &Value::Null).is(202).json();
        let ids = BTreeMap::from([
            ("generations", text(&fox["id"])),
            ("assets", text(&fox["assets"][0]["id"])),
            ("batches", text(&task.is(200).json()["task_id"])),
            ("webhooks", webhook),
            ("keys", text(&spare["id"])),
            ("deliveries", text(&sent["delivery_id"])),
        ]);
        House { stage, service, ann, ids, keys }
    }

    /// Every way in, described and listed.
    fn ways(&self) -> Vec<Way> {
        let described = self.service.stranger().look("/openapi.json");
        let mut ways = Vec::new();
        for (path, methods) in described["paths"].as_object().unwrap() {
            for (method, route) in methods.as_object().unwrap() {
                let method = method.to_ascii_uppercase();
                ways.push(self.way(&method, path, needs(&method, path, route)));
            }
        }
        assert!(ways.len() >= 35, "the description has {} routes", ways.len());
        for (method, path, needs) in REST {
            ways.push(self.way(method, path, *needs));
            if path.starts_with("/api/media/") {
                ways.push(self.way(method, &format!("{path}/"), *needs));
            }
        }
        ways
    }

    fn way(&self, method: &str, path: &str, needs: Needs) -> Way {
        let noun = path.split('/').rev().find(|part| self.ids.contains_key(part)).unwrap_or_default();
        let own =
            |noun: &str| self.ids.get(noun).unwrap_or_else(|| panic!("what stands for the id of {path}?"));
        let mut filled = path.to_owned();
        for (name, value) in
            [("{id}", if path.starts_with("/fal") { "generations" } else { noun }), ("{task_id}", "batches")]
        {
            if path.contains(name) && !path.starts_with("/v1/vouchers") {
                filled = filled.replace(name, own(value));
            }
        }
        let is_hers = filled != path;
        for (name, value) in [
            // Of the operator's, what is not there: he may pass all the same.
            ("{account}", "nobody"),
            ("{name}", "nobody"),
            ("{id}", "vch_0ckd2x9p3q8s7t6v5w4y3z2a1b"),
            ("{target}", "sandbox"),
            ("{market}", "sandbox"),
            ("{key}", "main"),
            ("{verb}", "resume"),
            ("{app}", ARTIST),
            ("{model}", ARTIST),
            ("{permission}", "acc_x.live.key_x.ast_x.1.x"),
            ("{link}", "ast_x"),
            ("{number}", "1"),
        ] {
            filled = filled.replace(name, value);
        }
        assert!(!filled.contains('{'), "what stands for the placeholders of {path}?");
        if path == "/v1/models/schema" {
            filled.push_str("?id=sandbox/artist");
        }
        Way { method: method.to_owned(), path: filled, needs, is_hers }
    }

    /// The status of the way for this key. What is sent along is as little as the route takes for good.
    fn status(&self, client: &Client, way: &Way) -> u16 {
        let request = client.ask(&way.method, &way.path);
        let last = way.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let request = match (way.method.as_str(), last) {
            ("GET" | "DELETE", _) | (_, "cancel" | "test" | "rotate" | "revoke" | "resume") => request,
            (_, "proxy") => {
                let target = format!("https://queue.fal.run/{ARTIST}/requests/{}", self.ids["generations"]);
                request.header("x-fal-target-url", &target).json(&json!({}))
            }
            ("POST", "feedback") => request.json(&json!({ "rating": "good" })),
            ("POST", "variations") => request.json(&json!({ "count": 1 })),
            ("POST", "replay") if !way.path.contains("deliveries") => request.json(&json!({ "since": "1s" })),
            _ => request.json(&json!({})),
        };
        request.status()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn none(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn without_a_good_key_no_route_opens() {
    let house = House::new();
    let mut offences = Vec::new();
    let real = &house.keys["ann"];
    let end = real.len() - 1;
    let other_end = if real.ends_with('0') { "1" } else { "0" };
    let strangers = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer sk_live_".to_owned(),
        format!("Bearer {}{other_end}", &real[..end]),
        format!("Bearer {real}0"),
        format!("Basic {real}"),
        real.clone(),
    ];
    for way in house.ways() {
        for authorization in &strangers {
            let client = Client { authorization: authorization.clone(), ..house.service.stranger() };
            let status = house.status(&client, &way);
            let wanted = match way.needs {
                Needs::Nothing if way.method == "POST" => 201,
                Needs::Nothing => 200,
                // With a key a link is looked up as its account's, and a bad key is told so.
                Needs::Link if authorization.is_empty() || way.path.starts_with("/fal/") => 404,
                _ => 401,
            };
            if status != wanted {
                offences.push(format!(
                    "{} {} with `{authorization}`: {status}, not {wanted}",
                    way.method, way.path
                ));
            }
        }
    }
    none(&offences);
    house.stage.close(house.service);
}

#[test]
fn what_is_one_accounts_is_not_there_for_another() {
    let house = House::new();
    let mut offences = Vec::new();
    // Her own test key is another world, too.
    for key in ["bob", "test"] {
        let client = house.service.client(&house.keys[key]);
        if key == "bob" {
            let export = client.get("/v1/account/export").is(200).text();
            let seen = house.ids.values().filter(|id| export.contains(*id));
            offences.extend(seen.map(|id| format!("the export shows {id} to bob")));
        }
        for way in house.ways().iter().filter(|way| way.is_hers && way.needs != Needs::Operator) {
            let status = house.status(&client, way);
            if status != 404 {
                offences.push(format!("{} {} with the key of {key}: {status}", way.method, way.path));
            }
        }
        let lists = house
            .ways()
            .into_iter()
            .filter(|way| way.method == "GET" && way.needs == Needs::Read && !way.is_hers);
        for way in lists.filter(|way| !way.path.contains("models")) {
            let answer = client.ask("GET", &way.path);
            // What has no end says nothing of others at its beginning either; that is tested where it is described.
            if way.path.contains("events") {
                continue;
            }
            let shown = answer.send().is(200).text();
            let seen = house.ids.values().filter(|id| shown.contains(*id));
            offences.extend(seen.map(|id| format!("{} shows {id} to {key}", way.path)));
        }
        let filtered =
            [("webhook", "webhooks", "/v1/webhooks/deliveries"), ("batch", "batches", "/v1/generations")];
        for (name, noun, path) in filtered {
            let answer = client.get(&format!("{path}?{name}={}", house.ids[noun]));
            if answer.status == 200 && answer.json()["data"] != json!([]) {
                offences.push(format!("{path} shows what is of {noun} to {key}"));
            }
        }
        let named = json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "x", "images": [house.ids["assets"]] } });
        house.ann.post("/v1/generations?wait=60", &named).is(200);
        let stolen = client.post("/v1/generations", &named);
        if stolen.status / 100 != 4 {
            offences.push(format!("{key} may use a file of ann: {}", stolen.text()));
        }
    }
    none(&offences);
    // Nothing of hers was touched.
    let shown = house.ann.look(&format!("/v1/webhooks/{}", house.ids["webhooks"]));
    assert!(shown["old_secret_until"].is_null(), "{shown}");
    house.stage.close(house.service);
}

#[test]
fn a_key_opens_what_its_scopes_say_and_nothing_else() {
    let house = House::new();
    let mut offences = Vec::new();
    let scopes = [
        ("read", Needs::Read),
        ("generate", Needs::Generate),
        ("account", Needs::Account),
        ("operator", Needs::Operator),
    ];
    // What deletes comes last: the others need what is there.
    let mut ways = house.ways();
    ways.sort_by_key(|way| way.method == "DELETE");
    for (scope, has) in scopes {
        let client = house.service.client(&house.keys[scope]);
        for way in &ways {
            let needs = match way.needs {
                Needs::Nothing | Needs::Token => continue,
                Needs::Link if way.path.starts_with("/fal/") => continue,
                Needs::Link => Needs::Read,
                needs => needs,
            };
            let status = house.status(&client, way);
            let is_refused = matches!(status, 401 | 403);
            if is_refused == (needs == has) || status >= 500 {
                offences.push(format!("{} {} with `{scope}`: {status}", way.method, way.path));
            }
        }
        let other = client.ask("GET", "/v1/balance").header("palitra-account", "bob").send();
        if scope != "operator" && other.status != 403 {
            offences.push(format!("`{scope}` acts for another account: {}", other.text()));
        }
    }
    none(&offences);
}

#[test]
fn an_operator_acts_for_an_account_and_then_sees_that_one_alone() {
    let stage = Stage::new();
    stage.key("bob", &["--credit", "100"]);
    let (ann, ops) = (stage.key("ann", &["--credit", "100"]), stage.key("ops", &["--scope", "operator"]));
    let service = stage.serve();
    let (ann, ops) = (service.client(&ann), service.client(&ops));
    let for_bob = |method: &str, path: &str| ops.ask(method, path).header("palitra-account", "bob");
    let his = for_bob("POST", "/v1/generations?wait=60").json(&fox()).send().is(200).json();
    let hers = made(&ann, &fox());
    assert_ne!(his["account_id"], hers["account_id"]);
    let ids = |page: Value| {
        let page = page["data"].as_array().unwrap().iter().map(|one| one["id"].clone());
        page.collect::<Vec<_>>()
    };
    assert_eq!(ids(for_bob("GET", "/v1/generations").send().is(200).json()), [his["id"].clone()]);
    let shown = for_bob("GET", &format!("/v1/generations/{}", hers["id"].as_str().unwrap())).send();
    shown.refuses(404, "not_found");
    for_bob("GET", "/v1/markets").send().refuses(403, "forbidden");
    for_bob("GET", "/v1/balance").send().is(200);
    ops.ask("GET", "/v1/balance").header("palitra-account", "nobody").send().refuses(404, "not_found");
    stage.close(service);
}

#[test]
fn every_operation_has_a_name_of_its_own_that_says_what_of() {
    let described = serde_json::to_value(palitra_api::description()).unwrap();
    let paths = described["paths"].as_object().unwrap().values();
    let routes = paths.flat_map(|methods| methods.as_object().unwrap().values());
    let mut names: Vec<&str> = routes.map(|route| route["operationId"].as_str().unwrap()).collect();
    // `list_generations`; clients generated from the document call it so.
    let bare: Vec<_> = names.iter().filter(|name| !name.contains('_')).collect();
    assert!(bare.is_empty(), "{bare:?}");
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two routes have one name");
}

/// The native API is routed by its description. Of the rest, every path that stands in the source has to be listed here.
#[test]
fn every_route_is_described_or_listed() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../palitra-api/src");
    let mut routed = BTreeSet::new();
    paths(&source, &mut routed);
    let listed: BTreeSet<String> = ROUTED.iter().map(|path| (*path).to_owned()).collect();
    assert_eq!(routed, listed);
    // Each of them is walked.
    for path in ROUTED {
        let start = path.split("{*").next().unwrap();
        assert!(REST.iter().any(|(_, walked, _)| walked.starts_with(start)), "{path} is not walked");
    }
}

/// What stands in `.route("…"` and `both(router, "…"`.
fn paths(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for start in [".route(\"", "both(router, \"", ".route_service(\"", ".nest(\""] {
                let calls = text.split(start).skip(1);
                found.extend(calls.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
}
