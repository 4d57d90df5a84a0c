/* The client of index.d.ts, in the calling thread. */
import { hexOf, Instance, TorusnnError } from "./instance.js";

async function compiled(wasm) {
  if (wasm instanceof URL && wasm.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return WebAssembly.compile(await readFile(wasm));
  }
  if (wasm instanceof URL) {
    const response = await fetch(wasm);
    if (!response.ok) {
      throw new Error(`${wasm}: ${response.status} ${response.statusText}`);
    }
    return WebAssembly.compile(await response.arrayBuffer());
  }
  return WebAssembly.compile(wasm);
}

/* What the header of every file of the library holds of its own digest (docs/FORMATS.md). */
function digestOf(file) {
  return hexOf(file.subarray(16, 32));
}

/* Text in Unicode's form C, as the other clients of the library bring it to. */
function bytesOf(passphrase) {
  return new TextEncoder().encode(passphrase.normalize("NFC"));
}

/* A class without a name is called by its number. */
function classNames({ names }) {
  return names.map((name, i) => name ?? String(i));
}

function describedSpec(bytes, description) {
  const { height, width, channels, evaluationKeyBytes, inputBytes, outputBytes } = description;
  const classes = classNames(description);
  return {
    bytes,
    name: `${height} x ${width} x ${channels}: ${classes.join(", ")}`,
    shape: { height, width, channels },
    classes,
    evaluationKeyBytes,
    inputBytes,
    outputBytes,
    digest: digestOf(bytes),
  };
}

/* Of keygen's progress: sealing, which tells none, takes somewhat longer than the keys of the shipped models. */
const KEYS_SHARE = 0.4;

export class Client {
  #module;
  #current = null; // { instance, description } of the spec and key in use

  constructor(module) {
    this.#module = module;
  }

  static async load(wasm = new URL("./client.wasm", import.meta.url)) {
    return new Client(await compiled(wasm));
  }

  async parseSpec(bytes) {
    return describedSpec(bytes.slice(), this.#instanceOf(bytes).describe());
  }

  async keygen(spec, passphrase, onProgress = () => {}) {
    return this.#makeCurrent(spec, passphrase, (instance, phrase) => {
      const { evaluationKeyBytes } = instance.describe();
      const evaluationKey = instance.keygen(evaluationKeyBytes, (share) => onProgress(share * KEYS_SHARE));
      const sealed = instance.seal(phrase);
      onProgress(1);
      return { keyId: instance.keyId(), sealed, evaluationKey };
    });
  }

  async open(spec, sealed, passphrase) {
    return this.#makeCurrent(spec, passphrase, (instance, phrase) => {
      instance.open(sealed, phrase);
      return { keyId: instance.keyId() };
    });
  }

  async encrypt(pixels) {
    const { instance, description } = this.#inUse();
    return instance.encrypt(pixels, description.inputBytes);
  }

  async decrypt(output) {
    const { instance, description } = this.#inUse();
    const result = instance.decrypt(output, description.outputs);
    return { ...result, className: classNames(description)[result.class] };
  }

  async forget() {
    this.#current?.instance.wipe();
    this.#current = null;
  }

  async close() {
    await this.forget();
  }

  #instanceOf(spec) {
    const instance = new Instance(this.#module);
    instance.loadSpec(spec);
    return instance;
  }

  #inUse() {
    if (!this.#current || this.#current.instance.isWiped) {
      throw new TorusnnError("TNN_ERR_MISUSE", "no secret key is open: call keygen or open");
    }
    return this.#current;
  }

  /* The instance in which `make` leaves a key has grown by what Argon2id takes, and memory never shrinks: a fresh one
   * takes the key over. */
  #makeCurrent(spec, passphrase, make) {
    const phrase = bytesOf(passphrase);
    const grown = this.#instanceOf(spec);
    try {
      const made = make(grown, phrase);
      const lasting = this.#instanceOf(spec);
      lasting.adoptKey(grown);
      this.#current?.instance.wipe();
      this.#current = { instance: lasting, description: lasting.describe() };
      return made;
    } finally {
      phrase.fill(0);
      grown.wipe();
    }
  }
}
