//! Use cases of the operator: look at markets, keys and lanes, pause and resume them, change their limits. Everything is a row that all
//! processes read with their next claim; nothing here stops work that is under way.

use crate::{Engine, Error, Result};
use palitra_domain::{ErrorCode, audit::Action, catalogue::Lane};
use palitra_store::{
    alerts, audit,
    markets::{self as rows, Paused},
};
use std::{fmt, ops::RangeInclusive};

pub use alerts::Alert;
pub use rows::{KeyShown, LaneShown, Limits, MarketShown};

/// What can be paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Lane(Lane),
    Market(String),
    Key { market: String, label: String },
}

impl Target {
    /// `image`, `fal` or `fal/studio`.
    pub fn parse(text: &str) -> Target {
        if let Some(lane) = Lane::parse(text) {
            return Target::Lane(lane);
        }
        match text.split_once('/') {
            Some((market, label)) => Target::Key { market: market.to_owned(), label: label.to_owned() },
            None => Target::Market(text.to_owned()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Lane(lane) => write!(out, "{lane}"),
            Target::Market(market) => write!(out, "{market}"),
            Target::Key { market, label } => write!(out, "{market}/{label}"),
        }
    }
}

/// What limits may be set to.
pub const SLOTS: RangeInclusive<u32> = 1..=1_000;
pub const PER_MINUTE: RangeInclusive<u32> = 0..=100_000;
pub const BURST: RangeInclusive<u32> = 1..=1_000;

impl Engine {
    /// Markets that have keys, by name.
    pub async fn markets(&self) -> Result<Vec<MarketShown>> {
        Ok(self.store.read(rows::list).await?)
    }

    pub async fn lanes(&self) -> Result<Vec<LaneShown>> {
        Ok(self.store.read(rows::lanes).await?)
    }

    /// What somebody should look at, oldest first.
    pub async fn alerts(&self) -> Result<Vec<Alert>> {
        Ok(self.store.read(alerts::list).await?)
    }

    /// No new work starts there from now on; what is queued waits, its money stays on hold. Answers whether that is new.
    pub async fn pause(&self, target: &Target) -> Result<bool> {
        let now = self.now();
        let paused = self.put(target, Action::MarketPause, move |tx, target| match target {
            Target::Lane(lane) => rows::pause_lane(tx, *lane, Some(now)),
            Target::Market(market) => rows::pause_market(tx, market, Some(now)),
            Target::Key { market, label } => rows::pause_key(tx, market, label, Some(now)),
        });
        let is_new = paused.await?;
        tracing::info!(target = %target, is_new, "paused by the operator");
        Ok(is_new)
    }

    /// Work starts there again; keys that the market has refused are tried again, with one generation each. Answers whether that
    /// changes anything.
    pub async fn resume(&self, target: &Target) -> Result<bool> {
        let now = self.now();
        let resumed = self.put(target, Action::MarketResume, move |tx, target| {
            let (paused, tried) = match target {
                Target::Lane(lane) => (rows::pause_lane(tx, *lane, None)?, 0),
                Target::Market(market) => {
                    (rows::pause_market(tx, market, None)?, rows::try_again(tx, Some(market), None, now)?)
                }
                Target::Key { market, label } => (
                    rows::pause_key(tx, market, label, None)?,
                    rows::try_again(tx, Some(market), Some(label), now)?,
                ),
            };
            Ok(if paused == Paused::Same && tried > 0 { Paused::Changed } else { paused })
        });
        let is_new = resumed.await?;
        tracing::info!(target = %target, is_new, "resumed by the operator");
        self.work_is_there();
        Ok(is_new)
    }

    async fn put(
        &self,
        target: &Target,
        action: Action,
        change: impl Fn(&mut palitra_store::Tx<'_>, &Target) -> palitra_store::Result<Paused> + Send + 'static,
    ) -> Result<bool> {
        let (wanted, entry) = (target.clone(), self.entry(action, target, ""));
        let write = self.store.write(move |tx| {
            let changed = change(tx, &wanted)?;
            if changed == Paused::Changed {
                audit::insert(tx, &entry)?;
            }
            Ok(changed)
        });
        match write.await? {
            Paused::Changed => Ok(true),
            Paused::Same => Ok(false),
            Paused::NotFound => Err(no_target(target)),
        }
    }

    /// Limits in the place of the configuration's, until they are reset; `None` resets them. Work that is under way beyond a lower
    /// limit ends in its time. Answers the labels of the keys that were changed.
    pub async fn limit(&self, target: &Target, limits: Option<Limits>) -> Result<Vec<String>> {
        if let Some(limits) = &limits {
            check(limits)?;
        }
        let (market, label) = match target.clone() {
            Target::Market(market) => (market, None),
            Target::Key { market, label } => (market, Some(label)),
            Target::Lane(_) => return Err(no_target(target)),
        };
        let entry = self.entry(Action::MarketLimit, target, limited(limits.as_ref()));
        let write = self.store.write(move |tx| {
            let labels = match limits {
                Some(limits) => rows::limit(tx, &market, label.as_deref(), limits)?,
                None => rows::reset(tx, &market, label.as_deref())?,
            };
            if !labels.is_empty() {
                audit::insert(tx, &entry)?;
            }
            Ok(labels)
        });
        let labels = write.await?;
        if labels.is_empty() {
            return Err(no_target(target));
        }
        tracing::info!(target = %target, ?limits, "limits changed by the operator");
        self.work_is_there();
        Ok(labels)
    }
}

/// Limits in a few words.
fn limited(limits: Option<&Limits>) -> String {
    let Some(limits) = limits else { return "as in the settings".to_owned() };
    let all = [("slots", limits.slots), ("per minute", limits.per_minute), ("burst", limits.burst)];
    let told = all.iter().filter_map(|(name, value)| Some(format!("{name} {}", (*value)?)));
    told.collect::<Vec<_>>().join(", ")
}

pub(crate) fn no_target(target: &Target) -> Error {
    Error::new(ErrorCode::NotFound).with("value", format!("`{target}`")).with("hint", "`palitra markets ls`")
}

fn check(limits: &Limits) -> Result<()> {
    let all = [
        ("slots", limits.slots, SLOTS),
        ("rate", limits.per_minute, PER_MINUTE),
        ("burst", limits.burst, BURST),
    ];
    for (name, value, bounds) in all {
        if value.is_some_and(|value| !bounds.contains(&value)) {
            return Err(Error::new(ErrorCode::InvalidInput)
                .with("value", format!("`{name}`"))
                .with("hint", format!("{} ≤ `{name}` ≤ {}", bounds.start(), bounds.end())));
        }
    }
    Ok(())
}

/// Where the key of a market is set, in the words that people know it by.
pub fn key_setting(market: &str) -> String {
    match market {
        "fal" => "FAL_KEY".to_owned(),
        "kie" => "KIE_API_KEY".to_owned(),
        "wavespeed" => "WAVESPEED_API_KEY".to_owned(),
        "openai" => "OPENAI_API_KEY".to_owned(),
        "anthropic" => "ANTHROPIC_API_KEY".to_owned(),
        other => format!("markets.{other}.key"),
    }
}
