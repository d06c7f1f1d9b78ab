-- Written in PostgreSQL's words; `migrate` says how SQLite reads them.
-- Ids, states and JSON are text; times are microseconds UTC; money is minor units of the one wallet currency; flags are 0 or 1.

-- One row: what can never change once money has moved.
create table installation(
  one smallint primary key check(one = 1), currency text not null, created_at bigint not null
);

-- Owner of money and media. `house` is the operator's own account of the command line.
create table account(
  id text primary key, name text not null unique, kind text not null check(kind in ('house', 'customer')),
  weight bigint not null default 1 check(weight > 0), created_at bigint not null
);

-- How an account is recognised at a door: a Telegram user of a bot, a web login.
create table identity(
  kind text not null, realm text not null, external_id text not null, account_id text not null references account(id),
  created_at bigint not null, primary key(kind, realm, external_id)
);
create index identity_account on identity(account_id);

-- Keys are kept as SHA-256; `hint` is the part that may be shown again.
create table api_key(
  id text primary key, account_id text not null references account(id), livemode text not null check(livemode in ('live', 'test')),
  hash bytea not null unique, hint text not null, created_at bigint not null, revoked_at bigint, used_at bigint
);
create index api_key_account on api_key(account_id, id);

-- The balances of an account, one row for live and one for test money. `*_held` is the pending side: held, not yet charged.
create table book(
  account_id text not null references account(id), livemode text not null check(livemode in ('live', 'test')),
  cash bigint not null default 0, bonus bigint not null default 0,
  cash_held bigint not null default 0 check(cash_held >= 0), bonus_held bigint not null default 0 check(bonus_held >= 0),
  postpaid smallint not null default 0,
  primary key(account_id, livemode),
  check(postpaid = 1 or cash >= cash_held), check(bonus >= bonus_held)
);

-- One movement of money. A hold is pending until it is posted (charged, at most what was held) or voided, exactly once.
create table transfer(
  id text primary key, account_id text not null, livemode text not null, generation_id text,
  kind text not null check(kind in ('hold', 'topup', 'welcome', 'refund', 'adjustment')),
  state text not null check(state in ('pending', 'posted', 'voided')),
  cash bigint not null, bonus bigint not null, charged_cash bigint not null default 0, charged_bonus bigint not null default 0,
  note text not null default '', created_at bigint not null, closed_at bigint,
  check(kind <> 'hold' or charged_cash between 0 and cash and charged_bonus between 0 and bonus),
  check(kind = 'hold' and state = 'posted' or charged_cash = 0 and charged_bonus = 0)
);
-- One hold a generation: charged at most once, whatever happens around it (invariant 1).
create unique index transfer_once on transfer(generation_id, kind);
create index transfer_account on transfer(account_id, livemode, id);

-- The posted side, append-only; the entries of a transfer sum to zero.
create table entry(
  transfer_id text not null references transfer(id), book text not null, livemode text not null, amount bigint not null,
  primary key(transfer_id, book)
);
create index entry_book on entry(book, livemode);

-- Prices as they were: a generation names the version it was priced by.
create table price_book(
  version bigint primary key, fingerprint text not null, created_at bigint not null
);
create table price(
  version bigint not null references price_book(version), model text not null, mode text not null, unit text not null,
  cost_micros bigint not null, cost_currency text not null, whole_units smallint not null, usd_rate bigint not null, markup bigint not null,
  primary key(version, model, mode)
);

-- A binding price: the charge is never more, until it expires.
create table quote(
  id text primary key, account_id text not null references account(id), livemode text not null, model text not null, mode text not null,
  recipe text not null, price bigint not null, price_version bigint not null, created_at bigint not null, expires_at bigint not null,
  -- Taken by one generation.
  generation_id text unique
);

-- Keys of markets by label; the secret itself stays in the configuration.
create table market_key(
  id text primary key, market text not null, label text not null, active smallint not null default 1, unique(market, label)
);

-- A unit of concurrency: of a market key, of a model with limits of its own, of a batch's workers. The limit is the number of rows.
-- Batch slots are the workers of a report, so they count what they did; `closed` when their batch is over, so that claims pass them by.
create table slot(
  scope text not null, n bigint not null, kind text not null check(kind in ('key', 'model', 'batch', 'closed')),
  market text not null,
  interval_us bigint not null default 0, ready_at bigint not null default 0, retiring smallint not null default 0,
  generation_id text, attempt bigint, taken_at bigint, kept_until bigint,
  first_at bigint, last_at bigint, items bigint not null default 0, ok bigint not null default 0, failed bigint not null default 0,
  busy_us bigint not null default 0,
  primary key(scope, n)
);
create index slot_free on slot(market, n, scope) where kind = 'key' and generation_id is null;
create index slot_scoped on slot(market, scope) where kind in ('model', 'batch') and generation_id is null;
create index slot_taken on slot(generation_id) where generation_id is not null;
create index slot_retiring on slot(scope) where retiring = 1;
create index slot_kept on slot(kept_until) where kept_until is not null;

-- Virtual time, one clock a market, and how far each account has got on it (fairness).
create table virtual_clock(
  market text primary key, v bigint not null
);
create table turn(
  account_id text not null, market text not null, vfinish bigint not null, primary key(account_id, market)
);

-- A manifest being carried out.
create table batch(
  id text primary key, account_id text not null references account(id), livemode text not null, kind text not null,
  state text not null check(state in ('processing', 'completed', 'failed', 'cancelled')),
  manifest text not null, gate_percent bigint not null, barrier smallint not null default 0, stop_code text, error_code text,
  -- Where the manifest came from: a new one from there replaces what is left of the old.
  source text not null default '',
  title text not null, options text not null, created_at bigint not null, finished_at bigint
);
create index batch_open on batch(account_id, manifest) where state = 'processing';
create index batch_page on batch(account_id, id);

create table item(
  id text primary key, batch_id text not null references batch(id), n bigint not null, number bigint not null,
  title text not null, content text not null, unique(batch_id, n)
);

-- A step of an item: answered by a generation, by an older one (`reused`), or by an error before any call.
create table step(
  item_id text not null references item(id), kind text not null, batch_id text not null, generation_id text,
  reused smallint not null default 0, error_code text, primary key(item_id, kind)
);
create index step_batch on step(batch_id, kind);

-- Counters of a batch by step kind; the gate reads them.
create table stage(
  batch_id text not null references batch(id), kind text not null, n bigint not null, total bigint not null,
  succeeded bigint not null default 0, failed bigint not null default 0, skipped bigint not null default 0,
  primary key(batch_id, kind)
);

-- One priced run of a mode. The row is the queue entry: there is no second queue to keep in step.
create table generation(
  id text primary key, account_id text not null references account(id), livemode text not null check(livemode in ('live', 'test')),
  batch_id text, item_id text, step text,
  market text not null, model text not null, market_model text not null, mode text not null, lane text not null,
  state text not null check(state in ('queued', 'submitting', 'running', 'storing', 'succeeded', 'failed', 'cancelled', 'timed_out')),
  priority bigint not null default 0, vstart bigint not null, vcost bigint not null, longest_run_us bigint not null,
  -- Slots beside the key's: the batch's workers, the model's own limit.
  scope text, also_scope text,
  -- Claimable: every parent is done and the time to try again has come.
  ready smallint not null, parents_left bigint not null default 0, next_at bigint not null default 0,
  epoch bigint not null default 0, owner text, attempts bigint not null default 0, refusals bigint not null default 0,
  next_reason text not null default 'first', cancel_requested_at bigint,
  idem text, price bigint not null check(price >= 0), price_version bigint not null,
  input text not null, recipe text not null, output text, error_code text, error_text text,
  created_at bigint not null, updated_at bigint not null, started_at bigint, finished_at bigint,
  unique(account_id, livemode, idem)
);
create index generation_queue on generation(market, priority, vstart, id) where state = 'queued' and ready = 1 and scope is null;
create index generation_scoped on generation(scope, market, priority, vstart, id) where state = 'queued' and ready = 1 and scope is not null;
create index generation_later on generation(next_at) where state = 'queued' and ready = 0 and parents_left = 0;
create index generation_live on generation(owner) where state in ('submitting', 'running', 'storing');
create index generation_page on generation(account_id, id);
create index generation_batch on generation(batch_id, state) where batch_id is not null;
create index generation_recipe on generation(account_id, recipe, id) where state = 'succeeded';

-- A child waits for its parent's completing transaction.
create table edge(
  parent_id text not null, child_id text not null, primary key(parent_id, child_id)
);

-- One submission of a generation to a market key. `reference` finds accepted work again, `outputs` what the market made.
create table attempt(
  generation_id text not null references generation(id), n bigint not null, key_id text not null, reason text not null, paid_by text not null,
  state text not null check(state in ('submitting', 'accepted', 'succeeded', 'failed', 'cancelled', 'refused', 'unknown', 'abandoned', 'lost', 'vanished')),
  -- Part of the address that the market was given to call: who knows it may speak of this attempt.
  token text,
  reference text, outputs text, cost_micros bigint, cost_currency text, error_code text, error_text text, error_body text,
  opened_at bigint not null, accepted_at bigint, closed_at bigint,
  primary key(generation_id, n)
);
create index attempt_ghost on attempt(generation_id, n) where state in ('unknown', 'abandoned');

-- A stored file of an account.
create table asset(
  id text primary key, account_id text not null references account(id), livemode text not null, generation_id text not null,
  n bigint not null, kind text not null, mime text not null, object_key text not null, bytes bigint not null, sha256 text not null,
  width bigint, height bigint, created_at bigint not null, deleted_at bigint, unique(generation_id, n)
);
create index asset_page on asset(account_id, id);

-- Effects outside the database, written with the change that causes them.
create table outbox(
  id text primary key, kind text not null, account_id text not null, generation_id text, batch_id text, payload text not null,
  state text not null default 'new', attempts bigint not null default 0, next_at bigint not null, created_at bigint not null
);
create index outbox_due on outbox(next_at) where state = 'new';

-- Processes that own work, and until when.
create table worker(
  id text primary key, place text not null, lease_until bigint not null, started_at bigint not null
);

-- Leave room for updates in place, vacuum the queue often.
--pg alter table book set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table virtual_clock set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table turn set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table slot set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table generation set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
