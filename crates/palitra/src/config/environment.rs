//! Every name of the environment that is a setting: the well-known ones in one table, `PALITRA_*` by rule.
//!
//! Well-known names are the ecosystem's and the seeds' (S2-095 to S2-099); they are read in either case. An empty value and
//! an unedited example (`YOUR_FAL_KEY`) count as not set. `PALITRA_*` is taken literally, so an empty one clears a setting.

use super::{
    ConfigError, find,
    layers::{Layer, Origin, typed},
    nearest, paths,
};
use crate::failure::Phrase;
use figment::value::Dict;

/// What a well-known name does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Setting(&'static str),
    /// Accepted, so that an environment of the seeds starts as it is; the reason is a text key.
    Nothing(&'static str),
}

/// One row: one name, or two that make one value together (joined by `:`).
#[derive(Debug, Clone, Copy)]
pub struct WellKnown {
    /// Each with what stands in when only the other one is set; without it both are needed.
    pub names: &'static [(&'static str, Option<&'static str>)],
    pub effect: Effect,
    pub about: &'static str,
}

const fn one(
    name: &'static [(&'static str, Option<&'static str>)],
    effect: Effect,
    about: &'static str,
) -> WellKnown {
    WellKnown { names: name, effect, about }
}

/// Later rows override earlier ones.
pub const WELL_KNOWN: &[WellKnown] = &[
    one(
        &[("FAL_KEY_ID", None), ("FAL_KEY_SECRET", None)],
        Effect::Setting("markets.fal.key"),
        "Key of fal.ai in two parts, as its SDKs take it",
    ),
    one(&[("FAL_KEY", None)], Effect::Setting("markets.fal.key"), "Key of fal.ai"),
    one(&[("fal_api_key", None)], Effect::Setting("markets.fal.key"), "Key of fal.ai"),
    one(
        &[("fal_queue_base_url", None)],
        Effect::Setting("markets.fal.queue_url"),
        "Queue of fal.ai, such as https://queue.fal.run",
    ),
    one(&[("OPENAI_API_KEY", None)], Effect::Setting("markets.openai.key"), "Key of OpenAI"),
    one(&[("ANTHROPIC_API_KEY", None)], Effect::Setting("markets.anthropic.key"), "Key of Anthropic"),
    one(&[("REPLICATE_API_TOKEN", None)], Effect::Setting("markets.replicate.key"), "Token of Replicate"),
    one(&[("ELEVENLABS_API_KEY", None)], Effect::Setting("markets.elevenlabs.key"), "Key of ElevenLabs"),
    one(&[("KIE_API_KEY", None)], Effect::Setting("markets.kie.key"), "Key of KIE.ai"),
    one(&[("wavespeed_api_key", None)], Effect::Setting("markets.wavespeed.key"), "Key of WaveSpeed"),
    one(&[("tg_bot_token", None)], Effect::Setting("telegram.token"), "Token of the Telegram bot"),
    one(&[("redis_url", None)], Effect::Setting("redis.url"), "Redis, such as redis://localhost:6379/0"),
    one(
        &[("DATABASE_URL", None)],
        Effect::Setting("database.url"),
        "Database, such as sqlite:////var/lib/palitra/palitra.db or postgres://user:password@host:5432/palitra",
    ),
    one(&[("media_dir", None)], Effect::Setting("objects.dir"), "Folder for media, such as ./media"),
    one(
        &[("api_host", Some("127.0.0.1")), ("api_port", Some("8000"))],
        Effect::Setting("server.listen"),
        "Address and port to listen on",
    ),
    one(
        &[("TEST_MODE", None)],
        Effect::Setting("engine.test_mode"),
        "Everything on the simulated market, in test money",
    ),
    one(&[("app_env", None)], Effect::Nothing("no-effect-app-env"), "Kind of installation"),
    one(
        &[("fal_face_swap_model", None)],
        Effect::Nothing("no-effect-face-swap"),
        "Removed by the seed itself (R-06)",
    ),
    one(&[("fal_standard_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(&[("fal_premium_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(&[("fal_inpaint_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(&[("fal_edit_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(&[("fal_upscale_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(&[("fal_retoucher_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(&[("fal_face_enhance_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(&[("wavespeed_face_swap_model", None)], Effect::Nothing("no-effect-roles"), "Model of a role"),
    one(
        &[("video_poll_interval", None)],
        Effect::Nothing("no-effect-video"),
        "Seconds between looks at a video",
    ),
    one(
        &[("video_max_wait_sec", None)],
        Effect::Nothing("no-effect-video"),
        "Longest run of a video, in seconds",
    ),
];

/// The environment of this process; names and values that are not Unicode are left out. `main` calls it once.
pub fn process() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn value<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// `PALITRA_MARKETS__FAL__SLOTS` for `markets.fal.slots`.
pub fn own_name(setting: &str) -> String {
    format!("PALITRA_{}", setting.replace('.', "__").to_uppercase())
}

/// The layers of an environment, lowest first, and what of it has no effect.
pub(super) fn layers(
    environment: &[(String, String)],
    defaults: &Dict,
) -> Result<(Vec<Layer>, Vec<Phrase>), ConfigError> {
    let mut warnings = Vec::new();
    let mut layers = well_known(environment, defaults, &mut warnings)?;
    layers.extend(own(environment, defaults, &mut warnings)?);
    Ok((layers, warnings))
}

fn well_known(
    environment: &[(String, String)],
    defaults: &Dict,
    warnings: &mut Vec<Phrase>,
) -> Result<Vec<Layer>, ConfigError> {
    let mut layers = Vec::new();
    for row in WELL_KNOWN {
        let found: Vec<Option<(&str, &str)>> =
            row.names.iter().map(|(name, _)| well_known_value(environment, name, warnings)).collect();
        let values: Option<Vec<&str>> = row
            .names
            .iter()
            .zip(&found)
            .map(|((_, otherwise), found)| found.map(|(_, value)| value).or(*otherwise))
            .collect();
        let names: Vec<&str> = found.iter().flatten().map(|(name, _)| *name).collect();
        let (Some(values), false) = (values, names.is_empty()) else {
            continue;
        };
        match row.effect {
            Effect::Setting(setting) => {
                let names = names.join(", ");
                let value = typed(defaults, setting, &join(&values))
                    .map_err(|why| ConfigError::new(&names, Some(setting), why))?;
                layers.push(Layer::of(Origin::Environment(names), setting, value));
            }
            Effect::Nothing(why) => warnings.push(no_effect(names[0], why)),
        }
    }
    Ok(layers)
}

/// `127.0.0.1:8000`, `[::1]:8000`, `id:secret`.
fn join(values: &[&str]) -> String {
    match values {
        [host, port] if host.matches(':').count() > 1 && !host.starts_with('[') => format!("[{host}]:{port}"),
        _ => values.join(":"),
    }
}

fn no_effect(name: &str, why: &str) -> Phrase {
    Phrase::new("no-effect").with("value", name).with("why", Phrase::new(why))
}

/// In the spelling of the table, else in another case.
fn well_known_value<'a>(
    environment: &'a [(String, String)],
    name: &str,
    warnings: &mut Vec<Phrase>,
) -> Option<(&'a str, &'a str)> {
    let exact = environment.iter().find(|(known, _)| known == name);
    let (found, value) =
        exact.or_else(|| environment.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)))?;
    if value.trim().is_empty() {
        return None;
    }
    if value.starts_with("YOUR_") {
        warnings.push(no_effect(found, "no-effect-example"));
        return None;
    }
    Some((found, value.trim()))
}

fn own(
    environment: &[(String, String)],
    defaults: &Dict,
    warnings: &mut Vec<Phrase>,
) -> Result<Vec<Layer>, ConfigError> {
    let known: Vec<(String, String)> =
        paths(defaults).into_iter().map(|setting| (own_name(&setting), setting)).collect();
    let mut layers = Vec::new();
    for (name, text) in environment.iter().filter(|(name, _)| name.starts_with("PALITRA_")) {
        let Some((_, setting)) = known.iter().find(|(known, _)| known == name) else {
            let squeezed = |name: &str| name.replace('_', "");
            if name.contains("__") {
                let near = nearest(name, known.iter().map(|(known, _)| known));
                let hint = near.map(|near| Phrase::new("setting-nearest").with("value", near));
                let hint = hint.unwrap_or_else(|| Phrase::new("setting-see"));
                return Err(ConfigError::new(name, None, Phrase::new("setting-unknown")).hinted(Some(hint)));
            } else if let Some((meant, _)) = known.iter().find(|(known, _)| squeezed(known) == squeezed(name))
            {
                // Other names of this form are not ours: orchestrators set `PALITRA_PORT`, `PALITRA_SERVICE_HOST`.
                let why = Phrase::new("setting-nearest").with("value", meant.as_str());
                warnings.push(Phrase::new("no-effect").with("value", name.as_str()).with("why", why));
            }
            continue;
        };
        let twin = setting.strip_suffix("_file").filter(|base| find(defaults, base).is_some());
        if let Some(base) = twin.filter(|_| !text.is_empty())
            && value(environment, &own_name(base)).is_some_and(|given| !given.is_empty())
        {
            let why = Phrase::new("setting-two-ways").with("value", own_name(base));
            return Err(ConfigError::new(name, Some(setting), why));
        }
        let value = typed(defaults, setting, text);
        let value = value.map_err(|why| ConfigError::new(name, Some(setting), why))?;
        layers.push(Layer::of(Origin::Environment(name.clone()), setting, value));
    }
    Ok(layers)
}
