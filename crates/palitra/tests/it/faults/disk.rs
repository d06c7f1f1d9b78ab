//! The disk is full while the service works, files and database alike; then there is room again. A disk of its own is a tmpfs in a
//! namespace of users, so no rights are needed; SQLite alone, which refuses to grow, needs not even that.

use super::stage::Stage;
use crate::{
    crash::{books::Books, process::Process, scenario::SUCCEEDED, verdict},
    harness::Desk,
};
use serde_json::json;
use std::process::Command;

const ASKED: &[&str] = &["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];

/// SQLite takes no more pages: claims, answers and settlements wait; nothing is forgotten.
#[test]
fn while_the_database_cannot_grow_work_waits_and_nothing_is_lost() {
    let stage = Stage::set(Vec::new(), ASKED, &[("PALITRA_MARKETS__FAL__SLOTS", "2")]);
    let service = stage.serve();
    assert_eq!(stage.ask(&json!({ "pages": 0 })), json!({ "pages": 0 }));
    // Whatever fits into the free pages still gets through; each of these brings its own text.
    let text = "long ".repeat(3_000);
    let mut answers = (0..200).map(|n| {
        let create = json!({ "account": "local", "key": format!("k{n}"), "model": "fal-ai/flux/dev", "prompt": format!("{n} {text}") });
        stage.ask(&json!({ "create": create }))["error"].clone()
    });
    assert!(answers.any(|error| error == "disk_full"), "the database still grows");
    assert!(Books::problems(&stage.desk).is_empty());
    stage.ask(&json!({ "pages": null }));
    while Books::read(&stage.desk).generations.iter().any(|generation| generation.state == "queued") {
        assert!(service.says("ended"));
    }
    stage.finish(service, |_| SUCCEEDED);
}

/// `palitra serve` on a disk of a little over two megabytes that grows when somebody writes to `grow`, and is told to stop by `stop`.
const SMALL_DISK: &str = r#"
    mount -t tmpfs -o size=2400k small small || exit 99
    cp -a palitra-data/. small/ || exit 99
    "$@" & pid=$!
    read word <grow; mount -o remount,size=256m small || exit 99
    read word <stop; kill -TERM $pid; wait $pid; code=$?
    rm -rf palitra-data; cp -a small palitra-data || exit 99
    exit $code"#;

#[test]
fn while_the_disk_is_full_work_waits_and_goes_on_when_there_is_room() {
    let stage = Stage::set(Vec::new(), ASKED, &[]);
    let desk = &stage.desk;
    std::fs::create_dir(desk.path("small")).unwrap();
    for fifo in ["grow", "stop"] {
        assert!(Command::new("mkfifo").arg(desk.path(fifo)).status().unwrap().success());
    }
    // What is put beside the database leaves it little room.
    desk.write("palitra-data/ballast", vec![7; 1_200_000]);
    let service = Process::of(in_a_namespace(desk));
    assert!(service.says("disk_full"), "the disk never became full");
    std::fs::write(desk.path("grow"), "now\n").unwrap();
    for _ in ASKED {
        assert!(service.says("state=\"succeeded\""));
    }
    std::fs::write(desk.path("stop"), "now\n").unwrap();
    let served = service.end().run;
    assert_eq!(served.code, Some(0), "{}", served.stderr);
    std::fs::remove_file(desk.path("palitra-data/ballast")).unwrap();
    let log = stage.fal.as_ref().unwrap().log();
    let offences = verdict::offences(desk, &log, |_| SUCCEEDED);
    assert!(offences.is_empty(), "{}\n{}", offences.join("\n"), served.stderr);
    assert_eq!(log.submissions.len(), ASKED.len());
}

fn in_a_namespace(desk: &Desk) -> Command {
    let program = desk.command(&["--data", "small", "serve", "--listen", "127.0.0.10:0"]);
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh"]);
    shell.arg(program.get_program()).args(program.get_args()).current_dir(program.get_current_dir().unwrap());
    shell.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}
