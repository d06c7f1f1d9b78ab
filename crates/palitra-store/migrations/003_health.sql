-- How each key of a market fares, the same for every process. `usable_at`: until then no claim takes the key; a key that is not
-- `ok` gives one generation when that time comes. `since` begins the present health, `said` is what the market said.
-- Settings and what the operator has put in their place stand beside each other; a null takes back nothing.
alter table market_key add column health text not null default 'ok' check(health in ('ok', 'cooling', 'locked', 'no_credit', 'bad_key'));
alter table market_key add column since bigint not null default 0;
alter table market_key add column usable_at bigint not null default 0;
alter table market_key add column failures bigint not null default 0;
alter table market_key add column rounds bigint not null default 0;
alter table market_key add column said text;
alter table market_key add column paused_at bigint;
alter table market_key add column slots bigint not null default 0;
alter table market_key add column slots_here bigint;
alter table market_key add column rate bigint not null default 0;
alter table market_key add column burst bigint not null default 1;
alter table market_key add column rate_here bigint;
alter table market_key add column burst_here bigint;

-- Starts a minute of a key or a model: one each `interval_us`, `burst` at once. `full_at` is when all of them would be there again.
-- No row, no limit.
create table bucket(
  scope text primary key, interval_us bigint not null check(interval_us > 0), burst bigint not null check(burst > 0),
  full_at bigint not null default 0
);

-- What the operator has paused: queued work waits, with its money.
create table pause(
  kind text not null check(kind in ('lane', 'market')), name text not null, since bigint not null, primary key(kind, name)
);

-- Markets none of whose keys can be used any more: queued work ends, new work is refused, with this code.
create table market_stop(
  market text primary key, code text not null, said text not null, since bigint not null
);

-- What somebody should look at: raised once, counted again, gone when it is over.
create table alert(
  subject text primary key, code text not null, said text not null, since bigint not null, last_at bigint not null,
  times bigint not null default 1
);

-- The key that has just refused a generation unbilled: the next claim prefers another one.
alter table generation add column not_key text;
