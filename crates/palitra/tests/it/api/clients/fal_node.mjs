// Every call of fal's own JavaScript client against our door: with everything sent to the one address of a proxy, and with its hosts put in
// the place of fal's.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [here, key, packages] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const { createFalClient, ApiError, ValidationError } = require("@fal-ai/client");

const APP = "sandbox/artist";
const wish = (prompt, more = {}) => ({ prompt, width: 64, height: 64, ...more });

const HOSTS = {
  "https://queue.fal.run": `${here}/fal/queue`,
  "https://fal.run": `${here}/fal/run`,
  "https://rest.fal.ai": `${here}/fal/rest`,
};
const moved = (url) => {
  const host = Object.keys(HOSTS).find((host) => url.startsWith(host));
  return host ? HOSTS[host] + url.slice(host.length) : url;
};

const picture = ({ data, requestId }, width = 64) => {
  assert.equal(data.images[0].width, width);
  assert.ok(requestId.startsWith("gen_"));
  return data.images[0].url;
};

const ways = {
  proxy: createFalClient({ credentials: key, proxyUrl: { url: `${here}/api/fal/proxy`, when: "always" } }),
  middleware: createFalClient({ credentials: key, requestMiddleware: async (request) => ({ ...request, url: moved(request.url) }) }),
};

for (const [way, fal] of Object.entries(ways)) {
  const states = [];
  const seen = await fal.subscribe(APP, { input: wish(`a red fox by ${way}`), logs: true, pollInterval: 50, onQueueUpdate: (state) => states.push(state.status) });
  const link = picture(seen);
  assert.equal(states.at(-1), "COMPLETED");
  picture(await fal.subscribe(APP, { input: wish(`a grey fox by ${way}`), mode: "streaming" }));

  const { request_id: requestId } = await fal.queue.submit(APP, { input: wish(`a green fox by ${way}`), priority: "low" });
  await fal.queue.subscribeToStatus(APP, { requestId, pollInterval: 50 });
  assert.equal((await fal.queue.status(APP, { requestId, logs: true })).status, "COMPLETED");
  picture(await fal.queue.result(APP, { requestId }));
  await assert.rejects(fal.queue.cancel(APP, { requestId }), (error) => error instanceof ApiError && error.status === 400);

  picture(await fal.run(APP, { input: wish(`a blue fox by ${way}`) }));
  const stream = await fal.stream(APP, { input: wish(`streamed by ${way}`) });
  let events = 0;
  for await (const event of stream) events += event.images.length;
  assert.equal(events, 1);
  assert.equal((await stream.done()).images.length, 1);

  const bytes = Buffer.from(await (await fetch(link)).arrayBuffer());
  const file = new Blob([bytes], { type: "image/png" });
  const url = await fal.storage.upload(file);
  assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), bytes);
  // A file in an input is uploaded by the client itself.
  const edited = await fal.run(APP, { input: { prompt: `night by ${way}`, images: [file] } });
  assert.equal(edited.data.images.length, 1);

  // More than 90 MiB go in parts.
  const large = Buffer.alloc(91 * 1024 * 1024 + 7);
  for (let at = 0; at < large.length; at += 1_000_000) large.fill(1 + at / 1_000_000, at);
  large.write("RIFF....WAVEfmt ", 0, "latin1");
  const kept = await fal.storage.upload(new Blob([large], { type: "audio/wav" }));
  assert.ok(Buffer.from(await (await fetch(kept)).arrayBuffer()).equals(large));

  await assert.rejects(
    fal.run(APP, { input: { prompt: "x", width: "wide" } }),
    (error) => error instanceof ValidationError && error.status === 422 && error.fieldErrors[0].loc.includes("width"),
  );
  await assert.rejects(fal.run("nobody/nothing", { input: {} }), (error) => error instanceof ApiError && error.status === 404);
}

const stranger = createFalClient({ credentials: "sk_live_no", proxyUrl: { url: `${here}/api/fal/proxy`, when: "always" } });
await assert.rejects(stranger.run(APP, { input: wish("x") }), (error) => error.status === 401);
console.log("done");
