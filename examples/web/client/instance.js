/*
 * One instance of client.wasm: a memory of its own with one spec and at most one secret key. Bytes go in and out by way
 * of memory that the module wipes when it is given back. What stops a call halfway, be it randomness that fails, a trap
 * or a callback that throws, leaves an instance that is wiped and of no further use.
 */

/** An error that the library reports: `status` is its name, such as "TNN_ERR_PASSPHRASE", `message` its sentence. */
export class TorusnnError extends Error {
  constructor(status, message) {
    super(message);
    this.name = "TorusnnError";
    this.status = status;
  }
}

const MOST_RANDOM_BYTES = 65536; // of one crypto.getRandomValues
const KEY_ID_BYTES = 16;
const DESCRIBED = ["height", "width", "channels", "classes", "outputs", "evaluationKeyBytes", "inputBytes", "outputBytes"];

export function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Instance {
  #memory;
  #exports; // null once wiped
  #onProgress = () => {};

  /* module: a compiled client.wasm */
  constructor(module) {
    const imports = {
      random: (address, length) => this.#fillRandom(address, length),
      progress: (done, total) => this.#onProgress(done / total),
    };
    const { memory, ...functions } = new WebAssembly.Instance(module, { torusnn: imports }).exports;
    this.#memory = memory;
    this.#exports = Object.fromEntries(Object.entries(functions).map(([name, call]) => [name, this.#wipedBy(call)]));
    this.#exports._initialize();
  }

  get isWiped() {
    return this.#exports === null;
  }

  get memoryBytes() {
    return this.#memory.buffer.byteLength;
  }

  /* Overwrites all of the memory. */
  wipe() {
    new Uint8Array(this.#memory.buffer).fill(0);
    this.#exports = null;
  }

  loadSpec(bytes) {
    this.#lend([bytes], (spec) => this.#check(this.#exports.web_load_spec(...spec)));
  }

  /* The numbers of DESCRIBED, and the names of the classes, null where the spec has none. */
  describe() {
    const bytes = this.#filled(DESCRIBED.length * 8, (address) => this.#exports.web_describe(address));
    const numbers = new Float64Array(bytes.buffer);
    const described = Object.fromEntries(DESCRIBED.map((name, i) => [name, numbers[i]]));
    const names = Array.from({ length: described.classes }, (_, i) => this.#text(this.#exports.web_class_name(i)));
    return { ...described, names };
  }

  /* Returns the evaluation key. onProgress is told the share of its ciphertexts that are made. */
  keygen(evaluationKeyBytes, onProgress) {
    this.#onProgress = onProgress;
    this.#check(this.#exports.web_keygen());
    return this.#saved(evaluationKeyBytes, this.#exports.web_save_eval_key);
  }

  seal(passphrase) {
    return this.#lend([passphrase], (phrase) =>
      this.#saved(this.#exports.web_sealed_bytes(), (out, capacity) => this.#exports.web_seal(out, capacity, ...phrase)));
  }

  open(sealed, passphrase) {
    this.#lend([sealed, passphrase], (file, phrase) => this.#check(this.#exports.web_open(...file, ...phrase)));
  }

  /* Takes over the key of another instance. Its bytes pass from memory to memory. */
  adoptKey(other) {
    const length = other.#exports.web_key_bytes();
    other.#borrowed(length, (from) => {
      other.#check(other.#exports.web_save_key(from, length));
      this.#lend([other.#bytes(from, length)], (key) => this.#check(this.#exports.web_load_key(...key)));
    });
  }

  keyId() {
    return hexOf(this.#filled(KEY_ID_BYTES, (address) => this.#exports.web_key_id(address)));
  }

  encrypt(pixels, inputBytes) {
    return this.#lend([pixels], (image) =>
      this.#saved(inputBytes, (out, capacity) => this.#exports.web_encrypt(out, capacity, ...image)));
  }

  /* Logits [outputs], and the number of the class that they name. */
  decrypt(output, outputs) {
    return this.#lend([output], (file) => this.#borrowed(outputs * 8, (address) => {
      this.#check(this.#exports.web_decrypt(address, outputs, ...file));
      const logits = new Float64Array(this.#bytes(address, outputs * 8).slice().buffer);
      return { logits, class: this.#exports.web_class_of(address, outputs) };
    }));
  }

  /* Name and sentence of a status; null for a number that is none. */
  status(number) {
    const name = this.#text(this.#exports.web_status_name(number));
    return name && { name, sentence: this.#text(this.#exports.web_status_text(number)) };
  }

  #wipedBy(call) {
    return (...args) => {
      try {
        return call(...args);
      } catch (error) {
        this.wipe();
        throw error;
      }
    };
  }

  #fillRandom(address, length) {
    try {
      for (let done = 0; done < length; done += MOST_RANDOM_BYTES) {
        crypto.getRandomValues(this.#bytes(address + done, Math.min(MOST_RANDOM_BYTES, length - done)));
      }
    } catch (cause) {
      throw new TorusnnError("TNN_ERR_RANDOM", `no source of cryptographic randomness: ${cause.message}`);
    }
  }

  #check(number) {
    if (number !== 0) {
      const { name, sentence } = this.status(number);
      throw new TorusnnError(name, sentence);
    }
  }

  #bytes(address, length) {
    return new Uint8Array(this.#memory.buffer, address, length);
  }

  /* A string of C; null for NULL. */
  #text(address) {
    const bytes = new Uint8Array(this.#memory.buffer, address);
    return address === 0 ? null : new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }

  /* What `use` makes of `length` bytes of the module's memory, which are its own for the call. */
  #borrowed(length, use) {
    const address = this.#exports.web_take(Math.max(length, 1));
    if (address === 0) {
      throw new TorusnnError("TNN_ERR_MEMORY", "out of memory");
    }
    try {
      return use(address);
    } finally {
      this.#exports?.web_give_back(address);
    }
  }

  /* Copies each array into the module's memory; `use` gets an [address, length] of each. */
  #lend([array, ...others], use) {
    return this.#borrowed(array.length, (address) => {
      this.#bytes(address, array.length).set(array);
      const lent = [address, array.length];
      return others.length === 0 ? use(lent) : this.#lend(others, (...rest) => use(lent, ...rest));
    });
  }

  #filled(length, fill) {
    return this.#borrowed(length, (address) => {
      fill(address);
      return this.#bytes(address, length).slice();
    });
  }

  #saved(length, save) {
    return this.#filled(length, (address) => this.#check(save(address, length)));
  }
}
