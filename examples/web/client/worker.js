/* The far side of remote.js: a Client in a Web Worker or in a worker_thread, which answers one request after another. */
import { Client } from "./client.js";

const isNode = typeof WorkerGlobalScope === "undefined";
const port = isNode ? (await import("node:worker_threads")).parentPort : self;

let client;
let last = Promise.resolve();

function answer(number, message, transferred = []) {
  port.postMessage({ number, ...message }, transferred);
}

/* Buffers of the bytes that an answer holds: they move instead of being copied. */
function buffersOf(result) {
  const values = ArrayBuffer.isView(result) ? [result] : Object.values(result ?? {});
  return values.filter(ArrayBuffer.isView).map((view) => view.buffer);
}

async function run({ number, method, args }) {
  try {
    client ??= await Client.load();
    const told = method === "keygen" ? [(share) => answer(number, { share })] : [];
    const result = await client[method](...args, ...told);
    answer(number, { result }, buffersOf(result));
  } catch ({ name, status, message }) {
    answer(number, { error: { name, status, message } });
  }
}

function take(request) {
  last = last.then(() => run(request));
}

if (isNode) {
  port.on("message", take);
} else {
  self.onmessage = ({ data }) => take(data);
}
