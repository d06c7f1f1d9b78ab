"""Prints what python-pptx finds in a presentation as JSON: `python check_pptx.py deck.pptx`. The Rust test beside it says what must be there."""

import json
import sys

from pptx import Presentation
from pptx.shapes.picture import Picture


def about(shape):
    box = {name: getattr(shape, name) for name in ("left", "top", "width", "height")}
    text = shape.text_frame.text if shape.has_text_frame else ""
    if getattr(shape, "has_table", False):
        text = "\n".join("\t".join(cell.text for cell in row.cells) for row in shape.table.rows)
    return {"name": shape.name, "id": shape.shape_id, "text": text, **box}


def picture(shape):
    return {
        **about(shape),
        "alt": shape._element._nvXxPr.cNvPr.get("descr"),
        "type": shape.image.content_type,
        "pixels": list(shape.image.size),
        "cut_sides": shape.crop_left,
        "cut_ends": shape.crop_top,
    }


def slide(page):
    shapes = list(page.shapes)
    ids = [shape.shape_id for shape in shapes]
    assert len(set(ids)) == len(ids), f"numbers of shapes are taken twice: {ids}"
    # A filled placeholder is a picture for python-pptx too.
    pictures = [shape for shape in shapes if isinstance(shape, Picture) or shape._element.tag.endswith("}pic")]
    return {
        "layout": page.slide_layout.name,
        "notes": page.notes_slide.notes_text_frame.text if page.has_notes_slide else "",
        "pictures": [picture(shape) for shape in pictures],
        "others": [about(shape) for shape in shapes if shape not in pictures],
    }


deck = Presentation(sys.argv[1])
json.dump({"size": [deck.slide_width, deck.slide_height], "slides": [slide(page) for page in deck.slides]}, sys.stdout)
