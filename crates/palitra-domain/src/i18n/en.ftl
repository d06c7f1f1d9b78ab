## Progress (S0-20…S0-22, S1-12)
slide-prompt-ready = ✓ prompt ready for slide { $item }, sent to image generation
slide-picture-ready = ✓ image ready for slide { $item }
slide-prompt-failed = ✗ no prompt for slide { $item }: { $why }
slide-picture-failed = ✗ no image for slide { $item }: { $why }
slide-sending = sending slide { $item }: { $prompt }
slide-worker = worker { $worker }: slide { $item }
word-prompt-ready = ✓ prompt ready for “{ $item }”, sent to image generation
word-picture-ready = ✓ image ready for “{ $item }”
word-speech-ready = ✓ sound ready for “{ $item }”
word-prompt-failed = ✗ no prompt for “{ $item }”: { $why }
word-picture-failed = ✗ no image for “{ $item }”: { $why }
word-speech-failed = ✗ no sound for “{ $item }”: { $why }
word-sending = sending “{ $item }”: { $prompt }
word-worker = worker { $worker }: “{ $item }”
line-prompt-ready = ✓ prompt ready for line { $item }
line-run-ready = ✓ line { $item } is done
line-prompt-failed = ✗ no prompt for line { $item }: { $why }
line-run-failed = ✗ line { $item } failed: { $why }
line-sending = sending line { $item }: { $prompt }
line-worker = worker { $worker }: line { $item }
counter-prompt = prompts: { $done }/{ $total }
counter-picture = images: { $done }/{ $total }
counter-speech = sounds: { $done }/{ $total }
counter-run = lines: { $done }/{ $total }
counter-left = { "  " }~{ $seconds } s left
workers-started = parallel generation: { $workers } workers started
status-pending = waiting
status-processing = in progress
status-completed = completed
status-failed = failed
status-cancelled = cancelled

## Plan and end
plan-line = { $unchanged } unchanged, { $run } new → { $price }, ~{ $seconds } s
plan-batch = { $unchanged } unchanged, { $run } new, { $failed } failed → { $price }, ~{ $seconds } s
plan-refused = of { $count } something cannot be made: no words that its model understands, or too many
plan-nothing = nothing changed: { $unchanged } of { $unchanged } are ready, no call will be made
plan-write = at most { $price } for the prompt and its checks
plan-faster = faster: { $model } → { $price }, ~{ $seconds } s
resumed = continuing the interrupted run { $batch }
superseded = the deck has changed: what was left of run { $batch } is cancelled, its money is back on the account
line-not-any-more = it could not be made any more; run it again
line-no-model = it names no `model`, and there is no --model
waiting-leftover = waiting for what an earlier run left at a market
done-slides = done: { $ok } of { $total } { $total ->
        [one] slide
       *[other] slides
    }, { $price }, { $seconds } s
done-files = { $folder }: pictures, `index.html`, the illustrated `{ $deck }`, `report.json`
done-words = done: { $ok } of { $total } { $total ->
        [one] word
       *[other] words
    }, { $price }, { $seconds } s
done-words-files = { $place }: pictures, sounds, `words.csv`, `report.json`
done-words-package = { $place }: import it in Anki (File → Import)
words-nothing = nothing to do: all { $count } words have what was asked for; `--all` makes it anew
list-assumed = read as: { $what }
list-bad-row = left out, { $place }: { $why }
list-more-bad = and { $count } more rows were left out
list-duplicate = left out, { $place }: the same as word { $number }
list-more-duplicates = and { $count } more duplicates were left out
list-empty = it is empty
list-no-words = there are no words in it
list-too-large = it has { $bytes } bytes, more than { $max }
list-too-many-rows = it has more than { $max } rows: { $place } is too many
list-unsupported = { $kind } files cannot be read as a list of words
list-binary = it is no text: there is a zero on line { $line }
list-not-text = it is no text, not even { $encoding }
list-bad-json = bad JSON on line { $line }, column { $column }: { $reason }
list-bad-field = { $place } { $reason }
list-no-column = there is no column `{ $name }`; there are { $have }
list-no-column-number = there is no column { $number }; there are { $count }
list-bad-delimiter = `{ $delimiter }` cannot stand between cells
list-anki-no-package = it is no Anki package: { $reason }
list-anki-other = it is { $kind }, no Anki package
list-anki-encrypted = `{ $member }` in it is protected by a password
list-anki-members = it has { $count } members, more than { $max }
list-anki-too-large = `{ $member }` in it has more than { $max } bytes uncompressed
list-anki-overlapping = its members lie over each other
list-anki-damaged = `{ $member }` in it is damaged: { $reason }
list-anki-too-new = it is of version { $version }, newer than what is known
list-anki-unsafe = its database has { $what }; a deck has none
list-anki-slow = its database takes too long to read
list-anki-no-field = no note has a field `{ $name }`; there are { $have }
list-anki-no-note = it has no note { $id }
list-anki-media-name = `{ $name }` cannot be the name of a media file in Anki
list-anki-media = the media file `{ $name }` cannot be read
list-anki-read = it cannot be read: { $reason }
list-anki-write = the package cannot be written: { $reason }
list-hint-words-empty = write one word on a line, or a table with a column `word`
list-hint-words-no-words = write one word on a line, or a table with a column `word`
list-hint-words-too-large = split the list into several files
list-hint-words-too-many = split the list into several files
list-hint-words-unsupported = save it as CSV, or give a text, JSON or an Anki deck
list-hint-words-not-text = save it as UTF-8 text or as CSV
list-hint-words-bad-json = a list is ["cat", "dog"] or { "{" }"words": [{ "{" }"word": "cat", "translation": "кот"{ "}" }]{ "}" }
list-hint-words-no-column = name a column that is there: `--column word=1`, `--delimiter ";"`
list-hint-anki-not-a-package = export the deck from Anki as `.apkg`, or give a CSV, text or JSON file
list-hint-anki-encrypted = unpack it with its password and export the deck from Anki again
list-hint-anki-too-large = export fewer decks at once
list-hint-anki-damaged = export the deck again; in Anki, Tools → Check Database may repair it
list-hint-anki-too-new = in Anki, choose “Support older Anki versions” when you export
list-hint-anki-unsafe = export the deck from Anki again
list-hint-anki-no-field = name a field as Anki shows it in the editor: `--column word=Front`
list-hint-anki-no-note = give the same package that the list was read from
list-hint-anki-media = see that the file is there and can be read
list-hint-anki-read = see that the file is there and can be read
list-hint-anki-write = see that there is room on the disk
list-as-encoding = the text is { $name }
list-as-tabs = cells are separated by tabs
list-as-delimiter = cells are separated by `{ $delimiter }`
list-as-headers = the first row has the names of the columns
list-as-no-headers = the first row is a word, not the names of the columns
list-as-column = column { $column }{ $name } is the { $role }
list-as-language = the language of the words is `{ $code }`
list-as-field = field `{ $field }` of notes `{ $type }` is the { $role }
list-role-word = word
list-role-translation = translation
list-role-example = example
list-role-language = language
list-role-prompt = prompt
list-role-image = picture
list-role-audio = sound
list-bad-no-word = the word is missing
list-bad-cell = the cell has { $bytes } bytes, more than { $max }
list-bad-flag = `{ $text }` is neither yes or no nor the name of a file
list-bad-quote = a quote is opened and never closed
list-bad-quotes = too many quotes are never closed; nothing from here on was read
list-bad-note-type = the type of the note is missing
list-at-row = row { $row }
list-at-cell = row { $row }, column { $column }
list-at-line = line { $line }
list-at-path = `{ $path }`
list-at-note = note { $id }
list-overwritten = it would be overwritten by its own result
list-hint-out = give another file after -o
list-too-many = { $count } words are to be made
list-hint-split = split the list: at most { $max } words are made at once
slides-no-room = too full for a picture and left as they are: slides { $slides }
done-lines = done: { $ok } of { $total } lines, { $price }, { $seconds } s
done-lines-files = { $folder }: `results.jsonl` and the files made
hint-too-many-lines = split the file: at most { $max } lines are read
hint-no-lines = one JSON object per line, such as { "{" }"model": "sandbox/artist", "input": { "{" }"prompt": "a red kite"{ "}" }{ "}" }
create-running = drawn by { $model }, usually { $seconds } s
done-file = { $file }
stopped = stopped: { $ok } of { $total } ready; the same command continues from here
draining = finishing what was started, starting nothing new; Ctrl-C again leaves at once
confirm-cost = this costs up to { $price }; go on? [y/N]
confirm-cancel = cancel { $id }? [y/N]

## Commands
key-created = the key is shown once, keep it: { $key }
key-unheard = the key { $id } was made, but its secret was lost on the way: `palitra keys rotate { $id }` gives it another
key-rotated = the new key is shown once, keep it: { $key }
key-old = the secret before works until { $time }
key-may = may { $scopes }
key-until = until { $time }
key-budget-day = { $used } of { $budget } today
key-budget-month = { $used } of { $budget } this month
key-budget-total = { $used } of { $budget } in all
key-used = used { $time }
key-unused = never used
balance-line = { $account }: { $cash } and bonus { $bonus }; held { $held }
balance-debt = { $account } owes { $debt }: paid first by the next money that comes in, nothing new starts before
balance-expiring = of the bonus { $amount } expire at { $time }
redeemed-cash = voucher redeemed: { $amount } for { $account }
redeemed-bonus = voucher redeemed: bonus { $amount } for { $account }
redeemed-until = voucher redeemed: bonus { $amount } for { $account }, until { $time }
confirm-take = take { $amount } from { $account }? [y/N]
confirm-delete = delete { $account } for ever? lost are { $cash } and { $bonus } of bonus, { $files } files ({ $megabytes } MB), { $keys } keys; { $work } generations are stopped [y/N]
confirm-refund = give back { $amount } for { $id }? [y/N]
refunded = given back for { $id }: { $cash } and bonus { $bonus }
ledger-none = no money has moved yet
movement-hold-pending = held
movement-hold-posted = charged
movement-hold-voided = released
movement-topup-posted = topped up
movement-welcome-posted = welcome
movement-voucher-posted = voucher
movement-referral-posted = referral
movement-expiry-posted = expired
movement-refund-posted = refund
movement-adjustment-posted = correction
movement-bonus = bonus { $amount }
unit-run = run
unit-image = image
unit-megapixel = megapixel
unit-second = second
unit-kilo_characters = thousand characters
unit-kilo_tokens = thousand tokens
model-no-price = no price yet
model-active = ready
model-no_key = no key
model-draft = draft
model-paused = paused
model-retired = retired
sync-none = no market has a key, so there is nobody to ask
sync-failed = { $market } cannot be asked now: { $why }
sync-no-list = { $market } has no list of its models
sync-line = { $market }: { $count } models, { $changes } changes
shelf-new = new
shelf-changed = changed
shelf-drift = drifted
shelf-removed = removed
shelf-returned = returned
shelf-repriced = new price
shelf-dearer = dearer
shelf-priced = priced
shelf-approved = approved
shelf-none = nothing has changed yet; ask with `palitra models sync`
listen-taken = the address is taken
account-kind-house = house
account-kind-customer = customer
account-free = pays nothing
account-group = group { $group }: prices × { $factor }
account-no-group = no price group
account-referral = referral code { $code }, has brought { $count }
account-referred = brought by { $name }
account-changed = { $account }: from the next order on
account-deleted = { $account } is deleted; the books keep what was paid, without its name
account-leaves = nobody finds { $account } any more; the rest goes when its running work has ended
account-house-stays = it is the account of the command line itself, which stays
account-exported = { $file }: everything of { $account }
audit-none = nothing yet
account-was-referred = { $account } was brought by { $name }
groups-none = no price groups yet; make one with `palitra accounts groups set NAME FACTOR`
group-line = { $group }: prices × { $factor }, { $count ->
        [one] { $count } account
       *[other] { $count } accounts
    }
group-set = group { $group }: prices × { $factor } from the next order on
group-removed = group { $group } is gone
vouchers-none = no vouchers yet; make one with `palitra vouchers create --amount 100`
voucher-created = the code is shown once, keep it: { $code }
voucher-line = { $amount }, used { $uses } of { $max }
voucher-line-bonus = bonus { $amount }, used { $uses } of { $max }
voucher-active = active
voucher-used-up = used up
voucher-expired = expired
voucher-revoked = revoked
voucher-until = until { $time }
voucher-was-revoked = voucher { $id } gives nothing any more; what it has given stays
keys-none = no keys yet; make one with `palitra keys create --account NAME`
show-progress = progress
show-stages = steps
batch-progress = { $done } of { $total } ({ $percent } %), { $failed } failed
batch-more-failed = and { $count } more
counter-edit = edits: { $done }/{ $total }
counter-text = texts: { $done }/{ $total }
counter-upscale = enlarged: { $done }/{ $total }
counter-video = films: { $done }/{ $total }
jobs-none = nothing here yet; try `palitra create "a cat in a space suit"`
jobs-more = there may be more: the same command with `--after { $id }`
show-asked = asked
show-model = model
show-price = price
show-batch = batch
show-created = created
show-started = started
show-finished = finished
show-answer = answer
show-error = error
show-place = in line
show-attempt = attempt
show-asset = file
place-line = { $position } in the line of its market, starts in about { $seconds } s; waiting for { $waited } s
place-steps = { $count ->
    [one] waits for { $count } step before it
   *[other] waits for { $count } steps before it
}
place-not-before = tried again at { $time }
attempt-key = key { $key }
attempt-reason-first = first try
attempt-reason-retry = again after a refusal
attempt-reason-unknown = again after an unknown outcome
attempt-reason-restart = again after its process died
attempt-reason-gate = again after a refused result
attempt-paid-by-account = paid by the account
attempt-paid-by-house = paid by the house
attempt-cost = the market took { $cost }
cancelled = cancelled: { $id }; the money is back on the account
cancel-asked = the market was asked to stop { $id } and has not answered; the money stays on hold, `palitra serve` or the same command waits for the answer
cancel-late = { $id } was ready already: its result is kept
serve-listening = listening on { $address }; Ctrl-C stops
serve-stopped = stopped, everything started is kept
doctor-ok = ok
doctor-warning = warning
doctor-problem = problem
watch-idle = nothing works in this data directory now; `palitra serve` or the same command continues it
doctor-default-rate = still the default, { $value } for one; set the rate you pay
doctor-no-data = { $value } is not there yet; the first command creates it
doctor-data = { $value } is there and free
doctor-data-shared = { $value } is there, another process works in it
doctor-postgres = PostgreSQL { $version }, schema `palitra` of { $place }, { $migrations } migrations
doctor-sqlite = SQLite { $version }, { $migrations } migrations
doctor-workers-none = no process works with it now; `palitra serve` starts one
doctor-worker = { $id }, { $place }, { $roles }: lease renewed { $ago } s ago
doctor-worker-leads = { $id }, { $place }, { $roles }, leads: lease renewed { $ago } s ago
doctor-worker-dead = { $id }, { $place }: its lease has ended, its work goes to the next process
database-away = cannot connect to { $place }: { $why }
database-away-hint = start the server, or check host and port of `database.url`
database-too-old = it is PostgreSQL { $value }
database-encoding = it stores text as { $value }
database-too-old-hint = upgrade the server to PostgreSQL 15 or newer
database-encoding-hint = make another one: `create database palitra encoding 'UTF8' template template0`
watch-idle-shared = no process works with this database now; `palitra serve` or the same command continues it
foreign-shared = choose another database with `database.url`: the schema `palitra` has to be empty or ours
doctor-house-loss = work of account { $account } has cost the house { $value } in the last hour and { $total } in the last day: its new work is refused for now
doctor-books = every balance is the sum of its postings
doctor-no-key = no key, so its models are not used; set `{ $value }`
doctor-keys = keys: { $value } (not tried: a call could cost money)
doctor-artist = draws, { $value } bytes
doctor-voices = { $engine }: { $voices }
doctor-voices-unfree = { $engine }, not used because not every use is free: { $voices }
doctor-voice-broken = { $name } cannot be used: { $why }
doctor-voices-more = `apt-get install { $packages }` (Debian { $archive }) brings { $voices }
doctor-voices-piper = no voice of Piper; `NAME.onnx` and `NAME.onnx.json` go into { $folder }
currency-fixed = the books are kept in { $value }; it cannot change once they are open
config-ok = settings are valid

## Errors: what happened
error-invalid-input = { $value } will not do
# Of a model, where a market says so and not we.
market-has-no-model = `{ $model }`: market { $market } does not have it now; nothing was charged
market-refused-input = what `{ $model }` was sent (market { $market } refused it, nothing was charged)
error-unknown-model = unknown model { $value }
error-unknown-mode = { $value } does not do `{ $mode }`
error-model-paused = model { $value } cannot be used now
error-model-unpriced = nobody has said yet what the market takes for { $value }
error-model-retired = model { $value } is not offered by its market any more
error-research-only = results of model { $value } may not be used commercially
error-no-test-mode = there is no simulation of `{ $value }`, so a test cannot run it
error-bad-format = { $value } is not a picture format
error-bad-deck = { $place }: { $why }
error-bad-file = the file { $value } cannot be taken: { $why }
error-file-missing = there is no file { $value }
why-service-is-live = this command is in test mode, and the service that would carry it out is not
error-bad-setting = { $place }: { $why }
error-needs-confirmation = the plan costs up to { $value } and nobody is here to agree
error-needs-yes = { $value } cannot be undone, and nobody is here to agree
error-not-found = { $value } not found
error-already-finished = { $value } has already ended
error-still-ending = { $value } has been stopped, and some of it is still at a market
error-too-much-at-once = that is more at once than may wait for one account: at most { $value }
error-uploads-full = the files of this account take all the room they have: { $value } MB
error-webhook-url = `{ $value }` cannot be called: { $why ->
        [scheme] only https and http addresses can
        [credentials] it holds a user name or a password
        [long] it is longer than 2000 characters
        [private] it leads into a private network
       *[form] it is no address
    }
error-too-many-webhooks = this account has { $limit } webhooks already
error-too-many-keys = this account has { $value } keys that work already
error-webhook-disabled = webhook { $value } is disabled: nothing is sent there
error-queue-full = too much of this account is waiting already: at most { $limit }, room in about { $seconds } s
error-house-loss = work of this account that was cancelled or refused after its start has cost the service too much: new work is taken again in { $seconds } s
this-service = this service
error-no-answer = the service has not answered `{ $value }`: what was asked may have been done, or not
error-service-away = the service does not answer at { $value }: { $why }
error-malformed = the request cannot be read: { $why }
error-method-not-allowed = this address does not take { $value }
error-body-too-large = the body is too large: at most { $limit } are taken
error-media-type = the body is of a type that is not taken: { $value }
error-rate-limited = too many requests: { $limit } a minute are taken
error-too-slow = the request took too long to come: { $limit } s
error-unauthorized = this key does not work
error-forbidden = this key may not do that: it lacks { $value }
error-idempotency-conflict = this idempotency key belongs to another request
error-sign-up-closed = nobody makes an account here by himself
error-sign-ups-full = as many as may have signed up today: { $limit }
error-insufficient-funds = account { $account } has not enough money: { $value } needed
error-over-max-cost = the plan costs { $value }, the limit is { $limit }
error-over-budget = { $budget ->
        [day] the key has { $left } left of its budget for the day, and { $value } is needed
        [month] the key has { $left } left of its budget for the month, and { $value } is needed
       *[total] the key has { $left } left of its budget, and { $value } is needed
    }
error-quote-expired = the quote has expired
error-refund-too-large = no more than { $value } of this charge can go back
error-voucher-unknown = there is no voucher { $value }
error-voucher-over = voucher { $value } is over: expired, used up or revoked
error-voucher-used = this account has redeemed voucher { $value } before
error-voucher-tries = too many codes that do not exist: at most { $limit } an hour, the next try in { $seconds } s
error-voucher-exists = there is a voucher { $value } already
error-group-in-use = accounts still buy at the prices of group { $value }
error-referral-refused = { $why }
error-no-key = there is no key for market { $value }
error-market-auth = market { $value } refused the key; nothing was charged
error-market-permission = the key of market { $value } may not use this model; nothing was charged
error-market-credits = market { $value } is out of credit or locked; you were not charged
error-market-busy = market { $value } is overloaded; nothing was charged
error-market-unavailable = market { $value } is unavailable; nothing was charged
error-market-protocol = market { $value } gave an answer nobody understands; nothing was charged
error-input-fetch = the market could not load the input file; nothing was charged
error-content-rejected = refused by the market's content rules; nothing was charged
error-generation-failed = the market failed to generate; nothing was charged
error-timed-out = time is up; nothing was charged
error-result-expired = the market has already deleted the result; nothing was charged
error-unacceptable-result = what the market made cannot be used ({ $why }), twice; nothing was charged
error-bad-result = the market sent something else than was asked for; nothing was charged
error-outcome-unknown = the market gave no answer whether it took the request; nothing was charged
error-empty-prompt = no English text is left in the prompt
error-step-before-failed = the step before failed
error-batch-stopped = the run was stopped before
error-items-failed = not everything succeeded: { $value } failed
error-bad-list = cannot use the list { $place }: { $why }
error-gate-failed = less than { $value } % succeeded: { $ok } of { $total } ready
error-cancelled = cancelled
error-interrupted = interrupted
error-data-in-use = data directory { $place } is in use by process { $value }
error-disk-full = no space left on disk: { $place }
error-not-writable = cannot write to { $place }
error-cannot-listen = cannot listen on { $place }: { $why }
error-foreign-database = { $place } is not a database of ours
error-database-login = { $place } does not let us in: { $why }
error-database-unfit = { $place } cannot be used: { $why }
error-store-unavailable = the database is unavailable: { $why }
error-store-busy = too many requests at once
error-unhealthy = the check found problems: { $value }
error-internal = a mistake in the program: { $why }

## Errors: what to do
hint-invalid-input = { $hint }
hint-invalid-input-else = it takes 1 to { $limit } characters
hint-unknown-model = did you mean { $hint }?
hint-unknown-model-else = choose another one with `palitra models ls`
hint-unknown-model-else-http = choose another one: `GET /v1/models` lists them
hint-unknown-mode-else = leave it out, or choose another model with `palitra models ls`
hint-unknown-mode-else-http = leave `mode` out, or choose another model: `GET /v1/models` lists them
hint-unknown-mode = it does: { $hint }
hint-model-paused = choose another one with `palitra models ls`; the operator sees why in `palitra models show`
hint-model-paused-http = choose another one: `GET /v1/models` lists them
hint-model-unpriced = `palitra models price { $value } --unit image --cost 0.04 --currency USD`
hint-model-unpriced-http = choose another one: `GET /v1/models` lists them
hint-model-retired = choose another one with `palitra models ls`
hint-model-retired-http = choose another one: `GET /v1/models` lists them
hint-research-only = choose another model, or take `engine.commercial` back
hint-no-test-mode = run it live, or choose another model
hint-bad-format = `portrait`, `square`, `landscape`, `1024x768` or `16:9`; sides from 64 to 4096
hint-bad-deck = { $hint }
hint-bad-file = nothing was sent and nothing was charged; choose another file
hint-file-missing = check the path
hint-bad-setting = { $hint }
hint-bad-setting-else = mend it or leave it out; `config.default.toml` says what there is and what for
hint-needs-confirmation = add `--yes`, or look at it with `--plan`
hint-needs-confirmation-http = confirm it as the route says
hint-needs-yes = run it again with `--yes`
hint-needs-yes-http = confirm it as the route says
hint-not-found = list them with { $hint }
hint-not-found-else = list them with `palitra jobs ls`
hint-not-found-else-http = lists show what is there; what belongs to another account is not
hint-already-finished = look at it with `palitra jobs show { $value }`
hint-already-finished-http = look at it: `GET` shows what became of it
hint-still-ending = come again when it has ended: what is still made is not paid twice then
hint-too-much-at-once = divide it; the operator sets the bound with `engine.account_queued_max`
hint-uploads-full = files that were brought leave after `retention.uploads_days`; the operator sets the bound with `engine.account_uploads_mb`
hint-webhook-url = give an absolute public address, such as https://example.com/hooks; the operator allows private ones with `security.allow_private_urls`
hint-too-many-webhooks = delete one that is not needed any more: one address can hear of many kinds of events
hint-too-many-keys = revoke one that is not needed any more
hint-webhook-disabled = see why with its list of deliveries, then enable it again
hint-queue-full = repeat it in { $seconds } s, or cancel what is not needed any more
hint-house-loss = wait, and let started work end; the operator sets the bound with `engine.house_loss_hour_minor` and `engine.house_loss_day_minor`
hint-no-answer = look whether it is done before you ask again
hint-service-away = { $hint }
hint-service-away-else = check that it runs, and its address
hint-server-here = this command works on a data directory: run it where the service runs, without `--server`
hint-goes-on = it goes on at the service; `palitra jobs watch { $id }` follows it
hint-batch-goes-on = run { $id } goes on at the service; the same command comes back to it, `palitra jobs watch { $id }` follows it
hint-goes-on-joined = it goes on, and is charged when it succeeds; the same request again waits for the same
hint-fast-here = a service chooses no faster model: name one with `--model`
hint-malformed = send JSON in UTF-8, as the description at `/docs` shows
hint-method-not-allowed = `Allow` names what it takes
hint-body-too-large = send less, or give files by their address
hint-media-type = send `application/json`
hint-rate-limited = try again in { $seconds } s
hint-too-slow = send it again
hint-unauthorized = keys are made with `palitra keys create --account NAME`; a new secret for one with `palitra keys rotate KEY_ID`
hint-unauthorized-http = send `Authorization: Bearer sk_live_…`; keys are the operator's to make
hint-forbidden = take a key with this scope: `palitra keys create --account NAME --scope read,generate,account`
hint-forbidden-http = take a key that was made with this scope
hint-idempotency-conflict = a new request needs a new idempotency key
hint-sign-up-closed = ask the operator for an account and a key
hint-sign-ups-full = come again tomorrow (UTC)
hint-insufficient-funds = top up with `palitra balance add AMOUNT --account NAME`
hint-insufficient-funds-http = `GET /v1/balance` shows what there is; the operator tops it up
hint-over-max-cost = raise `--max-cost`, or look at it with `--plan`
hint-over-max-cost-http = raise the most that it may cost, or ask for the price first
hint-over-budget = { $budget ->
        [total] it does not begin anew: take another key
       *[other] it begins anew at { $time }
    }
hint-quote-expired = ask for the price again and repeat
hint-refund-too-large = leave out `--amount` to give back all that is left; `palitra balance ledger` shows what has gone back
hint-refund-too-large-http = leave out the amount to give back all that is left; `GET /v1/ledger` shows what has gone back
hint-voucher-unknown = check it letter by letter; case and dashes do not matter
hint-voucher-over = ask whoever gave it for another one
hint-voucher-used = a voucher gives to an account once
hint-voucher-tries = wait, then check the code letter by letter
hint-voucher-exists = choose another `--code`, or leave it out for a random one
hint-voucher-exists-http = choose another code, or leave it out for a random one
hint-group-in-use = take them out first: `palitra accounts set NAME --no-group`
hint-group-in-use-http = take the accounts out first
hint-referral-refused = `palitra accounts show NAME` shows an account's code, and who has brought it
hint-referral-refused-http = the account's own document shows its code, and who has brought it
hint-no-key = set `{ $hint }`
hint-market-auth = check the key with `palitra doctor`
hint-market-auth-http = the operator has to look at the market's key
hint-market-permission = choose another model with `palitra models ls`
hint-market-permission-http = choose another model: `GET /v1/models` lists them
hint-market-credits = top up at the market and repeat the same command
hint-market-credits-http = the operator has to top up at the market; then send it again
hint-market-busy = repeat the same command later: what is ready is not paid twice
hint-market-busy-http = send it again later: nothing was charged
hint-market-unavailable = repeat the same command later: what is ready is not paid twice
hint-market-unavailable-http = send it again later: nothing was charged
hint-market-protocol = repeat it later; `palitra jobs show ID` shows what the market answered
hint-market-protocol-http = send it again later
hint-input-fetch = repeat the same command: files are sent anew; a link must open without a login
hint-input-fetch-http = send it again: files are sent anew; a link must open without a login
hint-content-rejected = change the prompt and repeat
hint-generation-failed = repeat the same command: what is ready is not paid twice
hint-generation-failed-http = send it again: nothing was charged
hint-timed-out = repeat the same command: what is ready is not paid twice
hint-timed-out-http = send it again: nothing was charged
hint-result-expired = repeat the same command
hint-result-expired-http = send it again
hint-unacceptable-result = change the words, or choose another model with `palitra models ls`; the operator sets what is refused with `[acceptance]`
hint-unacceptable-result-http = change the words, or choose another model: `GET /v1/models` lists them
hint-bad-result = repeat the same command, or choose another model with `palitra models ls`
hint-bad-result-http = send it again, or choose another model: `GET /v1/models` lists them
hint-outcome-unknown = repeat the same command; `engine.unknown` decides whether the house pays a second try
hint-outcome-unknown-http = send it again: nothing was charged
hint-empty-prompt = add a description in English, or choose a model that speaks its language
hint-step-before-failed = mend what failed before and repeat the same command
hint-step-before-failed-http = mend what failed before, and resume the batch
hint-batch-stopped = mend what stopped it and repeat the same command: what is ready was kept
hint-batch-stopped-http = mend what stopped it, and resume the batch: what is ready was kept
hint-items-failed = what is ready was kept, the others are named with their reasons; the same command repeats only what failed
hint-items-failed-http = what is ready was kept, the others are named with their reasons; resuming makes only what failed
hint-bad-list = { $hint }
hint-gate-failed = what is ready was kept and is named in `report.json`; the same command repeats only what failed
hint-gate-failed-http = what is ready was kept and is named in its report; resuming makes only what failed
hint-cancelled = the same command starts again
hint-cancelled-http = a new request starts again
hint-interrupted = { $hint }
hint-interrupted-else = the same command continues from here
hint-interrupted-else-http = send it again: what was accepted goes on
hint-interrupted-create = the picture is not lost: `palitra serve` finishes it, `palitra jobs show { $id }` shows it
hint-data-in-use = wait for it, stop it, or choose another one with `--data DIR`
hint-data-in-use-http = send it again later
hint-disk-full = free some space and repeat the same command: nothing paid is lost
hint-disk-full-http = send it again later: nothing paid is lost
hint-not-writable = choose another place with { $hint }
hint-not-writable-else = choose another folder with `-o DIR`
hint-not-writable-else-http = tell the operator
hint-cannot-listen = choose another address with `--listen ADDR:PORT`
hint-cannot-listen-http = tell the operator
hint-foreign-database = { $hint }
hint-foreign-database-else = choose another one with `--data DIR`
hint-foreign-database-else-http = tell the operator
hint-database-login = check user, password and database of `database.url`, and `pg_hba.conf` of the server
hint-database-login-http = send it again later
hint-database-unfit = { $hint }
hint-store-unavailable = { $hint }
hint-store-unavailable-else = check this installation with `palitra doctor`
hint-store-unavailable-else-http = send it again later
hint-store-busy = repeat it in a minute
hint-unhealthy = they are named above; bring a damaged database back from a copy of the data directory
hint-internal = `PALITRA_TELEMETRY__LEVEL=debug` shows more; add it to your report
hint-internal-http = tell the operator, with `request_id`

## Deck: what is wrong with it and what to do
deck-line = line { $line }
deck-empty = the file is empty
deck-too-large = the file has { $bytes } bytes, more than { $max }
deck-unsupported = { $kind } cannot be read
deck-utf16 = the text is UTF-16, not UTF-8
deck-binary = this is no text: byte { $offset } on line { $line } is zero
deck-not-utf8 = this is not UTF-8: bad byte { $offset } on line { $line }
deck-no-slides = there are no slides in it
deck-too-many-slides = { $count } slides, more than { $max }: { $place } is too many
deck-duplicate-number = slide number { $number } is used twice: { $first } and { $second }
deck-bad-json = this is not JSON, line { $line }, column { $column }: { $reason }
deck-bad-field = { $place } { $reason }
deck-overwritten = the report `report.json` would be written over this file
deck-folder = this is a folder, not a file
deck-hint-out = choose another folder with `-o DIR`
hint-no-such-word = the list has no word of this number
hint-style-english = say it in English: it stands behind every English prompt
hint-no-such-slide = the deck has no slide of this number
deck-hint-slides = separate slides by `---` lines or start each with a heading
deck-hint-links = keep pictures beside the deck and link them instead of embedding them
deck-hint-format = save the slides as PowerPoint (.pptx), Markdown (Marp, reveal.js, plain) or JSON
deck-hint-utf8 = save the file as UTF-8
deck-hint-text = give a PowerPoint (.pptx), Markdown or JSON file
deck-hint-split = split the deck into several files
deck-hint-numbers = give each slide its own number, or drop the numbers to count from 1
deck-hint-json = check the file: the JSON is unfinished or has a typing mistake
deck-hint-field = a slide is { "{" }"number": 1, "title": "…", "content": "…", "prompt": "…"{ "}" }; only `title` must be there
deck-slide = slide { $number }
deck-pptx-encrypted = the presentation is protected with a password
deck-pptx-old = this is the old format of PowerPoint 97 to 2003
deck-pptx-damaged = the presentation is damaged: { $reason }
deck-pptx-none = this is a zip archive without a presentation in it
deck-pptx-parts = the presentation has too many parts: { $count }
deck-pptx-unpacks = { $part } is too large when it is unpacked
deck-pptx-missing = { $part } is missing in the presentation
deck-pptx-xml = { $part } is bad XML, line { $line }, column { $column }: { $reason }
deck-pptx-doctype = { $part } has a document type declaration
deck-pptx-silent = no slide has text or a ready prompt
deck-pptx-hint-compress = compress the pictures in PowerPoint, or split the presentation
deck-pptx-hint-password = open it in PowerPoint, remove the password and save it again
deck-pptx-hint-save = open it in PowerPoint or LibreOffice and save it as .pptx
deck-pptx-hint-copy = copy or download the file again, or let PowerPoint repair it and save it
deck-pptx-hint-again = open it in PowerPoint or LibreOffice and save it again
deck-pptx-hint-slides = add slides to the presentation
deck-pptx-hint-words = write text on the slides, or a ready prompt into their notes after `Prompt:`

## First screen
welcome =
    Palitra draws pictures and illustrates decks: the price first, then the work, paid once.
    Without any key everything runs on the built-in market, for nothing.

    Try:
      palitra create "a cat in a space suit"
      palitra slides deck.md -o out
      palitra models ls

    More: `palitra --help`, `palitra slides --help`; check this installation with `palitra doctor`

## Settings: what is wrong and what was probably meant
setting-unknown = there is no such setting
setting-nearest = did you mean `{ $value }`?
setting-see = every setting: `palitra config show`
setting-text = a text in quotes is needed
setting-number = a whole number, not below zero, is needed
setting-bool = `true` or `false` is needed
setting-table = a table is needed, such as { "{" } "X-Name" = "value" { "}" }
setting-list = a list is needed, such as [{ "{" } label = "studio", key_file = "fal.key" { "}" }]
setting-missing = `{ $value }` is missing
setting-bounds = must be from { $min } to { $max }
setting-above-zero = must be above zero
setting-empty = must not be empty
setting-one-of = must be one of { $value }
setting-address = an address with a port is needed, such as `127.0.0.1:8000`
setting-url = an address `http://…` or `https://…` without password and parameters is needed
setting-currency = a currency code of three capital letters is needed, such as `RUB`
setting-decimal = a number as text is needed, such as `"2.5"`: not below zero, at most six decimals
setting-roles = roles are needed: `api`, `web`, `bot`, `worker`, separated by commas
setting-networks = networks or addresses separated by commas, such as `10.0.0.0/8,fd00::/8`, or nothing
setting-database = `sqlite:///file`, `sqlite:////path`, `postgres://user:password@host:5432/database` or nothing
setting-database-address = `postgres://user:password@host:5432/database`, special characters of the password as %XX; sslmode: disable, prefer, require, verify-full; sslrootcert needs verify-full
setting-label = a key needs a `label`, other than `main`
setting-empty-key = a key needs `key` or `key_file`
setting-key-twice = this label or this key is already in the list
setting-webhook-key = only keys of KIE have a `webhook_key`
setting-two-ways = set in two ways; remove this or `{ $value }`
setting-unreadable = cannot read { $value }: { $why }
setting-syntax = cannot read: { $why }
no-effect = `{ $value }` has no effect: { $why }
no-effect-app-env = the kind of installation changes nothing
no-effect-face-swap = this model was removed, face swaps run on WaveSpeed
no-effect-roles = models cannot be chosen by role yet
no-effect-video = there is no video yet
no-effect-example = it is the key of an example, not a real one

## Contact sheet
sheet-name = contact sheet
sheet-untitled = untitled
sheet-illustrated = with pictures:
sheet-slide = slide { $number }
sheet-size = size of pictures
sheet-size-s = small
sheet-size-m = medium
sheet-size-l = large
sheet-total-slides = { $count ->
        [one] slide
       *[other] slides
    }
sheet-total-ready = ready
sheet-total-price = paid
sheet-total-time = time
sheet-total-calls = { $count ->
        [one] call
       *[other] calls
    }
sheet-ok = drawn
sheet-reused = reused
sheet-failed = failed
sheet-skipped = skipped
sheet-cancelled = cancelled
sheet-waiting = not ready yet
sheet-attention = worth a look
sheet-unfinished = the run has not ended yet
sheet-stopped = the run failed: { $ok } of { $total } ready
sheet-no-file = the picture is not in this folder
sheet-no-prompt = no prompt was written: { $why }
sheet-prompt = prompt
sheet-details = details
sheet-as-written = as it was written
sheet-answer = the market's answer
sheet-model = model
sheet-attempts = submissions
sheet-price = price
sheet-original = open the file
sheet-next = next slide
sheet-previous = previous slide
sheet-close = close
sheet-workers = workers
sheet-column-worker = worker
sheet-column-slides = slides
sheet-column-ready = ready
sheet-column-failed = failed
sheet-column-busy = busy
sheet-column-idle = waiting
sheet-top = to the top
sheet-moment = under 1 s
sheet-seconds = { $right } s
sheet-minutes = { $left } min { $right } s
sheet-hours = { $left } h { $right } min

## Vouchers: what would do
voucher-hint-code = it takes 4 to 32 letters and digits, with dashes where you like
voucher-hint-expires = it takes a time to come, such as `2027-01-31`
voucher-hint-amount = it takes an amount above zero

## Referrals: why not
referral-own = an account cannot be brought by itself
referral-circle = the account with this code was itself brought by this one
referral-again = it is known already who has brought this account
referral-house = the house brings nobody, and nobody brings the house

## Markets
market-head = { $market }: { $queued } waiting
market-lane = lane { $lane }: { $queued } waiting
market-stopped = stopped { $since }, { $code }: { $said } (then: `palitra markets resume { $market }`)
market-configured = settings say
market-ghosts = { $count } ghosts
market-rate = { $rate } a minute, { $burst } at once
market-retry = tried again { $time }
market-paused-since = paused { $since }
market-paused = { $target } is paused: what runs ends, what waits keeps its place and its money on hold
market-was-paused = { $target } was paused already
market-resumed = { $target } works again
market-not-paused = { $target } was not paused
market-waits = { $target } is paused: this waits until `palitra markets resume { $target }`
market-limited = new limits for { $target }, keys { $keys }; what is under way beyond them ends in its time
market-limit-reset = { $target }, keys { $keys }: limits as the settings say
confirm-pause = pause { $target }? what waits there keeps its place, its money stays on hold [y/N]
health-ok = ok
health-cooling = cooling since
health-locked = locked since
health-no-credit = out of credit since
health-bad-key = wrong key since
doctor-alert = { $target } { $code } since { $since }: { $said } (then: `palitra markets resume { $target }`)

# What is wrong with a field of an input.
violation-missing = `{ $path }` is missing
violation-unknown = `{ $path }` is not known; there are: { $allowed }
violation-extra = `{ $path }` is not known
violation-type = `{ $path }` must be { $allowed ->
    [integer] a whole number
    [number] a number
    [boolean] true or false
    [array] a list
    [object] an object
   *[string] a text
}
violation-one-of = `{ $path }` is one of: { $allowed }
violation-least = `{ $path }` is at least { $allowed }
violation-most = `{ $path }` is at most { $allowed }
violation-shortest = `{ $path }` has at least { $allowed } characters
violation-longest = `{ $path }` has at most { $allowed } characters
violation-fewest = `{ $path }` takes at least { $allowed }
violation-many = `{ $path }` takes at most { $allowed }
violation-form = `{ $path }`: { $allowed }
violation-file = `{ $path }`: there is no file { $allowed } of this account
violation-media = `{ $path }` takes { $allowed ->
    [image] a picture
    [audio] a sound
   *[video] a video
}
violation-no-place = `{ $path }`: this model takes no such file for `{ $allowed }`; choose one that does
violation-file-size = `{ $path }`: the file has more than { $allowed } MB
violation-pixels = `{ $path }`: the picture has more than { $allowed } megapixels
file-link = the link cannot be opened: { $why }
file-too-large = it has more than { $limit } MiB
file-unknown-type = it is no picture, sound or video that is known here (PNG, JPEG, WebP, WAV, MP3, OGG, MP4)
file-unreadable = its size cannot be read, so it is broken
file-too-many-pixels = it has more than { $limit } megapixels
notice-dropped = `{ $value }` is not sent: this model does not have it
notice-avoided = `negative` went into the prompt: this model has no field for it
notice-prompt-cut = the prompt was cut to { $value } characters, the most that this model takes
notice-translated = the prompt is translated into English first
notice-enhanced-by = `{ $model }` does not strengthen features: `{ $value }` does it instead
flag-short = the prompt is shorter than a thousand characters
flag-contradictory = the prompt still contradicts itself: read it before you use it
flag-language = the prompt is not in the language that was asked for
defect-broken = the file is damaged
defect-wrong_kind = it is another kind of file than was asked for
defect-wrong_size = it has another size than was asked for
defect-blank = the picture is empty
defect-unchanged = nothing was changed in the picture
defect-duplicate = the same picture came twice
defect-silent = nothing can be heard
defect-clipped = the sound is distorted
defect-too_short = the sound is too short for its words
defect-wrong_length = it has another length than was asked for
no-voices = this machine has no voice, so the sandbox makes its sounds; `apt-get install espeak-ng` brings voices
wish-left-over = not understood of the wish, and left as it is: { $words }
hint-ending = the file is written in another format than its name says: let it end in { $ending }
flag-plain = the writer answered without its five parts: this is what it said, as it is
flag-unchecked = the prompt could not be checked for contradictions
sim-one-market = a script and a log are for one market
