"""Pictures that OpenAI's own Python client sees while they are drawn."""

import base64
import sys

import openai

here, key = sys.argv[1], sys.argv[2]
client = openai.OpenAI(api_key=key, base_url=f"{here}/openai/v1", max_retries=0)


def seen(stream):
    """What came, in its order; every picture is one."""
    events = list(stream)
    for event in events:
        assert base64.b64decode(event.b64_json).startswith(b"\x89PNG"), event.type
    return [(event.type, getattr(event, "partial_image_index", None)) for event in events], events[-1].b64_json


wish = {"model": "openai:gpt-image-1", "prompt": "a fox", "quality": "low", "stream": True}
told, drawn = seen(client.images.generate(**wish, partial_images=2))
partial = "image_generation.partial_image"
assert told == [(partial, 0), (partial, 1), ("image_generation.completed", None)], told

image = ("a.png", base64.b64decode(drawn), "image/png")
told, _ = seen(client.images.edit(**wish, image=image, partial_images=1))
assert told == [("image_edit.partial_image", 0), ("image_edit.completed", None)], told
print("done")
