/* page.test.js: the page in a real browser, with a real service and real keys. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
    chooseModel, classify, clearLogits, makeKey, nativeDecrypt, newUser, PASSPHRASE, shownPixels, startAll, takePicture, TOP,
} from './support.js';

const MODELS = ['pneumoniamnist', 'digits'];
const LOGIT_NOISE = { pneumoniamnist: 1.2, digits: 1 }; /* logits; 6 standard deviations or more, by simulation of these pictures */
const axe = readFileSync(createRequire(join(TOP, 'build/page-tests/package.json')).resolve('axe-core/axe.min.js'), 'utf8');

let all;
before(async () => (all = await startAll(MODELS)));
after(() => all?.end());

const imported = (page, module, use, argument) =>
    page.evaluate(`import('/page/${module}.js').then((module) => (${use})(module, ${JSON.stringify(argument)}))`);

/* A picture file of a size, drawn by the browser: colour(x, y) is [red, green, blue], and needs nothing around it. */
async function pictureFile(page, name, mimeType, width, height, colour) {
    const bytes = await page.evaluate(`(async () => {
        const canvas = new OffscreenCanvas(${width}, ${height});
        const image = new ImageData(${width}, ${height});
        for (let i = 0; i < ${width * height}; i++) image.data.set([...(${colour})(i % ${width}, Math.floor(i / ${width})), 255], 4 * i);
        canvas.getContext('2d').putImageData(image, 0, 0);
        const blob = await canvas.convertToBlob({ type: '${mimeType}', quality: 0.9 });
        return Array.from(new Uint8Array(await blob.arrayBuffer()));
    })()`);
    return { name, mimeType, buffer: Buffer.from(bytes) };
}

async function chooseFile(page, file) {
    await page.locator('input[value=file]').check({ force: true });
    await page.setInputFiles('#file', file);
    await page.locator('#file-name', { hasText: file.name }).or(page.locator('#picture-status.bad')).waitFor();
}

async function drawStrokes(page, strokes) {
    await page.locator('input[value=drawing]').check({ force: true });
    await page.locator('#pad').scrollIntoViewIfNeeded();
    const { x, y, width } = await page.locator('#pad').boundingBox();
    for (const [first, ...others] of strokes) {
        await page.mouse.move(x + first[0] * width, y + first[1] * width);
        await page.mouse.down();
        for (const place of others) await page.mouse.move(x + place[0] * width, y + place[1] * width, { steps: 8 });
        await page.mouse.up();
    }
}

function assertNear(logits, clear, most) {
    assert.equal(logits.length, clear.length);
    logits.forEach((logit, i) => assert.ok(Math.abs(logit - clear[i]) < most, `${logit} is far from ${clear[i]}`));
}

/* ------------------------------------------------------------------------------------------------------ files -- */

test('the printed list names every file that is served, by its sum', async () => {
    const lines = all.page.sums.trim().split('\n').map((line) => line.split('  '));
    assert.ok(lines.some(([, name]) => name === 'client/client.wasm'));
    for (const [sum, name] of lines) {
        const body = Buffer.from(await (await fetch(all.page.url + name)).arrayBuffer());
        assert.equal(createHash('sha256').update(body).digest('hex'), sum, name);
    }
    assert.equal(readFileSync(join(all.page.site, 'SHA256SUMS'), 'utf8'), all.page.sums);
});

test('pages and workers come with a policy that lets them talk to the service alone', async () => {
    for (const name of ['', 'client/worker.js', 'client/client.wasm']) {
        const response = await fetch(all.page.url + name);
        const policy = response.headers.get('content-security-policy');
        assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
        assert.ok(policy.includes(`connect-src 'self' ${all.service.address};`) && policy.includes("frame-ancestors 'none'"), policy);
        assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    }
    assert.equal((await fetch(`${all.page.url}page/`)).status, 404);
});

/* ----------------------------------------------------------------------------------------------------- pixels -- */

describe('pixels', () => {
    let user;
    before(async () => (user = await newUser(all)));
    after(() => user.context.close());

    test('grey is BT.601 luma to the nearest, as the native client has it', async () => {
        const ours = await imported(user.page, 'picture', `({ luma }) => {
            const values = [];
            for (let i = 0; i < 4096; i++) values.push(luma((i * 37) & 255, (i * 91 + 13) & 255, (i * 53 + 7) & 255));
            return values;
        }`);
        ours.forEach((grey, i) => {
            const [red, green, blue] = [(i * 37) & 255, (i * 91 + 13) & 255, (i * 53 + 7) & 255];
            assert.equal(grey, Number((299n * BigInt(red) + 587n * BigInt(green) + 114n * BigInt(blue) + 500n) / 1000n));
        });
    });

    test('scaling is the mean over areas, as counted on a finer grid', async () => {
        const [width, height, across, down] = [20, 15, 8, 6];
        const value = (x, y, c) => (x * 31 + y * 17 + c * 101 + x * y) & 255;
        const scaled = await imported(user.page, 'picture', `({ scale }, { data }) =>
            Array.from(scale({ width: ${width}, height: ${height}, data }, ${across}, ${down}))`,
            { data: Array.from({ length: width * height * 4 }, (_, i) => value((i >> 2) % width, Math.floor(i / 4 / width), i & 3)) });
        for (let i = 0; i < across * down * 3; i++) {
            const c = i % 3, X = Math.floor(i / 3) % across, Y = Math.floor(i / 3 / across);
            let sum = 0;
            for (let y = Y * height; y < (Y + 1) * height; y++) {
                for (let x = X * width; x < (X + 1) * width; x++) sum += value(Math.floor(x / across), Math.floor(y / down), c);
            }
            assert.ok(Math.abs(scaled[i] - sum / (width * height)) < 1e-9);
        }
    });

    test('entropy is what it is on average for random bytes', async () => {
        const [measured, expected] = await imported(user.page, 'bytes', `({ entropy, expectedEntropy }) => {
            const bytes = crypto.getRandomValues(new Uint8Array(4096));
            return [entropy(bytes), expectedEntropy(4096), entropy(new Uint8Array(4096))];
        }`);
        assert.ok(Math.abs(measured - expected) < 0.02, `${measured} ${expected}`);
        assert.equal(await imported(user.page, 'bytes', '({ entropy }) => entropy(new Uint8Array(4096))'), 0);
    });
});

/* ---------------------------------------------------------------------------------------------- chest images -- */

describe('a user of the chest model', () => {
    let user, page;
    before(async () => {
        user = await newUser(all);
        page = user.page;
    });
    after(() => user.context.close());

    test('finds the warning, the model, and no key', async () => {
        assert.match(await page.textContent('.warning'), /research only.*Not for diagnosis/i);
        assert.match(await page.textContent('#model-facts'), /28 × 28, grey.*normal, pneumonia.*6\.88 MB.*1,672 bytes.*8 bootstraps/s);
        assert.ok(await page.isVisible('#key-make') && await page.isDisabled('#classify'));
        await takePicture(page, 'start');
    });

    test('is told of passphrases that are short or differ', async () => {
        for (const [first, second, sentence] of [['short', 'short', /fewer than 8/], ['long enough', 'long enuogh', /differ/]]) {
            await page.fill('#passphrase-new', first);
            await page.fill('#passphrase-again', second);
            await page.keyboard.press('Enter');
            assert.match(await page.textContent('#key-status'), sentence);
        }
    });

    test('makes keys and sees how far they are', async () => {
        await page.evaluate(() => {
            window.shares = [];
            const bar = document.getElementById('key-progress');
            new MutationObserver(() => bar.hasAttribute('value') && window.shares.push(bar.value)).observe(bar, { attributes: true });
        });
        await page.fill('#passphrase-new', PASSPHRASE);
        await page.fill('#passphrase-again', PASSPHRASE);
        await page.click('#key-make button[type=submit]');
        await page.waitForFunction(() => document.getElementById('key-progress').value > 0.25);
        assert.ok(await page.isDisabled('#model'));
        await takePicture(page, 'making-keys');
        await page.locator('#key-ready').waitFor({ timeout: 60_000 });
        const shares = await page.evaluate(() => window.shares);
        assert.ok(shares.length > 10 && shares.every((share, i) => i === 0 || share >= shares[i - 1]), String(shares));
        const keyId = await page.textContent('#key-facts dd');
        assert.ok(existsSync(join(all.service.keys, 'everybody', `${keyId}.tnn`)));
        const kept = await page.locator('input[type=password]').evaluateAll((all) => all.map(({ value }) => value).join(''));
        assert.equal(kept, '', 'no field keeps a passphrase');
    });

    test('classifies a sample, and the native client reads the same logits from the same ciphertext', async () => {
        await page.click('.sample >> nth=2');
        const answered = page.waitForResponse((response) => response.url().endsWith('/infer'));
        const { className, logits } = await classify(page);
        const response = await answered, output = await response.body(), input = response.request().postDataBuffer();
        const download = page.waitForEvent('download');
        await page.click('#key-export');
        const sealed = readFileSync(await (await download).path());
        const spec = Buffer.from(await (await fetch(`${all.service.address}/v1/models/pneumoniamnist/spec`)).arrayBuffer());
        const native = nativeDecrypt(all.folder, { spec, sealed, output });
        assert.deepEqual(logits.map((logit) => logit.toFixed(4)), native.logits.map((logit) => logit.toFixed(4)));
        assert.ok(native.text.includes(className));
        assertNear(logits, clearLogits('pneumoniamnist', await shownPixels(page)), LOGIT_NOISE.pneumoniamnist);

        const seen = await page.textContent('#seen-table');
        assert.ok(seen.includes(input.subarray(48, 64).toString('hex')) && seen.includes('1,672 bytes') && seen.includes('3,154 bytes'));
        assert.ok((await page.textContent('#seen-bytes')).startsWith([...input.subarray(0, 4)].map((b) => b.toString(16).padStart(2, '0')).join(' ')));
        assert.ok(input.length === 1672 && output.length === 3154);
        await takePicture(page, 'result', '#result');
        await takePicture(page, 'what-the-service-saw', '#seen');
    });

    test('classifies a PNG of the right size as it is', async () => {
        const colour = (x, y) => [(9 * x) & 255, (8 * y + x) & 255, (5 * x + 3 * y) & 255];
        await chooseFile(page, await pictureFile(page, 'colours.png', 'image/png', 28, 28, colour));
        const pixels = await shownPixels(page);
        pixels.forEach((pixel, i) => {
            const [red, green, blue] = colour(i % 28, Math.floor(i / 28));
            assert.equal(pixel, Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000));
        });
        const { className, logits } = await classify(page);
        assert.equal(className, logits[0] > 0 ? 'pneumonia' : 'normal');
    });

    test('classifies a JPEG of any size, cut to its middle or whole', async () => {
        const chest = (x, y) => {
            const lung = (at) => Math.exp(-(((x - at) / 60) ** 4) - ((y - 200) / 130) ** 4);
            const grey = 200 - 130 * (lung(230) + lung(410)) - 60 * Math.abs(x - 320) / 320;
            return [grey, grey, grey];
        };
        await chooseFile(page, await pictureFile(page, 'thorax.jpg', 'image/jpeg', 640, 420, chest));
        const cut = await shownPixels(page);
        await takePicture(page, 'picture-file', 'section:has(#picture-heading)');
        const { logits } = await classify(page);
        assertNear(logits, clearLogits('pneumoniamnist', cut), LOGIT_NOISE.pneumoniamnist);
        await page.check('#whole');
        const whole = await shownPixels(page);
        assert.notDeepEqual(whole, cut);
        await page.uncheck('#whole');
        await page.check('#inverted');
        (await shownPixels(page)).forEach((pixel, i) => assert.ok(Math.abs(pixel + cut[i] - 255) <= 1));
        await page.uncheck('#inverted');
    });

    test('is told what is no picture', async () => {
        await chooseFile(page, { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture at all') });
        assert.match(await page.textContent('#picture-status'), /neither a PNG nor a JPEG/);
        await chooseFile(page, { name: 'cut.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]) });
        assert.match(await page.textContent('#picture-status'), /cut\.png: is damaged/);
        assert.ok(await page.isDisabled('#classify'));
    });

    test('finds the key after a reload, and not with a wrong passphrase', async () => {
        await page.reload();
        await page.locator('#key-open').waitFor();
        await page.fill('#passphrase', 'violet trout counts to ten');
        await page.keyboard.press('Enter');
        await page.locator('#key-status.bad').waitFor({ timeout: 60_000 });
        assert.match(await page.textContent('#key-status'), /Wrong passphrase/);
        assert.equal(await page.getAttribute('#passphrase', 'aria-invalid'), 'true');
        await takePicture(page, 'wrong-passphrase');
        user.requests.length = 0;
        await page.fill('#passphrase', PASSPHRASE);
        await page.keyboard.press('Enter');
        await page.locator('#key-ready').waitFor({ timeout: 60_000 });
        await page.click('.sample >> nth=1');
        const { status, logits } = await classify(page);
        assert.match(status, /^Result: /);
        assertNear(logits, clearLogits('pneumoniamnist', await shownPixels(page)), LOGIT_NOISE.pneumoniamnist);
        assert.ok(user.requests.every((request) => request.method() !== 'PUT'));
    });

    test('whose key the service has lost sends it again unasked', async () => {
        const keyId = await page.textContent('#key-facts dd');
        assert.equal((await fetch(`${all.service.address}/v1/keys/${keyId}`, { method: 'DELETE' })).status, 204);
        assert.match((await classify(page)).status, /^Result: /);
        assert.equal(user.requests.filter((request) => request.method() === 'PUT').length, 1);
    });

    test('is told that the service is down, and goes on when it is up', async () => {
        await all.service.stop();
        await page.click('#classify');
        await page.locator('#classify-status.bad').waitFor();
        assert.match(await page.textContent('#classify-status'), /Nobody answers at/);
        await takePicture(page, 'service-down', 'section:has(#picture-heading)');
        await page.click('#connect');
        await page.locator('#service-status.bad').waitFor();
        await all.service.start();
        assert.match((await classify(page)).status, /^Result: /);
    });

    test('locks and deletes the key, here and at the service', async () => {
        const file = join(all.service.keys, 'everybody', `${await page.textContent('#key-facts dd')}.tnn`);
        assert.ok(existsSync(file));
        await page.click('#key-lock');
        await page.locator('#key-open').waitFor();
        assert.ok(await page.isDisabled('#classify'));
        await page.click('#key-delete-locked');
        await page.locator('#key-status', { hasText: 'deleted' }).waitFor();
        assert.ok(!existsSync(file));
        await page.reload();
        await page.locator('#key-make').waitFor();
    });

    test('has talked to page and service alone, and left no error', () => {
        for (const request of user.requests) {
            const { origin } = new URL(request.url());
            assert.ok([new URL(all.page.url).origin, all.service.address].includes(origin), request.url());
        }
        assert.deepEqual(user.faults, []);
    });
});

/* ---------------------------------------------------------------------------------------------------- digits -- */

describe('a user of the digits model, in the dark', () => {
    let user, page;
    before(async () => {
        user = await newUser(all, { colorScheme: 'dark' });
        page = user.page;
        await chooseModel(page, 'digits');
        await makeKey(page);
    });
    after(() => user.context.close());

    test('sees dark colours, and light ones by the switch, which is kept', async () => {
        const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const brightness = async () => (await ground()).match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
        assert.ok(await brightness() < 150);
        await page.locator('input[value=light]').check({ force: true });
        assert.ok(await brightness() > 600);
        const other = await user.context.newPage();
        await other.goto(all.page.url);
        assert.ok(await other.locator('input[value=light]').isChecked());
        await other.close();
        await page.locator('input[value=system]').check({ force: true });
        assert.ok(await brightness() < 150);
    });

    test('gets the class of each digit that the page draws', async () => {
        for (let digit = 0; digit < 10; digit++) {
            await page.click(`.sample >> nth=${digit}`);
            const { className, logits } = await classify(page);
            assertNear(logits, clearLogits('digits', await shownPixels(page)), LOGIT_NOISE.digits);
            assert.equal(className, String(digit));
        }
    });

    test('draws a seven by mouse, which is read as one', async () => {
        await drawStrokes(page, [[[0.2, 0.12], [0.78, 0.12], [0.6, 0.38], [0.5, 0.6], [0.44, 0.9]], [[0.32, 0.52], [0.72, 0.52]]]);
        const { className, logits } = await classify(page);
        assertNear(logits, clearLogits('digits', await shownPixels(page)), LOGIT_NOISE.digits);
        assert.equal(className, '7');
        await takePicture(page, 'drawing-dark', 'section:has(#picture-heading)');
    });

    test('draws by keys, undoes and clears', async () => {
        const ink = async () => (await shownPixels(page)).reduce((sum, value) => sum + value, 0);
        await page.click('#clear');
        assert.ok(await ink() === 0 && await page.isDisabled('#classify'));
        await page.focus('#pad');
        await page.keyboard.press('ArrowDown');
        const one = await ink();
        for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowDown');
        for (let i = 0; i < 12; i++) await page.keyboard.press('Shift+ArrowRight');
        const line = await ink();
        assert.ok(one > 0 && line !== one);
        for (let i = 0; i < 13; i++) await page.click('#undo');
        assert.equal(await ink(), 0);
    });

    test('saves the key, which opens elsewhere and not for another model', async () => {
        const download = page.waitForEvent('download');
        await page.click('#key-export');
        const key = { name: 'digits-key.tnn', mimeType: 'application/octet-stream', buffer: readFileSync(await (await download).path()) };
        const other = await newUser(all);
        const open = async () => {
            await other.page.setInputFiles('#key-file', key);
            await other.page.locator('#key-open').waitFor();
            await other.page.fill('#passphrase', PASSPHRASE);
            await other.page.click('#key-open button[type=submit]');
        };
        await open();
        await other.page.locator('#key-status.bad').waitFor({ timeout: 60_000 });
        assert.match(await other.page.textContent('#key-status'), /key of another model; pneumoniamnist needs its own/);
        await takePicture(other.page, 'key-of-another-model');
        await chooseModel(other.page, 'digits');
        await open();
        await other.page.locator('#key-ready').waitFor({ timeout: 60_000 });
        await other.page.click('.sample >> nth=4');
        assert.equal((await classify(other.page)).className, '4');
        assert.deepEqual(other.faults, []);
        await other.context.close();
    });

    test('is told of keys that are stored for other models', async () => {
        await chooseModel(page, 'pneumoniamnist');
        assert.match(await page.textContent('#key-others'), /Keys of other models are stored here too: digits\./);
        await chooseModel(page, 'digits');
        assert.ok(await page.isVisible('#key-open'));
        assert.deepEqual(user.faults, []);
    });
});

/* ----------------------------------------------------------------------------------------------- any browser -- */

test('on a phone nothing is wider than the screen, from start to result', async () => {
    const user = await newUser(all, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, hasTouch: true, isMobile: true });
    const { page } = user;
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= 390);
    assert.ok(await fits());
    await makeKey(page);
    await page.tap('.sample >> nth=3');
    assert.match((await classify(page)).status, /^Result: /);
    assert.ok(await fits());
    await takePicture(page, 'phone', '#result');
    await user.context.close();
});

test('by keyboard alone', async () => {
    const user = await newUser(all);
    const { page } = user;
    const press = async (key, times = 1) => {
        for (let i = 0; i < times; i++) await page.keyboard.press(key);
    };
    const tabTo = async (selector) => {
        for (let i = 0; i < 40; i++) {
            if (await page.locator(selector).first().evaluate((element) => element === document.activeElement)) return;
            await press('Tab');
        }
        assert.fail(`Tab does not reach ${selector}`);
    };
    await tabTo('#passphrase-new');
    await page.keyboard.type(PASSPHRASE);
    await press('Tab');
    await page.keyboard.type(PASSPHRASE);
    await press('Enter');
    await page.locator('#key-ready').waitFor({ timeout: 60_000 });
    await tabTo('.sample');
    await press('Space');
    await tabTo('#classify');
    await press('Enter');
    await page.locator('#result').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'result-heading');
    await user.context.close();
});

for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing to mend (${colorScheme})`, async () => {
        const user = await newUser(all, { colorScheme });
        const { page } = user;
        await makeKey(page);
        await page.click('.sample >> nth=0');
        await classify(page);
        for (const source of ['samples', 'file', 'drawing']) {
            await page.locator(`input[value=${source}]`).check({ force: true });
            await page.evaluate(axe);
            const { violations, passes } = await page.evaluate(() => window.axe.run(document));
            assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
            assert.ok(passes.some(({ id }) => id === 'color-contrast'));
        }
        await user.context.close();
    });
}

test('another address than the one it was started for is refused by the policy', async () => {
    const user = await newUser(all);
    await user.page.fill('#address', 'http://localhost:9');
    await user.page.click('#connect');
    await user.page.locator('#service-status.bad').waitFor();
    assert.match(await user.page.textContent('#service-status'), /started for another service/);
    await user.context.close();
});
