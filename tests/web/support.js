/* support.js: the service, the page and the browser that the tests run. */

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const TOP = fileURLToPath(new URL('../..', import.meta.url));
const PYTHON = join(TOP, 'build/venv/bin/python');
const NATIVE_CLIENT = join(TOP, 'build/web/examples/client');
const PICTURES = process.env.TORUSNN_PICTURES ?? join(TOP, 'build/page-tests/pictures');
const { chromium } = createRequire(join(TOP, 'build/page-tests/package.json'))('playwright-core');

export const PASSPHRASE = 'violet trout counts to nine';

export function modelFile(id) {
    return join(TOP, `examples/models/${id}.tnn`);
}

async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/* A child and a promise that is settled when it has ended. */
function started(command, args) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.log += data));
    return { child, end: () => (child.kill(), ended) };
}

/* Until `ask` gives something true, at most 60 s. */
async function waitFor(ask, what) {
    for (let tries = 0; tries < 600; tries++) {
        const answer = await ask();
        if (answer) return answer;
        await sleep(100);
    }
    throw new Error(`waited for ${what} in vain`);
}

/** torusnn serve on a port of its own. `stop` and `start` keep port and keys. */
class Service {
    #running = null;

    constructor(port, keys, origin, models) {
        this.address = `http://127.0.0.1:${port}`;
        this.keys = keys;
        this.arguments = ['serve', '--port', String(port), '--keys', keys, '--origin', origin,
            ...models.map((id) => `--model=${modelFile(id)}`)];
    }

    async start() {
        this.#running = started(join(TOP, 'build/venv/bin/torusnn'), this.arguments);
        const { child } = this.#running;
        await waitFor(async () => {
            if (child.exitCode !== null) throw new Error(`the service ended: ${child.log}`);
            return (await fetch(`${this.address}/readyz`).catch(() => null))?.ok;
        }, 'the service');
    }

    async stop() {
        await this.#running.end();
    }
}

/** Everything that is running: {service, page: {url, sums}, browser, folder, end}. */
export async function startAll(models) {
    const folder = mkdtempSync(join(tmpdir(), 'torusnn-page-'));
    const [servicePort, pagePort] = [await freePort(), await freePort()];
    const service = new Service(servicePort, join(folder, 'keys'), `http://127.0.0.1:${pagePort}`, models);
    const site = join(folder, 'site');
    const page = started(PYTHON, [join(TOP, 'examples/web/page.py'), '--client', join(TOP, 'build/web/torusnn-client'), '--site', site,
        '--service', service.address, '--port', String(pagePort)]);
    const [, url] = await waitFor(() => page.child.log.match(/^The page: (\S+)$/m), 'the page');
    await service.start();
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    const end = async () => {
        await browser.close();
        await Promise.all([service.stop(), page.end()]);
        rmSync(folder, { recursive: true });
    };
    return { service, page: { url, site, sums: page.child.log.split('The page:')[0] }, browser, folder, end };
}

/** A new user: a browser profile of its own, whose page fails the test that leaves an error on its console. */
export async function newUser({ browser, page: { url } }, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1080, height: 700 }, colorScheme: 'light', ...options });
    const page = await context.newPage();
    const user = { context, page, faults: [], requests: [] };
    page.on('pageerror', (error) => user.faults.push(error.message));
    page.on('request', (request) => user.requests.push(request));
    page.on('dialog', (dialog) => dialog.accept());
    await page.goto(url);
    await page.locator('main[aria-busy=false]').waitFor();
    return user;
}

export async function chooseModel(page, id) {
    await page.locator(`#model option[value=${id}]`).waitFor({ state: 'attached' });
    await page.selectOption('#model', id);
    await page.locator('main[aria-busy=false]').waitFor();
}

export async function makeKey(page) {
    await page.fill('#passphrase-new', PASSPHRASE);
    await page.fill('#passphrase-again', PASSPHRASE);
    await page.click('#key-make button[type=submit]');
    await page.locator('#key-ready').waitFor({ timeout: 60_000 });
}

/** Runs a picture that is chosen; returns what the page shows of the result. */
export async function classify(page) {
    await page.click('#classify');
    await page.locator('#classify-status.good, #classify-status.bad').waitFor();
    return {
        status: await page.textContent('#classify-status'),
        className: await page.textContent('#class-name'),
        logits: await page.locator('#logits data').evaluateAll((all) => all.map(({ value }) => Number(value))),
    };
}

/** What the net reads, taken from the canvas that shows it (grey nets). */
export async function shownPixels(page) {
    return page.locator('#net-view').evaluate((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
    });
}

/** Logits of the clear network for pixels, by the Python package. */
export function clearLogits(id, pixels) {
    const program = 'import json, sys, numpy, torusnn\n' +
        'model = torusnn.load(sys.argv[1])\n' +
        'image = numpy.array(json.load(sys.stdin), numpy.uint8).reshape(model.shape)\n' +
        'print(json.dumps(model.predict(image).ravel().tolist()))';
    return JSON.parse(execFileSync(PYTHON, ['-c', program, modelFile(id)], { input: JSON.stringify(pixels), encoding: 'utf8' }));
}

/** What the native client says of an encrypted result: {logits, text}. */
export function nativeDecrypt(folder, { spec, sealed, output }) {
    const file = (name, content) => {
        writeFileSync(join(folder, name), content, { mode: 0o600 });
        return join(folder, name);
    };
    const text = execFileSync(NATIVE_CLIENT, ['decrypt', '--spec', file('spec.tnn', spec), '--secret', file('secret.tnn', sealed),
        '--passphrase-file', file('passphrase', `${PASSPHRASE}\n`), '--in', file('output.tnn', output)], { encoding: 'utf8' });
    return { text, logits: [...text.matchAll(/^logit \d+: (\S+)$/gm)].map(([, value]) => Number(value)) };
}

/** Takes a picture of what the screen shows from the page's top, or of a part, which the warning that stays in sight
 * does not cover then. */
export async function takePicture(page, name, part = null) {
    mkdirSync(PICTURES, { recursive: true });
    const path = join(PICTURES, `${name}.png`);
    await page.evaluate(() => document.activeElement?.blur());
    if (part === null) {
        await page.evaluate(() => window.scrollTo(0, 0));
        await page.screenshot({ path, animations: 'disabled' });
    } else {
        const stick = (position) => page.locator('.warning').evaluate((element, value) => (element.style.position = value), position);
        await stick('static');
        await page.locator(part).screenshot({ path, animations: 'disabled' });
        await stick('');
    }
}
