"""Text on pictures with Pillow and pilmoji: what `crates/palitra-media/examples/overlay.rs` measures of ours.

    python3 -m venv VENV && VENV/bin/pip install pillow==13.0.0 pilmoji==2.0.5
    cargo build --release -p palitra-media --example overlay
    VENV/bin/python benches/peers/media/overlay.py --font crates/palitra-fonts/assets/Inter_700Bold.ttf \
        --emoji FOLDER_OF_72x72_TWEMOJI_PNG [--ours target/release/examples/overlay]

The pictures of emoji are those in the crate `twemoji-assets` (`assets/72x72`), read from disk: no network. Two recipes:
`usual` is what the documentation of both leads to (a transparent layer as large as the picture, then `alpha_composite`);
`tuned` touches only the plate's rectangle, and leaves shaping (raqm, which kerns) out. Both draw the same three lines,
wrapped by words, as ours, on a plate of 50 %.
Figures are CPU milliseconds. With `--ours`, rounds of ours and of the peer take turns, and a line tells the ratio of the
medians of their rounds. `--picture OUT.png` keeps what was drawn.
"""

import argparse
import io
import json
import math
import statistics
import subprocess
import time
from pathlib import Path

from pilmoji import Pilmoji
from pilmoji.source import BaseSource
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TEXT = (
    "Привет, мир! Hello, World 🎉🔥\n"
    "Скидка −50% только до конца недели 🚀\n"
    "Кофе & круассан — ёлки, Київ 👩‍💻"
)
SIDE, SIZE, PADDING, RADIUS = 2048, 96, 48, 32


class Folder(BaseSource):
    """Twemoji from a folder of files named by their code points."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def get_emoji(self, emoji, /):
        points = [f"{ord(char):x}" for char in emoji]
        bare = [point for point in points if point != "fe0f"]
        for name in ("-".join(points), "-".join(bare)):
            path = self.folder / f"{name}.png"
            if path.exists():
                return io.BytesIO(path.read_bytes())
        raise SystemExit(f"no picture of {emoji!r} in {self.folder}")

    def get_discord_emoji(self, id, /):
        return None


def photo():
    """Light and dark, with grain, as in our example."""
    seed, rows = 1, bytearray()
    for y in range(SIDE):
        down = math.cos(y / 140)
        for x in range(SIDE):
            seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
            grain = (seed >> 24) / 16
            wave = (math.sin(x / 190) + down) * 45 + 110
            rows += bytes((int(wave + grain), int(wave * 0.8 + grain), int(wave * 0.5 + grain + 40)))
    return Image.frombytes("RGB", (SIDE, SIDE), bytes(rows))


def wrapped(font, width):
    """Words as many as a line holds; an emoji is as wide as the type is high."""
    lines = []
    for paragraph in TEXT.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def ink(region):
    """Black or white, by the mean of a small copy."""
    pixel = region.convert("L").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    return (255, 255, 255) if pixel < 128 else (17, 17, 17)


def block(pilmoji, font):
    text = "\n".join(wrapped(font, SIDE * 0.9 - 2 * PADDING))
    width, height = pilmoji.getsize(text, font, spacing=24)
    left = (SIDE - width) // 2 - PADDING
    bottom = int(SIDE * 0.95)
    return text, (max(left, 0), bottom - height - 2 * PADDING, min(left + width + 2 * PADDING, SIDE), bottom)


def usual(base, font, source, blur):
    picture = base.convert("RGBA")
    with Pilmoji(picture, source=source) as pilmoji:
        text, box = block(pilmoji, font)
    if blur:
        mask = Image.new("L", picture.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle(box, RADIUS, fill=255)
        blurred = picture.crop(box).filter(ImageFilter.GaussianBlur(blur))
        behind = picture.copy()
        behind.paste(blurred, box[:2])
        picture = Image.composite(behind, picture, mask)
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    ImageDraw.Draw(layer).rounded_rectangle(box, RADIUS, fill=(0, 0, 0, 128))
    picture = Image.alpha_composite(picture, layer)
    with Pilmoji(picture, source=source) as pilmoji:
        at = (box[0] + PADDING, box[1] + PADDING)
        pilmoji.text(at, text, fill=ink(picture.crop(box)), font=font, spacing=24, align="center")
    return picture.convert("RGB")


def tuned(base, font, source, blur):
    picture = base.copy()
    with Pilmoji(picture, source=source) as pilmoji:
        text, box = block(pilmoji, font)
    region = picture.crop(box)
    behind = region.filter(ImageFilter.GaussianBlur(blur)) if blur else region
    plate = Image.blend(behind, Image.new("RGB", region.size), 0.5)
    mask = Image.new("L", region.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, region.width - 1, region.height - 1), RADIUS, fill=255)
    region.paste(plate, (0, 0), mask)
    with Pilmoji(region, source=source) as pilmoji:
        pilmoji.text((PADDING, PADDING), text, fill=ink(region), font=font, spacing=24, align="center")
    picture.paste(region, box[:2])
    return picture


def cpu_ms(work, rounds):
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1e3)
    return statistics.median(times)


def request(png, font, source, level):
    picture = tuned(Image.open(io.BytesIO(png)).convert("RGB"), font, source, 0)
    out = io.BytesIO()
    picture.save(out, "PNG", **({} if level is None else {"compress_level": level}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--font", required=True)
    parser.add_argument("--emoji", required=True)
    parser.add_argument("--ours")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture")
    options = parser.parse_args()
    shaped = ImageFont.truetype(options.font, SIZE)
    font = ImageFont.truetype(options.font, SIZE, layout_engine=ImageFont.Layout.BASIC)
    source, base = Folder(options.emoji), photo()
    if options.picture:
        tuned(base, font, source, 0).save(options.picture)
    png = io.BytesIO()
    base.save(png, "PNG", compress_level=1)
    figures = {
        "usual": ("draw", lambda: usual(base, shaped, source, 0), 9),
        "usual, blur 12": ("draw, blur 12", lambda: usual(base, shaped, source, 12), 9),
        "tuned": ("draw", lambda: tuned(base, font, source, 0), 9),
        "tuned, blur 12": ("draw, blur 12", lambda: tuned(base, font, source, 12), 9),
        "tuned, png to png, level 1": ("png to png", lambda: request(png.getvalue(), font, source, 1), 1),
        "tuned, png to png, default level": ("png to png", lambda: request(png.getvalue(), font, source, None), 1),
    }
    theirs, ours = {name: [] for name in figures}, {}
    for _ in range(options.rounds):
        if options.ours:
            output = subprocess.run([options.ours], check=True, capture_output=True, text=True).stdout
            for line in map(json.loads, output.splitlines()):
                ours.setdefault(line["name"], []).append(line["median_ms"])
        for name, (_, work, rounds) in figures.items():
            theirs[name].append(cpu_ms(work, rounds))
    for name, (twin, _, _) in figures.items():
        line = {"name": f"pillow, {name}", "median_ms": round(statistics.median(theirs[name]), 2)}
        if ours:
            # Drawing anew begins with a copy of the picture, which every recipe of Pillow makes too.
            copy = 0 if twin == "png to png" else statistics.median(ours["copy of the picture"])
            line["ours_ms"] = round(statistics.median(ours[twin]) + copy, 2)
            pairs = zip(theirs[name], ours[twin])
            line["ratio"] = round(statistics.median(peer / (own + copy) for peer, own in pairs), 1)
        print(json.dumps(line, ensure_ascii=False))


main()
