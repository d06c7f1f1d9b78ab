-- Written in PostgreSQL's words; `migrate` says how SQLite reads them.
-- Ids, states and JSON are text; times are microseconds UTC; money is minor units of the one wallet currency; flags are 0 or 1.
--
-- What every generation passes through costs as little as it can (docs/decisions/0011): few indexes, and none that new rows enter at as
-- many places as there are accounts unless it is read every day. Checks are about money; that a state is one of a list is the types'
-- business: PostgreSQL reads a check from its text whenever it runs a statement that writes, and SQLite makes a small table of a list.

-- One row: what can never change once money has moved. `secret` signs links and callbacks of ours; it never leaves the service.
create table installation(
  one smallint primary key check(one = 1), currency text not null, secret bytea not null, created_at bigint not null
);

-- What the prices of its accounts are multiplied by, in millionths.
create table price_group(
  name text primary key, factor bigint not null check(factor >= 0), created_at bigint not null
);

-- Owner of money and media. `house` is the operator's own account of the command line.
create table account(
  id text primary key, name text not null unique, kind text not null check(kind in ('house', 'customer')),
  weight bigint not null default 1 check(weight > 0),
  -- What it may have queued and at work at once, instead of the settings; null keeps to them, 0 is no limit.
  queued_max bigint check(queued_max >= 0), running_max bigint check(running_max >= 0),
  -- At which prices it buys; with free access it pays nothing, and what it costs is counted all the same.
  price_group text references price_group(name), has_free_access smallint not null default 0,
  -- What it gives to others, and who gave it to this one: once, and never round in a circle.
  referral_code text not null unique, referred_by text references account(id),
  -- Nobody finds it from then on; `erased_to` is the movement up to which its generations have been looked at.
  deleting_at bigint, deleted_at bigint, erased_to text not null default '',
  created_at bigint not null
);
create index account_leaving on account(deleting_at, id) where deleting_at is not null and deleted_at is null;
create index account_grouped on account(price_group) where price_group is not null;
create index account_referred on account(referred_by) where referred_by is not null;

-- How an account is recognised at a door: a Telegram user of a bot, a web login.
create table identity(
  kind text not null, realm text not null, external_id text not null, account_id text not null references account(id),
  created_at bigint not null, primary key(kind, realm, external_id)
);
create index identity_account on identity(account_id);

-- Keys are kept as SHA-256; `hint` is the part that may be shown again. After a rotation the secret before works until `old_until`.
-- Budgets are minor units by UTC day, by UTC month and in all; null is none. They never change: a key with others is another key.
create table api_key(
  id text primary key, account_id text not null references account(id), livemode text not null check(livemode in ('live', 'test')),
  name text not null default '', scopes text not null, hash bytea not null unique, hint text not null, old_hash bytea, old_until bigint,
  budget_day bigint check(budget_day >= 0), budget_month bigint check(budget_month >= 0), budget_total bigint check(budget_total >= 0),
  created_at bigint not null, expires_at bigint, revoked_at bigint, used_at bigint
);
create index api_key_account on api_key(account_id, id);
create unique index api_key_old on api_key(old_hash) where old_hash is not null;

-- What is held and was charged for a key with budgets: `2026-11-30`, `2026-11`, `total`, by when the hold was taken. Changed only with the
-- book of its account locked, in the transaction that takes or closes the hold.
create table key_budget_use(
  key_id text not null references api_key(id), period text not null, spent bigint not null check(spent >= 0), primary key(key_id, period)
);

-- The balances of an account, one row for live and one for test money. `*_held` is the pending side: held, not yet charged.
create table book(
  account_id text not null references account(id), livemode text not null,
  cash bigint not null default 0, bonus bigint not null default 0,
  cash_held bigint not null default 0 check(cash_held >= 0), bonus_held bigint not null default 0 check(bonus_held >= 0),
  postpaid smallint not null default 0,
  -- What was spent of a top-up that was taken back later: owed by the account. It stands beside `cash`, not in it as a minus, because no
  -- prepaid purse may fall below what is held, and because what is held now is charged later all the same. A hold counts the debt first,
  -- and money that comes in pays it first.
  debt bigint not null default 0 check(debt >= 0),
  -- What `bonus` was when `bonus_grant.remains` was last worked out; null while nothing of it expires. What has gone since then has gone
  -- from what expires first, so holds and charges need not know of grants.
  bonus_seen bigint,
  primary key(account_id, livemode),
  check(postpaid = 1 or cash >= cash_held), check(bonus >= bonus_held)
);

-- One movement of money. A hold is pending until it is posted (charged, at most what was held) or voided, exactly once; its id is that of
-- its generation in other words, so there is one, and a generation is charged at most once whatever happens around it (invariant 1).
create table transfer(
  id text primary key, account_id text not null, livemode text not null, generation_id text,
  -- hold, topup, welcome, voucher, referral, refund, expiry, adjustment; pending, posted, voided.
  kind text not null, state text not null,
  cash bigint not null, bonus bigint not null, charged_cash bigint not null default 0, charged_bonus bigint not null default 0,
  -- A refund, or an expiry, names the movement it reverses, and the movement says how much of it has been reversed: never more than it moved, whoever
  -- asks twice.
  reverses text, refunded_cash bigint not null default 0, refunded_bonus bigint not null default 0,
  note text not null default '', created_at bigint not null, closed_at bigint,
  -- Of a hold that a key with budgets was used for: `key_budget_use` counts it.
  key_id text,
  check(kind <> 'hold' or generation_id is not null and id = 'trf_' || substr(generation_id, 5)),
  check(refunded_cash >= 0 and (refunded_cash = 0 or refunded_cash <= case when kind = 'hold' then charged_cash else cash end)),
  check(refunded_bonus >= 0 and (refunded_bonus = 0 or refunded_bonus <= case when kind = 'hold' then charged_bonus else bonus end)),
  check(kind <> 'hold' or charged_cash between 0 and cash and charged_bonus between 0 and bonus),
  check(kind = 'hold' and state = 'posted' or charged_cash = 0 and charged_bonus = 0)
);
-- Also the pages of an account's generations: each has its hold.
create index transfer_account on transfer(account_id, id);
create index transfer_key on transfer(key_id) where key_id is not null;
create index transfer_reverses on transfer(reverses) where reverses is not null;

-- The posted side, append-only; the entries of a transfer sum to zero.
create table entry(
  transfer_id text not null references transfer(id), book text not null, livemode text not null, amount bigint not null,
  primary key(transfer_id, book)
);

-- Bonus money that expires: the movement it came in by, and what was left of it when somebody last looked (`book.bonus_seen`).
create table bonus_grant(
  transfer_id text primary key references transfer(id), account_id text not null, livemode text not null,
  remains bigint not null check(remains >= 0), expires_at bigint not null
);
create index bonus_grant_open on bonus_grant(account_id, livemode, expires_at, transfer_id) where remains > 0;
create index bonus_grant_due on bonus_grant(expires_at, transfer_id) where remains > 0;

-- A code that gives money, kept as SHA-256; `hint` is the part that may be shown again.
create table voucher(
  id text primary key, hash bytea not null unique, hint text not null,
  purse text not null check(purse in ('cash', 'bonus')), amount bigint not null check(amount > 0),
  -- How long its bonus lasts; null is for ever.
  lasts_us bigint check(lasts_us > 0),
  uses_max bigint not null, uses bigint not null default 0 check(uses between 0 and uses_max),
  created_at bigint not null, expires_at bigint, revoked_at bigint
);
create table redemption(
  voucher_id text not null references voucher(id), account_id text not null references account(id),
  transfer_id text not null unique references transfer(id), at bigint not null, primary key(voucher_id, account_id)
);
-- Codes of an account that there are not, since the first of them; it begins anew after an hour.
create table voucher_guess(
  account_id text primary key references account(id), since bigint not null, failed bigint not null
);

-- What the referrer of an account got for a top-up of it, and what of that it owes after the top-up was taken back.
create table referral_reward(
  top_up_id text primary key references transfer(id), transfer_id text not null unique references transfer(id),
  percent bigint not null check(percent between 1 and 100), owed bigint not null default 0 check(owed >= 0)
);

-- Prices as they were: a generation names the version it was priced by.
create table price_book(
  version bigint primary key, fingerprint text not null, created_at bigint not null
);
create table price(
  version bigint not null references price_book(version), model text not null, mode text not null,
  -- Values of the market's input for which this cost holds; empty: all others.
  condition text not null, unit text not null, cost_micros bigint not null, cost_currency text not null, whole_units smallint not null,
  usd_rate bigint not null, credit_rate bigint not null, markup bigint not null,
  primary key(version, model, mode, condition)
);

-- What markets were found to have (`palitra models sync`): models that do not ship with the program, and how those that do stand now.
create table shelf(
  market text not null, market_id text not null, name text not null, category text not null, status text not null,
  schema text, fingerprint text not null, price_unit text, price_cost bigint, price_coin text,
  listed_unit text, listed_cost bigint, listed_coin text, why text not null default '',
  first_at bigint not null, seen_at bigint not null, primary key(market, market_id)
);
create table shelf_change(
  at bigint not null, market text not null, market_id text not null, change text not null, about text not null,
  primary key(market, market_id, at, change)
);
create table shelf_sync(
  market text primary key, at bigint not null, said text not null
);
-- Goes up when processes have to read the shelf again.
create table shelf_version(
  one smallint primary key check(one = 1), version bigint not null
);

-- A binding price: the charge is never more, until it expires.
create table quote(
  id text primary key, account_id text not null references account(id), livemode text not null, model text not null, mode text not null,
  recipe text not null, price bigint not null, price_version bigint not null, created_at bigint not null, expires_at bigint not null,
  -- Taken by one generation.
  generation_id text unique
);

-- Keys of markets by label; the secret itself stays in the configuration. How each fares is the same for every process. Settings and what
-- the operator has put in their place (`*_here`) stand beside each other; a null takes back nothing.
create table market_key(
  id text primary key, market text not null, label text not null, active smallint not null default 1,
  slots bigint not null default 0, slots_here bigint,
  rate bigint not null default 0, burst bigint not null default 1, rate_here bigint, burst_here bigint,
  -- Until `usable_at` no claim takes the key; one that is not `ok` gives one generation when that time comes. `since` begins the present
  -- health, `said` is what the market said.
  health text not null default 'ok' check(health in ('ok', 'cooling', 'locked', 'no_credit', 'bad_key')),
  since bigint not null default 0, usable_at bigint not null default 0,
  failures bigint not null default 0, rounds bigint not null default 0, said text, paused_at bigint,
  unique(market, label)
);

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

-- A unit of concurrency: of a market key, of a model with limits of its own, of a batch's workers. The limit is the number of rows.
-- Batch slots are the workers of a report, so they count what they did; `closed` when their batch is over, so that claims pass them by.
create table slot(
  scope text not null, n bigint not null, kind text not null,
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
-- A report of a batch shows results that it has reused: these stay as long as it does.
create index step_reused on step(generation_id) where reused = 1;

-- Counters of a batch by step kind; the gate reads them.
create table stage(
  batch_id text not null references batch(id), kind text not null, n bigint not null, total bigint not null,
  succeeded bigint not null default 0, failed bigint not null default 0, skipped bigint not null default 0,
  primary key(batch_id, kind)
);

-- One priced run of a mode. The row is the queue entry: there is no second queue to keep in step.
create table generation(
  id text primary key, account_id text not null references account(id), livemode text not null,
  batch_id text, item_id text, step text,
  market text not null, model text not null, market_model text not null, mode text not null, lane text not null,
  state text not null,
  priority bigint not null default 0, vstart bigint not null, vcost bigint not null, longest_run_us bigint not null,
  -- Slots beside the key's: the batch's workers, the model's own limit.
  scope text, also_scope text,
  -- Claimable (1): every parent is done and the time to try again has come. 2 is what could be claimed but for its account, which has as much
  -- at work as it may, or has cost the house too much: claims pass it by and look for it again by account and scope, when there is room.
  ready smallint not null, parents_left bigint not null default 0, next_at bigint not null default 0,
  epoch bigint not null default 0, owner text, attempts bigint not null default 0, refusals bigint not null default 0,
  next_reason text not null default 'first', cancel_requested_at bigint,
  -- The key that has just refused it unbilled: the next claim prefers another one.
  not_key text,
  -- The attempt whose work was taken although later ones had followed: then it is the present one, else the last is.
  adopted bigint,
  price bigint not null check(price >= 0), price_version bigint not null,
  -- What the market is expected to take for it, in minor units of the wallet, rounded up. Null: not known, then the price stands for it.
  cost bigint check(cost >= 0),
  input text not null, recipe text not null, output text, error_code text, error_text text,
  created_at bigint not null, updated_at bigint not null, started_at bigint, finished_at bigint
);
create index generation_queue on generation(market, priority, vstart, id) where state = 'queued' and ready = 1 and scope is null;
create index generation_scoped on generation(scope, market, priority, vstart, id) where state = 'queued' and ready = 1 and scope is not null;
create index generation_later on generation(next_at) where state = 'queued' and ready = 0 and parents_left = 0;
create index generation_parked on generation(market, (account_id || coalesce(scope, '')), priority, vstart, id)
  where state = 'queued' and ready = 2;
create index generation_waiting on generation(account_id, ready) where state = 'queued';
-- What is under way has an owner, and nothing else has.
create index generation_live on generation(owner, id) where owner is not null;
create index generation_running on generation(account_id) where owner is not null;
create index generation_batch on generation(batch_id, state) where batch_id is not null;
-- What has ended of a batch, in its order: each follower of one reads on from where he is.
create index generation_ended on generation(batch_id, finished_at, id) where batch_id is not null and finished_at is not null;
-- Only batches reuse, and only what batches have made: what comes one by one would enter this index at a place of its own each time, which
-- costs more than the rest of its life together once the table is large (docs/decisions/0013). Of a hash 12 digits find it.
create index generation_recipe on generation(substr(recipe, 1, 12)) where state = 'succeeded' and batch_id is not null;

-- What was said with a request for a generation and only its door needs; no row where nothing was said.
create table request(
  generation_id text primary key, metadata text, parent_id text, quote_id text
);

-- What people think of a result.
create table feedback(
  generation_id text primary key, rating text not null, comment text, created_at bigint not null
);

-- A client's key under which something was created: the same request again answers with it, another one is refused. Of clients that send
-- none and repeat all the same, the request itself is the key; `delivered`: its answer has gone out whole.
create table idempotency(
  account_id text not null, livemode text not null, key text not null, fingerprint bytea not null, answer text not null,
  delivered smallint not null default 0, created_at bigint not null, expires_at bigint not null, primary key(account_id, livemode, key)
);
create index idempotency_over on idempotency(expires_at);

-- What is left of a generation after its time (`retention.finished_days`): enough for the books, nothing of what was asked or made.
create table generation_past(
  id text primary key, account_id text not null, livemode text not null, market text not null, model text not null, mode text not null,
  state text not null, price bigint not null, error_code text, created_at bigint not null, finished_at bigint not null
);

-- A child waits for its parent's completing transaction.
create table edge(
  parent_id text not null, child_id text not null, primary key(parent_id, child_id)
);
create index edge_child on edge(child_id);

-- One submission of a generation to a market key. `reference` finds accepted work again, `outputs` what the market made.
create table attempt(
  generation_id text not null references generation(id), n bigint not null, key_id text not null, reason text not null, paid_by text not null,
  state text not null,
  -- Part of the address that the market was given to call: who knows it may speak of this attempt.
  token text,
  reference text, outputs text, cost_micros bigint, cost_currency text, error_code text, error_text text, error_body text,
  opened_at bigint not null, accepted_at bigint, closed_at bigint,
  -- Attempts that were given up (unknown, abandoned, lost) may still bring a result. Where their work is known, `look_at` says when
  -- somebody looks at it next: any process may, and none has to remember it.
  look_at bigint,
  -- Nobody waits for it any more, so its market was asked to stop it.
  stop_asked_at bigint,
  -- Its result came after the generation had ended, and was added at the house's cost.
  late_at bigint,
  primary key(generation_id, n)
);
create index attempt_ghost on attempt(generation_id, n) where state in ('unknown', 'abandoned');
create index attempt_look on attempt(look_at) where look_at is not null;

-- What the house has lost by an account: an attempt that the market may bill and that nobody pays. Once for each attempt, whatever becomes
-- of it later. `spent` says which budgets it used up, `hour`, `day` or `day hour`: of that the operator was told.
create table loss(
  generation_id text not null, attempt bigint not null, account_id text not null references account(id),
  livemode text not null check(livemode in ('live', 'test')), reason text not null, amount bigint not null check(amount > 0),
  at bigint not null, spent text, primary key(generation_id, attempt)
);
create index loss_recent on loss(account_id, livemode, at);
create index loss_at on loss(at);

-- A stored file of an account: the n-th of a generation, or an upload (no generation). `is_face`: given for a face swap, and kept for
-- less time.
create table asset(
  id text primary key, account_id text not null references account(id), livemode text not null, generation_id text,
  n bigint not null default 0, kind text not null, mime text not null, object_key text not null, bytes bigint not null, sha256 text not null,
  width bigint, height bigint, is_face smallint not null default 0, duration_ms bigint, blurhash text, dhash bigint, thumbnails text not null default '',
  created_at bigint not null, deleted_at bigint, unique(generation_id, n)
);
create index asset_page on asset(account_id, id);
-- The same upload is kept once, and all of an account's together have a bound.
create index asset_upload on asset(account_id, sha256, bytes) where generation_id is null and deleted_at is null;

-- Effects outside the database, written with the change that causes them. A delivery is claimed by `owner` until `next_at`; `attempts` is
-- the fence: who claimed an older try changes nothing.
create table outbox(
  id text primary key, kind text not null, account_id text not null, generation_id text, batch_id text, payload text not null,
  state text not null default 'new', attempts bigint not null default 0, owner text, error text,
  next_at bigint not null, created_at bigint not null, closed_at bigint
);
-- What has happened, in its order: events are followed by it. New rows come at its end.
create index outbox_news on outbox(created_at, id, kind);
-- The same of one account: what somebody has missed who comes back.
create index outbox_account on outbox(account_id, created_at, id);
create index outbox_due on outbox(kind, next_at) where state = 'new';
-- Who stands in line before whom, of the kinds that are delivered in order. Ends of generations are not among them: they are many.
create index outbox_line on outbox(kind, account_id, created_at, id) where state = 'new' and kind <> 'generation';
-- Locked by whoever takes the next of a kind that is delivered in order.
create table outbox_kind(
  kind text primary key
);

-- Addresses of an account that hear of its events. Secrets sign, so they are kept as they are and not as a hash: a copy of the database can
-- speak in our name to these addresses, and to nobody else. An old one signs beside the new one until `old_until`.
-- `events` are names with spaces between them, none is all of them. A deleted one keeps its row, without secrets, as long as its log.
create table webhook(
  id text primary key, account_id text not null references account(id), livemode text not null check(livemode in ('live', 'test')),
  url text not null, events text not null, only_of text, description text not null,
  secret text not null, old_secret text, old_until bigint,
  created_at bigint not null, updated_at bigint not null, disabled_at bigint, disabled_why text, failing_since bigint, deleted_at bigint
);
create index webhook_account on webhook(account_id, id);
create index webhook_open on webhook(account_id) where disabled_at is null and deleted_at is null;

-- What signs deliveries to addresses that came with a generation.
create table webhook_secret(
  account_id text not null references account(id), livemode text not null check(livemode in ('live', 'test')),
  secret text not null, old_secret text, old_until bigint, created_at bigint not null, primary key(account_id, livemode)
);

-- Where the end of one generation is told. It goes when that is written as a delivery.
create table callback(
  generation_id text primary key, url text not null, form text not null
);

-- One event to one address: the queue, and its log. `lane` is whose turn it takes: the endpoint's, or the account's for what has none.
-- `body` is made before the first try and never again. As in the outbox a try is claimed by `owner` until `next_at`, and `attempts` is the
-- fence; `earlier` are the attempts of earlier rounds, which a replay has ended.
create table webhook_delivery(
  id text primary key, webhook_id text, account_id text not null, livemode text not null, lane text not null,
  url text, form text not null, event text not null, subject text, body text,
  state text not null default 'waiting', attempts bigint not null default 0, earlier bigint not null default 0, owner text,
  next_at bigint not null, status bigint, answer text, error text, duration_ms bigint, tried_at bigint,
  created_at bigint not null, closed_at bigint
);
create index webhook_delivery_due on webhook_delivery(lane, next_at, id) where state = 'waiting';
create index webhook_delivery_taken on webhook_delivery(lane) where owner is not null;
create index webhook_delivery_page on webhook_delivery(lane, id);
create index webhook_delivery_subject on webhook_delivery(subject) where state = 'waiting';

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

-- Processes that own work, and until when. `renewed_at` and what they do (`roles`) are for people.
create table worker(
  id text primary key, place text not null, roles text not null default '',
  lease_until bigint not null, renewed_at bigint not null default 0, started_at bigint not null
);

-- What one process at a time does for all of them, who does it, and until when by the database's own clock.
create table leader(
  name text primary key, worker_id text not null, lease_until bigint not null, since bigint not null
);

-- What operators and owners of accounts have done, for whoever asks later.
create table audit(
  id text primary key, at bigint not null, who text not null, action text not null, subject text not null, about text not null
);
create index audit_action on audit(action, id);

-- Leave room for updates in place, vacuum the queue often.
--pg alter table book set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table virtual_clock set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table turn set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table slot set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
--pg alter table transfer set (fillfactor = 80);
--pg alter table generation set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
--pg alter table outbox set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
