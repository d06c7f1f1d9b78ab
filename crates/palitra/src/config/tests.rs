//! Precedence, names, hints, secrets: what a settings file and an environment may count on.

use super::{
    Config, DEFAULTS, DatabasePlace, Inputs, Loaded,
    environment::{Effect, WELL_KNOWN, own_name},
    find, json, layers, paths, text,
};
use crate::{args::Override, failure::Failure};
use palitra_domain::i18n::Lang;
use std::path::Path;

/// A folder with the given files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn inputs(folder: &Path, environment: &[(&str, &str)]) -> Inputs {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Inputs { environment: environment.collect(), ..Inputs::bare(folder) }
}

fn load(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Loaded {
    let folder = folder(files);
    Config::load(&inputs(folder.path(), environment)).unwrap()
}

/// The two lines of a refusal, with the folder's path cut out.
fn refusal(files: &[(&str, &str)], environment: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let failure = Failure::from(Config::load(&inputs(folder.path(), environment)).unwrap_err());
    let mut lines = Vec::new();
    failure.report(Lang::En, &mut lines).unwrap();
    assert_eq!(failure.exit_code(), 2);
    String::from_utf8(lines).unwrap().replace(&format!("{}/", folder.path().display()), "")
}

fn shown<'a>(loaded: &'a Loaded, setting: &str) -> (String, &'a str) {
    let shown = loaded.origins.iter().find(|shown| shown.setting == setting).unwrap();
    let value = shown.value.as_str().map_or_else(|| shown.value.to_string(), str::to_owned);
    (value, &shown.origin)
}

#[test]
fn the_defaults_are_the_documented_file() {
    let loaded = load(&[], &[]);
    assert_eq!(loaded.config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(loaded.config.slides.model, "sandbox/artist");
    assert_eq!(loaded.config.engine.unknown_wait(), None);
    assert!(loaded.config.markets.fal.ring().keys().is_empty());
    assert!(loaded.warnings.is_empty() && loaded.file.is_none());
    // Every setting is shown, once, in the order of the file, as a default.
    let settings: Vec<&str> = loaded.origins.iter().map(|shown| shown.setting.as_str()).collect();
    let mut sorted: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    sorted.sort();
    let mut known = paths(&layers::defaults());
    known.sort();
    assert_eq!(sorted, known);
    assert_eq!(settings[0], "server.listen");
    assert!(loaded.origins.iter().all(|shown| shown.origin == "default"));
}

#[test]
fn what_show_prints_is_a_settings_file_again() {
    let page = text(&load(&[], &[]));
    let again = load(&[("palitra.toml", &page)], &[]);
    let values = |loaded: &Loaded| -> Vec<_> {
        loaded.origins.iter().map(|shown| (shown.setting.clone(), shown.value.clone())).collect()
    };
    assert_eq!(values(&again), values(&load(&[], &[])));
    // So is the file with the defaults itself.
    assert_eq!(values(&load(&[("palitra.toml", DEFAULTS)], &[])), values(&again));
}

#[test]
fn every_setting_stands_under_its_own_comment() {
    for (setting, start) in layers::spans(DEFAULTS) {
        if find(&layers::defaults(), &setting)
            .is_none_or(|value| value.as_dict().is_some_and(|d| !d.is_empty()))
        {
            continue;
        }
        let before = DEFAULTS[..start].trim_end().lines().next_back().unwrap_or_default();
        assert!(before.starts_with("# ") && before.ends_with(['.', ',', ':', ']']), "{setting}: {before}");
    }
}

#[test]
fn s2_095_each_layer_overrides_the_one_before() {
    let file = ("palitra.toml", "server.listen = '127.0.0.1:1001'");
    let seed = ("API_PORT", "1002");
    let own = ("PALITRA_SERVER__LISTEN", "127.0.0.1:1003");
    let flag = Override { flag: "--listen", setting: "server.listen", text: "127.0.0.1:1004".to_owned() };
    let folder = folder(&[file, ("config.toml", "server.listen = '127.0.0.1:1'")]);
    for (environment, flags, port, origin) in [
        (vec![], vec![], "127.0.0.1:1001", "file"),
        (vec![seed], vec![], "127.0.0.1:1002", "env API_PORT"),
        (vec![seed, own], vec![], "127.0.0.1:1003", "env PALITRA_SERVER__LISTEN"),
        (vec![own, seed], vec![flag], "127.0.0.1:1004", "flag --listen"),
    ] {
        let loaded = Config::load(&Inputs { flags, ..inputs(folder.path(), &environment) }).unwrap();
        assert_eq!(loaded.config.server.listen.to_string(), port);
        assert!(
            shown(&loaded, "server.listen").1.starts_with(origin),
            "{:?}",
            shown(&loaded, "server.listen")
        );
        assert_eq!(shown(&loaded, "engine.drain_s"), ("30".to_owned(), "default"));
    }
}

#[test]
fn the_file_is_the_one_named_else_the_one_here_else_the_one_in_the_data_directory() {
    let folder =
        folder(&[("config.toml", "slides.gate_percent = 1"), ("mine.toml", "slides.gate_percent = 3")]);
    let gate = |inputs: &Inputs| Config::load(inputs).unwrap().config.slides.gate_percent;
    let mut inputs = Inputs::bare(folder.path());
    assert_eq!(gate(&inputs), 1);
    std::fs::write(folder.path().join("palitra.toml"), "slides.gate_percent = 2").unwrap();
    assert_eq!(gate(&inputs), 2);
    inputs.file = Some("mine.toml".into());
    assert_eq!(gate(&inputs), 3);
    inputs.file = Some("gone.toml".into());
    assert_eq!(Config::load(&inputs).unwrap_err().to_string(), "--config: cannot read gone.toml: not found");
}

/// Name as its makers write it, a value, and the setting with the value as it is shown.
const REACHES: &[(&str, &str, &str, &str)] = &[
    ("TEST_MODE", "true", "engine.test_mode", "true"),
    ("FAL_KEY", "k", "markets.fal.key", "[redacted]"),
    ("fal_api_key", "k", "markets.fal.key", "[redacted]"),
    ("fal_queue_base_url", "https://q.example.org", "markets.fal.queue_url", "https://q.example.org"),
    ("OPENAI_API_KEY", "k", "markets.openai.key", "[redacted]"),
    ("ANTHROPIC_API_KEY", "k", "markets.anthropic.key", "[redacted]"),
    ("REPLICATE_API_TOKEN", "k", "markets.replicate.key", "[redacted]"),
    ("ELEVENLABS_API_KEY", "k", "markets.elevenlabs.key", "[redacted]"),
    ("KIE_API_KEY", "k", "markets.kie.key", "[redacted]"),
    ("wavespeed_api_key", "k", "markets.wavespeed.key", "[redacted]"),
    ("tg_bot_token", "k", "telegram.token", "[redacted]"),
    ("redis_url", "redis://localhost:6379/0", "redis.url", "redis://[redacted]"),
    ("DATABASE_URL", "sqlite:////tmp/shared.db", "database.url", "sqlite:////tmp/shared.db"),
    ("media_dir", "./media", "objects.dir", "./media"),
    ("api_host", "0.0.0.0", "server.listen", "0.0.0.0:8000"),
    ("api_port", "7001", "server.listen", "127.0.0.1:7001"),
];

#[test]
fn s2_095_097_099_every_well_known_name_reaches_its_setting_in_either_case() {
    for (name, value, setting, expected) in REACHES {
        for spelled in [(*name).to_owned(), name.to_lowercase(), name.to_uppercase()] {
            let loaded = load(&[], &[(&spelled, value)]);
            assert_eq!(shown(&loaded, setting), ((*expected).to_owned(), format!("env {spelled}").as_str()));
            assert!(loaded.warnings.is_empty());
        }
    }
    let loaded = load(&[], &[("api_host", "::1"), ("FAL_KEY_ID", "id"), ("FAL_KEY_SECRET", "secret")]);
    assert_eq!(loaded.config.server.listen.to_string(), "[::1]:8000");
    assert_eq!(loaded.config.markets.fal.ring().keys()[0].key.reveal(), "id:secret");
    assert_eq!(shown(&loaded, "markets.fal.key").1, "env FAL_KEY_ID, FAL_KEY_SECRET");
    let half = load(&[], &[("FAL_KEY_ID", "id")]);
    assert!(half.config.markets.fal.ring().keys().is_empty());
}

#[test]
fn s2_096_098_names_without_effect_are_accepted_and_said() {
    let mut names = Vec::new();
    for row in WELL_KNOWN {
        let name = row.names[0].0;
        if matches!(row.effect, Effect::Nothing(_)) {
            names.push(name);
            let loaded = load(&[], &[(name, "x")]);
            let said: Vec<String> = loaded.warnings.iter().map(|why| why.text(Lang::En)).collect();
            assert!(said.len() == 1 && said[0].starts_with(&format!("`{name}` has no effect: ")), "{said:?}");
        } else {
            let tested = |(name, _): &(&str, _)| REACHES.iter().any(|(known, ..)| known == name);
            assert!(row.names.iter().all(tested) || name == "FAL_KEY_ID", "{name} is not in `REACHES`");
        }
    }
    for seed in ["app_env", "fal_face_swap_model", "fal_standard_model", "video_poll_interval"] {
        assert!(names.contains(&seed), "{seed}");
    }
}

#[test]
fn every_setting_has_a_name_of_our_own_and_texts_take_its_type() {
    let defaults = layers::defaults();
    for setting in paths(&defaults) {
        let shown = load(&[], &[]).origins.into_iter().find(|shown| shown.setting == setting).unwrap();
        let text = shown.value.as_str().map_or_else(|| shown.value.to_string(), str::to_owned);
        if setting.ends_with("_file") || text == "{}" {
            continue;
        }
        let name = own_name(&setting);
        let loaded = load(&[], &[(&name, &text)]);
        let again = loaded.origins.iter().find(|shown| shown.setting == setting).unwrap();
        assert_eq!(
            (again.value.clone(), again.origin.as_str()),
            (shown.value, format!("env {name}").as_str())
        );
    }
    let loaded = load(&[], &[("PALITRA_MARKETS__FAL__KEY", "12345"), ("PALITRA_MONEY__USD_RATE", "95.5")]);
    assert_eq!(loaded.config.markets.fal.ring().keys()[0].key.reveal(), "12345", "digits stay text");
    assert_eq!(loaded.config.money.usd_rate.0, 95_500_000);
}

#[test]
fn invariant_11_a_key_in_the_environment_changes_nothing_but_itself() {
    let defaults = load(&[], &[]);
    for row in WELL_KNOWN {
        let names: Vec<&str> = row.names.iter().map(|(name, _)| *name).collect();
        let Effect::Setting(setting) = row.effect else { continue };
        if !setting.ends_with(".key") && !setting.ends_with(".token") {
            continue;
        }
        let given: Vec<(&str, &str)> = names.iter().map(|name| (*name, "key")).collect();
        let loaded = load(&[], &given);
        let twin = format!("{setting}_file");
        for (before, after) in defaults.origins.iter().zip(&loaded.origins) {
            let own = before.setting == setting || before.setting == twin;
            assert!(own || before == after, "{names:?} changes {}", before.setting);
        }
    }
}

#[test]
fn what_is_not_known_names_place_and_neighbour() {
    for (files, environment, said) in [
        (
            vec![("palitra.toml", "[engine]\n\nretry_max = 3\n")],
            vec![],
            "error: palitra.toml:3, `engine.retry_max`: there is no such setting\nhint: did you mean `engine.retries_max`?\n",
        ),
        (
            vec![("palitra.toml", "[slide]\nmodel = 'x'\n")],
            vec![],
            "error: palitra.toml:1, `slide`: there is no such setting\nhint: did you mean `slides`?\n",
        ),
        (
            vec![("palitra.toml", "# mine\n[markets]\nmidjourney = {}\n")],
            vec![],
            "error: palitra.toml:3, `markets.midjourney`: there is no such setting\nhint: every setting: `palitra config show`\n",
        ),
        (
            vec![("palitra.toml", "[[markets.fal.keys]]\nlabel = 'a'\nkey = 'x'\nslot = 2\n")],
            vec![],
            "error: palitra.toml:4, `markets.fal.keys.0.slot`: there is no such setting\nhint: did you mean `markets.fal.keys.0.slots`?\n",
        ),
        (
            vec![],
            vec![("PALITRA_ENGINE__RETRY_MAX", "3")],
            "error: PALITRA_ENGINE__RETRY_MAX: there is no such setting\nhint: did you mean `PALITRA_ENGINE__RETRIES_MAX`?\n",
        ),
    ] {
        assert_eq!(refusal(&files, &environment), said);
    }
    // Orchestrators' own names are left alone; an underscore too few is told.
    let loaded = load(&[], &[("PALITRA_SERVICE_HOST", "10.0.0.1"), ("PALITRA_SERVER_LISTEN", "x")]);
    let said: Vec<String> = loaded.warnings.iter().map(|why| why.text(Lang::En)).collect();
    assert_eq!(said, ["`PALITRA_SERVER_LISTEN` has no effect: did you mean `PALITRA_SERVER__LISTEN`?"]);
}

#[test]
fn values_that_can_never_work_are_refused_where_they_stand() {
    for (setting, value, why) in [
        ("server.listen", "'localhost'", "an address with a port is needed, such as `127.0.0.1:8000`"),
        ("server.public_url", "'art.example.org'", "an address `http"),
        ("server.public_url", "'https://u:p@art.example.org'", "an address `http"),
        ("database.url", "'mysql://db/palitra'", "`sqlite:///file`"),
        ("database.writers", "0", "must be from 1 to 64"),
        ("engine.unknown", "'retry'", "must be one of `resubmit_once`, `fail`"),
        ("engine.retries_max", "65", "must be from 0 to 64"),
        ("engine.retries_max", "-1", "a whole number, not below zero, is needed"),
        ("engine.retries_max", "'8'", "a whole number, not below zero, is needed"),
        ("engine.polls_max", "0", "must be from 1 to 1024"),
        ("money.currency", "'rub'", "a currency code"),
        ("money.usd_rate", "95", "a text in quotes is needed"),
        ("money.usd_rate", "'0'", "must be above zero"),
        ("money.markup", "'2,5'", "a number as text is needed"),
        ("markets.fal.headers", "[]", "a table is needed"),
        ("markets.fal.keys", "[{label = 'main', key = 'x'}]", "a key needs a `label`, other than `main`"),
        ("markets.fal.keys", "[{label = 'a'}]", "`key` is missing"),
        (
            "markets.fal.keys",
            "[{label = 'a', key = 'x'}, {label = 'b', key = 'x'}]",
            "this label or this key",
        ),
        ("markets.fal.queue_url", "'ftp://queue.fal.run'", "an address `http"),
        ("security.allow_private_urls", "'no'", "`true` or `false` is needed"),
        ("slides.gate_percent", "101", "must be from 0 to 100"),
        ("telemetry.level", "'loud'", "must be one of `off`, `error`, `warn`, `info`, `debug`, `trace`"),
        ("retention.results_days", "36501", "must be from 0 to 36500"),
    ] {
        let said = refusal(&[("palitra.toml", &format!("\n{setting} = {value}"))], &[]);
        assert!(said.starts_with(&format!("error: palitra.toml:2, `{setting}")), "{said}");
        assert!(said.contains(why), "{said}");
    }
    let said = refusal(&[("palitra.toml", "[engine]\nunknown = \n")], &[]);
    assert!(said.starts_with("error: palitra.toml:2: cannot read: "), "{said}");
    let said = refusal(&[], &[("PALITRA_ENGINE__POLLS_MAX", "many")]);
    assert!(
        said.starts_with("error: PALITRA_ENGINE__POLLS_MAX, `engine.polls_max`: a whole number"),
        "{said}"
    );
}

#[test]
fn secrets_have_a_file_twin_and_the_last_layer_to_say_either_decides() {
    let files =
        [("palitra.toml", "markets.fal.key_file = 'fal.key'"), ("fal.key", "from-file\n"), ("empty", "\n")];
    let key = |environment: &[(&str, &str)]| {
        let loaded = load(&files, environment);
        let twin = shown(&loaded, "markets.fal.key_file").0;
        (loaded.config.markets.fal.ring().keys()[0].key.reveal().to_owned(), twin)
    };
    assert_eq!(key(&[]), ("from-file".to_owned(), "fal.key".to_owned()));
    assert_eq!(key(&[("FAL_KEY", "from-env")]), ("from-env".to_owned(), String::new()));
    assert_eq!(load(&files, &[("PALITRA_MARKETS__FAL__KEY", "")]).config.markets.fal.ring().keys().len(), 0);
    let own = [("FAL_KEY", "x"), ("PALITRA_MARKETS__FAL__KEY_FILE", "fal.key")];
    assert_eq!(key(&own), ("from-file".to_owned(), "fal.key".to_owned()));
    for (environment, why) in [
        (vec![("PALITRA_MARKETS__FAL__KEY_FILE", "gone")], "cannot read"),
        (vec![("PALITRA_MARKETS__FAL__KEY_FILE", "empty")], "empty"),
        (
            vec![("PALITRA_TELEGRAM__TOKEN_FILE", "fal.key"), ("PALITRA_TELEGRAM__TOKEN", "x")],
            "set in two ways; remove this or `PALITRA_TELEGRAM__TOKEN`",
        ),
    ] {
        assert!(refusal(&files, &environment).contains(why), "{environment:?}");
    }
    let twice = refusal(&[("palitra.toml", "[markets.fal]\nkey = 'x'\nkey_file = 'fal.key'"), files[1]], &[]);
    assert!(twice.starts_with("error: palitra.toml:3, `markets.fal.key_file`: set in two ways"), "{twice}");
}

#[test]
fn s2_127_keys_come_with_labels_and_slots() {
    let list = "markets.fal.slots = 7\n[[markets.fal.keys]]\nlabel = 'a'\nkey = 'k1'\n[[markets.fal.keys]]\nlabel = 'b'\nkey_file = 'b.key'\nslots = 20\n";
    let keys = |environment: &[(&str, &str)]| -> Vec<(String, String, u32)> {
        let keys =
            load(&[("palitra.toml", list), ("b.key", "k2")], environment).config.markets.fal.ring().keys();
        keys.into_iter().map(|key| (key.label, key.key.reveal().to_owned(), key.slots)).collect()
    };
    let row = |label: &str, key: &str, slots| (label.to_owned(), key.to_owned(), slots);
    assert_eq!(keys(&[]), [row("a", "k1", 7), row("b", "k2", 20)]);
    assert_eq!(keys(&[("FAL_KEY", "k0")]), [row("main", "k0", 7), row("a", "k1", 7), row("b", "k2", 20)]);
    assert_eq!(keys(&[("FAL_KEY", "k2")]).len(), 2, "the same key is not counted twice");
}

#[test]
fn secrets_are_never_shown() {
    let file =
        "[markets.fal]\nheaders = { X-Token = 'hush1' }\n[[markets.fal.keys]]\nlabel = 'a'\nkey = 'hush2'\n";
    let environment = [
        ("FAL_KEY", "hush3"),
        ("PALITRA_REDIS__URL", "redis://:hush4@cache:6379/0"),
        ("TG_BOT_TOKEN", "hush5"),
        ("OPENAI_API_KEY", "hush6"),
        ("PALITRA_TELEGRAM__TOKEN_FILE", "token"),
    ];
    let loaded = load(&[("palitra.toml", file), ("token", "hush7")], &environment);
    for page in [text(&loaded), json(&loaded).to_string(), format!("{loaded:?}")] {
        assert!(!page.contains("hush"), "{page}");
    }
    let page = text(&loaded);
    for line in [
        "key = \"[redacted]\"  # env FAL_KEY\n",
        "keys = [{ \"key\" = \"[redacted]\", \"key_file\" = \"\", \"label\" = \"a\" }]  # file",
        "headers = { \"X-Token\" = \"[redacted]\" }  # file",
        "url = \"redis://[redacted]\"  # env PALITRA_REDIS__URL\n",
        "token_file = \"token\"  # env PALITRA_TELEGRAM__TOKEN_FILE\n",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
}

#[test]
fn empty_names_and_unedited_examples_are_not_set() {
    let loaded = load(&[], &[("FAL_KEY", ""), ("fal_api_key", "YOUR_FAL_KEY"), ("tg_bot_token", "  ")]);
    assert!(loaded.config.markets.fal.ring().keys().is_empty());
    assert_eq!(shown(&loaded, "telegram.token").1, "default");
    let said: Vec<String> = loaded.warnings.iter().map(|why| why.text(Lang::Ru)).collect();
    assert_eq!(said, ["`fal_api_key` ни на что не влияет: это ключ из примера, а не настоящий"]);
}

#[test]
fn s2_099_database_urls_of_the_seed_name_a_file() {
    for (url, file) in [
        ("", "/data/palitra.db"),
        ("sqlite:////tmp/media_lab_shared.db", "/tmp/media_lab_shared.db"),
        ("sqlite:///here.db", "here.db"),
        ("sqlite:here.db", "here.db"),
        ("sqlite+aiosqlite:////a/b.db", "/a/b.db"),
    ] {
        let loaded = load(&[], &[("PALITRA_DATABASE__URL", url)]);
        let place = loaded.config.database.place(Path::new("/data"));
        assert!(
            matches!(&place, Some(DatabasePlace::File(found)) if found == Path::new(file)),
            "{url}: {place:?}"
        );
    }
}

#[test]
fn database_urls_of_postgresql_are_read_in_every_spelling() {
    for (url, read) in [
        (
            "postgres://ann:pw@db:5432/palitra?sslmode=require",
            "postgres://ann:pw@db:5432/palitra?sslmode=require",
        ),
        ("postgresql://db/palitra", "postgres://db/palitra"),
        (
            "postgresql+asyncpg://ann:pw@db/palitra?ssl=require",
            "postgres://ann:pw@db/palitra?sslmode=require",
        ),
        ("postgresql+psycopg://db/palitra", "postgres://db/palitra"),
    ] {
        let loaded = load(&[], &[("DATABASE_URL", url)]);
        let place = loaded.config.database.place(Path::new("/data"));
        assert!(matches!(&place, Some(DatabasePlace::Server(found)) if found.reveal() == read), "{url}");
        let scheme = url.split("://").next().unwrap();
        assert_eq!(shown(&loaded, "database.url").0, format!("{scheme}://[redacted]"));
    }
    let loaded = load(&[("url", "postgres://ann:pw@db/palitra\n")], &[("PALITRA_DATABASE__URL_FILE", "url")]);
    let place = loaded.config.database.place(Path::new("/data"));
    assert!(matches!(&place, Some(DatabasePlace::Server(_))), "{place:?}");
}
