"""Makes `examples/lighthouse.pptx`: `python make_lighthouse.py examples/lighthouse.pptx`, with python-pptx 1.0.2.

Seven slides in Russian on a wide page, one for each kind of place a picture can go: title slide, title and content, two columns of
which one is empty, a picture placeholder, a blank slide whose prompt stands in the notes, a table, and two full columns.
The same words give the same bytes: times of the file and of its members are fixed.
"""

import datetime
import io
import re
import sys
import zipfile

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.util import Emu, Pt

WIDE = 12192000
COLOURS = {
    "dk2": "12344D", "lt2": "F4EFE6", "accent1": "C8553D", "accent2": "2A7F9E", "accent3": "E3A857",
    "accent4": "5B8E7D", "accent5": "7A5C61", "accent6": "8DA9C4",
}


def widen(deck):
    """The template of python-pptx is 4:3; its masters and layouts are stretched to 16:9."""
    ratio = WIDE / deck.slide_width
    deck.slide_width = Emu(WIDE)
    for page in [deck.slide_master, *deck.slide_layouts]:
        for shape in page.placeholders:
            if shape._element.spPr.find("{*}xfrm") is not None:
                shape.left, shape.width = Emu(round(shape.left * ratio)), Emu(round(shape.width * ratio))


def dress(deck):
    """Paper, ink and a lamp's red: theme colours, a serif for titles, titles to the left."""
    master = deck.slide_master
    master.background.fill.solid()
    master.background.fill.fore_color.theme_color = MSO_THEME_COLOR.BACKGROUND_2
    theme = next(r.target_part for r in master.part.rels.values() if r.reltype.endswith("/theme"))
    text = theme.blob.decode("utf-8")
    for name, colour in COLOURS.items():
        text = re.sub(rf'(<a:{name}><a:srgbClr val=")[0-9A-F]+', rf"\g<1>{colour}", text)
    text = re.sub(r'(<a:majorFont>\s*<a:latin typeface=")[^"]*', r"\g<1>Georgia", text)
    theme._blob = text.encode("utf-8")
    styles = master._element.find("{*}txStyles")
    title = styles.find("{*}titleStyle/{*}lvl1pPr")
    title.set("algn", "l")
    run = title.find("{*}defRPr")
    run.set("sz", "3600")
    run.find("{*}solidFill/{*}schemeClr").set("val", "tx2")
    subtitle = deck.slide_layouts[0].placeholders[1]._element
    subtitle.find(".//{*}lstStyle/{*}lvl1pPr").set("algn", "l")
    subtitle.spPr.find("{*}xfrm/{*}off").set("x", deck.slide_layouts[0].placeholders[0]._element.spPr.find("{*}xfrm/{*}off").get("x"))
    for level, size in zip(styles.find("{*}bodyStyle").iterchildren(), ("2400", "2000", "1800")):
        level.find("{*}defRPr").set("sz", size)


def lines(frame, texts):
    frame.text = texts[0]
    for text in texts[1:]:
        frame.add_paragraph().text = text


def build():
    deck = Presentation()
    widen(deck)
    dress(deck)
    layouts = {layout.name: layout for layout in deck.slide_layouts}

    def slide(layout, title=None, notes=None):
        made = deck.slides.add_slide(layouts[layout])
        if title:
            made.shapes.title.text = title
        if notes:
            made.notes_slide.notes_text_frame.text = notes
        return made

    made = slide("Title Slide", "Маяки Балтики", "Поздороваться, представиться, спросить, кто видел маяк вблизи.")
    made.placeholders[1].text = "Как огонь на берегу стал точной наукой"

    made = slide("Title and Content", "Зачем нужен маяк")
    lines(made.placeholders[1].text_frame, [
        "Ночью и в туман берег не виден",
        "Свет говорит: здесь мель, здесь вход в порт",
        "У каждого маяка свой рисунок вспышек",
        "По двум маякам штурман находит место корабля",
    ])

    made = slide("Two Content", "Линза Френеля",
                 'DALL-E Prompt: "Huge glass Fresnel lens of a lighthouse, brass frame, warm lamp inside, rainbow edges, no text"\n'
                 "\nПоказать кольцо из оргстекла.")
    lines(made.placeholders[1].text_frame, [
        "Обычная линза такой силы весила бы тонны",
        "Огюстен Френель разрезал её на кольца",
        "С 1823 года свет виден за 30 километров",
    ])

    made = slide("Picture with Caption", "Смотритель")
    made.placeholders[2].text = "Зажечь лампу, завести часовой механизм, протереть стёкла и не спать до рассвета"

    slide("Blank", notes="Prompt: A lone white lighthouse on a granite island in the Baltic Sea, storm clouds, wide view, no text")

    made = slide("Title Only", "Три маяка")
    rows = [
        ("Маяк", "Год", "Высота, м"),
        ("Толбухин", "1719", "29"),
        ("Осиновецкий", "1910", "70"),
        ("Стороженский", "1911", "71"),
    ]
    table = made.shapes.add_table(len(rows), 3, Emu(609600), Emu(1600200), Emu(6096000), Emu(1854200)).table
    for row, texts in zip(table.rows, rows):
        for cell, text in zip(row.cells, texts):
            cell.text = text

    made = slide("Comparison", "Раньше и теперь")
    made.placeholders[1].text = "Лампа и смотритель"
    lines(made.placeholders[2].text_frame, ["Керосин или газ", "Человек на башне", "Туман гасит свет"])
    made.placeholders[3].text = "Светодиод и автомат"
    lines(made.placeholders[4].text_frame, ["Солнечная панель", "Проверка раз в полгода", "Радиомаяк и спутник"])

    moment = datetime.datetime(2026, 1, 1)
    about = deck.core_properties
    about.title, about.author, about.created, about.modified = "Маяки Балтики", "Palitra", moment, moment
    about.last_modified_by = "Palitra"
    return deck


def save(deck, path):
    packed = io.BytesIO()
    deck.save(packed)
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name == "docProps/thumbnail.jpeg":
                continue  # of the template, an empty page
            data = source.read(name)
            if name == "_rels/.rels":
                data = re.sub(rb'<Relationship [^>]*thumbnail[^>]*/>', b"", data)
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    save(build(), sys.argv[1])
