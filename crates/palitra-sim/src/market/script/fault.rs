//! What can go wrong at every market, and on which calls; a market adds its own with [`faults!`].

use crate::market::answer::Spoil;
use serde::Serialize;

/// What a call is, to the faults that can happen at every market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Submit,
    /// Every other call that takes a key.
    Api,
    /// A file of a result is read.
    File,
    /// An input file is put; neither this nor a file knows keys or the market's errors.
    Put,
    /// Ours: the delivery of a webhook.
    Webhook,
}

/// A market's `Call`.
pub(crate) trait Called: Copy + PartialEq + Serialize {
    /// Calls of one kind have several paths.
    const HAS_PATHS: bool = false;
    fn place(self) -> Place;
}

/// A delay, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    Before(u64),
    After(u64),
    Work(u64),
}

/// A market's `Fault`, as [`faults!`] writes it.
pub(crate) trait Faulty: Clone + Serialize {
    type Call: Called;
    fn happens_on(&self, call: Self::Call) -> bool;
    /// A field whose value is none, and what it is not.
    fn wrong_value(&self) -> Option<(String, &'static str)>;
    fn waits(&self) -> Option<Wait>;
    /// What it does to the body of an answer.
    fn spoil(&self) -> Option<Spoil>;
    /// With these the client cannot know that its request was taken in.
    fn hides_the_work(&self) -> bool;
    /// How often it lets a webhook go out.
    fn deliveries(&self) -> u32;
    /// It lets a webhook go out before the work has ended.
    fn is_early(&self) -> bool;
}

/// Writes a market's `enum Fault`: its own faults and those that can happen at every market. Of its own the market says where they happen
/// (`own_happens_on`) and which of their values are none (`own_wrong_value`).
macro_rules! faults {
    ($($own:tt)*) => {
        /// What goes wrong. `submit` faults named `…_after` take the request in first: it runs and is billed, whatever the answer says.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
        pub enum Fault {
            /// The call waits before anything is done.
            Latency { ms: u64 },
            /// The call is done, its answer comes late.
            LatencyAfter { ms: u64 },
            /// The request runs for so long.
            Work { ms: u64 },
            /// This status, and the request runs.
            ErrorAfter { status: u16 },
            /// The connection closes before anything is done.
            Drop {},
            /// The connection closes without an answer, and the request runs.
            DropAfter {},
            /// The key is wrong, whatever it is. A webhook: signed by another key.
            WrongKey {},
            /// 302 to this address.
            Redirect { location: String },
            /// 404: the file is gone.
            Expired {},
            /// A web page instead of what was asked for, under the same name and type.
            Html {},
            /// No bytes at all.
            Empty {},
            /// The body in pieces of `bytes`, one each `ms`.
            Slow { bytes: usize, ms: u64 },
            /// Half of the body, then the connection closes.
            Truncated {},
            /// A body that stops in the middle, complete on the wire.
            Malformed {},
            /// The body is followed by spaces up to so many bytes: still JSON, and too long.
            Huge { bytes: usize },
            /// The webhook comes twice.
            Duplicate {},
            /// The webhook was changed after it had been signed.
            Forged {},
            /// The webhook comes before the work has ended.
            Early {},
            $($own)*
        }

        impl $crate::market::script::Faulty for Fault {
            type Call = Call;

            fn happens_on(&self, call: Call) -> bool {
                use $crate::market::script::{Called, Place};
                let place = call.place();
                match self {
                    Fault::Latency { .. } | Fault::Drop {} => true,
                    Fault::LatencyAfter { .. }
                    | Fault::Redirect { .. }
                    | Fault::Html {}
                    | Fault::Empty {}
                    | Fault::Slow { .. }
                    | Fault::Truncated {}
                    | Fault::Huge { .. } => place != Place::Webhook,
                    Fault::Work { .. } | Fault::ErrorAfter { .. } | Fault::DropAfter {} => place == Place::Submit,
                    Fault::WrongKey {} => !matches!(place, Place::File | Place::Put),
                    Fault::Malformed {} => matches!(place, Place::Submit | Place::Api | Place::File),
                    Fault::Expired {} => place == Place::File,
                    Fault::Duplicate {} | Fault::Forged {} | Fault::Early {} => place == Place::Webhook,
                    own => own.own_happens_on(call),
                }
            }

            fn wrong_value(&self) -> Option<(String, &'static str)> {
                match self {
                    Fault::ErrorAfter { status } => $crate::market::script::wrong_status(*status),
                    own => own.own_wrong_value(),
                }
            }

            fn waits(&self) -> Option<$crate::market::script::Wait> {
                use $crate::market::script::Wait;
                match self {
                    Fault::Latency { ms } => Some(Wait::Before(*ms)),
                    Fault::LatencyAfter { ms } => Some(Wait::After(*ms)),
                    Fault::Work { ms } => Some(Wait::Work(*ms)),
                    _ => None,
                }
            }

            fn spoil(&self) -> Option<$crate::market::answer::Spoil> {
                use $crate::market::answer::Spoil;
                match self {
                    Fault::Html {} => Some(Spoil::Html),
                    Fault::Empty {} => Some(Spoil::Empty),
                    Fault::Malformed {} => Some(Spoil::Malformed),
                    Fault::Truncated {} => Some(Spoil::Truncated),
                    Fault::Huge { bytes } => Some(Spoil::Huge { bytes: *bytes }),
                    Fault::Slow { bytes, ms } => Some(Spoil::Slow { bytes: *bytes, ms: *ms }),
                    _ => None,
                }
            }

            fn deliveries(&self) -> u32 {
                match self {
                    Fault::Drop {} => 0,
                    Fault::Duplicate {} => 2,
                    _ => 1,
                }
            }

            fn is_early(&self) -> bool {
                *self == Fault::Early {}
            }

            fn hides_the_work(&self) -> bool {
                match self {
                    Fault::ErrorAfter { .. } | Fault::DropAfter {} => true,
                    Fault::Slow { .. } => false,
                    fault => fault.spoil().is_some(),
                }
            }
        }
    };
}
pub(crate) use faults;

/// For [`Faulty::wrong_value`].
pub(crate) fn wrong_status(status: u16) -> Option<(String, &'static str)> {
    (!(400..600).contains(&status)).then(|| (status.to_string(), "an error status"))
}
