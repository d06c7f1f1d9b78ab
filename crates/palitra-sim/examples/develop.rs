//! Runs the sandbox's picture and film modes over pictures from disk: `cargo run -p palitra-sim --release --example develop -- OUTDIR
//! PICTURE…`. The first picture is the target of a face swap, the second the portrait.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program for a person at a terminal")]

use palitra_domain::{
    BoxFuture, Clock, Timestamp,
    market::{InputFile, Market, OutputFile, Request, Submitted},
};
use palitra_sim::sandbox::{Pace, Sandbox};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration, time::Instant};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// No run takes longer than its work.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, pictures @ ..] = arguments.as_slice() else {
        return Err("usage: develop OUTDIR PICTURE…".into());
    };
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for (number, path) in (1..).zip(pictures) {
        files.push(InputFile {
            id: format!("ast_{number}"),
            mime: "image/png".to_owned(),
            extension: "png".to_owned(),
            bytes: std::fs::read(path)?.into(),
        });
    }
    let ids: Vec<&str> = files.iter().map(|file| file.id.as_str()).collect();
    let first = &ids[..ids.len().min(1)];
    let runs = [
        ("create", "artist", "create", json!({"prompt": "Утро в горах, туман над долиной", "seed": 3})),
        (
            "edit",
            "artist",
            "edit",
            json!({"prompt": "Сделай тёплый осенний свет", "images": first, "seed": 1}),
        ),
        ("blue", "artist", "edit", json!({"prompt": "make it blue and cold", "images": first, "seed": 2})),
        (
            "mono",
            "artist",
            "edit",
            json!({"prompt": "Чёрно-белый снимок, подпись «Привет»", "images": first, "width": 1472, "height": 2048}),
        ),
        (
            "merge2",
            "artist",
            "edit",
            json!({"prompt": "Объедини в одну сцену на берегу моря", "images": &ids[..ids.len().min(2)], "seed": 4}),
        ),
        (
            "merge3",
            "artist",
            "edit",
            json!({"prompt": "Вместе в ночном городе", "images": &ids[..ids.len().min(3)], "width": 2048, "height": 1152, "seed": 5}),
        ),
        (
            "merge4",
            "artist",
            "edit",
            json!({"prompt": "Four friends in a spring garden", "images": &ids[..ids.len().min(4)], "seed": 6}),
        ),
        ("soft", "artist", "retouch", json!({"images": first})),
        ("enhance", "artist", "retouch", json!({"images": first, "retouch_mode": "enhance"})),
        ("upscale", "artist", "upscale", json!({"images": first, "factor": 2})),
        ("swap", "artist", "swap_face", json!({"images": first, "face_image": ids.get(1)})),
        ("film", "film", "video", json!({"prompt": "Парусник в море на закате", "seed": 1})),
        (
            "film-hd",
            "film",
            "video",
            json!({"prompt": "Ночной город", "width": 1280, "height": 720, "seconds": 10}),
        ),
        (
            "film-photo",
            "film",
            "video",
            json!({"prompt": "", "images": first, "seconds": 5, "width": 720, "height": 720}),
        ),
        ("film-odd", "film", "video", json!({"prompt": "лес", "seconds": 1, "width": 350, "height": 630})),
    ];
    let sandbox = Sandbox::new(Arc::new(Still), Pace::default(), 1);
    for (name, model, mode, input) in runs {
        let start = Instant::now();
        match sandbox.submit("built-in", &request(model, mode, input, &files)).await {
            Submitted::Done(outputs) => {
                let Some(OutputFile::Bytes(bytes)) = outputs.files.first() else { continue };
                println!("{name:10} {:>9} bytes {:>6.0?}", bytes.len(), start.elapsed());
                let ending = if model == "film" { "mp4" } else { "png" };
                std::fs::write(Path::new(folder).join(format!("{name}.{ending}")), bytes)?;
            }
            other => println!("{name:10} {other:?}"),
        }
    }
    Ok(())
}

fn request(model: &str, mode: &str, input: Value, files: &[InputFile]) -> Request {
    Request {
        generation: "gen".to_owned(),
        attempt: 1,
        model: model.to_owned(),
        mode: mode.to_owned(),
        input,
        files: files.to_vec(),
        spool: None,
        early: None,
        longest_run: Duration::from_secs(60),
        webhook: None,
    }
}
