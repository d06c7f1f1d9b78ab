"""Every call of fal's own Python client against our door. Its hosts are constants; here they are pointed elsewhere."""

import asyncio
import sys
import urllib.request

import fal_client
import fal_client.client as module

here, key = sys.argv[1], sys.argv[2]
module.QUEUE_URL_FORMAT = f"{here}/fal/queue/"
module.RUN_URL_FORMAT = f"{here}/fal/run/"
module.REST_URL = f"{here}/fal/rest"
module.CDN_URL = f"{here}/fal/cdn"

APP = "sandbox/artist"
client = fal_client.SyncClient(key=key)


def wish(prompt, **more):
    return {"prompt": prompt, "width": 64, "height": 64, **more}


def is_picture(result, width=64):
    picture = result["images"][0]
    assert (picture["width"], picture["content_type"]) == (width, "image/png"), result
    assert result["has_nsfw_concepts"] == [False], result
    return picture["url"]


# Subscribe: submit, look until it is done, fetch.
seen = []
result = client.subscribe(APP, arguments=wish("a red fox", seed=7), with_logs=True, on_queue_update=seen.append)
link = is_picture(result)
assert result["seed"] == 7 and result["prompt"] == "a red fox", result
assert isinstance(seen[-1], fal_client.Completed), seen

# The same by hand, with everything that a submission may say.
handle = client.submit(APP, arguments=wish("a green fox"), priority="low", hint="x", start_timeout=60)
assert handle.request_id.startswith("gen_")
states = list(handle.iter_events(with_logs=True))
assert isinstance(states[-1], fal_client.Completed) and states[-1].metrics["inference_time"] >= 0, states
is_picture(handle.get())
assert isinstance(client.status(APP, handle.request_id, with_logs=True), fal_client.Completed)
is_picture(client.result(APP, handle.request_id))
found = client.get_handle(APP, handle.request_id)
is_picture(found.get())

# In the call, and as a stream.
is_picture(client.run(APP, arguments=wish("a blue fox")))
(event,) = client.stream(APP, arguments=wish("streamed"))
is_picture(event)

# Files: every way there is to bring them.
png = urllib.request.urlopen(link).read()
assert png.startswith(b"\x89PNG")
for file in (
    client.upload(png, "image/png", "a.png"),
    client.upload(png, "image/png", "a.png", repository="fal"),
    client.upload(png, "image/png", "a.png", repository="cdn"),
):
    assert urllib.request.urlopen(file).read() == png, file
    assert client.run(APP, arguments={"prompt": "night", "images": [file]})["images"]

# What the client takes for large it sends in parts, several at a time.
module.MULTIPART_THRESHOLD = 100
file = client.upload(png, "image/png", "a.png")
assert "/fal/cdn/files/" in file and urllib.request.urlopen(file).read() == png, file
assert client.run(APP, arguments={"prompt": "dawn", "images": [file]})["images"]
sound = b"RIFF....WAVEfmt " + bytes(n % 251 for n in range(25 * 1024)) * 1024
assert urllib.request.urlopen(client.upload(sound, "audio/wav", "a.wav")).read() == sound

# What is refused arrives as the client's own errors.
try:
    client.run(APP, arguments={"prompt": "x", "width": "wide"})
    raise SystemExit("a wrong width was taken")
except fal_client.FalClientHTTPError as error:
    assert error.status_code == 422 and "width" in str(error), error
try:
    client.submit("nobody/nothing", arguments={})
    raise SystemExit("an unknown app was taken")
except fal_client.FalClientHTTPError as error:
    assert error.status_code == 404, error
try:
    fal_client.SyncClient(key="sk_live_no").submit(APP, arguments=wish("x"))
    raise SystemExit("a wrong key was taken")
except fal_client.FalClientHTTPError as error:
    assert error.status_code == 401, error

# What has ended cannot be cancelled, and says so.
try:
    client.cancel(APP, handle.request_id)
    raise SystemExit("it had ended")
except fal_client.FalClientHTTPError as error:
    assert error.status_code == 400 and "ALREADY_COMPLETED" in error.response.text, error


async def at_once():
    asynchronous = fal_client.AsyncClient(key=key)
    results = await asyncio.gather(*(asynchronous.subscribe(APP, arguments=wish(f"fox {n}")) for n in range(4)))
    for one in results:
        is_picture(one)
    later = await asynchronous.submit(APP, arguments=wish("a later fox"))
    async for state in later.iter_events(with_logs=True):
        last = state
    assert isinstance(last, fal_client.Completed), last
    is_picture(await later.get())
    is_picture(await asynchronous.run(APP, arguments=wish("a last fox")))
    file = await asynchronous.upload(png, "image/png", "a.png")
    assert urllib.request.urlopen(file).read() == png


asyncio.run(at_once())
print("done")
