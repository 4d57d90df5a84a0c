/* Memory of the module: it stays as small as it is, and nothing is left in it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, deployed, drawnImage, PASSPHRASE, refused, wasmBytes } from "./support.js";

const memories = []; // of all instances
const RealInstance = WebAssembly.Instance;

class WatchedInstance extends RealInstance {
  constructor(...args) {
    super(...args);
    memories.push(this.exports.memory);
  }
}

function isZero(memory) {
  return Buffer.from(memory.buffer).equals(Buffer.alloc(memory.buffer.byteLength));
}

function largest() {
  return Math.max(...memories.map((memory) => memory.buffer.byteLength));
}

describe("memory", () => {
  let model, client, image, keys;

  before(async () => {
    WebAssembly.Instance = WatchedInstance;
    model = deployed("digits");
    client = await Client.load(wasmBytes);
    image = drawnImage((await client.parseSpec(model.spec)).shape);
    memories.length = 0;
    keys = await client.keygen(model.spec, PASSPHRASE);
  });

  after(() => {
    WebAssembly.Instance = RealInstance;
  });

  test("that Argon2id grew is wiped and let go; the key's own is small", () => {
    assert.equal(memories.length, 2);
    const [grown, lasting] = memories;
    assert.ok(grown.buffer.byteLength > 256 << 20, `${grown.buffer.byteLength}`);
    assert.ok(isZero(grown));
    assert.ok(lasting.buffer.byteLength < 4 << 20, `${lasting.buffer.byteLength}`);
  });

  test("does not grow with what is encrypted and decrypted", async () => {
    const output = model.infer(keys.evaluationKey, await client.encrypt(image));
    await client.decrypt(output);
    const bytes = memories.at(-1).buffer.byteLength;
    for (let i = 0; i < 100; i++) {
      await client.encrypt(image);
      await client.decrypt(output);
      await refused("TNN_ERR_SHAPE", client.encrypt(image.subarray(1)));
    }
    assert.equal(memories.at(-1).buffer.byteLength, bytes);
  });

  test("holds an image while it is encrypted, and not afterwards", async () => {
    const random = crypto.getRandomValues(new Uint8Array(image.length));
    const isThere = () => Buffer.from(memories.at(-1).buffer).includes(random.subarray(0, 16));
    const real = crypto.getRandomValues;
    let wasThere = false;
    crypto.getRandomValues = (view) => {
      wasThere ||= isThere();
      return real.call(crypto, view);
    };
    try {
      await client.encrypt(random);
    } finally {
      crypto.getRandomValues = real;
    }
    assert.ok(wasThere);
    assert.ok(!isThere());
  });

  test("of an opened key is wiped when the next one opens, and by forget", async () => {
    memories.length = 0;
    await client.open(model.spec, keys.sealed, PASSPHRASE);
    await client.open(model.spec, keys.sealed, PASSPHRASE);
    assert.equal(memories.length, 4);
    assert.deepEqual(memories.map(isZero), [true, true, true, false]);
    await client.forget();
    assert.ok(memories.every(isZero));
  });

  test("of a key that is refused is wiped", async () => {
    memories.length = 0;
    await refused("TNN_ERR_PASSPHRASE", client.open(model.spec, keys.sealed, "another"));
    assert.ok(memories.every(isZero));
    assert.ok(largest() > 256 << 20);
  });
});
