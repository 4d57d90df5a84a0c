/* The client with a thread of its own, and the two ways to name client.wasm. */
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { Client, createWorkerClient, deployed, drawnImage, file, PASSPHRASE, refused, wasmBytes } from "./support.js";

test("a worker's client answers as one of this thread does", async () => {
  const model = deployed("digits");
  const client = await createWorkerClient();
  assert.ok(client instanceof Client);
  const spec = await client.parseSpec(model.spec);
  const image = drawnImage(spec.shape);
  const shares = [];
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  const keys = await client.keygen(model.spec, PASSPHRASE, (share) => shares.push(share));
  clearInterval(ticking);
  assert.ok(ticks > 3, "this thread went on meanwhile");
  assert.ok(shares.length > 3);
  assert.equal(shares.at(-1), 1);
  assert.equal(keys.evaluationKey.length, spec.evaluationKeyBytes);

  const output = model.infer(keys.evaluationKey, await client.encrypt(image));
  const here = await Client.load(wasmBytes);
  assert.deepEqual(await here.open(model.spec, keys.sealed, PASSPHRASE), { keyId: keys.keyId });
  assert.deepEqual(await client.decrypt(output), await here.decrypt(output));

  await refused("TNN_ERR_PASSPHRASE", client.open(model.spec, keys.sealed, "another"));
  await client.forget();
  await refused("TNN_ERR_MISUSE", client.encrypt(image));
  await client.close();
  await assert.rejects(client.encrypt(image), /closed/);
});

test("calls that wait when a client closes are answered", async () => {
  const model = deployed("digits");
  const client = await createWorkerClient();
  const waiting = assert.rejects(client.keygen(model.spec, PASSPHRASE), /closed/);
  await client.close();
  await waiting;
});

test("a worker that finds no client.wasm says so, and ends", async () => {
  cpSync(process.env.WEB_PACKAGE, file("package"), { recursive: true });
  rmSync(file("package/client.wasm"));
  const incomplete = await import(pathToFileURL(file("package/index.js")));
  await assert.rejects(incomplete.createWorkerClient(), /client\.wasm/);
});

test("client.wasm is bytes or where they are", async () => {
  const url = pathToFileURL(join(process.env.WEB_PACKAGE, "client.wasm"));
  for (const wasm of [url, wasmBytes, undefined]) {
    assert.ok((await Client.load(wasm)) instanceof Client);
  }
  await assert.rejects(Client.load(new Uint8Array(10)), WebAssembly.CompileError);
});
