"""Every call of OpenAI's own Python client that our door has, against it."""

import asyncio
import base64
import sys
import urllib.request

import openai

here, key = sys.argv[1], sys.argv[2]
client = openai.OpenAI(api_key=key, base_url=f"{here}/openai/v1", max_retries=0)
ARTIST, VOICE = "sandbox/artist", "sandbox/voice"


def is_png(text):
    picture = base64.b64decode(text)
    assert picture.startswith(b"\x89PNG"), picture[:20]
    return picture


names = [model.id for model in client.models.list().data]
assert ARTIST in names and VOICE in names, names
assert client.models.retrieve(ARTIST).id == ARTIST

# Pictures as bytes, several at once, each another one.
several = client.images.generate(model=ARTIST, prompt="a cat", size="64x64", n=3, response_format="b64_json", user="u")
assert len({one.b64_json for one in several.data}) == 3 and several.created > 0
png = is_png(several.data[0].b64_json)

# As an address, which needs no key.
link = client.images.generate(model=ARTIST, prompt="a dog", size="64x64").data[0].url
assert urllib.request.urlopen(link).read().startswith(b"\x89PNG")

# As a stream.
events = list(client.images.generate(model=ARTIST, prompt="a hen", size="64x64", stream=True, partial_images=1))
assert [event.type for event in events] == ["image_generation.completed"], events
is_png(events[0].b64_json)

# Edits: one picture, several, and a mask that the model does not take.
one, two = ("a.png", png, "image/png"), ("b.png", png, "image/png")
edited = client.images.edit(model=ARTIST, image=one, prompt="at night", size="64x64", response_format="b64_json")
is_png(edited.data[0].b64_json)
merged = client.images.edit(model=ARTIST, image=[one, two], prompt="together", n=2, response_format="b64_json")
assert len(merged.data) == 2
assert client.images.edit(model=ARTIST, image=one, prompt="at dawn", response_format="url").data[0].url
events = list(client.images.edit(model=ARTIST, image=one, prompt="at noon", stream=True))
assert [event.type for event in events] == ["image_edit.completed"], events

# Speech: whole and as it comes.
sound = client.audio.speech.create(model=VOICE, voice="alloy", input="hello")
assert sound.response.headers["content-type"] == "audio/wav" and sound.read()[:4] == b"RIFF"
with client.audio.speech.with_streaming_response.create(
    model=VOICE, voice="alloy", input="hello there", response_format="wav", speed=1.0
) as stream:
    assert b"".join(stream.iter_bytes())[:4] == b"RIFF"

# What is refused arrives as the client's own errors.
for call, kind, code in (
    (lambda: client.images.generate(model="nobody/nothing", prompt="x"), openai.NotFoundError, "model_not_found"),
    (lambda: client.images.generate(model=ARTIST, prompt="x", n=11), openai.BadRequestError, "invalid_input"),
    (lambda: client.images.generate(model=ARTIST, prompt="x", size="huge"), openai.BadRequestError, "invalid_input"),
    (lambda: client.images.edit(model=ARTIST, image=("a", b"no"), prompt="x"), openai.BadRequestError, "bad_file"),
    (lambda: client.models.retrieve("nobody"), openai.NotFoundError, "model_not_found"),
    (lambda: client.with_options(api_key="no").models.list(), openai.AuthenticationError, "invalid_api_key"),
):
    try:
        call()
        raise SystemExit(f"{code} was expected")
    except openai.APIStatusError as error:
        assert isinstance(error, kind) and error.code == code, (error, error.body)
        assert error.response.headers["x-should-retry"] == "false", error.response.headers


async def at_once():
    asynchronous = openai.AsyncOpenAI(api_key=key, base_url=f"{here}/openai/v1", max_retries=0)
    results = await asyncio.gather(
        *(asynchronous.images.generate(model=ARTIST, prompt=f"fox {n}", size="64x64", response_format="b64_json") for n in range(4))
    )
    for result in results:
        is_png(result.data[0].b64_json)


asyncio.run(at_once())
print("done")
