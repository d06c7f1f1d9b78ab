//! The adapter suite: rules that every market keeps. A rule is one generic function, [`rules!`] makes a test of it for each market, so that a
//! failure names both: `suite::submit::every_fault_is_refused_or_unknown_and_never_repeated::kie`.
//!
//! A market is described by [`UnderTest`] and, where it has them, by [`Tasks`] (work is looked at until it ends), [`InCall`] (the answer is the
//! result), [`Files`] (results behind links), [`Uploads`], [`Lists`] (of models), [`CallsBack`] and `trust::Signs`.

mod callbacks;
mod files;
mod in_call;
mod keys;
mod listing;
mod looks;
mod packs;
mod settings;
mod simulator;
mod submit;
pub(crate) mod trust;
mod uploads;

use crate::stage::bench::Simulator;
use palitra_domain::{
    MarketCost,
    market::{Capabilities, Market, Outputs, RemoteRef, Request},
    money::Millionths,
    secret::Secret,
};
use palitra_markets::Timeouts;
use serde_json::Value;
use std::time::Duration;

/// A test of each rule for each market.
macro_rules! rules {
    ($markets:tt: $($rule:ident),+ $(,)?) => { $(rules!(@ $rule $markets);)+ };
    (@ $rule:ident [$($market:ident),+]) => {
        mod $rule {
            $(
                #[tokio::test]
                async fn $market() {
                    super::$rule::<crate::$market::Subject>().await;
                }
            )+
        }
    };
}
pub(crate) use rules;

/// Settings that every market has.
pub(crate) struct Dials<'a> {
    pub(crate) keys: &'a mut Vec<(String, Secret)>,
    pub(crate) headers: &'a mut Vec<(String, Secret)>,
    pub(crate) allow_private_links: &'a mut bool,
    pub(crate) timeouts: &'a mut Timeouts,
}

/// The fields of those names.
macro_rules! dials {
    ($settings:ident) => {
        $crate::suite::Dials {
            keys: &mut $settings.keys,
            headers: &mut $settings.headers,
            allow_private_links: &mut $settings.allow_private_links,
            timeouts: &mut $settings.timeouts,
        }
    };
}
pub(crate) use dials;

/// How fast a market lets itself be asked.
pub(crate) struct Pace {
    /// A script with the limit.
    pub(crate) script: Value,
    /// So many are taken in,
    pub(crate) taken: usize,
    /// and one more after this time.
    pub(crate) clears_after: Duration,
    /// What the market says about that.
    pub(crate) retry_after: Option<Duration>,
}

/// A request that the market finds wrong, or is made to, and how that is passed on.
pub(crate) struct Complaint {
    pub(crate) rules: Value,
    pub(crate) request: Request,
    pub(crate) message: &'static str,
    /// Part of the market's own words.
    pub(crate) body: &'static str,
}

/// A market, its simulator and its adapter.
pub(crate) trait UnderTest: Sized + 'static {
    type Sim: Simulator;
    type Settings: Default;
    type Adapter: Market;

    /// As catalogue and simulator call it.
    const NAME: &'static str;
    /// The path of its API below the simulator's address.
    const BASE: &'static str = "";
    const KEY: &'static str;
    const CAPABILITIES: Capabilities;
    /// What [`UnderTest::order`] becomes: `Accepted` or `Done`.
    const TAKEN: &'static str;
    /// The least that the market answers to it.
    const GOOD: &'static str;
    /// The call it is submitted with, below the API's address, and the key in it, as they are sent, in lower case.
    const CALL: &'static str;
    const CREDENTIALS: &'static str;
    /// Outputs say what they cost.
    const TELLS_COSTS: bool = false;
    /// What comes of 408, of which no two markets say the same.
    const STATUS_408: &'static str;
    /// HTTP status and message of a wrong key.
    const WRONG_KEY: (u16, &'static str);

    /// With [`UnderTest::KEY`] as `main`, and every address at `base`.
    fn settings(base: String) -> Self::Settings;
    fn dials(settings: &mut Self::Settings) -> Dials<'_>;
    fn adapter(settings: Self::Settings) -> Result<Self::Adapter, String>;
    /// Settings that cannot be used, beside keys and headers that cannot be sent, and what is said of them; `None`: they can.
    fn odd_settings() -> Vec<(Self::Settings, Option<&'static str>)>;

    /// A good request of the market's with this prompt.
    fn asking(prompt: &str) -> Request;
    fn order() -> Request {
        Self::asking("a cat")
    }
    /// A good request for each kind of answer.
    fn orders() -> Vec<Request> {
        vec![Self::order()]
    }

    /// Faults of a submission that other markets do not have, what becomes of each, and whether the request is taken in.
    fn submissions() -> Vec<(Value, &'static str, bool)>;
    /// A script with money for one order.
    fn poor() -> Value;
    fn pace() -> Option<Pace>;
    /// What can be seen to be wrong without a call.
    fn hopeless() -> Vec<(Request, &'static str)> {
        Vec::new()
    }
    fn complaints() -> Vec<Complaint>;
    /// A wish that every mode of the pack makes a request of; files of an input are `ast_1`.
    fn wish(model: &str) -> Value;
    /// A good call without the adapter: first line, headers with this key, body.
    fn by_hand(key: &str) -> (&'static str, String, &'static str);
}

/// Work that is looked at until it ends.
pub(crate) trait Tasks: UnderTest {
    /// The calls of one look at work that is done, as a script names them; the first tells the status.
    const LOOKS: &'static [&'static str];
    /// What comes of a look that is answered with 500.
    const LOOK_500: &'static str;
    /// What comes of a status without a word, when the work has ended.
    const BLANK_STATUS: &'static str = "Pending";
    /// How messages about failed work begin.
    const FAILED: &'static str;
    /// Addresses of the market are part of its references.
    const REFERENCES_HOLD_ADDRESSES: bool;
    /// What comes of the faults of a look that other markets do not have.
    fn looks() -> Vec<(&'static str, Value, &'static str)>;
    /// Every way in which work can end, as a fault of its submission.
    fn ends() -> Vec<(Value, &'static str)>;
    /// Rules by which every address in the market's answers begins with this.
    fn elsewhere(base: &str) -> Value;
    /// The answer to each look at work that has made the file `link`, with all that is needed and nothing else.
    fn ended(link: &str) -> Value;
}

/// What is made, in the market's own words.
pub(crate) struct Made {
    pub(crate) sides: (u32, u32),
    pub(crate) cost: Option<MarketCost>,
    pub(crate) billable_units: Option<Millionths>,
    pub(crate) seed: Option<i64>,
}

/// Results behind links.
pub(crate) trait Files: UnderTest {
    /// A request whose result is one linked PNG.
    fn linked() -> Request {
        Self::order()
    }
    /// What comes of it, and how the painter was asked: `a cat 320x240 7`.
    fn made() -> Made;
    const PAINTED: &'static str;
    /// A script by which links of files begin with this.
    fn linked_to(base: &str) -> Value;
}

/// The answer is the result, and kept before it is read.
pub(crate) trait InCall: UnderTest {
    /// A request for a text, the shortest answer.
    fn text() -> Request;
    /// The longest answer with a text that is read.
    const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
}

/// Input files are put somewhere first.
pub(crate) trait Uploads: Tasks {
    /// A good request with these links or ids in place of its pictures.
    fn edit(pictures: [&str; 2]) -> Request;
    /// The calls of one upload: of the API, and of the storage where that is another.
    const PUT: Option<&'static str>;
    /// Where the simulator keeps what was put.
    const MEDIA: &'static str;
    /// Faults of the API's call that other markets do not have.
    fn uploads() -> Vec<(Value, &'static str)> {
        Vec::new()
    }
}

/// Lists its models.
pub(crate) trait Lists: UnderTest {
    const LISTING: &'static str;
    fn listings() -> Vec<(Value, palitra_domain::market::ErrorClass)>;
}

/// Calls an address when work has ended.
pub(crate) trait CallsBack: Tasks {
    /// Faults of a callback that no other market has, and that must not be believed.
    const UNTRUSTED: &'static [&'static str] = &[];
    /// A script of a market that signs.
    fn signing() -> Value {
        serde_json::json!({})
    }
    /// A fault by which work fails, and what is seen of it.
    fn doomed() -> (Value, &'static str);
    /// The id of work inside a reference.
    fn id_of(remote: &RemoteRef) -> String;
}

/// The text of outputs and their number of files.
pub(crate) fn told(outputs: &Outputs) -> (Option<&str>, usize) {
    (outputs.text.as_deref(), outputs.files.len())
}
