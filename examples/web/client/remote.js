/* A Client whose work is done in a Web Worker, or in Node in a worker_thread: worker.js is the far side. */
import { Client } from "./client.js";
import { TorusnnError } from "./instance.js";

const isNode = typeof Worker === "undefined";

/* A worker and where to hear of its messages and of its end: { post, onMessage, onError, end }. */
async function startedWorker() {
  const url = new URL("./worker.js", import.meta.url);
  if (isNode) {
    const { Worker: Thread } = await import("node:worker_threads");
    const thread = new Thread(url);
    return {
      post: (message) => thread.postMessage(message),
      onMessage: (take) => thread.on("message", take),
      onError: (take) => thread.on("error", take),
      end: () => thread.terminate(),
    };
  }
  const worker = new Worker(url, { type: "module" });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (take) => worker.addEventListener("message", ({ data }) => take(data)),
    onError: (take) => worker.addEventListener("error", (event) => take(new Error(event.message || "the worker failed"))),
    end: () => worker.terminate(),
  };
}

function errorOf({ name, status, message }) {
  return status ? new TorusnnError(status, message) : Object.assign(new Error(message), { name });
}

class RemoteClient {
  #worker;
  #waiting = new Map(); // number of a request -> { resolve, reject, onProgress }
  #requests = 0;
  #failure = null; // why no request can be answered any more

  constructor(worker) {
    this.#worker = worker;
    worker.onMessage((message) => this.#take(message));
    worker.onError((error) => this.#fail(error));
  }

  parseSpec(bytes) {
    return this.#ask("parseSpec", [bytes]);
  }

  keygen(spec, passphrase, onProgress) {
    return this.#ask("keygen", [spec, passphrase], onProgress);
  }

  open(spec, sealed, passphrase) {
    return this.#ask("open", [spec, sealed, passphrase]);
  }

  encrypt(pixels) {
    return this.#ask("encrypt", [pixels]);
  }

  decrypt(output) {
    return this.#ask("decrypt", [output]);
  }

  forget() {
    return this.#ask("forget", []);
  }

  async close() {
    this.#fail(new Error("the client is closed"));
    await this.#worker.end();
  }

  #ask(method, args, onProgress) {
    if (this.#failure) {
      return Promise.reject(this.#failure);
    }
    const number = this.#requests++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject, onProgress });
      this.#worker.post({ number, method, args });
    });
  }

  #take({ number, share, result, error }) {
    const { resolve, reject, onProgress } = this.#waiting.get(number);
    if (share !== undefined) {
      onProgress?.(share);
      return;
    }
    this.#waiting.delete(number);
    error ? reject(errorOf(error)) : resolve(result);
  }

  #fail(error) {
    this.#failure = error;
    for (const { reject } of this.#waiting.values()) {
      reject(error);
    }
    this.#waiting.clear();
  }
}

/* So that it passes for one: `client instanceof Client`. */
Object.setPrototypeOf(RemoteClient.prototype, Client.prototype);

export async function createWorkerClient() {
  const client = new RemoteClient(await startedWorker());
  try {
    await client.forget(); // answered when the worker has loaded client.wasm
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}
