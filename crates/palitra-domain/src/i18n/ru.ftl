## Ход работы (S0-20…S0-22, S1-12)
slide-prompt-ready = ✓ Промпт готов для слайда { $item }, отправлен на генерацию изображения
slide-picture-ready = ✓ Изображение готово для слайда { $item }
slide-prompt-failed = ✗ Промпт не получен для слайда { $item }: { $why }
slide-picture-failed = ✗ Изображение не получено для слайда { $item }: { $why }
slide-sending = Отправка слайда { $item }: { $prompt }
slide-worker = Воркер { $worker }: обработка слайда { $item }
word-prompt-ready = ✓ Промпт готов для слова «{ $item }», отправлен на генерацию изображения
word-picture-ready = ✓ Изображение готово для слова «{ $item }»
word-speech-ready = ✓ Звук готов для слова «{ $item }»
word-prompt-failed = ✗ Промпт не получен для слова «{ $item }»: { $why }
word-picture-failed = ✗ Изображение не получено для слова «{ $item }»: { $why }
word-speech-failed = ✗ Звук не получен для слова «{ $item }»: { $why }
word-sending = Отправка слова «{ $item }»: { $prompt }
word-worker = Воркер { $worker }: обработка слова «{ $item }»
line-prompt-ready = ✓ Промпт готов для строки { $item }
line-run-ready = ✓ Строка { $item } готова
line-prompt-failed = ✗ Промпт не получен для строки { $item }: { $why }
line-run-failed = ✗ Строка { $item } не выполнена: { $why }
line-sending = Отправка строки { $item }: { $prompt }
line-worker = Воркер { $worker }: обработка строки { $item }
counter-prompt = Промпты: { $done }/{ $total }
counter-picture = Изображения: { $done }/{ $total }
counter-speech = Звуки: { $done }/{ $total }
counter-run = Строки: { $done }/{ $total }
counter-left = { "  " }ещё ~{ $seconds } с
workers-started = Параллельная генерация: запущено { $workers } воркеров
status-pending = Ожидает
status-processing = Обрабатывается
status-completed = Завершена
status-failed = Ошибка
status-cancelled = Отменена

## План и итог
plan-line = { $unchanged } без изменений, { $run } { $run ->
        [one] новый
       *[other] новых
    } → { $price }, ~{ $seconds } с
plan-batch = { $unchanged } без изменений, { $run } { $run ->
        [one] новый
       *[other] новых
    }, { $failed } с ошибкой → { $price }, ~{ $seconds } с
plan-refused = у { $count } что-то сделать нельзя: нет слов, понятных модели, или их слишком много
plan-nothing = ничего не изменилось: { $unchanged } из { $unchanged } готовы, новых вызовов не будет
plan-write = не больше { $price } за промпт с проверками
plan-faster = быстрее: { $model } → { $price }, ~{ $seconds } с
resumed = продолжаю прерванный запуск { $batch }
superseded = колода изменилась: остаток запуска { $batch } отменён, деньги возвращены на счёт
line-not-any-more = её уже нельзя было выполнить; запустите ещё раз
line-no-model = в ней нет `model`, и нет --model
waiting-leftover = жду то, что прежний запуск оставил на рынке
done-slides = готово: { $ok } из { $total } { $total ->
        [one] слайда
       *[other] слайдов
    }, { $price }, { $seconds } с
done-files = { $folder }: картинки, `index.html`, `{ $deck }` с иллюстрациями, `report.json`
done-words = готово: { $ok } из { $total } { $total ->
        [one] слова
       *[other] слов
    }, { $price }, { $seconds } с
done-words-files = { $place }: картинки, звуки, `words.csv`, `report.json`
done-words-package = { $place }: откройте в Anki (Файл → Импортировать)
words-nothing = делать нечего: у всех слов ({ $count }) уже есть то, что нужно; `--all` сделает заново
list-assumed = прочитано так: { $what }
list-bad-row = пропущено, { $place }: { $why }
list-more-bad = и ещё пропущено строк: { $count }
list-duplicate = пропущено, { $place }: то же, что слово { $number }
list-more-duplicates = и ещё пропущено повторов: { $count }
list-empty = он пуст
list-no-words = в нём нет слов
list-too-large = в нём { $bytes } байт, больше { $max }
list-too-many-rows = в нём больше { $max } строк: { $place } уже лишняя
list-unsupported = файл { $kind } нельзя прочитать как список слов
list-binary = это не текст: в строке { $line } есть нулевой байт
list-not-text = это не текст, даже не { $encoding }
list-bad-json = ошибка JSON в строке { $line }, столбец { $column }: { $reason }
list-bad-field = { $place }: { $reason }
list-no-column = нет столбца `{ $name }`; есть { $have }
list-no-column-number = нет столбца { $number }; всего их { $count }
list-bad-delimiter = `{ $delimiter }` не может разделять ячейки
list-anki-no-package = это не пакет Anki: { $reason }
list-anki-other = это { $kind }, а не пакет Anki
list-anki-encrypted = `{ $member }` в нём защищён паролем
list-anki-members = в нём { $count } файлов, больше { $max }
list-anki-too-large = `{ $member }` в нём занимает больше { $max } байт без сжатия
list-anki-overlapping = его части лежат друг на друге
list-anki-damaged = `{ $member }` в нём повреждён: { $reason }
list-anki-too-new = его версия { $version } новее известных
list-anki-unsafe = в его базе есть { $what }, а в колоде такого не бывает
list-anki-slow = его база читается слишком долго
list-anki-no-field = ни у одной записи нет поля `{ $name }`; есть { $have }
list-anki-no-note = в нём нет записи { $id }
list-anki-media-name = `{ $name }` не годится как имя медиафайла в Anki
list-anki-media = не читается медиафайл `{ $name }`
list-anki-read = он не читается: { $reason }
list-anki-write = не удаётся записать пакет: { $reason }
list-hint-words-empty = пишите по слову в строке или таблицу со столбцом «слово»
list-hint-words-no-words = пишите по слову в строке или таблицу со столбцом «слово»
list-hint-words-too-large = разделите список на несколько файлов
list-hint-words-too-many = разделите список на несколько файлов
list-hint-words-unsupported = сохраните его как CSV или дайте текст, JSON или колоду Anki
list-hint-words-not-text = сохраните его как текст UTF-8 или как CSV
list-hint-words-bad-json = список — это ["кот", "дом"] или { "{" }"words": [{ "{" }"word": "cat", "translation": "кот"{ "}" }]{ "}" }
list-hint-words-no-column = назовите столбец, который есть: `--column word=1`, `--delimiter ";"`
list-hint-anki-not-a-package = экспортируйте колоду из Anki как `.apkg` или дайте CSV, текст или JSON
list-hint-anki-encrypted = распакуйте его с паролем и экспортируйте колоду из Anki заново
list-hint-anki-too-large = экспортируйте меньше колод за раз
list-hint-anki-damaged = экспортируйте колоду заново; в Anki может помочь «Инструменты → Проверить базу данных»
list-hint-anki-too-new = при экспорте из Anki включите поддержку старых версий
list-hint-anki-unsafe = экспортируйте колоду из Anki заново
list-hint-anki-no-field = назовите поле, как его показывает редактор Anki: `--column word=Front`
list-hint-anki-no-note = дайте тот же пакет, из которого прочитан список
list-hint-anki-media = проверьте, что файл на месте и читается
list-hint-anki-read = проверьте, что файл на месте и читается
list-hint-anki-write = проверьте, есть ли место на диске
list-as-encoding = текст в кодировке { $name }
list-as-tabs = ячейки разделены табуляцией
list-as-delimiter = ячейки разделены знаком `{ $delimiter }`
list-as-headers = в первой строке названия столбцов
list-as-no-headers = в первой строке уже слово, а не названия столбцов
list-as-column = столбец { $column }{ $name } — { $role }
list-as-language = язык слов — `{ $code }`
list-as-field = поле `{ $field }` записей `{ $type }` — { $role }
list-role-word = слово
list-role-translation = перевод
list-role-example = пример
list-role-language = язык
list-role-prompt = промпт
list-role-image = картинка
list-role-audio = звук
list-bad-no-word = нет слова
list-bad-cell = в ячейке { $bytes } байт, больше { $max }
list-bad-flag = `{ $text }` — не да, не нет и не имя файла
list-bad-quote = кавычка открыта и не закрыта
list-bad-quotes = слишком много незакрытых кавычек; дальше ничего не прочитано
list-bad-note-type = нет типа этой записи
list-at-row = строка { $row }
list-at-cell = строка { $row }, столбец { $column }
list-at-line = строка { $line }
list-at-path = `{ $path }`
list-at-note = запись { $id }
list-overwritten = его перезаписал бы его же результат
list-hint-out = укажите после -o другой файл
list-too-many = нужно сделать слов: { $count }
list-hint-split = разделите список: за раз делается не больше { $max } слов
slides-no-room = слишком заполнены для картинки и оставлены как есть: слайды { $slides }
done-lines = готово: { $ok } из { $total } строк, { $price }, { $seconds } с
done-lines-files = { $folder }: `results.jsonl` и созданные файлы
hint-too-many-lines = разделите файл: читается не больше { $max } строк
hint-no-lines = по одному объекту JSON в строке, например { "{" }"model": "sandbox/artist", "input": { "{" }"prompt": "красный змей"{ "}" }{ "}" }
create-running = рисует { $model }, обычно { $seconds } с
done-file = { $file }
stopped = остановлено: готово { $ok } из { $total }; та же команда продолжит с этого места
draining = завершаю начатое, новое не начинаю; ещё раз Ctrl-C — выйти сразу
confirm-cost = это будет стоить до { $price }; продолжить? [д/Н]
confirm-cancel = отменить { $id }? [д/Н]

## Команды
key-created = ключ показан один раз, сохраните его: { $key }
key-unheard = ключ { $id } создан, но его секрет потерялся по дороге: `palitra keys rotate { $id }` даст ему новый
key-rotated = новый ключ показан один раз, сохраните его: { $key }
key-old = прежний секрет действует до { $time }
key-may = может { $scopes }
key-until = до { $time }
key-budget-day = сегодня { $used } из { $budget }
key-budget-month = за месяц { $used } из { $budget }
key-budget-total = всего { $used } из { $budget }
key-used = использован { $time }
key-unused = ещё не использован
balance-line = { $account }: { $cash } и бонус { $bonus }; удержано { $held }
balance-debt = { $account } в долгу на { $debt }: его погасит следующее пополнение, до этого ничего нового не начнётся
balance-expiring = из бонуса { $amount } сгорит { $time }
redeemed-cash = ваучер принят: { $amount } на счёт { $account }
redeemed-bonus = ваучер принят: бонус { $amount } на счёт { $account }
redeemed-until = ваучер принят: бонус { $amount } на счёт { $account }, до { $time }
confirm-take = списать { $amount } со счёта { $account }? [y/N]
confirm-delete = удалить { $account } навсегда? пропадут { $cash } и бонус { $bonus }, файлы: { $files } ({ $megabytes } МБ), ключи: { $keys }; остановятся генерации: { $work } [д/Н]
confirm-refund = вернуть { $amount } за { $id }? [y/N]
refunded = возвращено за { $id }: { $cash } и бонус { $bonus }
ledger-none = движений денег ещё не было
movement-hold-pending = удержано
movement-hold-posted = списано
movement-hold-voided = отпущено
movement-topup-posted = пополнение
movement-welcome-posted = подарок
movement-voucher-posted = ваучер
movement-referral-posted = за приглашение
movement-expiry-posted = сгорело
movement-refund-posted = возврат
movement-adjustment-posted = исправление
movement-bonus = бонус { $amount }
unit-run = вызов
unit-image = картинка
unit-megapixel = мегапиксель
unit-second = секунда
unit-kilo_characters = тысяча знаков
unit-kilo_tokens = тысяча токенов
model-no-price = цены ещё нет
model-active = готова
model-no_key = нет ключа
model-draft = черновик
model-paused = на паузе
model-retired = снята
sync-none = ни у одного рынка нет ключа, спрашивать некого
sync-failed = { $market } сейчас не ответил: { $why }
sync-no-list = у { $market } нет списка моделей
sync-line = { $market }: моделей { $count }, изменений { $changes }
shelf-new = новая
shelf-changed = изменилась
shelf-drift = разошлась
shelf-removed = снята
shelf-returned = вернулась
shelf-repriced = цена новая
shelf-dearer = дороже
shelf-priced = оценена
shelf-approved = одобрена
shelf-none = изменений ещё не было; спросить: `palitra models sync`
listen-taken = адрес уже занят
account-kind-house = служебный
account-kind-customer = клиент
account-free = ничего не платит
account-group = группа { $group }: цены × { $factor }
account-no-group = без группы цен
account-referral = код приглашения { $code }, приглашено { $count }
account-referred = кто пригласил: { $name }
account-changed = { $account }: со следующего заказа
account-deleted = { $account }: удалён; в книгах остались платежи, без имени
account-leaves = { $account }: больше никому не виден; остальное исчезнет, когда закончится начатая работа
account-house-stays = это собственный счёт командной строки, он остаётся
account-exported = { $file }: всё о счёте { $account }
audit-none = записей пока нет
account-was-referred = счёт { $account } пригласил { $name }
groups-none = групп цен ещё нет; создать: `palitra accounts groups set ИМЯ МНОЖИТЕЛЬ`
group-line = { $group }: цены × { $factor }, { $count ->
        [one] { $count } счёт
        [few] { $count } счёта
       *[other] { $count } счетов
    }
group-set = группа { $group }: цены × { $factor } со следующего заказа
group-removed = группы { $group } больше нет
vouchers-none = ваучеров ещё нет; создать: `palitra vouchers create --amount 100`
voucher-created = код показан один раз, сохраните его: { $code }
voucher-line = { $amount }, использован { $uses } из { $max }
voucher-line-bonus = бонус { $amount }, использован { $uses } из { $max }
voucher-active = действует
voucher-used-up = исчерпан
voucher-expired = истёк
voucher-revoked = отозван
voucher-until = до { $time }
voucher-was-revoked = ваучер { $id } больше ничего не даёт; что он дал, остаётся
keys-none = ключей пока нет; новый — `palitra keys create --account ИМЯ`
show-progress = ход
show-stages = шаги
batch-progress = { $done } из { $total } ({ $percent } %), с ошибкой { $failed }
batch-more-failed = и ещё { $count }
counter-edit = Правки: { $done }/{ $total }
counter-text = Надписи: { $done }/{ $total }
counter-upscale = Увеличение: { $done }/{ $total }
counter-video = Видео: { $done }/{ $total }
jobs-none = пока ничего нет; попробуйте `palitra create "кот в скафандре"`
jobs-more = может быть и больше: та же команда с `--after { $id }`
show-asked = запрос
show-model = модель
show-price = цена
show-batch = пакет
show-created = создано
show-started = начато
show-finished = кончено
show-answer = ответ
show-error = ошибка
show-place = очередь
show-attempt = попытка
show-asset = файл
place-line = { $position }-е в очереди своего рынка, начало примерно через { $seconds } с; ждёт { $waited } с
place-steps = { $count ->
    [one] ждёт { $count } шаг перед собой
    [few] ждёт { $count } шага перед собой
   *[other] ждёт { $count } шагов перед собой
}
place-not-before = новая попытка в { $time }
attempt-key = ключ { $key }
attempt-reason-first = первая попытка
attempt-reason-retry = повтор после отказа
attempt-reason-unknown = повтор после неизвестного исхода
attempt-reason-restart = повтор после гибели процесса
attempt-reason-gate = повтор после отвергнутого результата
attempt-paid-by-account = платит счёт
attempt-paid-by-house = платит дом
attempt-cost = рынок взял { $cost }
cancelled = отменено: { $id }; деньги возвращены на счёт
cancel-asked = рынок попросили остановить { $id }, он ещё не ответил; деньги пока удержаны, ответа дождётся `palitra serve` или та же команда
cancel-late = { $id } уже было готово: результат сохранён
serve-listening = слушаю { $address }; остановить — Ctrl-C
serve-stopped = остановлено, всё начатое сохранено
doctor-ok = в порядке
doctor-warning = внимание
doctor-problem = беда
watch-idle = сейчас в этом каталоге никто не работает; `palitra serve` или та же команда продолжит
doctor-default-rate = пока по умолчанию, { $value } за единицу; задайте свой курс
doctor-no-data = { $value } ещё нет; первая же команда его создаст
doctor-data = { $value } на месте и свободен
doctor-data-shared = { $value } на месте, в нём работает другой процесс
doctor-postgres = PostgreSQL { $version }, схема `palitra`: { $place }, миграций: { $migrations }
doctor-sqlite = SQLite { $version }, миграций: { $migrations }
doctor-workers-none = сейчас с ней никто не работает; запустить: `palitra serve`
doctor-worker = { $id }, { $place }, { $roles }: аренда продлена { $ago } с назад
doctor-worker-leads = { $id }, { $place }, { $roles }, ведущий: аренда продлена { $ago } с назад
doctor-worker-dead = { $id }, { $place }: аренда кончилась, работу возьмёт следующий процесс
database-away = нет соединения с { $place }: { $why }
database-away-hint = запустите сервер или проверьте хост и порт в `database.url`
database-too-old = это PostgreSQL { $value }
database-encoding = текст хранится в кодировке { $value }
database-too-old-hint = обновите сервер до PostgreSQL 15 или новее
database-encoding-hint = создайте другую: `create database palitra encoding 'UTF8' template template0`
watch-idle-shared = сейчас с этой базой никто не работает; `palitra serve` или та же команда продолжит
foreign-shared = выберите другую базу в `database.url`: схема `palitra` должна быть пустой или нашей
doctor-house-loss = работа счёта { $account } обошлась дому в { $value } за последний час и { $total } за сутки: новая пока не принимается
doctor-books = каждый остаток равен сумме проводок
doctor-no-key = ключа нет, поэтому его модели не используются; задайте `{ $value }`
doctor-keys = ключи: { $value } (не проверялись: вызов мог бы стоить денег)
doctor-artist = рисует, { $value } байт
doctor-voices = { $engine }: { $voices }
doctor-voices-unfree = { $engine }, не используются: лицензия разрешает не всё: { $voices }
doctor-voice-broken = { $name } не годится: { $why }
doctor-voices-more = `apt-get install { $packages }` (Debian { $archive }) добавит { $voices }
doctor-voices-piper = голосов Piper нет; положите `ИМЯ.onnx` и `ИМЯ.onnx.json` в { $folder }
currency-fixed = счета ведутся в { $value }; после первых проводок валюту не сменить
config-ok = настройки верны

## Ошибки: что случилось
error-invalid-input = { $value } не подходит
# О модели, когда так говорит рынок, а не мы.
market-has-no-model = `{ $model }`: на рынке { $market } её сейчас нет; деньги не списаны
market-refused-input = запрос к `{ $model }` (рынок { $market } отказал, деньги не списаны)
error-unknown-model = модель { $value } не известна
error-unknown-mode = { $value } не умеет `{ $mode }`
error-model-paused = модель { $value } сейчас недоступна
error-model-unpriced = ещё никто не указал, сколько рынок берёт за { $value }
error-model-retired = рынок больше не предлагает модель { $value }
error-research-only = результаты модели { $value } нельзя использовать в коммерческих целях
error-no-test-mode = симуляции для `{ $value }` нет, поэтому в тестовом режиме это не запустить
error-bad-format = { $value } — не формат картинки
error-bad-deck = { $place }: { $why }
error-bad-file = файл { $value } не подходит: { $why }
error-file-missing = файла { $value } нет
why-service-is-live = команда в тестовом режиме, а сервис, который её выполнит, — нет
error-bad-setting = { $place }: { $why }
error-needs-confirmation = план стоит до { $value }, а подтвердить его некому
error-needs-yes = { $value } нельзя отменить, а подтвердить некому
error-not-found = { $value } не найдено
error-already-finished = { $value } уже завершено
error-still-ending = { $value } останавливается: часть работы ещё на рынке
error-too-much-at-once = это больше, чем может ждать в очереди у одного счёта: не больше { $value }
error-uploads-full = файлы этого счёта занимают всё место, какое им отведено: { $value } МБ
error-webhook-url = на `{ $value }` слать нельзя: { $why ->
        [scheme] подходят только адреса https и http
        [credentials] в нём имя пользователя или пароль
        [long] он длиннее 2000 знаков
        [private] он ведёт в частную сеть
       *[form] это не адрес
    }
error-too-many-webhooks = у этого счёта уже { $limit } вебхуков
error-too-many-keys = у этого счёта уже { $value } действующих ключей
error-webhook-disabled = вебхук { $value } отключён: туда ничего не отправляется
error-queue-full = в очереди этого счёта уже слишком много работы: не больше { $limit }, место появится примерно через { $seconds } с
error-house-loss = отменённая или отклонённая после запуска работа этого счёта обошлась сервису слишком дорого: новая принимается через { $seconds } с
this-service = этот сервис
error-no-answer = сервис не ответил на `{ $value }`: возможно, это сделано, возможно, нет
error-service-away = сервис не отвечает по адресу { $value }: { $why }
error-malformed = запрос не читается: { $why }
error-method-not-allowed = этот адрес не принимает { $value }
error-body-too-large = тело слишком велико: принимается не больше { $limit }
error-media-type = такой тип тела не принимается: { $value }
error-rate-limited = слишком много запросов: принимается { $limit } в минуту
error-too-slow = запрос шёл слишком долго: { $limit } с
error-unauthorized = этот ключ не действует
error-forbidden = этому ключу это не разрешено: у него нет { $value }
error-idempotency-conflict = этот ключ повтора уже занят другим запросом
error-sign-up-closed = завести счёт самому здесь нельзя
error-sign-ups-full = на сегодня регистраций больше нет: их может быть { $limit } в день
error-insufficient-funds = на счёте { $account } не хватает денег: нужно { $value }
error-over-max-cost = план стоит { $value }, а предел — { $limit }
error-over-budget = { $budget ->
        [day] из дневного бюджета ключа осталось { $left }, а нужно { $value }
        [month] из месячного бюджета ключа осталось { $left }, а нужно { $value }
       *[total] из бюджета ключа осталось { $left }, а нужно { $value }
    }
error-quote-expired = цена устарела
error-refund-too-large = из этого списания можно вернуть не больше { $value }
error-voucher-unknown = ваучера { $value } нет
error-voucher-over = ваучер { $value } больше не действует: истёк, исчерпан или отозван
error-voucher-used = этот счёт уже использовал ваучер { $value }
error-voucher-tries = слишком много несуществующих кодов: не больше { $limit } в час, следующая попытка через { $seconds } с
error-voucher-exists = ваучер { $value } уже есть
error-group-in-use = по ценам группы { $value } ещё покупают счета
error-referral-refused = { $why }
error-no-key = для рынка { $value } нет ключа
error-market-auth = рынок { $value } не принял ключ; деньги не списаны
error-market-permission = ключ рынка { $value } не даёт доступа к этой модели; деньги не списаны
error-market-credits = на рынке { $value } кончились деньги или счёт закрыт; с вас ничего не списано
error-market-busy = рынок { $value } перегружен; деньги не списаны
error-market-unavailable = рынок { $value } недоступен; деньги не списаны
error-market-protocol = рынок { $value } ответил непонятно; деньги не списаны
error-input-fetch = рынок не смог загрузить исходный файл; деньги не списаны
error-content-rejected = рынок отказал по правилам содержания; деньги не списаны
error-generation-failed = рынок не справился с генерацией; деньги не списаны
error-timed-out = время вышло; деньги не списаны
error-result-expired = рынок уже удалил результат; деньги не списаны
error-unacceptable-result = то, что сделал рынок, дважды оказалось негодным ({ $why }); деньги не списаны
error-bad-result = рынок прислал не то, что просили; деньги не списаны
error-outcome-unknown = рынок не ответил, приняв запрос или нет; деньги не списаны
error-empty-prompt = в промпте не осталось английского текста
error-step-before-failed = предыдущий шаг не удался
error-batch-stopped = запуск остановлен раньше
error-items-failed = получилось не всё, с ошибкой: { $value }
error-bad-list = список { $place } не подходит: { $why }
error-gate-failed = успешных меньше { $value } %: готово { $ok } из { $total }
error-cancelled = отменено
error-interrupted = прервано
error-data-in-use = каталог данных { $place } занят процессом { $value }
error-disk-full = на диске нет места: { $place }
error-not-writable = сюда нельзя писать: { $place }
error-cannot-listen = нельзя слушать { $place }: { $why }
error-foreign-database = { $place } — не наша база данных
error-database-login = { $place } нас не пускает: { $why }
error-database-unfit = { $place } не подходит: { $why }
error-store-unavailable = база данных недоступна: { $why }
error-store-busy = слишком много запросов сразу
error-unhealthy = проверка нашла неполадки: { $value }
error-internal = ошибка в программе: { $why }

## Ошибки: что делать
hint-invalid-input = { $hint }
hint-invalid-input-else = нужно от 1 до { $limit } знаков
hint-unknown-model = может быть, { $hint }
hint-unknown-model-else = выберите другую: `palitra models ls`
hint-unknown-model-else-http = выберите другую: `GET /v1/models` перечисляет их
hint-unknown-mode-else = уберите это или выберите другую модель: `palitra models ls`
hint-unknown-mode-else-http = не указывайте `mode` или выберите другую модель: `GET /v1/models` перечисляет их
hint-unknown-mode = умеет: { $hint }
hint-model-paused = выберите другую: `palitra models ls`; оператору причина видна в `palitra models show`
hint-model-paused-http = выберите другую: `GET /v1/models` перечисляет их
hint-model-unpriced = `palitra models price { $value } --unit image --cost 0.04 --currency USD`
hint-model-unpriced-http = выберите другую: `GET /v1/models` перечисляет их
hint-model-retired = выберите другую: `palitra models ls`
hint-model-retired-http = выберите другую: `GET /v1/models` перечисляет их
hint-research-only = выберите другую модель или уберите `engine.commercial`
hint-no-test-mode = запустите её вживую или выберите другую модель
hint-bad-format = `portrait`, `square`, `landscape`, `1024x768` или `16:9`; стороны от 64 до 4096
hint-bad-deck = { $hint }
hint-bad-file = ничего не отправлено и не списано; выберите другой файл
hint-file-missing = проверьте путь
hint-bad-setting = { $hint }
hint-bad-setting-else = исправьте или уберите; что бывает и зачем, говорит `config.default.toml`
hint-needs-confirmation = добавьте `--yes` или посмотрите `--plan`
hint-needs-confirmation-http = подтвердите, как описано у этого адреса
hint-needs-yes = повторите с `--yes`
hint-needs-yes-http = подтвердите, как описано у этого адреса
hint-not-found = список: { $hint }
hint-not-found-else = список: `palitra jobs ls`
hint-not-found-else-http = списки показывают, что есть; чужого среди них нет
hint-already-finished = посмотреть: `palitra jobs show { $value }`
hint-already-finished-http = посмотрите, чем кончилось: это показывает `GET`
hint-still-ending = повторите, когда всё завершится: что ещё будет готово, дважды не оплачивается
hint-too-much-at-once = разделите её на части; предел задаёт оператор: `engine.account_queued_max`
hint-uploads-full = загруженное удаляется через `retention.uploads_days` дней; предел задаёт оператор: `engine.account_uploads_mb`
hint-webhook-url = дайте полный публичный адрес, например https://example.com/hooks; частные разрешает оператор: `security.allow_private_urls`
hint-too-many-webhooks = удалите ненужный: один адрес может получать события многих видов
hint-too-many-keys = отзовите ненужный
hint-webhook-disabled = список его доставок покажет, почему; затем включите его снова
hint-queue-full = повторите через { $seconds } с или отмените то, что больше не нужно
hint-house-loss = подождите и дайте начатому завершиться; предел задаёт оператор: `engine.house_loss_hour_minor` и `engine.house_loss_day_minor`
hint-no-answer = прежде чем повторять, посмотрите, не сделано ли это уже
hint-service-away = { $hint }
hint-service-away-else = проверьте, что он работает, и его адрес
hint-server-here = эта команда работает с каталогом данных: запустите её там, где сервис, без `--server`
hint-goes-on = работа продолжается на сервисе; следить: `palitra jobs watch { $id }`
hint-batch-goes-on = запуск { $id } продолжается на сервисе; та же команда вернётся к нему, следить: `palitra jobs watch { $id }`
hint-goes-on-joined = работа продолжается, деньги спишутся при успехе; тот же запрос ещё раз дождётся её
hint-fast-here = сервис не выбирает быструю модель: назовите её через `--model`
hint-malformed = отправьте JSON в UTF-8, как показано в описании на `/docs`
hint-method-not-allowed = `Allow` перечисляет, что он принимает
hint-body-too-large = отправьте меньше или укажите файлы адресом
hint-media-type = отправьте `application/json`
hint-rate-limited = повторите через { $seconds } с
hint-too-slow = отправьте ещё раз
hint-unauthorized = ключи создаёт `palitra keys create --account ИМЯ`, новый секрет ключу — `palitra keys rotate КЛЮЧ`
hint-unauthorized-http = пришлите `Authorization: Bearer sk_live_…`; ключи выдаёт оператор
hint-forbidden = нужен ключ с этим правом: `palitra keys create --account ИМЯ --scope read,generate,account`
hint-forbidden-http = возьмите ключ, которому это разрешено
hint-idempotency-conflict = для нового запроса нужен новый ключ повтора
hint-sign-up-closed = попросите счёт и ключ у того, кто держит сервис
hint-sign-ups-full = приходите завтра (UTC)
hint-insufficient-funds = пополнить: `palitra balance add СУММА --account ИМЯ`
hint-insufficient-funds-http = `GET /v1/balance` показывает, сколько есть; пополняет оператор
hint-over-max-cost = поднимите `--max-cost` или посмотрите `--plan`
hint-over-max-cost-http = поднимите предел стоимости или сначала узнайте цену
hint-over-budget = { $budget ->
        [total] заново он не начнётся: возьмите другой ключ
       *[other] заново он начнётся { $time }
    }
hint-quote-expired = запросите цену ещё раз и повторите
hint-refund-too-large = без `--amount` вернётся всё, что осталось; что уже возвращено, показывает `palitra balance ledger`
hint-refund-too-large-http = не указывайте сумму, чтобы вернуть весь остаток; `GET /v1/ledger` показывает, что уже вернули
hint-voucher-unknown = проверьте его по буквам; регистр и дефисы не важны
hint-voucher-over = попросите другой у того, кто его дал
hint-voucher-used = один ваучер даёт одному счёту один раз
hint-voucher-tries = подождите и проверьте код по буквам
hint-voucher-exists = выберите другой `--code` или не задавайте его: будет случайный
hint-voucher-exists-http = выберите другой код или не указывайте его — будет случайный
hint-group-in-use = сначала выведите их: `palitra accounts set ИМЯ --no-group`
hint-group-in-use-http = сначала выведите из неё счета
hint-referral-refused = `palitra accounts show ИМЯ` покажет код счёта и кто его пригласил
hint-referral-refused-http = документ счёта показывает его код и того, кто его привёл
hint-no-key = задайте `{ $hint }`
hint-market-auth = проверьте ключ: `palitra doctor`
hint-market-auth-http = ключ рынка должен проверить оператор
hint-market-permission = выберите другую модель: `palitra models ls`
hint-market-permission-http = выберите другую модель: `GET /v1/models` перечисляет их
hint-market-credits = пополните счёт на рынке и повторите ту же команду
hint-market-credits-http = оператору нужно пополнить счёт на рынке; потом повторите запрос
hint-market-busy = повторите ту же команду позже: готовое не оплачивается второй раз
hint-market-busy-http = повторите запрос позже: ничего не списано
hint-market-unavailable = повторите ту же команду позже: готовое не оплачивается второй раз
hint-market-unavailable-http = повторите запрос позже: ничего не списано
hint-market-protocol = повторите позже; ответ рынка покажет `palitra jobs show ID`
hint-market-protocol-http = повторите запрос позже
hint-input-fetch = повторите ту же команду: файлы отправятся заново; ссылка должна открываться без входа и пароля
hint-input-fetch-http = повторите запрос: файлы отправятся заново; ссылка должна открываться без входа
hint-content-rejected = измените описание и повторите
hint-generation-failed = повторите ту же команду: готовое не оплачивается второй раз
hint-generation-failed-http = повторите запрос: ничего не списано
hint-timed-out = повторите ту же команду: готовое не оплачивается второй раз
hint-timed-out-http = повторите запрос: ничего не списано
hint-result-expired = повторите ту же команду
hint-result-expired-http = повторите запрос
hint-unacceptable-result = измените описание или выберите другую модель: `palitra models ls`; что считать негодным, задаёт оператор: `[acceptance]`
hint-unacceptable-result-http = измените слова или выберите другую модель: `GET /v1/models` перечисляет их
hint-bad-result = повторите ту же команду или выберите другую модель: `palitra models ls`
hint-bad-result-http = повторите запрос или выберите другую модель: `GET /v1/models` перечисляет их
hint-outcome-unknown = повторите ту же команду; повтор за счёт сервиса включает `engine.unknown`
hint-outcome-unknown-http = повторите запрос: ничего не списано
hint-empty-prompt = добавьте описание по-английски или выберите модель, которая понимает язык описания
hint-step-before-failed = исправьте то, что не удалось раньше, и повторите ту же команду
hint-step-before-failed-http = исправьте то, что не удалось раньше, и продолжите пакет
hint-batch-stopped = устраните причину остановки и повторите ту же команду: готовое сохранено
hint-batch-stopped-http = исправьте причину остановки и продолжите пакет: готовое сохранено
hint-items-failed = готовое сохранено, остальное названо с причинами; та же команда повторит только неудачное
hint-items-failed-http = готовое сохранено, остальное названо с причинами; продолжение делает только то, что не удалось
hint-bad-list = { $hint }
hint-gate-failed = готовое сохранено и названо в `report.json`; та же команда повторит только неудачное
hint-gate-failed-http = готовое сохранено и названо в отчёте; продолжение делает только то, что не удалось
hint-cancelled = начать снова: та же команда
hint-cancelled-http = новый запрос начнёт сначала
hint-interrupted = { $hint }
hint-interrupted-else = та же команда продолжит с этого места
hint-interrupted-else-http = повторите запрос: принятое продолжается
hint-interrupted-create = картинка не потеряна: доделает `palitra serve`, покажет `palitra jobs show { $id }`
hint-data-in-use = дождитесь его, остановите его или выберите другой каталог: `--data КАТАЛОГ`
hint-data-in-use-http = повторите запрос позже
hint-disk-full = освободите место и повторите ту же команду: оплаченное не потеряно
hint-disk-full-http = повторите запрос позже: оплаченное не пропадёт
hint-not-writable = выберите другое место: { $hint }
hint-not-writable-else = выберите другую папку: `-o ПАПКА`
hint-not-writable-else-http = сообщите оператору
hint-cannot-listen = выберите другой адрес: `--listen АДРЕС:ПОРТ`
hint-cannot-listen-http = сообщите оператору
hint-foreign-database = { $hint }
hint-foreign-database-else = выберите другой каталог: `--data КАТАЛОГ`
hint-foreign-database-else-http = сообщите оператору
hint-database-login = проверьте пользователя, пароль и базу в `database.url`, а также `pg_hba.conf` сервера
hint-database-login-http = повторите запрос позже
hint-database-unfit = { $hint }
hint-store-unavailable = { $hint }
hint-store-unavailable-else = проверьте установку: `palitra doctor`
hint-store-unavailable-else-http = повторите запрос позже
hint-store-busy = повторите через минуту
hint-unhealthy = они названы выше; повреждённую базу восстановите из копии каталога данных
hint-internal = подробности покажет `PALITRA_TELEMETRY__LEVEL=debug`; приложите их к сообщению об ошибке
hint-internal-http = сообщите оператору и назовите `request_id`

## Презентация: чем она не подошла и что делать
deck-line = строка { $line }
deck-empty = файл пуст
deck-too-large = в файле { $bytes } байт, а можно не больше { $max }
deck-unsupported = { $kind } не читается
deck-utf16 = это текст в UTF-16, а нужен UTF-8
deck-binary = это не текст: байт { $offset } равен нулю, строка { $line }
deck-not-utf8 = это не UTF-8: неверный байт { $offset }, строка { $line }
deck-no-slides = в файле нет ни одного слайда
deck-too-many-slides = слайдов { $count }, а можно не больше { $max }: лишний — { $place }
deck-duplicate-number = номер слайда { $number } занят дважды: { $first } и { $second }
deck-bad-json = это не JSON, строка { $line }, столбец { $column }: { $reason }
deck-bad-field = { $place } не подходит: { $reason }
deck-overwritten = отчёт `report.json` записался бы поверх этого файла
deck-folder = это папка, а не файл
deck-hint-out = выберите другую папку: `-o ПАПКА`
hint-no-such-word = в списке нет слова с таким номером
hint-style-english = напишите по-английски: эти слова добавляются к каждому английскому промпту
hint-no-such-slide = в колоде нет слайда с таким номером
deck-hint-slides = разделите слайды строками `---` или начните каждый с заголовка
deck-hint-links = храните картинки рядом с презентацией и вставляйте ссылками
deck-hint-format = сохраните слайды как PowerPoint (.pptx), Markdown (Marp, reveal.js, обычный) или JSON
deck-hint-utf8 = сохраните файл в UTF-8
deck-hint-text = нужен файл PowerPoint (.pptx), Markdown или JSON
deck-hint-split = разделите презентацию на несколько файлов
deck-hint-numbers = дайте каждому слайду свой номер или уберите номера: тогда слайды считаются с 1
deck-hint-json = проверьте файл: JSON не закончен или в нём опечатка
deck-hint-field = слайд — это { "{" }"number": 1, "title": "…", "content": "…", "prompt": "…"{ "}" }; обязателен только `title`
deck-slide = слайд { $number }
deck-pptx-encrypted = презентация закрыта паролем
deck-pptx-old = это старый формат PowerPoint 97–2003
deck-pptx-damaged = презентация повреждена: { $reason }
deck-pptx-none = это архив zip, но презентации в нём нет
deck-pptx-parts = в презентации слишком много частей: { $count }
deck-pptx-unpacks = часть { $part } при распаковке слишком велика
deck-pptx-missing = в презентации нет части { $part }
deck-pptx-xml = часть { $part } — неверный XML, строка { $line }, столбец { $column }: { $reason }
deck-pptx-doctype = в части { $part } есть объявление DOCTYPE
deck-pptx-silent = ни на одном слайде нет ни текста, ни готового промпта
deck-pptx-hint-compress = сожмите картинки в PowerPoint или разделите презентацию
deck-pptx-hint-password = откройте её в PowerPoint, снимите пароль и сохраните ещё раз
deck-pptx-hint-save = откройте её в PowerPoint или LibreOffice и сохраните как .pptx
deck-pptx-hint-copy = скопируйте или скачайте файл ещё раз, или дайте PowerPoint исправить его и сохраните
deck-pptx-hint-again = откройте её в PowerPoint или LibreOffice и сохраните ещё раз
deck-pptx-hint-slides = добавьте в презентацию слайды
deck-pptx-hint-words = напишите на слайдах текст или готовый промпт в заметках после `Prompt:`

## Первый экран
welcome =
    Palitra рисует картинки и иллюстрирует презентации: сначала цена, потом работа, оплата один раз.
    Без ключей всё работает на встроенном рынке бесплатно.

    Попробуйте:
      palitra create "кот в скафандре"
      palitra slides deck.md -o out
      palitra models ls

    Ещё: `palitra --help`, `palitra slides --help`, проверка установки — `palitra doctor`

## Настройки: что не так и что вероятно имелось в виду
setting-unknown = такой настройки нет
setting-nearest = может быть, `{ $value }`
setting-see = все настройки: `palitra config show`
setting-text = нужен текст в кавычках
setting-number = нужно целое число не меньше нуля
setting-bool = нужно `true` или `false`
setting-table = нужна таблица, например { "{" } "X-Name" = "value" { "}" }
setting-list = нужен список, например [{ "{" } label = "studio", key_file = "fal.key" { "}" }]
setting-missing = не хватает `{ $value }`
setting-bounds = нужно от { $min } до { $max }
setting-above-zero = нужно больше нуля
setting-empty = не может быть пустым
setting-one-of = нужно одно из: { $value }
setting-address = нужен адрес с портом, например `127.0.0.1:8000`
setting-url = нужен адрес `http://…` или `https://…` без пароля и параметров
setting-currency = нужен код валюты из трёх больших букв, например `RUB`
setting-decimal = нужно число текстом, например `"2.5"`: не меньше нуля, не больше шести знаков после точки
setting-roles = нужны роли через запятую: `api`, `web`, `bot`, `worker`
setting-networks = нужны сети или адреса через запятую, например `10.0.0.0/8,fd00::/8`, или пусто
setting-database = нужно `sqlite:///файл`, `sqlite:////путь`, `postgres://user:password@host:5432/database` или пусто
setting-database-address = нужно `postgres://user:password@host:5432/database`, особые знаки пароля как %XX; sslmode: disable, prefer, require, verify-full; sslrootcert только с verify-full
setting-label = у ключа должно быть имя `label`, и не `main`
setting-empty-key = у ключа должно быть `key` или `key_file`
setting-key-twice = это имя или этот ключ уже есть в списке
setting-webhook-key = `webhook_key` бывает только у ключей KIE
setting-two-ways = задано двумя способами; уберите это или `{ $value }`
setting-unreadable = { $value } не прочитать: { $why }
setting-syntax = не прочитать: { $why }
no-effect = `{ $value }` ни на что не влияет: { $why }
no-effect-app-env = вид установки ничего не меняет
no-effect-face-swap = эта модель убрана, замена лица работает на WaveSpeed
no-effect-roles = выбора моделей по ролям пока нет
no-effect-video = видео пока нет
no-effect-example = это ключ из примера, а не настоящий

## Контактный лист
sheet-name = контактный лист
sheet-untitled = без заголовка
sheet-illustrated = с картинками:
sheet-slide = слайд { $number }
sheet-size = размер картинок
sheet-size-s = мелко
sheet-size-m = средне
sheet-size-l = крупно
sheet-total-slides = { $count ->
        [one] слайд
        [few] слайда
       *[other] слайдов
    }
sheet-total-ready = готово
sheet-total-price = заплачено
sheet-total-time = время
sheet-total-calls = { $count ->
        [one] вызов
        [few] вызова
       *[other] вызовов
    }
sheet-ok = нарисовано
sheet-reused = взято готовым
sheet-failed = не получилось
sheet-skipped = пропущено
sheet-cancelled = отменено
sheet-waiting = ещё не готово
sheet-attention = на что посмотреть
sheet-unfinished = запуск ещё не закончен
sheet-stopped = запуск не удался: готово { $ok } из { $total }
sheet-no-file = картинки нет в этой папке
sheet-no-prompt = промпт не написан: { $why }
sheet-prompt = промпт
sheet-details = подробности
sheet-as-written = как было написано
sheet-answer = ответ рынка
sheet-model = модель
sheet-attempts = отправок
sheet-price = цена
sheet-original = открыть файл
sheet-next = следующий слайд
sheet-previous = предыдущий слайд
sheet-close = закрыть
sheet-workers = воркеры
sheet-column-worker = воркер
sheet-column-slides = слайдов
sheet-column-ready = готово
sheet-column-failed = не получилось
sheet-column-busy = в работе
sheet-column-idle = в ожидании
sheet-top = наверх
sheet-moment = меньше 1 с
sheet-seconds = { $right } с
sheet-minutes = { $left } мин { $right } с
sheet-hours = { $left } ч { $right } мин

## Ваучеры: как можно
voucher-hint-code = нужно от 4 до 32 букв и цифр, дефисы где угодно
voucher-hint-expires = нужно время в будущем, например `2027-01-31`
voucher-hint-amount = нужна сумма больше нуля

## Приглашения: почему нет
referral-own = счёт не может пригласить сам себя
referral-circle = счёт с этим кодом сам приглашён этим
referral-again = уже известно, кто пригласил этот счёт
referral-house = служебный счёт никого не приглашает, и его никто не приглашает

## Маркеты
market-head = { $market }: ждут { $queued }
market-lane = полоса { $lane }: ждут { $queued }
market-stopped = остановлен { $since }, { $code }: { $said } (затем: `palitra markets resume { $market }`)
market-configured = в настройках
market-ghosts = призраков: { $count }
market-rate = { $rate } в минуту, сразу { $burst }
market-retry = новая попытка { $time }
market-paused-since = на паузе с { $since }
market-paused = { $target } на паузе: начатое завершится, очередь сохранит места, деньги останутся удержаны
market-was-paused = { $target } уже на паузе
market-resumed = { $target } снова работает
market-not-paused = { $target } не на паузе
market-waits = { $target } на паузе: работа подождёт до `palitra markets resume { $target }`
market-limited = новые пределы для { $target }, ключи: { $keys }; начатое сверх них завершится своим чередом
market-limit-reset = { $target }, ключи: { $keys }: пределы как в настройках
confirm-pause = поставить { $target } на паузу? очередь сохранит места, деньги останутся удержаны [д/Н]
health-ok = исправен
health-cooling = остывает с
health-locked = заблокирован с
health-no-credit = без средств с
health-bad-key = неверный ключ с
doctor-alert = { $target } { $code } с { $since }: { $said } (затем: `palitra markets resume { $target }`)

# Что не так с полем ввода.
violation-missing = не хватает `{ $path }`
violation-unknown = `{ $path }` не известно; есть: { $allowed }
violation-extra = `{ $path }` не известно
violation-type = `{ $path }` — нужно { $allowed ->
    [integer] целое число
    [number] число
    [boolean] true или false
    [array] список
    [object] объект
   *[string] текст
}
violation-one-of = `{ $path }` — одно из: { $allowed }
violation-least = `{ $path }` — не меньше { $allowed }
violation-most = `{ $path }` — не больше { $allowed }
violation-shortest = `{ $path }` — не короче { $allowed } знаков
violation-longest = `{ $path }` — не длиннее { $allowed } знаков
violation-fewest = `{ $path }`: нужно не меньше { $allowed }
violation-many = `{ $path }`: не больше { $allowed }
violation-form = `{ $path }`: { $allowed }
violation-file = `{ $path }`: у этого счёта нет файла { $allowed }
violation-media = `{ $path }`: нужно { $allowed ->
    [image] изображение
    [audio] аудио
   *[video] видео
}
violation-no-place = `{ $path }`: эта модель для `{ $allowed }` такого файла не принимает; выберите другую
violation-file-size = `{ $path }`: файл больше { $allowed } МБ
violation-pixels = `{ $path }`: на картинке больше { $allowed } мегапикселей
file-link = ссылка не открывается: { $why }
file-too-large = он больше { $limit } МиБ
file-unknown-type = это не картинка, звук или видео из известных (PNG, JPEG, WebP, WAV, MP3, OGG, MP4)
file-unreadable = его размер не читается, файл повреждён
file-too-many-pixels = в нём больше { $limit } мегапикселей
notice-dropped = `{ $value }` не отправлено: у этой модели такого нет
notice-avoided = `negative` вошло в промпт: отдельного поля у этой модели нет
notice-prompt-cut = промпт обрезан до { $value } знаков, больше эта модель не принимает
notice-translated = промпт сначала переводится на английский
notice-enhanced-by = `{ $model }` не усиливает черты: это сделает `{ $value }`
flag-short = промпт короче тысячи знаков
flag-contradictory = промпт всё ещё противоречит себе: прочтите его, прежде чем использовать
flag-language = промпт не на том языке, о котором просили
defect-broken = файл повреждён
defect-wrong_kind = это файл другого рода, чем просили
defect-wrong_size = размер не тот, что просили
defect-blank = картинка пустая
defect-unchanged = на картинке ничего не изменилось
defect-duplicate = одна и та же картинка пришла дважды
defect-silent = ничего не слышно
defect-clipped = звук искажён
defect-too_short = звук короче своих слов
defect-wrong_length = длина не та, что просили
no-voices = на этой машине нет голосов, поэтому звучит песочница; голоса ставит `apt-get install espeak-ng`
wish-left-over = из пожеланий не понято и оставлено как есть: { $words }
hint-ending = файл пишется не в том формате, который обещает имя: пусть оно кончается на { $ending }
flag-plain = писатель ответил не пятью частями: вот его ответ как есть
flag-unchecked = проверить промпт на противоречия не удалось
sim-one-market = сценарий и журнал бывают у одного рынка
