/* What the tests share. CMake says where things are: WEB_PACKAGE, WEB_SERVER, WEB_NATIVE, WEB_MODELS. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const PASSPHRASE = "Zürich, a passphrase of the tests";

export const { Client, createWorkerClient, TorusnnError } = await import(
  pathToFileURL(join(process.env.WEB_PACKAGE, "index.js")));

export const wasmBytes = readFileSync(join(process.env.WEB_PACKAGE, "client.wasm"));

const folder = mkdtempSync(join(tmpdir(), "torusnn-web-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

export function file(name) {
  return join(folder, name);
}

export function read(name) {
  return new Uint8Array(readFileSync(file(name)));
}

export function written(name, bytes) {
  writeFileSync(file(name), bytes);
  return file(name);
}

function run(program, args) {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

/* tests/client/other_side.c */
function server(...args) {
  run(process.env.WEB_SERVER, args);
}

/* native.c */
export function native(...args) {
  return run(process.env.WEB_NATIVE, args);
}

/* One model on its server: its spec, the image that the server knows, and the net's logits of it in the clear. */
export function deployed(model) {
  const path = join(process.env.WEB_MODELS, `${model}.tnn`);
  const spec = file(`${model}.spec`);
  const logits = file(`${model}.logits`);
  server("spec", path, spec, logits);
  return {
    spec: read(`${model}.spec`),
    specFile: spec,
    clearLogits: readFileSync(logits, "utf8").trim().split("\n").map(Number),
    infer(evaluationKey, input) {
      server("infer", path, written("eval", evaluationKey), written("input", input), file("output"));
      return read("output");
    },
  };
}

/* tests/client/image.h */
export function drawnImage({ height, width, channels }) {
  return Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 7) % 256);
}

export function bytesOfLogits(logits) {
  return new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength);
}

export async function refused(status, call) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof TorusnnError, `${error.stack}`);
    assert.equal(error.status, status);
    assert.ok(error.message.length > 10);
    return true;
  });
}
