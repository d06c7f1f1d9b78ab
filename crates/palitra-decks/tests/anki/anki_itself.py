"""What the tests of packages ask Anki itself: its own library imports what we wrote, and exports what we read.

    python anki_itself.py import FOLDER PACKAGE...   into a new collection in FOLDER, one after the other; what it has after each, as JSON
    python anki_itself.py export FOLDER              a collection of its own, exported into FOLDER in every kind; its notes, as JSON
"""

import hashlib
import json
import pathlib
import sys

from anki.collection import (
    Collection,
    ExportAnkiPackageOptions,
    ImportAnkiPackageOptions,
    ImportAnkiPackageRequest,
)
from anki.lang import set_lang
from anki.utils import field_checksum

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def state(col: Collection) -> dict:
    notes = []
    for nid in col.db.list("select id from notes order by id"):
        note = col.get_note(nid)
        sort_field, checksum = col.db.first("select sfld, csum from notes where id = ?", nid)
        notes.append({
            "id": nid,
            "guid": note.guid,
            "mod": note.mod,
            "note_type": note.mid,
            "note_type_name": note.note_type()["name"],
            "fields": dict(note.items()),
            "sort_field": str(sort_field),
            "checksum": checksum,
            "checksum_of_anki": field_checksum(note.fields[0]),
            "cards": [
                {
                    "ord": card.ord,
                    "deck": col.decks.name(card.did),
                    "interval": card.ivl,
                    "reps": card.reps,
                    "question": card.question(),
                    "answer": card.answer(),
                }
                for card in note.cards()
            ],
        })
    folder = pathlib.Path(col.media.dir())
    media = {path.name: hashlib.sha1(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
    problems, ok = col.fix_integrity()
    checked = col.media.check()
    return {
        "notes": notes,
        "media": media,
        "ok": ok,
        "problems": problems,
        "missing_media": list(checked.missing),
        "unused_media": list(checked.unused),
        "note_types": [{"id": entry.id, "name": entry.name} for entry in col.models.all_names_and_ids()],
        "decks": [entry.name for entry in col.decks.all_names_and_ids()],
    }


def import_(folder: pathlib.Path, packages: list[str]) -> list[dict]:
    col = Collection(str(folder / "collection.anki2"))
    states = []
    for package in packages:
        options = ImportAnkiPackageOptions(with_scheduling=True, merge_notetypes=False)
        col.import_anki_package(ImportAnkiPackageRequest(package_path=package, options=options))
        states.append(state(col))
    col.close()
    return states


def export(folder: pathlib.Path) -> dict:
    col = Collection(str(folder / "collection.anki2"))
    for name in ["apple.jpg", "old.mp3"]:
        col.media.write_data(name, JPEG + name.encode())
    deck = col.decks.id("Кухня::Фрукты")
    basic = col.models.by_name("Basic")
    own = col.models.copy(basic, add=True)
    own["name"] = "Слова"
    for name in ["Картинка", "Звук"]:
        col.models.add_field(own, col.models.new_field(name))
    col.models.rename_field(own, own["flds"][0], "Слово")
    col.models.rename_field(own, own["flds"][1], "Перевод")
    own["tmpls"][0]["qfmt"] = "{{Слово}} {{Звук}}"
    own["tmpls"][0]["afmt"] = "{{FrontSide}}<hr>{{Перевод}} {{Картинка}}"
    col.models.update_dict(own)
    own = col.models.by_name("Слова")
    rows = [
        (own, ["apple", "яблоко", '<img src="apple.jpg">', "[sound:old.mp3]"]),
        (own, ["pear &amp; co", "<b>груша</b>", "", ""]),
        (basic, ["<div>kitchen</div>", "кухня"]),
    ]
    for note_type, fields in rows:
        note = col.new_note(note_type)
        note.fields = fields
        col.add_note(note, deck)
    # One of them has been learnt: its scheduling has to stay as it is.
    card = col.get_card(col.db.scalar("select id from cards order by id limit 1"))
    card.type, card.queue, card.ivl, card.due, card.reps, card.factor = 2, 2, 30, 100, 7, 2500
    col.update_card(card)
    found = state(col)
    for name, legacy in [("new.apkg", False), ("old.apkg", True)]:
        options = ExportAnkiPackageOptions(with_scheduling=True, with_deck_configs=True, with_media=True, legacy=legacy)
        col.export_anki_package(out_path=str(folder / name), options=options, limit=None)
    for name, legacy in [("new.colpkg", False), ("old.colpkg", True)]:
        col.export_collection_package(str(folder / name), include_media=True, legacy=legacy)
        col.reopen()
    return found


if __name__ == "__main__":
    set_lang("en")
    command, where, *rest = sys.argv[1:]
    where = pathlib.Path(where)
    where.mkdir(parents=True, exist_ok=True)
    print(json.dumps(import_(where, rest) if command == "import" else export(where), ensure_ascii=False))
