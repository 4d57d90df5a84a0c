/* What one side makes the other reads: this module's keys, inputs and results, and the native library's. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { bytesOfLogits, Client, deployed, drawnImage, file, native, PASSPHRASE, read, written } from "./support.js";

/* The deepest noise that the shipped models' logits have is far below what tells these classes apart. */
function assertNear(logits, clear) {
  assert.equal(logits.length, clear.length);
  logits.forEach((logit, i) => assert.ok(Math.abs(logit - clear[i]) < 0.5, `logit ${i}: ${logit} against ${clear[i]}`));
}

for (const name of ["digits", "pneumoniamnist"]) {
  describe(name, () => {
    let model, client, spec, image, keys;
    const shares = [];

    before(async () => {
      model = deployed(name);
      client = await Client.load();
      spec = await client.parseSpec(model.spec);
      image = drawnImage(spec.shape);
      keys = await client.keygen(model.spec, PASSPHRASE, (share) => shares.push(share));
    });

    after(() => client.close());

    function nativeLogits(sealed, output) {
      native("decrypt", model.specFile, PASSPHRASE, written("sealed", sealed), written("output", output), file("logits"));
      return read("logits");
    }

    test("progress grows to 1", () => {
      assert.ok(shares.length > 3);
      assert.deepEqual(shares, [...shares].sort((a, b) => a - b));
      assert.equal(shares.at(-1), 1);
    });

    test("objects have the sizes and names that are announced", async () => {
      assert.equal(keys.evaluationKey.length, spec.evaluationKeyBytes);
      assert.equal(Buffer.from(keys.evaluationKey.subarray(96, 112)).toString("hex"), keys.keyId);
      assert.equal((await client.encrypt(image)).length, spec.inputBytes);
    });

    test("keys and inputs made here serve; both sides decrypt the same bits", async () => {
      const output = model.infer(keys.evaluationKey, await client.encrypt(image));
      assert.equal(output.length, spec.outputBytes);
      const result = await client.decrypt(output);
      assertNear(result.logits, model.clearLogits);
      assert.equal(result.className, spec.classes[result.class]);
      assert.deepEqual(bytesOfLogits(result.logits), nativeLogits(keys.sealed, output));
    });

    test("a key sealed here encrypts natively", async () => {
      native("encrypt", model.specFile, PASSPHRASE, written("sealed", keys.sealed), written("image", image), file("input"));
      const { logits } = await client.decrypt(model.infer(keys.evaluationKey, read("input")));
      assertNear(logits, model.clearLogits);
    });

    test("a key made and sealed natively opens here, and both sides decrypt the same bits", async () => {
      native("keygen", model.specFile, PASSPHRASE, file("sealed"), file("eval"), file("plain"));
      const sealed = read("sealed");
      const evaluationKey = read("eval");
      const other = await Client.load();
      const { keyId } = await other.open(model.spec, sealed, PASSPHRASE);
      assert.equal(Buffer.from(evaluationKey.subarray(96, 112)).toString("hex"), keyId);
      const output = model.infer(evaluationKey, await other.encrypt(image));
      const { logits } = await other.decrypt(output);
      assertNear(logits, model.clearLogits);
      assert.deepEqual(bytesOfLogits(logits), nativeLogits(sealed, output));
      await other.close();
    });
  });
}
