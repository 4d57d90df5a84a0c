/* Milliseconds of each call, here and in the native client on one thread, the best of several: a Markdown table. */
import { pathToFileURL } from "node:url";
import { join } from "node:path";

import { Client, deployed, drawnImage, native, PASSPHRASE, wasmBytes, written } from "./support.js";

const { Instance } = await import(pathToFileURL(join(process.env.WEB_PACKAGE, "instance.js")));
const module = await WebAssembly.compile(wasmBytes);
const phrase = new TextEncoder().encode(PASSPHRASE);

function best(times, call) {
  let least = Infinity;
  for (let run = 0; run < times; run++) {
    const start = performance.now();
    call();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function instanceOf(spec) {
  const instance = new Instance(module);
  instance.loadSpec(spec);
  return instance;
}

function timesHere({ spec }, image, keys, output) {
  const opened = instanceOf(spec);
  opened.open(keys.sealed, phrase);
  const { evaluationKeyBytes, inputBytes, outputs } = opened.describe();
  return {
    keygen: best(5, () => instanceOf(spec).keygen(evaluationKeyBytes, () => {})),
    open: best(3, () => instanceOf(spec).open(keys.sealed, phrase)),
    encrypt: best(200, () => opened.encrypt(image, inputBytes)),
    decrypt: best(200, () => opened.decrypt(output, outputs)),
  };
}

function nativeTimes({ specFile }, image, keys, output) {
  const printed = native("time", specFile, written("image", image), written("output", output),
    written("sealed", keys.sealed), PASSPHRASE);
  return Object.fromEntries(printed.trim().split("\n").map((line) => line.split(" ")).map(([name, ms]) => [name, Number(ms)]));
}

console.log(`client.wasm: ${wasmBytes.length} bytes\n\n| model | call | WebAssembly, ms | native, ms | ratio |\n|---|---|--:|--:|--:|`);
for (const name of ["digits", "pneumoniamnist"]) {
  const model = deployed(name);
  const client = await Client.load(wasmBytes);
  const image = drawnImage((await client.parseSpec(model.spec)).shape);
  const keys = await client.keygen(model.spec, PASSPHRASE);
  const output = model.infer(keys.evaluationKey, await client.encrypt(image));
  const there = nativeTimes(model, image, keys, output);
  for (const [call, here] of Object.entries(timesHere(model, image, keys, output))) {
    console.log(`| ${name} | ${call} | ${here.toPrecision(3)} | ${there[call].toPrecision(3)} | ${(here / there[call]).toFixed(1)} |`);
  }
}
