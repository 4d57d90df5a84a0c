/**
 * torusnn-client: keys, encryption and decryption in a browser or in Node, by the C library compiled to WebAssembly.
 *
 * What WebAssembly cannot give, compared with the library on a machine of its own:
 *
 * - There is no guarded memory. Keys lie in the module's memory without guard pages, and it may be swapped to disk.
 *   They are wiped when freed, and the whole memory is when a key is forgotten; strings of JavaScript, such as the
 *   passphrase, cannot be wiped.
 * - Constant time is the browser's to keep. The C code steers no branch and no index by a secret, but what instructions
 *   the engine makes of it, and how long they take, nobody promises.
 * - Whoever serves the page could take the key. Serve it from elsewhere than the model, or pin it: README.md says how.
 *
 * @packageDocumentation
 */

/** What a client must know to encrypt for a model and read its result. */
export interface Spec {
  /** The file, as the service gave it. */
  readonly bytes: Uint8Array;
  /** Shape and classes in words: a spec has no name of its own. */
  readonly name: string;
  /** Of an image, in pixels; channels are bytes of a pixel. */
  readonly shape: { height: number; width: number; channels: number };
  /** A name for each class; its number where the model has none. */
  readonly classes: string[];
  /** Bytes of the evaluation key that keygen makes. */
  readonly evaluationKeyBytes: number;
  /** Bytes of an encrypted image. */
  readonly inputBytes: number;
  /** Bytes of an encrypted result. */
  readonly outputBytes: number;
  /** The file's BLAKE2b-128 in 32 hexadecimal digits: what to keep keys under. */
  readonly digest: string;
}

/** An error that the library reports. */
export class TorusnnError extends Error {
  constructor(status: string, message: string);
  /**
   * Its name in torusnn/status.h. Of keys at rest: TNN_ERR_PASSPHRASE, another passphrase; TNN_ERR_CORRUPT, damaged;
   * TNN_ERR_TRUNCATED, cut short; TNN_ERR_UNSEALED, a plain key; TNN_ERR_PARAMS_MISMATCH, a key for other parameters.
   * Of results: TNN_ERR_KEY_MISMATCH, of another key; TNN_ERR_MODEL_MISMATCH, of another model. Of specs:
   * TNN_ERR_LIMIT, an evaluation key above 128 MiB. Of calls: TNN_ERR_MISUSE, an empty or too long passphrase, or no key
   * in use; TNN_ERR_SHAPE, another number of pixels. Of the machine: TNN_ERR_MEMORY, TNN_ERR_RANDOM.
   */
  readonly status: string;
}

/** What keygen makes. */
export interface KeyPair {
  /** 32 hexadecimal digits, random and public: the key's name at the service. */
  readonly keyId: string;
  /** The secret key under the passphrase: safe to keep. Other clients of the library open it too, and theirs open here. */
  readonly sealed: Uint8Array;
  /** For the server, which computes with it and decrypts nothing. */
  readonly evaluationKey: Uint8Array;
}

/** A decrypted result. */
export interface Result {
  /** Noisy, as torusnn.h says of tnn_decrypt. Tell the server nothing about them. */
  readonly logits: Float64Array;
  /** From 0: the largest logit, or for a single one whether it is above 0. */
  readonly class: number;
  /** Its name; its number where the model has none. */
  readonly className: string;
  /** Never there: logits of these nets are no probabilities. */
  readonly probabilities?: Float64Array;
}

/**
 * One client: at most one secret key at a time, and the spec that it is for. Calls answer in the order they are made.
 * From `load` it works in the calling thread, and each call keeps that thread until it is done, keygen for seconds; from
 * `createWorkerClient` in one of its own.
 *
 * Every call may throw TorusnnError. A key in use stays in use when another call fails, but for TNN_ERR_RANDOM and what
 * is no TorusnnError: then the memory it was in is wiped, and the key must be opened again.
 */
export class Client {
  /**
   * A client in the calling thread.
   *
   * @param wasm client.wasm, or where it is; by default next to this file
   */
  static load(wasm?: BufferSource | URL): Promise<Client>;

  /** Reads a spec. Neither the key in use nor its spec changes. */
  parseSpec(bytes: Uint8Array): Promise<Spec>;

  /**
   * Makes keys for a spec and puts the secret key in use. The sealing takes 256 MiB of memory and some seconds: about
   * as much as whoever guesses the passphrase must spend on each guess.
   *
   * @param passphrase text, brought to Unicode's form C; 1 to 1024 bytes of UTF-8
   * @param onProgress told the share that is done, 0 to 1. In the calling thread it may throw, which ends the making.
   */
  keygen(spec: Uint8Array, passphrase: string, onProgress?: (done: number) => void): Promise<KeyPair>;

  /**
   * Opens a sealed secret key and puts it in use. A key fits every spec with its parameters, so one of another model is
   * refused only where these differ; keep keys under the digest of their spec.
   */
  open(spec: Uint8Array, sealed: Uint8Array, passphrase: string): Promise<{ keyId: string }>;

  /** Encrypts an image, height * width * channels bytes, rows first, channels innermost, with the key in use. */
  encrypt(pixels: Uint8Array): Promise<Uint8Array>;

  /** Decrypts what the server made of an image that the key in use encrypted. */
  decrypt(output: Uint8Array): Promise<Result>;

  /** Wipes the secret key in use. */
  forget(): Promise<void>;

  /** Forgets the key and ends the thread of its own, if there is one. No call may follow. */
  close(): Promise<void>;
}

/** A client in a Web Worker, or in Node in a worker_thread. It resolves when client.wasm is loaded. */
export function createWorkerClient(): Promise<Client>;

/** What a KeyStore keeps of a key. */
export interface StoredKey {
  readonly keyId: string;
  readonly sealed: Uint8Array;
  readonly evaluationKey?: Uint8Array;
}

/** Sealed keys in the browser's IndexedDB, one a spec. A key is on disk when `put` resolves. Not in Node. */
export class KeyStore {
  /** Keeps a key, in place of an earlier one. */
  put(specDigest: string, key: StoredKey): Promise<void>;
  /** Resolves to undefined where there is none. */
  get(specDigest: string): Promise<StoredKey | undefined>;
  delete(specDigest: string): Promise<void>;
  /** Digests of the specs that keys are kept for. */
  list(): Promise<string[]>;
}
