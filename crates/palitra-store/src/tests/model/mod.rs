//! Everything at once, in any order: the store against a small model in memory. After each step the whole
//! state is compared, so whatever a step may not do (charge twice, leak a slot, forget a child, let a stale
//! owner write) shows up at once, and proptest says which steps it takes.

mod drive;
mod events;
mod keys;
mod look;
mod world;

use super::{
    harness::{Fresh, on_every_database},
    property,
};
use crate::MIGRATIONS;
use keys::{Answer, KeyOp, Paused};
use proptest::{collection::vec, prelude::*, sample::Index};
use world::World;

on_every_database!(MIGRATIONS => whatever_happens_the_store_is_where_the_model_is);

/// Something happens. An [`Index`] picks among what there is at that time.
#[derive(Debug, Clone)]
enum Op {
    /// So many generations of one account; with `family` each waits for those before it.
    Create {
        account: usize,
        prices: Vec<i64>,
        family: bool,
    },
    /// A batch of slides.
    Start {
        items: u64,
        gate: u32,
        workers: u32,
        barrier: bool,
    },
    Claim {
        max: u32,
    },
    /// A market says something about a generation that is under way; `stale` comes from an owner that has
    /// lost it.
    Market {
        which: Index,
        said: Said,
        stale: bool,
    },
    Cancel {
        which: Index,
    },
    StopBatch {
        which: Index,
        by_hand: bool,
    },
    /// The process dies, and another takes its work over.
    Adopt,
    ExpireGhosts,
    /// There is news of an attempt that was given up.
    News {
        which: Index,
        news: News,
    },
    Tick {
        seconds: i64,
    },
    /// Limits of the two keys.
    Resize {
        limits: [u32; 2],
    },
    Key(KeyOp),
    /// How much an account may have at work at once; 0: as much as there are slots.
    Bound {
        account: usize,
        running: u32,
    },
}

#[derive(Debug, Clone, Copy)]
enum News {
    /// It still works.
    Found,
    Result,
    /// It ended without a result.
    Ended,
}

#[derive(Debug, Clone, Copy)]
enum Said {
    Accept,
    Answer,
    Finish,
    /// Half of the price is enough, or all of it; `spoil`: no child can be made of it.
    Settle {
        half: bool,
        spoil: bool,
    },
    Fail {
        ghost: bool,
        critical: bool,
    },
    Cancelled,
    TimeOut,
    Refuse {
        wait: i64,
    },
    Resubmit,
    Restart,
    Reject,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        5 => Just(Said::Accept),
        2 => Just(Said::Answer),
        5 => Just(Said::Finish),
        6 => (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(half, spoil)| Said::Settle { half, spoil }),
        2 => (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(ghost, critical)| Said::Fail { ghost, critical }),
        1 => Just(Said::Cancelled),
        1 => Just(Said::TimeOut),
        2 => (0i64..20).prop_map(|wait| Said::Refuse { wait }),
        1 => Just(Said::Resubmit),
        2 => prop_oneof![Just(Said::Restart), Just(Said::Reject)],
    ]
}

fn news() -> impl Strategy<Value = News> {
    prop_oneof![1 => Just(News::Found), 3 => Just(News::Result), 1 => Just(News::Ended)]
}

fn passing() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => Just(Op::ExpireGhosts),
        2 => (1i64..60).prop_map(|seconds| Op::Tick { seconds }),
        1 => [0u32..4, 0u32..4].prop_map(|limits| Op::Resize { limits }),
        2 => (0usize..2, 0u32..3).prop_map(|(account, running)| Op::Bound { account, running }),
    ]
}

fn key_op() -> impl Strategy<Value = Op> {
    let answer = prop_oneof![
        6 => Just(Answer::Took),
        6 => Just(Answer::Away),
        1 => (1u64..40).prop_map(Answer::Told),
        2 => Just(Answer::Locked),
        1 => Just(Answer::Wrong),
    ];
    let paused = prop_oneof![(0usize..2).prop_map(Paused::Key), Just(Paused::Market), Just(Paused::Lane)];
    let op = prop_oneof![
        8 => (0usize..2, answer).prop_map(|(key, what)| KeyOp::Hears { key, what }),
        2 => Just(KeyOp::TryAgain),
        3 => (paused, prop::bool::weighted(0.3)).prop_map(|(what, on)| KeyOp::Pause { what, on }),
        2 => (0usize..2, prop::option::of(1u32..4)).prop_map(|(key, slots)| KeyOp::Limit { key, slots }),
        2 => Just(KeyOp::Drain),
    ];
    op.prop_map(Op::Key)
}

fn op() -> impl Strategy<Value = Op> {
    let create = (0usize..2, vec(0i64..400, 1..4), any::<bool>());
    let start = (1u64..4, prop_oneof![Just(0u32), Just(80)], 1u32..3, any::<bool>());
    prop_oneof![
        4 => create.prop_map(|(account, prices, family)| Op::Create { account, prices, family }),
        2 => start.prop_map(|(items, gate, workers, barrier)| Op::Start { items, gate, workers, barrier }),
        8 => (0u32..6).prop_map(|max| Op::Claim { max }),
        24 => (any::<Index>(), said(), prop::bool::weighted(0.15)).prop_map(|(which, said, stale)| Op::Market { which, said, stale }),
        6 => key_op(),
        2 => any::<Index>().prop_map(|which| Op::Cancel { which }),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(which, by_hand)| Op::StopBatch { which, by_hand }),
        1 => Just(Op::Adopt),
        4 => (any::<Index>(), news()).prop_map(|(which, news)| Op::News { which, news }),
        4 => passing(),
    ]
}

async fn whatever_happens_the_store_is_where_the_model_is(fresh: Fresh) {
    property::check(&fresh, 32, vec(op(), 1..80), async |ops| {
        let mut world = World::default();
        drive::open(&fresh).await;
        for op in ops {
            drive::happen(&fresh, &mut world, &op).await;
            let (found, problems) = look::look(&fresh).await;
            assert_eq!(problems, [] as [String; 0], "after {op:?}");
            let wanted = world.lines();
            let differ: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).collect();
            let strange: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).collect();
            assert!(found == wanted, "after {op:?}\nthe model has {differ:#?}\nthe store has {strange:#?}");
        }
    });
}
