-- What one account may have: queued, at work at once, and cost the house.

-- Instead of the settings; null keeps to them, 0 is no limit.
alter table account add column queued_max bigint check(queued_max >= 0);
alter table account add column running_max bigint check(running_max >= 0);

-- What the market is expected to take for it, in minor units of the wallet, rounded up. Null: not known, then the price stands for it.
alter table generation add column cost bigint check(cost >= 0);

-- `ready` is 2 for what could be claimed but for its account, which has as much at work as it may, or has cost the house too much: claims
-- pass it by and look for it again by account and scope, when there is room.
create index generation_waiting on generation(account_id, ready) where state = 'queued';
create index generation_parked on generation(market, (account_id || coalesce(scope, '')), priority, vstart, id)
  where state = 'queued' and ready = 2;
-- What is under way has an owner, and nothing else has.
create index generation_running on generation(account_id) where owner is not null;

-- What the house has lost by an account: an attempt that the market may bill and that nobody pays. Once for each attempt, whatever becomes
-- of it later. `spent` says which budgets it used up, `hour`, `day` or `day hour`: of that the
-- operator was told.
create table loss(
  generation_id text not null, attempt bigint not null, account_id text not null references account(id),
  livemode text not null check(livemode in ('live', 'test')), reason text not null, amount bigint not null check(amount > 0),
  at bigint not null, spent text, primary key(generation_id, attempt)
);
create index loss_recent on loss(account_id, livemode, at);
create index loss_at on loss(at);
