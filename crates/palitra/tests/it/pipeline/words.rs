//! What a run says: lines for people in both languages, counters, workers, log lines.

use super::{fails, numbered, takes};
use crate::harness::{Desk, Fal, Run, deck, deck_with_prompts, on_fal};
use palitra_sim::fal::FalScript;
use serde_json::Value;

const SANDBOX: [&str; 6] = ["slides", "deck.md", "-o", "out", "--format", "64x64"];

fn said(lang: &str) -> Run {
    let desk = Desk::new();
    desk.write("deck.md", deck(3));
    let run = desk.run(&[&SANDBOX[..], &["--lang", lang]].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run
}

#[test]
fn s0_20_21_22_each_slide_and_the_counters_are_told_in_both_languages() {
    let texts = [
        (
            "ru",
            "✓ Промпт готов для слайда {n}, отправлен на генерацию изображения",
            "✓ Изображение готово для слайда {n}",
            "Промпты",
            "Изображения",
        ),
        (
            "en",
            "✓ prompt ready for slide {n}, sent to image generation",
            "✓ image ready for slide {n}",
            "prompts",
            "images",
        ),
    ];
    for (lang, prompt, picture, prompts, pictures) in texts {
        let run = said(lang);
        for text in [prompt, picture] {
            for n in 1..=3 {
                let wanted = text.replace("{n}", &n.to_string());
                assert_eq!(
                    run.stderr.lines().filter(|line| *line == wanted).count(),
                    1,
                    "{wanted}\n{}",
                    run.stderr
                );
            }
        }
        for name in [prompts, pictures] {
            let counted: Vec<&str> = run
                .stderr
                .lines()
                .filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "))
                .collect();
            let mut sorted = counted.clone();
            sorted.sort_unstable();
            assert_eq!(
                (counted.first(), counted.last(), &counted),
                (Some(&"0/3"), Some(&"3/3"), &sorted),
                "S0-22"
            );
        }
    }
}

#[test]
fn s0_18_counters_equal_the_sum_of_events() {
    let fal =
        Fal::start(FalScript { rules: vec![fails("picture-05."), fails("picture-09.")], ..takes(0, 0) });
    let desk = Desk::hurried(&fal);
    desk.write("deck.json", deck_with_prompts(numbered(24)));
    let run = desk.run(&on_fal("deck.json", "out", &["--image-workers", "8", "--json"]));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let (mut ready, mut failed) = (0, 0);
    let mut told = 0;
    for line in run.stderr.lines() {
        ready += u32::from(line.starts_with("✓ image ready"));
        failed += u32::from(line.starts_with("✗ no image"));
        if let Some(count) = line.trim().strip_prefix("images: ") {
            told = count.split_once('/').unwrap().0.parse().unwrap();
        }
    }
    assert_eq!((ready, failed, told), (22, 2, 22), "{}", run.stderr);
    assert_eq!(
        (&report["totals"]["succeeded"], &report["totals"]["failed"]),
        (&ready.into(), &failed.into())
    );
    // S0-26: so do the workers.
    let workers = report["workers"].as_array().unwrap();
    let sum = |name: &str| workers.iter().map(|worker| worker[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("items"), sum("ok"), sum("failed")), (24, 22, 2));
    assert_eq!(workers.len(), 8);
    for worker in workers {
        assert_eq!(worker["kind"], "picture");
        assert!(worker["id"].as_str().unwrap().starts_with("picture-"));
        let [busy, waiting] = ["busy_s", "waiting_s"].map(|name| worker[name].as_f64().unwrap());
        assert_eq!(busy > 0.0, worker["items"] != 0, "{worker}");
        assert!(waiting >= 0.0, "{worker}");
    }
    // S0-19: by number, complete.
    let numbers: Vec<u64> =
        report["slides"].as_array().unwrap().iter().map(|slide| slide["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
}

#[test]
fn s0_39_the_log_has_the_four_phrases_and_prompts_of_a_hundred_characters() {
    let desk = Desk::new().set("PALITRA_TELEMETRY__LEVEL", "info");
    let long = ["a very long prompt about a harbour"; 10].join(" ");
    desk.write("deck.md", format!("{}\n---\n\n# Last\n\n<!-- Prompt: \"{long}\" -->\n", deck(2)));
    let run = desk.run(&[&SANDBOX[..], &["--lang", "ru"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let log: Vec<&str> = run.stderr.lines().filter(|line| line.contains(" INFO ")).collect();
    let has = |parts: &[&str]| log.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(
        has(&["Параллельная генерация: запущено 3 воркеров", "prompt-1", "picture-1", "picture-2"]),
        "{}",
        log.join("\n")
    );
    for n in 1..=3 {
        assert!(has(&["Воркер picture-", &format!("обработка слайда {n}")]), "{}", log.join("\n"));
    }
    assert!(has(&["Воркер prompt-1: обработка слайда 1"]), "{}", log.join("\n"));
    let cut: String = long.chars().take(100).collect();
    let sent = log.iter().find(|line| line.contains("слайда 3") && line.contains("Отправка")).unwrap();
    assert!(sent.contains(&cut) && !sent.contains(&long[..101]), "{sent}");
}
