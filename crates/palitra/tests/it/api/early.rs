//! Pictures that are seen while they are drawn, through the door for OpenAI's clients, with a simulated OpenAI behind it.

use super::{
    client::{Client, Event},
    sdk::{python, script},
    service::{Service, Stage, balance},
};
use crate::{
    crash::process::Process,
    harness::{Beside, Desk},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use palitra_sim::openai::{OpenAiScript, OpenAiSim};
use serde_json::{Value, json};

const GENERATIONS: &str = "/openai/v1/images/generations";
const EDITS: &str = "/openai/v1/images/edits";

struct Town {
    sim: Beside<OpenAiSim>,
    stage: Stage,
    service: Service,
    ann: Client,
}

impl Town {
    fn start() -> Town {
        let sim = Beside::start(|clock| async {
            OpenAiSim::start(OpenAiScript::default(), "127.0.0.1:0".parse().unwrap(), clock).await.unwrap()
        });
        let desk = Desk::new()
            .set("PALITRA_MARKETS__OPENAI__KEY", "sk-any")
            .set("PALITRA_MARKETS__OPENAI__BASE_URL", &sim.sim.url());
        let (stage, service, ann) = Stage::at(desk).ann();
        Town { sim, stage, service, ann }
    }

    fn events(&self, path: &str, wish: &Value) -> Vec<Event> {
        let mut body = json!({ "model": "openai:gpt-image-1", "prompt": "a fox", "size": "1024x1024", "quality": "low" });
        body.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        self.ann.ask("POST", path).json(&body).events().collect()
    }

    /// What the market was asked for last.
    fn asked(&self) -> (Value, Value) {
        let sent = self.sim.sim.log().submissions.pop().expect("a call").input;
        (sent["stream"].clone(), sent["partial_images"].clone())
    }

    /// What the account has paid.
    fn paid(&self) -> i64 {
        10_000 - balance(&self.ann).0
    }
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

#[test]
fn early_pictures_come_before_the_picture_and_cost_what_they_cost() {
    let town = Town::start();
    let events = town.events(GENERATIONS, &json!({ "stream": true, "partial_images": 2 }));
    let (partial, completed) = ("image_generation.partial_image", "image_generation.completed");
    assert_eq!(names(&events), [partial, partial, completed]);
    for (event, index) in events[..2].iter().zip(0..) {
        let data = &event.data;
        assert_eq!(
            (&data["type"], &data["partial_image_index"], &data["output_format"]),
            (&json!(partial), &json!(index), &json!("png"))
        );
        for name in ["created_at", "size", "quality", "background"] {
            assert!(!data[name].is_null(), "{name} of {index}");
        }
        let png = BASE64_STANDARD.decode(data["b64_json"].as_str().unwrap()).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
    }
    assert_eq!(events[2].data["size"], "1024x1024");
    assert_eq!(town.asked(), (json!(true), json!(2)));
    // $0.026 and twice $0.004, at 95 roubles and twice that.
    assert_eq!(town.paid(), 646);
    town.stage.close(town.service);
}

#[test]
fn of_an_edit_and_of_several_pictures_too() {
    let town = Town::start();
    let drawn = town.events(GENERATIONS, &json!({ "stream": true }));
    let image = format!("data:image/png;base64,{}", drawn[0].data["b64_json"].as_str().unwrap());
    let wish = json!({ "images": [{ "image_url": image }], "stream": true, "partial_images": "1", "n": 2 });
    let events = town.events(EDITS, &wish);
    let (partial, completed) = ("image_edit.partial_image", "image_edit.completed");
    assert_eq!(names(&events), [partial, completed, partial, completed]);
    assert_eq!(town.asked(), (json!("true"), json!("1")));
    town.stage.close(town.service);
}

#[test]
fn they_are_asked_for_only_where_somebody_sees_them() {
    let town = Town::start();
    let wish =
        json!({ "model": "openai:gpt-image-1", "prompt": "a fox", "quality": "low", "partial_images": 3 });
    town.ann.post(GENERATIONS, &wish).is(200);
    assert_eq!((town.asked(), town.paid()), ((Value::Null, Value::Null), 494));
    for wish in [json!({ "stream": true }), json!({ "stream": true, "partial_images": 0 })] {
        assert_eq!(names(&town.events(GENERATIONS, &wish)), ["image_generation.completed"]);
        assert_eq!(town.asked(), (Value::Null, Value::Null));
    }
    // A model without them.
    let wish =
        json!({ "model": "openai:dall-e-3", "stream": true, "partial_images": 3, "quality": "standard" });
    assert_eq!(names(&town.events(GENERATIONS, &wish)), ["image_generation.completed"]);
    assert_eq!(town.asked(), (Value::Null, Value::Null));
    town.stage.close(town.service);
}

#[test]
fn openais_client_for_python_sees_them() {
    let town = Town::start();
    let key = town.ann.authorization.trim_start_matches("Bearer ");
    let mut command = python();
    command.arg(script("openai_early.py")).args([town.service.url("").as_str(), key]);
    command.env("NO_PROXY", "*").env("no_proxy", "*");
    let run = Process::of(command).end().run;
    assert_eq!((run.code, run.stdout.trim()), (Some(0), "done"), "{}", run.stderr);
    town.stage.close(town.service);
}

#[test]
fn more_than_three_are_refused() {
    let (stage, service, ann) = Stage::with_ann();
    for (path, asked) in [(GENERATIONS, json!(4)), (EDITS, json!(4)), (EDITS, json!("some"))] {
        let wish =
            json!({ "prompt": "a fox", "images": ["data:,"], "stream": true, "partial_images": asked });
        let said = ann.post(path, &wish).is(400).json();
        assert_eq!(said["error"]["param"], "partial_images", "{said}");
    }
    stage.close(service);
}
