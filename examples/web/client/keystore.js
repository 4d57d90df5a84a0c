/* Keys at rest in the browser: IndexedDB, one entry a spec, by the spec's digest. */
const NAME = "torusnn-client";
const STORE = "keys";

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function opened() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

/* What is written is on disk when the transaction completes, not before. */
function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

export class KeyStore {
  async put(specDigest, { keyId, sealed, evaluationKey }) {
    await this.#changed((store) => store.put({ keyId, sealed, evaluationKey }, specDigest));
  }

  async get(specDigest) {
    return this.#read((store) => store.get(specDigest));
  }

  async delete(specDigest) {
    await this.#changed((store) => store.delete(specDigest));
  }

  async list() {
    return this.#read((store) => store.getAllKeys());
  }

  async #read(ask) {
    const database = await opened();
    try {
      return await settled(ask(database.transaction(STORE).objectStore(STORE)));
    } finally {
      database.close();
    }
  }

  async #changed(change) {
    const database = await opened();
    try {
      const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
      change(transaction.objectStore(STORE));
      await completed(transaction);
    } finally {
      database.close();
    }
  }
}
