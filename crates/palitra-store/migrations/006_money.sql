-- Refunds and debts, deliveries that are tried again, what the reconciler remembers, and finished rows that leave.

-- What was spent of a top-up that was taken back later: owed by the account. It stands beside `cash`, not in it as a minus, because no
-- prepaid purse may fall below what is held (the checks of `book`), and because what is held now is charged later all the same. A hold
-- counts the debt first, and money that comes in pays it first.
alter table book add column debt bigint not null default 0 check(debt >= 0);

-- A refund names the movement it reverses, and the movement says how much of it has been reversed: never more than it moved, whoever asks
-- twice.
alter table transfer add column reverses text;
alter table transfer add column refunded_cash bigint not null default 0
  check(refunded_cash >= 0 and (refunded_cash = 0 or refunded_cash <= case when kind = 'hold' then charged_cash else cash end));
alter table transfer add column refunded_bonus bigint not null default 0
  check(refunded_bonus >= 0 and (refunded_bonus = 0 or refunded_bonus <= case when kind = 'hold' then charged_bonus else bonus end));
create index transfer_reverses on transfer(reverses) where reverses is not null;

-- Deliveries. Claimed by `owner` until `next_at`; `attempts` is the fence: who claimed an older try changes nothing.
alter table outbox add column owner text;
alter table outbox add column error text;
alter table outbox add column closed_at bigint;
drop index outbox_due;
create index outbox_due on outbox(kind, next_at) where state = 'new';
-- Who stands in line before whom, of the kinds that are delivered in order. Ends of generations are not among them: they are many.
create index outbox_line on outbox(kind, account_id, created_at, id) where state = 'new' and kind <> 'generation';
-- Locked by whoever takes the next of a kind that is delivered in order.
create table outbox_kind(
  kind text primary key
);

-- How far the checks of the books have got in what is closed (`past`, in the order of transfers), and that of each account: what the
-- postings up to a transfer come to. Nothing below it changes any more.
create table checked(
  what text primary key, position text not null
);
create table checked_book(
  account_id text not null, livemode text not null, position text not null,
  cash bigint not null, bonus bigint not null, debt bigint not null, checked_at bigint not null,
  primary key(account_id, livemode)
);

-- What is left of a generation after its time (`retention.finished_days`): enough for the books, nothing of what was asked or made.
create table generation_past(
  id text primary key, account_id text not null, livemode text not null, market text not null, model text not null, mode text not null,
  state text not null, price bigint not null, error_code text, created_at bigint not null, finished_at bigint not null
);

-- A report of a batch shows results that it has reused: these stay as long as it does.
create index step_reused on step(generation_id) where reused = 1;

-- Of a recipe's hash, 12 digits find it: the whole one, with its account, made an index as long as its table that new rows were written to
-- anywhere, so it outgrew the cache first.
drop index generation_recipe;
create index generation_recipe on generation(substr(recipe, 1, 12)) where state = 'succeeded';

-- What a step waits for.
create index edge_child on edge(child_id);

--pg alter table outbox set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
