"""Pillow beside Palitra on the same noisy PNG: `files.py BINARY PNG [ROUNDS]`, BINARY being the example `files` of palitra-media.

One line a measurement, medians of CPU milliseconds over alternating rounds. `files.py one-shrink PNG BYTES` and `one-thumbnail PNG` are
Pillow's own runs."""
import io
import json
import statistics
import subprocess
import sys
import time

from PIL import Image

LIMITS = (7_500_000, 4_000_000, 1_000_000)
TIMES = 5


def shrink(file, limit):
    """The seed's ladder: quality 85, 80, … 50, then sides of 85 %, and again."""
    picture = Image.open(io.BytesIO(file)).convert("RGB")
    while True:
        for quality in range(85, 49, -5):
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality)
            if out.tell() <= limit:
                return {"bytes": out.tell(), "quality": quality, "size": picture.size}
        size = tuple(round(side * 0.85) for side in picture.size)
        picture = picture.resize(size, Image.LANCZOS)


def median(work):
    times, result = [], None
    for _ in range(TIMES):
        before = time.thread_time()
        result = work()
        times.append((time.thread_time() - before) * 1000)
    return {"ms": statistics.median(times), **result}


def one_thumbnail(file):
    picture = Image.open(io.BytesIO(file)).convert("RGB").resize((2048, 2048), Image.LANCZOS)

    def work():
        small = picture.copy()
        before = time.thread_time()
        small.thumbnail((256, 256), Image.BICUBIC, reducing_gap=2.0)
        work.times.append((time.thread_time() - before) * 1000)
        return {}

    work.times = []
    for _ in range(TIMES):
        work()
    return {"ms": statistics.median(work.times)}


def run(*words):
    return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)


def compare(binary, path, rounds):
    for limit in LIMITS:
        pairs = []
        for _ in range(rounds):
            ours = run(binary, "shrink", path, str(limit))
            theirs = run(sys.executable, __file__, "one-shrink", path, str(limit))
            pairs.append((ours["ms"], theirs["ms"]))
        print(json.dumps({"measurement": "shrink", "limit": limit, "ours_ms": statistics.median(one for one, _ in pairs),
                          "pillow_ms": statistics.median(two for _, two in pairs),
                          "factor": statistics.median(two / one for one, two in pairs),
                          "ours": ours, "pillow": theirs}), flush=True)
    pairs = []
    for _ in range(rounds):
        ours = run(binary, "thumbnail", path)
        theirs = run(sys.executable, __file__, "one-thumbnail", path)
        pairs.append((ours["small_ms"], theirs["ms"]))
    print(json.dumps({"measurement": "thumbnail", "ours_ms": statistics.median(one for one, _ in pairs),
                      "pillow_ms": statistics.median(two for _, two in pairs),
                      "factor": statistics.median(two / one for one, two in pairs), "ours": ours}), flush=True)


def main():
    words = sys.argv[1:]
    if words[0] in ("one-shrink", "one-thumbnail"):
        with open(words[1], "rb") as source:
            file = source.read()
        result = median(lambda: shrink(file, int(words[2]))) if words[0] == "one-shrink" else one_thumbnail(file)
        print(json.dumps(result))
    else:
        compare(words[0], words[1], int(words[2]) if len(words) > 2 else 5)


main()
