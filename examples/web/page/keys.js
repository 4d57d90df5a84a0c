/* keys.js: the step of the key: made, sealed, stored in this browser, opened, locked, deleted, kept as a file. */

import { sizeText } from './bytes.js';
import { byId, fillFacts, make, say } from './dom.js';

const SHORTEST_PASSPHRASE = 8;
const PANELS = ['key-waits', 'key-make', 'key-open', 'key-work', 'key-ready'];
const PASSPHRASES = ['passphrase', 'passphrase-new', 'passphrase-again'];

const shortId = (keyId) => `${keyId.slice(0, 8)}\u2026`;

function download(name, bytes) {
    const link = make('a', { download: name, href: URL.createObjectURL(new Blob([bytes])) });
    link.click();
    URL.revokeObjectURL(link.href);
}

function mark(id, wrong) {
    if (wrong) {
        byId(id).setAttribute('aria-invalid', 'true');
        byId(id).focus();
    } else {
        byId(id).removeAttribute('aria-invalid');
    }
}

export class KeyStep {
    #client;
    #store;
    #changed;
    #service = null;
    #models = [];
    #model = null;
    #spec = null;
    #record = null; /* {keyId, sealed, evaluationKey}; from a file the sealed key alone */
    #isOpen = false;

    /** While keys are made or opened. */
    busy = false;

    /** `client` makes and opens keys, `store` keeps one for each spec, `changed` is called when `open` or `busy` is another. */
    constructor(client, store, changed) {
        this.#client = client;
        this.#store = store;
        this.#changed = changed;
        this.#onSubmit('key-make', () => this.#make());
        this.#onSubmit('key-open', () => this.#unlock());
        byId('key-lock').addEventListener('click', () => this.#lock());
        byId('key-export').addEventListener('click', () => download(`${this.#model.id}-key.tnn`, this.#record.sealed));
        for (const id of ['key-delete', 'key-delete-locked']) byId(id).addEventListener('click', () => this.#delete());
        byId('key-import').addEventListener('click', () => byId('key-file').click());
        byId('key-file').addEventListener('change', () => this.#import(byId('key-file').files[0]));
        byId('key-back').addEventListener('click', () => this.#find());
    }

    /** The open key's record, or null. */
    get open() {
        return this.#isOpen ? this.#record : null;
    }

    async setModel(service, models, model, spec) {
        [this.#service, this.#models, this.#model, this.#spec] = [service, models, model, spec];
        say('key-status', '');
        await this.#forget();
        await this.#find();
    }

    /** Sends the evaluation key. */
    async send() {
        if (this.#record.evaluationKey === undefined) {
            throw new Error('The service does not have this key, and a key file holds no evaluation key: it is in the browser that made it.');
        }
        await this.#service.putKey(this.#record.keyId, this.#record.evaluationKey);
    }

    /* --------------------------------------------------------------------------------------------- panels -- */

    #onSubmit(id, act) {
        byId(id).addEventListener('submit', (event) => {
            event.preventDefault();
            act();
        });
    }

    /* Who is in a panel that goes is led to the step's heading. */
    #show(panel) {
        const leaves = PANELS.some((id) => id !== panel && byId(id).contains(document.activeElement));
        for (const id of PANELS) byId(id).hidden = id !== panel;
        if (leaves) byId('key-heading').focus({ preventScroll: true });
        this.busy = panel === 'key-work';
        this.#changed();
    }

    /* `share` of the work that is done, or null where nobody knows. The text is read out, so it changes seldom. */
    #work(text, share = null) {
        if (byId('key-work-text').textContent !== text) byId('key-work-text').textContent = text;
        if (share === null) {
            byId('key-progress').removeAttribute('value');
        } else {
            byId('key-progress').value = share;
        }
        if (!this.busy) this.#show('key-work');
    }

    #othersText(digests) {
        const names = digests.map((digest) => this.#models.find(({ spec_digest }) => spec_digest === digest)?.id ?? 'a model not served here');
        return names.length === 0 ? '' : `Keys of other models are stored here too: ${[...new Set(names)].join(', ')}.`;
    }

    /* The key that is stored for the model, if there is one. */
    async #find() {
        const { digest } = this.#spec;
        this.#record = (await this.#store.get(digest)) ?? null;
        byId('key-others').textContent = this.#othersText((await this.#store.list()).filter((other) => other !== digest));
        this.#clearPassphrases();
        if (this.#record === null) {
            this.#show('key-make');
        } else {
            this.#askPassphrase(`Key ${shortId(this.#record.keyId)} for this model is stored in this browser.`, true);
        }
    }

    #askPassphrase(text, isStored) {
        byId('key-stored').textContent = text;
        byId('key-delete-locked').hidden = !isStored;
        byId('key-back').hidden = isStored;
        this.#show('key-open');
    }

    #clearPassphrases() {
        for (const id of PASSPHRASES) {
            byId(id).value = '';
            mark(id, false);
        }
    }

    #ready(sentence) {
        this.#clearPassphrases();
        const { keyId, evaluationKey } = this.#record;
        fillFacts(byId('key-facts'), [
            ['Key id', keyId],
            ['Secret key', 'open here, stored sealed'],
            ['Evaluation key', evaluationKey === undefined ? 'not here, but where the key was made' : `${sizeText(evaluationKey.length)}, for the service`],
        ]);
        this.#isOpen = true;
        this.#show('key-ready');
        say('key-status', sentence, 'good');
    }

    /* -------------------------------------------------------------------------------------------- actions -- */

    /* Whether a new passphrase will do; what is wrong with it is said. */
    #checkNew(passphrase) {
        const isShort = [...passphrase].length < SHORTEST_PASSPHRASE, differs = passphrase !== byId('passphrase-again').value;
        mark('passphrase-again', differs && !isShort);
        mark('passphrase-new', isShort);
        say('key-status', isShort ? `The passphrase has fewer than ${SHORTEST_PASSPHRASE} characters.` :
            differs ? 'The two passphrases differ.' : '', 'bad');
        return !isShort && !differs;
    }

    async #make() {
        const passphrase = byId('passphrase-new').value;
        if (!this.#checkNew(passphrase)) return;
        try {
            this.#work('Making keys\u2026', 0);
            this.#record = await this.#client.keygen(this.#spec.bytes, passphrase, (share) =>
                this.#work(`Making and sealing keys: ${10 * Math.floor(10 * share)} %`, share));
            await this.#store.put(this.#spec.digest, this.#record);
            this.#work(`Sending the evaluation key, ${sizeText(this.#record.evaluationKey.length)}\u2026`);
            await this.send();
        } catch (error) {
            await this.#forget();
            await this.#find();
            say('key-status', error.message, 'bad');
            return;
        }
        this.#ready('The key is made, stored and open.');
    }

    async #unlock() {
        say('key-status', '');
        mark('passphrase', false);
        this.#work('Opening the key\u2026');
        try {
            const { keyId } = await this.#client.open(this.#spec.bytes, this.#record.sealed, byId('passphrase').value);
            if (this.#record.keyId === undefined) {
                this.#record = { ...this.#record, keyId };
                await this.#store.put(this.#spec.digest, this.#record);
            }
        } catch (error) {
            this.#show('key-open');
            mark('passphrase', error.status === 'TNN_ERR_PASSPHRASE');
            byId('passphrase').select();
            say('key-status', this.#sentenceOf(error), 'bad');
            return;
        }
        this.#ready('The key is open.');
    }

    #sentenceOf(error) {
        const sentences = {
            TNN_ERR_PASSPHRASE: 'Wrong passphrase. The key stays locked.',
            TNN_ERR_PARAMS_MISMATCH: `This is a key of another model; ${this.#model.id} needs its own.`,
            TNN_ERR_UNSEALED: 'This key file is not sealed with a passphrase; the page opens sealed ones alone.',
            TNN_ERR_MAGIC: 'This file is no key of torusnn.',
        };
        return sentences[error.status] ?? error.message;
    }

    async #import(file) {
        if (file === undefined) return;
        byId('key-file').value = '';
        say('key-status', '');
        this.#record = { sealed: new Uint8Array(await file.arrayBuffer()) };
        this.#askPassphrase(`Key file ${file.name}.`, false);
        byId('passphrase').focus();
    }

    async #forget() {
        this.#isOpen = false;
        await this.#client.forget();
        this.#changed();
    }

    async #lock() {
        await this.#forget();
        await this.#find();
        say('key-status', 'The key is locked, its memory wiped.');
    }

    async #delete() {
        const question = `Delete key ${shortId(this.#record.keyId)} from this browser, and its evaluation key from the service? Without a saved copy, what was encrypted under it cannot be read again.`;
        if (!confirm(question)) return;
        await this.#forget();
        const { keyId } = this.#record;
        await this.#store.delete(this.#spec.digest);
        await this.#find();
        try {
            await this.#service.deleteKey(keyId);
            say('key-status', 'The key is deleted here, its evaluation key at the service.');
        } catch (error) {
            say('key-status', `The key is deleted here, but its evaluation key not at the service. ${error.message}`, 'bad');
        }
    }
}
