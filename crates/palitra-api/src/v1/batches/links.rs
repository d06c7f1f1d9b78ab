//! Files that the items of a batch name by their addresses: so many of one request at most, few of them at once, each of them once.

use crate::{bring, door::Door, input, problem::Problem};
use futures_util::{StreamExt, stream};
use palitra_engine::{Caller, failure::Failure, generations::Wish};
use std::collections::BTreeMap;

/// What becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// Of a command of this machine, whose files are here already: none is looked for.
    Keep,
    /// They are counted and checked as far as that can be done without them: a plan fetches and stores nothing. What is made of them is never
    /// known to be there already.
    Count,
    /// They are fetched and become uploads of the caller.
    Bring,
}

/// Different files of one request.
const LINKS_MAX: usize = 256;

/// Each is held whole until it is stored.
const AT_ONCE: usize = 3;

/// An item that is asked for: its place in the list, its number, and its wish or what is wrong with it.
type Asked = (usize, u32, Result<Wish, Problem>);

/// The wishes with ids in the place of addresses. What cannot be fetched is its item's fault.
pub(super) async fn brought(
    door: &Door,
    caller: &Caller,
    mut asked: Vec<Asked>,
    links: Links,
) -> Result<Vec<Asked>, Problem> {
    if links == Links::Keep {
        return Ok(asked);
    }
    // Of each address the items that name it.
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (.., wish)) in asked.iter_mut().enumerate() {
        match wish.as_ref().map_or(Ok(Vec::new()), |wish| bring::links(door, wish)) {
            Ok(links) => links.into_iter().for_each(|link| named.entry(link).or_default().push(at)),
            Err(problem) => *wish = Err(problem),
        }
    }
    if named.len() > LINKS_MAX {
        return Err(input::wrong("items", "256 files by their address at most").into());
    }
    if links == Links::Count {
        for (n, (link, items)) in named.into_iter().enumerate() {
            let name = match bring::ours(door, &link) {
                Some(id) => id.to_string(),
                // Whatever its scheme is, it is fetched before any market hears of it.
                None => format!("https://{n}.invalid/"),
            };
            for at in items {
                if let Ok(wish) = &mut asked[at].2 {
                    bring::put(wish, &link, &name);
                }
            }
        }
        return Ok(asked);
    }
    let fetched = stream::iter(named).map(|(link, items)| async move {
        let kept = bring::kept(door, caller, &link).await;
        (link, items, kept)
    });
    let mut fetched = std::pin::pin!(fetched.buffer_unordered(AT_ONCE));
    while let Some((link, items, kept)) = fetched.next().await {
        match kept {
            Ok(id) => {
                for at in items {
                    if let Ok(wish) = &mut asked[at].2 {
                        bring::put(wish, &link, id.as_str());
                    }
                }
            }
            Err(Problem(failure)) => refuse(&mut asked, &link, &items, failure),
        }
    }
    Ok(asked)
}

/// The first item says why; the others say which that is.
fn refuse(asked: &mut [Asked], link: &str, items: &[usize], failure: Failure) {
    let [first, others @ ..] = items else { return };
    for at in others {
        let shown: String = link.chars().take(100).collect();
        let other = Failure::new(failure.code()).with("value", format!("`{shown}`"));
        asked[*at].2 = Err(other.with("why", format!("`items[{}]`", asked[*first].0)).into());
    }
    asked[*first].2 = Err(failure.into());
}
