// Every call of OpenAI's own JavaScript client that our door has, against it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [here, key, packages] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const { default: OpenAI, toFile } = require("openai");

const client = new OpenAI({ apiKey: key, baseURL: `${here}/openai/v1`, maxRetries: 0 });
const [ARTIST, VOICE] = ["sandbox/artist", "sandbox/voice"];

const png = (text) => {
  const picture = Buffer.from(text, "base64");
  assert.equal(picture.subarray(1, 4).toString(), "PNG");
  return picture;
};

const names = (await client.models.list()).data.map((model) => model.id);
assert.ok(names.includes(ARTIST) && names.includes(VOICE));
assert.equal((await client.models.retrieve(ARTIST)).id, ARTIST);

const several = await client.images.generate({ model: ARTIST, prompt: "a cat", size: "64x64", n: 2, response_format: "b64_json" });
assert.notEqual(several.data[0].b64_json, several.data[1].b64_json);
const picture = png(several.data[0].b64_json);

const link = (await client.images.generate({ model: ARTIST, prompt: "a dog", size: "64x64" })).data[0].url;
assert.equal((await fetch(link)).headers.get("content-type"), "image/png");

const events = [];
for await (const event of await client.images.generate({ model: ARTIST, prompt: "a hen", size: "64x64", stream: true })) events.push(event);
assert.deepEqual(events.map((event) => event.type), ["image_generation.completed"]);
png(events[0].b64_json);

const file = () => toFile(picture, "a.png", { type: "image/png" });
const edited = await client.images.edit({ model: ARTIST, image: await file(), prompt: "at night", size: "64x64", response_format: "b64_json" });
png(edited.data[0].b64_json);
const merged = await client.images.edit({ model: ARTIST, image: [await file(), await file()], prompt: "together" });
assert.ok(merged.data[0].url);

const sound = await client.audio.speech.create({ model: VOICE, voice: "alloy", input: "hello" });
assert.equal(Buffer.from(await sound.arrayBuffer()).subarray(0, 4).toString(), "RIFF");

for (const [call, kind, code] of [
  [() => client.images.generate({ model: "nobody/nothing", prompt: "x" }), OpenAI.NotFoundError, "model_not_found"],
  [() => client.images.generate({ model: ARTIST, prompt: "x", n: 11 }), OpenAI.BadRequestError, "invalid_input"],
  [() => new OpenAI({ apiKey: "no", baseURL: client.baseURL }).models.list(), OpenAI.AuthenticationError, "invalid_api_key"],
]) {
  await assert.rejects(async () => call(), (error) => error instanceof kind && error.code === code);
}

const together = await Promise.all(
  [1, 2, 3, 4].map((n) => client.images.generate({ model: ARTIST, prompt: `fox ${n}`, size: "64x64", response_format: "b64_json" })),
);
together.forEach((one) => png(one.data[0].b64_json));
console.log("done");
