//! The system's clock and randomness: the only places that read them.

use palitra_domain::{BoxFuture, Clock, Timestamp, time};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wall time. `scale` makes it run faster, for rehearsals with the waits of real markets: 20 shows a minute in three seconds.
pub struct SystemClock {
    started: Timestamp,
    scale: u32,
}

impl SystemClock {
    pub fn new(scale: u32) -> SystemClock {
        SystemClock { started: wall(), scale: scale.max(1) }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody is given")]
fn wall() -> Timestamp {
    // A clock before 1970 is treated as 1970.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(time::micros(since))
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        if self.scale == 1 { wall() } else { self.started.plus(wall().since(self.started) * self.scale) }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody is given")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration / self.scale))
    }

    fn scale(&self) -> u32 {
        self.scale
    }
}

/// 128 bits from the operating system.
pub fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    u128::from_ne_bytes(bytes)
}
