//! Fault tests: a real service goes on through what markets, callbacks and disks do to it. Afterwards everything has ended, the books
//! balance, nothing is held, charges equal results, and the market's log holds no submission without its reason (design §1).
//!
//! Work is left in the queue by a run that was killed before it claimed any. Kills themselves are in `crash`.

mod callbacks;
mod disk;
mod hostile;
mod lock;
mod outage;
mod stage;
