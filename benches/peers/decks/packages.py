"""Palitra's Anki packages beside genanki's: `packages.py BINARY FOLDER NOTES ROUNDS`, BINARY being the example `apkg` of palitra-decks.

NOTES notes with a picture of 100 KB and a sound of 20 KB each. Every run is a process of its own, taking turns; one line a measurement, medians
of wall-clock seconds. `packages.py one-genanki FOLDER NOTES OUT` is genanki's own run, written as its README begins."""
import json
import os
import pathlib
import statistics
import sys
import time


def genanki_run(folder, notes, out):
    import genanki

    model = genanki.Model(
        1607392319,
        "Word, Picture, Sound",
        fields=[{"name": name} for name in ("Word", "Translation", "Example", "Picture", "Sound")],
        templates=[
            {"name": "Recognise", "qfmt": "{{Word}} {{Sound}}", "afmt": "{{FrontSide}}<hr>{{Picture}} {{Translation}} {{Example}}"},
            {"name": "Recall", "qfmt": "{{Picture}} {{Translation}}", "afmt": "{{FrontSide}}<hr>{{Word}} {{Sound}} {{Example}}"},
        ],
    )
    deck = genanki.Deck(2059400110, "Bench")
    media = []
    for number in range(notes):
        deck.add_note(
            genanki.Note(
                model=model,
                fields=[
                    f"word {number}",
                    f"слово {number}",
                    f"An example of word {number}.",
                    f'<img src="{number}.png">',
                    f"[sound:{number}.mp3]",
                ],
            )
        )
        media += [str(folder / f"{number}.png"), str(folder / f"{number}.mp3")]
    package = genanki.Package(deck)
    package.media_files = media
    package.write_to_file(str(out))


def measured(words):
    before = time.perf_counter()
    child = os.posix_spawn(words[0], words, os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - before
    if status != 0:
        raise SystemExit(f"{words} ended with {status}")
    return {"seconds": seconds, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


def main(binary, folder, notes, rounds):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    measured([binary, "media", str(folder), notes])
    ours, theirs, filled = folder / "ours.apkg", folder / "genanki.apkg", folder / "filled.apkg"
    runs = [
        ("write", f"{notes} notes with {int(notes) * 2} media written", [binary, "write", str(folder), notes, str(ours)], ours),
        ("genanki", "the same by genanki", [sys.executable, __file__, "one-genanki", str(folder), notes, str(theirs)], theirs),
        ("update", "every note of ours given another picture", [binary, "update", str(folder), str(ours), str(filled)], filled),
        ("read", "our package read as a list", [binary, "read", str(ours)], ours),
    ]
    taken = {name: [] for name, *_ in runs}
    for _ in range(int(rounds)):
        for name, _, words, _ in runs:
            taken[name].append(measured(words))
    for name, what, _, out in runs:
        line = {key: round(statistics.median(run[key] for run in taken[name]), 3) for key in taken[name][0]}
        size = round(out.stat().st_size / 1e6, 1)
        print(json.dumps({"measurement": "package", "name": name, "what": what, **line, "size_mb": size}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "one-genanki":
        genanki_run(pathlib.Path(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4]))
    else:
        main(*sys.argv[1:])
