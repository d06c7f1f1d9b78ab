//! What can be typed, what it means, and what is said when it is not understood.

use super::*;
use clap::CommandFactory;
use std::{ffi::OsString, time::Duration};

fn words(line: &str) -> Vec<OsString> {
    line.split(' ').map(OsString::from).collect()
}

fn read(line: &str) -> Cli {
    parse(words(line)).unwrap_or_else(|usage| panic!("{line}: {usage:?}"))
}

fn mistake(line: &str) -> (String, String) {
    match parse(words(line)) {
        Err(Usage::Mistake { error, hint, .. }) => (error, hint),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_definition_is_sound_and_every_command_teaches() {
    Cli::command().debug_assert();
    let mut command = Cli::command();
    command.build();
    for command in command.get_subcommands_mut() {
        let help = command.render_help().to_string();
        assert!(help.contains("Examples:\n  palitra "), "{help}");
    }
    explained(&command);
}

fn explained(command: &clap::Command) {
    assert!(command.get_about().is_some(), "{}", command.get_name());
    for argument in command.get_arguments() {
        assert!(argument.get_help().is_some(), "{} of {}", argument.get_id(), command.get_name());
    }
    command.get_subcommands().for_each(explained);
}

#[test]
fn every_example_of_the_help_can_be_typed() {
    let mut command = Cli::command();
    command.build();
    let mut tried = 0;
    let pages = command.get_subcommands_mut().map(|command| command.render_help().to_string());
    for page in pages.chain([welcome(Lang::Ru), welcome(Lang::En)]) {
        for line in page.lines().filter_map(|line| line.strip_prefix("  palitra ")) {
            let line = line.split(" #").next().unwrap_or_default().trim_end();
            // Quoted prompts are one word.
            let mut quoted = false;
            let line: String = line
                .chars()
                .map(|c| {
                    quoted ^= c == '"';
                    if quoted && c == ' ' { '_' } else { c }
                })
                .collect();
            read(&format!("palitra {line}"));
            tried += 1;
        }
    }
    assert!(tried > 25, "only {tried} examples found");
}

#[test]
fn s0_15_16_slides_flags_become_settings() {
    let cli = read(
        "palitra slides deck.md -o out --image-workers 4 --prompt-delay 1s --image-delay 1500ms --gate 50 --model m --prompt-model w",
    );
    let given: Vec<(&str, &str, String)> =
        cli.overrides().into_iter().map(|flag| (flag.flag, flag.setting, flag.text)).collect();
    let expected = [
        ("--model", "slides.model", "m"),
        ("--prompt-model", "slides.prompt_model", "w"),
        ("--image-workers", "slides.image_workers", "4"),
        ("--gate", "slides.gate_percent", "50"),
        ("--prompt-delay", "slides.prompt_delay_ms", "1000"),
        ("--image-delay", "slides.image_delay_ms", "1500"),
    ];
    assert_eq!(given, expected.map(|(flag, setting, text)| (flag, setting, text.to_owned())));
    let inputs =
        crate::config::Inputs { flags: cli.overrides(), ..crate::config::Inputs::bare("/nowhere".as_ref()) };
    let slides = crate::config::Config::load(&inputs).unwrap().config.slides;
    assert_eq!((slides.image_workers, slides.gate_percent, slides.model.as_str()), (4, 50, "m"));
    assert_eq!(
        (slides.prompt_delay(), slides.image_delay()),
        (Duration::from_secs(1), Duration::from_millis(1500))
    );
    assert!(read("palitra slides deck.md -o out").overrides().is_empty());
}

#[test]
fn global_flags_stand_anywhere() {
    for line in
        ["palitra --json --data d --lang ru --yes jobs ls", "palitra jobs ls --json --data d --lang ru -y"]
    {
        let global = read(line).global;
        assert_eq!((global.json, global.yes, global.lang), (true, true, Some(Lang::Ru)));
        assert_eq!(global.data, PathBuf::from("d"));
    }
    let Command::Balance(balance) = read("palitra balance add 9.50 --account ann").command else { panic!() };
    assert!(matches!(balance.action, Some(BalanceAction::Add { amount_minor: 950 })));
    assert_eq!(balance.account.as_deref(), Some("ann"));
}

#[test]
fn times_say_their_unit() {
    for (text, micros) in
        [("0", 0), ("500ms", 500_000), ("1.5s", 1_500_000), ("2m", 120_000_000), ("24h", 86_400_000_000)]
    {
        assert_eq!(values::duration(text), Ok(Duration::from_micros(micros)), "{text}");
    }
    for bad in ["", "5", "s", "-1s", "1,5s", "25h", "1d", "2 s", "99999999999999999h", "1.s2"] {
        assert!(values::duration(bad).is_err(), "{bad}");
    }
}

#[test]
fn mistakes_say_what_and_what_to_do() {
    for (line, error, hint) in [
        ("palitra slide deck.md", "unrecognized subcommand `slide`", "some similar subcommands exist: `video`, `slides`"),
        (
            "palitra create x --modle y",
            "unexpected argument `--modle` found",
            "a similar argument exists: `--model`",
        ),
        (
            "palitra slides deck.md",
            "the following required arguments were not provided: --out <DIR>",
            "see `palitra slides --help`",
        ),
        ("palitra jobs", "a command is missing", "see `palitra jobs --help`"),
        ("palitra --lang ru", "a command is missing", "see `palitra --help`"),
        (
            "palitra create x --max-cost many",
            "invalid value `many` for `--max-cost <AMOUNT>`: an amount such as `1000` or `9.50`, with at most two decimals",
            "see `palitra create --help`",
        ),
    ] {
        assert_eq!(mistake(line), (error.to_owned(), hint.to_owned()));
    }
    assert!(matches!(parse(words("palitra jobs --json")), Err(Usage::Mistake { json: true, .. })));
    assert_eq!(parse(words("palitra")).unwrap_err(), Usage::Nothing);
    assert!(
        matches!(parse(words("palitra slides --help")), Err(Usage::Help(page)) if page.contains("Examples:"))
    );
}
