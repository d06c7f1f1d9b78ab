//! Every metric: its name, its labels, what it says; and the alerts an operator should have. `docs/metrics.md` is made of this table.

/// What kind of numbers a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// Where its numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// This process alone: add them up.
    Process,
    /// The database, the same in every process: do not add them up.
    Database,
}

/// One metric with all its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    pub kind: Kind,
    pub of: Of,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

macro_rules! families {
    ($($id:ident: $kind:ident of $of:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(pub const $id: Family =
            Family { name: $name, kind: Kind::$kind, of: Of::$of, labels: &[$($label),*], help: $help };)+
        /// In the order of the page.
        pub const ALL: &[Family] = &[$($id),+];
    };
}

families! {
    BUILD_INFO: Gauge of Process "palitra_build_info" ["version"] "Always 1; the version that runs.";
    TIMERS: Gauge of Process "palitra_timers" [] "Work at markets that waits in this process for its next look.";
    IN_HAND: Gauge of Process "palitra_in_hand" [] "Generations in the hands of this process, waiting ones included.";
    LEASE_AGE: Gauge of Process "palitra_lease_age_seconds" [] "Since this process last renewed its lease. From 15 s on it lets go of its work. Not on SQLite.";
    LEASES_LOST: Counter of Process "palitra_leases_lost_total" [] "How often this process let go of everything because its lease had ended.";
    ADOPTED: Counter of Process "palitra_generations_adopted_total" [] "Generations taken over from dead processes, or after a doubtful commit.";
    LEDGER_PROBLEMS: Gauge of Process "palitra_ledger_problems" [] "What the last check of the books found wrong. Of the process that checks them, the leader.";
    LEDGER_DRIFT: Gauge of Process "palitra_ledger_drift" [] "By how much balances and holds differ from what is written about them, in minor units.";
    LEDGER_CHECKED: Gauge of Process "palitra_ledger_checked_seconds" [] "Since that check; one comes every minute.";
    CALLBACKS: Counter of Process "palitra_callbacks_total" ["outcome"] "Callbacks of markets: taken, untrusted (forged or changed), unavailable (could not be checked), unknown (no such address).";
    SUBMISSIONS: Counter of Process "palitra_submissions_total" ["market", "outcome"] "Submissions to markets: accepted, answered in the call, refused unbilled, unknown.";
    ENDED: Counter of Process "palitra_generations_ended_total" ["market", "state"] "Generations that ended while this process worked on them. Those cancelled in the queue are not among them.";
    ERRORS: Counter of Process "palitra_errors_total" ["market", "class"] "Refusals, failures and failed looks by class.";
    WAIT: Histogram of Process "palitra_generation_wait_seconds" ["market", "lane"] "From the wish to the first submission, waiting for the steps before it included.";
    RUN: Histogram of Process "palitra_generation_run_seconds" ["market", "lane"] "From the claim of the last attempt to the end, good or bad.";
    STORE_WAITING: Gauge of Process "palitra_store_waiting" ["line"] "Transactions that wait for the database; 65536 are the limit.";
    STORE_TURNED_AWAY: Counter of Process "palitra_store_turned_away_total" ["line"] "Transactions turned away because the line was full.";
    STORE_TIME: Histogram of Process "palitra_store_transaction_seconds" ["line"] "Of a transaction, or on SQLite of a group with one commit, to its answers. Tries again included.";
    STORE_GROUP: Histogram of Process "palitra_store_group_transactions" ["line"] "Transactions that shared a commit; always 1 for reads and on PostgreSQL.";
    DATABASE_UP: Gauge of Process "palitra_database_up" [] "1 when the database answered within 3 s; else what follows is absent.";
    QUEUE_DEPTH: Gauge of Database "palitra_queue_depth" ["market", "lane", "priority"] "Generations that could be claimed now; 100000 are counted at most.";
    QUEUE_OLDEST: Gauge of Database "palitra_queue_oldest_seconds" ["market", "lane", "priority"] "Since the oldest of them was asked for.";
    QUEUE_DELAYED: Gauge of Database "palitra_queue_delayed" [] "Generations that wait for their next try.";
    UNDER_WAY: Gauge of Database "palitra_generations_under_way" ["state"] "Claimed and not ended.";
    SLOTS_LIMIT: Gauge of Database "palitra_slots_limit" ["market", "key"] "Slots of a market key.";
    SLOTS_TAKEN: Gauge of Database "palitra_slots_taken" ["market", "key"] "Slots in use, ghosts included.";
    GHOSTS: Gauge of Database "palitra_ghosts" ["market", "key"] "Slots kept for work that was given up while the market may still be at it.";
    WORKERS: Gauge of Database "palitra_workers" ["state"] "Processes on the list of workers: alive, or dead and not yet taken over. Always 0 on SQLite.";
    OUTBOX_DEPTH: Gauge of Database "palitra_outbox_depth" ["kind"] "Deliveries that are still to be made; 100000 are counted at most.";
    OUTBOX_DUE: Gauge of Database "palitra_outbox_due_seconds" ["kind"] "Since the first of them was due.";
}

/// A rule for Prometheus' alert manager: name, expression, how long it has to hold, and what to do.
pub const ALERTS: &[(&str, &str, &str, &str)] = &[
    (
        "PalitraBooksWrong",
        "max(palitra_ledger_problems) > 0",
        "0m",
        "Money does not add up. Stop taking new work, keep a copy of the database, run `palitra doctor`: it names each problem.",
    ),
    (
        "PalitraQueueStuck",
        "max by (market) (palitra_queue_oldest_seconds) > 600 and on (market) sum by (market) (rate(palitra_submissions_total[5m])) == 0",
        "5m",
        "Work waits and nothing is submitted to a market: it is paused or locked, every slot is taken (`palitra_ghosts`), or no worker is \
         alive. `palitra jobs ls --status queued` and the log say which.",
    ),
    (
        "PalitraDatabaseAway",
        "min(palitra_database_up) == 0 or max(palitra_lease_age_seconds) > 12",
        "1m",
        "The database does not answer, or a process cannot renew its lease and is about to let go of its work. Look at the database's log, \
         its disk and its connections.",
    ),
];
