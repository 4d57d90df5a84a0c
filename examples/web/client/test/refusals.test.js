/* What is refused, by which name, and what is left in use afterwards. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { before, describe, test } from "node:test";

import { Client, deployed, drawnImage, file, native, PASSPHRASE, read, refused, written } from "./support.js";

let model, client, spec, image, keys;

before(async () => {
  model = deployed("digits");
  client = await Client.load();
  spec = await client.parseSpec(model.spec);
  image = drawnImage(spec.shape);
  keys = await client.keygen(model.spec, PASSPHRASE);
});

function changed(bytes, at) {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}

describe("a sealed key", () => {
  test("under another passphrase", () => refused("TNN_ERR_PASSPHRASE", client.open(model.spec, keys.sealed, "another")));
  test("of no passphrase", () => refused("TNN_ERR_MISUSE", client.open(model.spec, keys.sealed, "")));
  test("under a passphrase that is too long", () =>
    refused("TNN_ERR_MISUSE", client.open(model.spec, keys.sealed, "x".repeat(1025))));
  test("cut short", () => refused("TNN_ERR_TRUNCATED", client.open(model.spec, keys.sealed.subarray(0, 100), PASSPHRASE)));
  test("of no bytes", () => refused("TNN_ERR_TRUNCATED", client.open(model.spec, new Uint8Array(), PASSPHRASE)));
  test("damaged", () => refused("TNN_ERR_CORRUPT", client.open(model.spec, changed(keys.sealed, 90), PASSPHRASE)));
  test("that is something else", () => refused("TNN_ERR_MAGIC", client.open(model.spec, model.spec, PASSPHRASE)));
  test("that is plain", async () => {
    native("keygen", model.specFile, PASSPHRASE, file("sealed"), file("eval"), file("plain"));
    await refused("TNN_ERR_UNSEALED", client.open(model.spec, read("plain"), PASSPHRASE));
  });
  test("of another model", () =>
    refused("TNN_ERR_PARAMS_MISMATCH", client.open(deployed("pneumoniamnist").spec, keys.sealed, PASSPHRASE)));
  test("keeps its passphrase in every form of Unicode", async () => {
    const { keyId } = await client.open(model.spec, keys.sealed, PASSPHRASE.normalize("NFD"));
    assert.equal(keyId, keys.keyId);
  });
});

describe("an image and a result", () => {
  test("without a key", async () => {
    const bare = await Client.load();
    await refused("TNN_ERR_MISUSE", bare.encrypt(image));
    await refused("TNN_ERR_MISUSE", bare.decrypt(new Uint8Array(100)));
  });
  test("of another shape", () => refused("TNN_ERR_SHAPE", client.encrypt(image.subarray(1))));
  test("damaged", async () => {
    const output = model.infer(keys.evaluationKey, await client.encrypt(image));
    await refused("TNN_ERR_CORRUPT", client.decrypt(changed(output, output.length - 1)));
    await refused("TNN_ERR_TRUNCATED", client.decrypt(output.subarray(0, -1)));
    await refused("TNN_ERR_MAGIC", client.decrypt(keys.evaluationKey));
  });
  test("of another key", async () => {
    const output = model.infer(keys.evaluationKey, await client.encrypt(image));
    const other = await Client.load();
    await other.keygen(model.spec, PASSPHRASE);
    await refused("TNN_ERR_KEY_MISMATCH", other.decrypt(output));
  });
  test("after forgetting", async () => {
    await client.forget();
    await refused("TNN_ERR_MISUSE", client.encrypt(image));
    await client.open(model.spec, keys.sealed, PASSPHRASE);
    assert.equal((await client.encrypt(image)).length, spec.inputBytes);
  });
});

/* Where the parameters stand in a spec (docs/FORMATS.md). */
const AT = { k: 44, N: 48, baseLog: 52, levels: 56 };

/* The spec with other parameters and a digest that is right. */
function specWith(parameters) {
  const bytes = model.spec.slice();
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(parameters)) {
    view.setUint32(AT[name], value, true);
  }
  const payload = written("payload", bytes.subarray(32));
  const digest = execFileSync("b2sum", ["--length=128", payload], { encoding: "utf8" }).slice(0, 32);
  bytes.set(Buffer.from(digest, "hex"), 16);
  return bytes;
}

describe("a spec", () => {
  test("damaged", () => refused("TNN_ERR_CORRUPT", client.parseSpec(changed(model.spec, 60))));
  test("of no bytes", () => refused("TNN_ERR_TRUNCATED", client.parseSpec(new Uint8Array())));
  test("below the security curve", () => refused("TNN_ERR_INSECURE", client.parseSpec(specWith({ k: 1 }))));
  test("whose keys have more bytes than 32 bits count", () =>
    refused("TNN_ERR_LIMIT", client.parseSpec(specWith({ k: 6, N: 16384, baseLog: 1, levels: 16 }))));
  test("whose keys are larger than a client makes", async () => {
    const large = specWith({ k: 2, N: 16384 });
    assert.ok((await client.parseSpec(large)).evaluationKeyBytes > 128 << 20);
    await refused("TNN_ERR_LIMIT", client.keygen(large, PASSPHRASE));
  });
});

describe("randomness that fails", () => {
  async function without(call) {
    const real = globalThis.crypto.getRandomValues;
    globalThis.crypto.getRandomValues = () => {
      throw new Error("none today");
    };
    try {
      await refused("TNN_ERR_RANDOM", call());
    } finally {
      globalThis.crypto.getRandomValues = real;
    }
  }

  test("at the start", async () => {
    const other = await Client.load();
    await without(() => other.keygen(model.spec, PASSPHRASE));
  });

  test("halfway through making keys", async () => {
    const other = await Client.load();
    let told = 0;
    const real = globalThis.crypto.getRandomValues;
    const failAtSecond = () => {
      told++;
      if (told === 2) {
        globalThis.crypto.getRandomValues = () => {
          throw new Error("none any more");
        };
      }
    };
    try {
      await refused("TNN_ERR_RANDOM", other.keygen(model.spec, PASSPHRASE, failAtSecond));
    } finally {
      globalThis.crypto.getRandomValues = real;
    }
    await refused("TNN_ERR_MISUSE", other.encrypt(image));
  });

  test("while encrypting: the key is wiped, and opens again", async () => {
    await client.open(model.spec, keys.sealed, PASSPHRASE);
    await without(() => client.encrypt(image));
    await refused("TNN_ERR_MISUSE", client.encrypt(image));
    await client.open(model.spec, keys.sealed, PASSPHRASE);
    await client.encrypt(image);
  });
});

test("a progress callback that throws ends the making of keys", async () => {
  const other = await Client.load();
  const enough = new Error("enough");
  await assert.rejects(other.keygen(model.spec, PASSPHRASE, () => { throw enough; }), enough);
  await refused("TNN_ERR_MISUSE", other.encrypt(image));
});
