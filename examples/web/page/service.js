/* service.js: requests to `torusnn serve`. */

const POLICY_MS = 30; /* a request that the page's policy stops fails before the browser says why */
const OCTETS = 'application/octet-stream';

/** What went wrong, in a sentence for the user. `kind` is the end of the problem's type, 'silence' where nobody answered. */
export class ServiceError extends Error {
    constructor(kind, message) {
        super(message);
        this.kind = kind;
    }
}

async function refusal(response) {
    const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
    const problem = isProblem ? await response.json() : { type: '', detail: `${response.status} ${response.statusText}.` };
    const wait = response.headers.get('retry-after');
    const advice = wait ? ` Try again in ${wait} s.` : '';
    return new ServiceError(problem.type.split(':').at(-1), `The service refused: ${problem.detail}${advice}`);
}

/* The service's own account of a request: seconds it waited, expanded the key, evaluated. */
function secondsOf(response) {
    const read = (name) => Number(response.headers.get(`torusnn-${name}-seconds`) ?? NaN);
    return { queue: read('queue'), load: read('load'), inference: read('inference') };
}

async function bytesOf(response) {
    return new Uint8Array(await response.arrayBuffer());
}

export class Service {
    #address;
    #headers;

    /** At an address such as http://127.0.0.1:8801; `token` is sent with each request unless it is empty. */
    constructor(address, token) {
        this.#address = address.replace(/\/+$/, '');
        this.#headers = token ? { authorization: `Bearer ${token}` } : {};
    }

    async #request(path, { headers = {}, ...options } = {}) {
        let response;
        try {
            response = await fetch(this.#address + path,
                { headers: { ...this.#headers, ...headers }, cache: 'no-store', credentials: 'omit', ...options });
        } catch {
            await new Promise((resolve) => setTimeout(resolve, POLICY_MS));
            throw new ServiceError('silence',
                `Nobody answers at ${this.#address}. Is the service running, and does it allow this page's address?`);
        }
        if (!response.ok) {
            throw await refusal(response);
        }
        return response;
    }

    /** Models as the service describes them. */
    async models() {
        const response = await this.#request('/v1/models');
        return (await response.json()).models;
    }

    async spec(id) {
        return bytesOf(await this.#request(`/v1/models/${encodeURIComponent(id)}/spec`));
    }

    async putKey(keyId, evaluationKey) {
        await this.#request(`/v1/keys/${keyId}`, { method: 'PUT', headers: { 'content-type': OCTETS }, body: evaluationKey });
    }

    /** A key that the service does not have is deleted already. */
    async deleteKey(keyId) {
        try {
            await this.#request(`/v1/keys/${keyId}`, { method: 'DELETE' });
        } catch (error) {
            if (error.kind !== 'no-such-key') throw error;
        }
    }

    /** Encrypted picture in; encrypted result and the service's seconds out. */
    async infer(id, keyId, input) {
        const response = await this.#request(`/v1/models/${encodeURIComponent(id)}/infer`,
            { method: 'POST', headers: { 'content-type': OCTETS, 'torusnn-key': keyId }, body: input });
        return { output: await bytesOf(response), seconds: secondsOf(response) };
    }
}
