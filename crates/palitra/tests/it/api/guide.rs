//! The examples of `docs/api.md`, run as they stand there against the real service, one after the other in one folder.

use super::{sdk, service::Stage};
use crate::crash::process::Process;
use std::{path::Path, process::Command};

/// Language and text of each example.
fn examples(page: &str) -> Vec<(&str, &str)> {
    page.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
}

#[test]
fn s1_37_the_examples_of_the_guide_work() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = std::fs::read_to_string(page).unwrap();
    let stage = Stage::new().set("PALITRA_WORDS__MODEL", "local/illustration");
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve();
    let python = sdk::python();
    let tools = Path::new(python.get_program()).parent().unwrap().display().to_string();
    let (mut said, mut counts) = (String::new(), [0; 3]);
    for (n, (language, text)) in examples(&page).into_iter().enumerate() {
        let file = stage.desk.write(&format!("example-{n}"), text);
        let mut command = match language {
            "sh" => Command::new("sh"),
            "python" => sdk::python(),
            "ts" => Command::new("node"),
            _ => continue,
        };
        counts[["sh", "python", "ts"].iter().position(|known| *known == language).unwrap()] += 1;
        let file = if language == "ts" {
            // The example keeps to what is JavaScript as well.
            stage.desk.write(&format!("example-{n}.mjs"), text)
        } else {
            file
        };
        if language == "sh" {
            command.arg("-e");
        }
        command.arg(file).current_dir(stage.desk.path("")).env_clear();
        command.env("PATH", format!("{tools}:/usr/local/bin:/usr/bin:/bin"));
        command.env("PALITRA_URL", service.url("")).env("PALITRA_KEY", &key);
        let run = Process::of(command).end().run;
        assert_eq!(run.code, Some(0), "{text}\n{}\n{}", run.stdout, run.stderr);
        said.push_str(&run.stdout);
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    for words in ["\"status\":\"succeeded\"", "\"code\":\"invalid_input\"", "succeeded http", "to make for"] {
        assert!(said.contains(words), "`{words}` was not said:\n{said}");
    }
    assert!(std::fs::read(stage.desk.path("lighthouse.png")).unwrap().starts_with(b"\x89PNG"));
    stage.close(service);
}
