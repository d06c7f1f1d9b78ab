//! Files that an input names by an address: fetched past the guard, kept as uploads of the caller, and named by their ids.

use crate::{door::Door, fal, problem::Problem, signed};
use palitra_domain::AssetId;
use palitra_engine::{Caller, generations::Wish};
use serde_json::Value;

/// Files of one input that are fetched.
const FETCHED_MAX: usize = 16;

/// The wish with ids in the place of addresses. An address of ours is taken for the file that it stands for, when its signature is good.
pub(crate) async fn bring(door: &Door, caller: &Caller, mut wish: Wish) -> Result<Wish, Problem> {
    let links = links(door, &wish)?;
    for link in links {
        let id = kept(door, caller, &link).await?;
        put(&mut wish, &link, id.as_str());
    }
    Ok(wish)
}

/// The file of an address, which is ours from then on.
pub(crate) async fn kept(door: &Door, caller: &Caller, link: &str) -> Result<AssetId, Problem> {
    if let Some(id) = ours(door, link) {
        return Ok(id);
    }
    let name: String = link.chars().take(60).collect();
    let bytes = door.fetch(link, &caller.account).await?;
    Ok(door.engine.upload(&caller.account, caller.livemode, &name, bytes).await?.id)
}

/// The name of a file, mostly its id, in the place of its address.
pub(crate) fn put(wish: &mut Wish, link: &str, name: &str) {
    replace(&mut wish.input, link, name);
}

/// Addresses in the places that take files, within their bound, of a wish that is right otherwise.
pub(crate) fn links(door: &Door, wish: &Wish) -> Result<Vec<String>, Problem> {
    let (_, mode) = door.engine.model_of(wish)?;
    let body = mode.input.fit(&wish.input).body;
    let mut links: Vec<String> = Vec::new();
    for (.., name) in mode.input.files(&body) {
        let is_link = ["http://", "https://", "data:"].iter().any(|scheme| name.starts_with(scheme));
        if is_link && !links.iter().any(|known| known == name) {
            links.push(name.to_owned());
        }
    }
    if links.len() > FETCHED_MAX {
        return Err(crate::input::wrong("input", "16 files by their address at most").into());
    }
    if !links.is_empty() {
        door.engine.check_form(wish)?;
    }
    Ok(links)
}

/// `https://here/v1/assets/ast_…/content?expires=…&signature=…`, and the addresses that the CDN of fal's clients is told.
pub(crate) fn ours(door: &Door, link: &str) -> Option<AssetId> {
    let path = link.strip_prefix(&door.settings.public_url)?;
    let of_cdn = path.strip_prefix("/fal/cdn/files/").and_then(fal::linked);
    let path = of_cdn.as_deref().unwrap_or(path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let id = AssetId::parse(path.strip_prefix("/v1/assets/")?.strip_suffix("/content")?).ok()?;
    let of = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let (expires, signature) = (of("expires")?.parse().ok()?, of("signature")?);
    let now = door.engine.clock.now();
    signed::is_valid(&door.engine.secret, (&id, "content"), (expires, signature), now).then_some(id)
}

fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) if text == old => new.clone_into(text),
        Value::Array(all) => all.iter_mut().for_each(|one| replace(one, old, new)),
        Value::Object(fields) => fields.values_mut().for_each(|one| replace(one, old, new)),
        _ => {}
    }
}
