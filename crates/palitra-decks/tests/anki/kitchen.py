"""Makes examples/kitchen.apkg with Anki's own library: a deck as a person would have it, two of its notes illustrated already.

    python kitchen.py ../../../../examples/kitchen.apkg

Ids are of the time it is run, so another run makes another file with the same notes.
"""

import math
import pathlib
import struct
import sys
import tempfile
import zlib

from anki.collection import Collection, ExportAnkiPackageOptions
from anki.lang import set_lang

WORDS = [
    ("apron", "фартук", "Put on an apron before you start."),
    ("bowl", "миска", "Mix the eggs and sugar in a bowl."),
    ("chopping board", "разделочная доска", "Use a separate chopping board for fish."),
    ("colander", "дуршлаг", "Drain the pasta in a colander."),
    ("corkscrew", "штопор", "Nobody can find the corkscrew."),
    ("cup", "чашка", "A cup of tea, please."),
    ("dish towel", "кухонное полотенце", "Dry the glasses with a dish towel."),
    ("fork", "вилка", "The fork goes to the left of the plate."),
    ("freezer", "морозилка", "There is ice cream in the freezer."),
    ("frying pan", "сковорода", "Heat the oil in a frying pan."),
    ("grater", "тёрка", "Mind your fingers on the grater."),
    ("jar", "банка", "I cannot open this jar of pickles."),
    ("jug", "кувшин", "Pour the milk into a jug."),
    ("kettle", "чайник", "The kettle is boiling."),
    ("knife", "нож", "A blunt knife is more dangerous than a sharp one."),
    ("ladle", "половник", "Serve the soup with a ladle."),
    ("lid", "крышка", "Put the lid on and wait ten minutes."),
    ("oven", "духовка", "The pie is still in the oven."),
    ("peeler", "овощечистка", "A peeler is quicker than a knife."),
    ("plate", "тарелка", "There was only one pancake left on the plate."),
    ("saucepan", "кастрюля", "Milk boils over in a small saucepan."),
    ("sieve", "сито", "Shake the flour through a sieve."),
    ("tomato", "помидор", "Cut the tomato into thin slices."),
    ("whisk", "венчик", "Beat the whites with a whisk."),
]


def png(colour: tuple[int, int, int], ring: tuple[int, int, int]) -> bytes:
    """A disc with a ring on a light ground, 160 × 160."""
    side, rows = 160, []
    for y in range(side):
        row = bytearray([0])
        for x in range(side):
            distance = math.hypot(x - 79.5, y - 79.5)
            pixel = (251, 246, 238)
            for radius, paint in ((66, ring), (56, colour)):
                share = min(max(radius - distance + 0.5, 0), 1)
                pixel = tuple(round(old + (new - old) * share) for old, new in zip(pixel, paint))
            row += bytes(pixel)
        rows.append(bytes(row))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b"")


def wav() -> bytes:
    """A short bell, 8 kHz."""
    rate = 8_000
    samples = [round(9_000 * math.exp(-at / 1_200) * math.sin(at * 880 * math.tau / rate)) for at in range(rate // 2)]
    data = struct.pack(f"<{len(samples)}h", *samples)
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", len(data))
    return header + data


def main(out: str) -> None:
    set_lang("en")
    with tempfile.TemporaryDirectory() as folder:
        col = Collection(str(pathlib.Path(folder) / "collection.anki2"))
        col.media.write_data("kitchen-tomato.png", png((214, 63, 48), (151, 38, 30)))
        col.media.write_data("kitchen-plate.png", png((255, 255, 255), (86, 121, 163)))
        col.media.write_data("kitchen-kettle.wav", wav())
        model = col.models.copy(col.models.by_name("Basic"), add=True)
        model["name"] = "Кухня: слово и перевод"
        for field, name in zip(model["flds"], ["Слово", "Перевод"]):
            col.models.rename_field(model, field, name)
        for name in ["Пример", "Картинка", "Звук"]:
            col.models.add_field(model, col.models.new_field(name))
        model["tmpls"][0]["qfmt"] = "{{Слово}}<br>{{Звук}}"
        model["tmpls"][0]["afmt"] = "{{FrontSide}}<hr id=answer>{{Перевод}}<br>{{Картинка}}<br><i>{{Пример}}</i>"
        col.models.update_dict(model)
        model = col.models.by_name(model["name"])
        deck = col.decks.id("Кухня")
        pictures = {"tomato": '<img src="kitchen-tomato.png">', "plate": '<img src="kitchen-plate.png">'}
        sounds = {"kettle": "[sound:kitchen-kettle.wav]"}
        for word, translation, example in WORDS:
            note = col.new_note(model)
            note.fields = [word, translation, example, pictures.get(word, ""), sounds.get(word, "")]
            col.add_note(note, deck)
        options = ExportAnkiPackageOptions(with_scheduling=False, with_deck_configs=False, with_media=True, legacy=False)
        col.export_anki_package(out_path=out, options=options, limit=None)
        col.close()


if __name__ == "__main__":
    main(sys.argv[1])
