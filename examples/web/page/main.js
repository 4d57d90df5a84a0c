/* main.js: the steps of the page, one after another. */

import { createWorkerClient, KeyStore } from '../client/index.js';
import { sizeText } from './bytes.js';
import { byId, fillFacts, make, millisecondsText, say } from './dom.js';
import { KeyStep } from './keys.js';
import { PictureStep, shapeText } from './pictures.js';
import { hideResult, showResult } from './result.js';
import { Service, ServiceError } from './service.js';
import { bindTheme } from './theme.js';

bindTheme(byId('theme'));

const client = await createWorkerClient().catch((error) => {
    say('service-status', `This browser cannot run the client: ${error.message}`, 'bad');
    throw error;
});
const keys = new KeyStep(client, new KeyStore(), refresh);
const pictures = new PictureStep(refresh);
let service = null, models = [], model = null, spec = null, running = false, choosing = false;

/* ------------------------------------------------------------------------------------------ service and model -- */

let refusedByPolicy = null;
document.addEventListener('securitypolicyviolation', (event) => {
    if (event.effectiveDirective === 'connect-src') refusedByPolicy = event.blockedURI;
});

function sentenceOf(error) {
    if (error instanceof ServiceError && error.kind === 'silence' && refusedByPolicy !== null) {
        return 'This page was started for another service, and its policy lets it talk to that one alone.';
    }
    return error.message;
}

async function connect() {
    const address = byId('address').value.trim();
    refusedByPolicy = null;
    say('service-status', 'Connecting\u2026');
    try {
        service = new Service(address, byId('token').value.trim());
        models = await service.models();
    } catch (error) {
        say('service-status', sentenceOf(error), 'bad');
        return;
    }
    say('service-status', `Connected: ${models.length} ${models.length === 1 ? 'model' : 'models'}.`, 'good');
    byId('model').replaceChildren(...models.map(({ id }) => make('option', { value: id }, id)));
    byId('model-choice').hidden = false;
    await chooseModel(models[0].id);
}

function setChoosing(now) {
    choosing = now;
    byId('main').setAttribute('aria-busy', String(now));
    refresh();
}

async function chooseModel(id) {
    setChoosing(true);
    hideResult();
    try {
        await takeModel(models.find((candidate) => candidate.id === id));
    } catch (error) {
        say('service-status', sentenceOf(error), 'bad');
        if (model !== null) byId('model').value = model.id;
    } finally {
        setChoosing(false);
    }
}

async function takeModel(chosen) {
    const parsed = await client.parseSpec(await service.spec(chosen.id));
    [model, spec] = [chosen, parsed];
    fillFacts(byId('model-facts'), [
        ['Reads', shapeText(spec.shape)],
        ['Tells apart', spec.classes.join(', ')],
        ['Evaluation key', sizeText(spec.evaluationKeyBytes)],
        ['Encrypted picture', sizeText(spec.inputBytes)],
        ['Expected time', `${millisecondsText(model.predicted_ms)}, ${model.bootstraps} bootstraps`],
    ]);
    pictures.setNet(model.name, spec);
    await keys.setModel(service, models, model, spec);
}

/* --------------------------------------------------------------------------------------- encrypt and classify -- */

function whyNot() {
    if (spec === null) return 'Choose a model first.';
    if (keys.open === null) return 'Make or unlock a key first.';
    return pictures.pixels === null ? 'Choose a picture first.' : '';
}

/** While keys are made or a picture is on its way, service and model stay as they are. */
function refresh() {
    const reason = whyNot(), busy = running || choosing || keys.busy;
    byId('classify').disabled = busy || reason !== '';
    byId('model').disabled = byId('connect').disabled = busy;
    if (!running) say('classify-status', reason);
}

function setRunning(now) {
    running = now;
    const { className, textContent } = byId('classify-status');
    refresh();
    byId('classify-status').className = className;
    byId('classify-status').textContent = textContent;
}

/** What `act` returns, and how long it took in milliseconds. */
async function timed(act) {
    const start = performance.now();
    return [await act(), performance.now() - start];
}

/** A service that has lost the key, or never had it, gets it and is asked once more. */
async function infer(input) {
    try {
        return await service.infer(model.id, keys.open.keyId, input);
    } catch (error) {
        if (error.kind !== 'no-such-key') throw error;
        await keys.send();
        return service.infer(model.id, keys.open.keyId, input);
    }
}

async function classify() {
    const { pixels, text: pictureText } = pictures, { keyId } = keys.open;
    say('classify-status', 'Encrypting\u2026');
    const [input, encrypting] = await timed(() => client.encrypt(pixels));
    say('classify-status', 'The service is at work\u2026');
    const [{ output, seconds }, asking] = await timed(() => infer(input));
    const [result, decrypting] = await timed(() => client.decrypt(output));
    showResult({ spec, model, keyId, pixels, pictureText, input, output, result, seconds, encrypting, asking, decrypting });
    say('classify-status', `Result: ${result.className}.`, 'good');
    byId('result-heading').focus({ preventScroll: true });
    byId('result').scrollIntoView({ block: 'start' });
}

byId('classify').addEventListener('click', async () => {
    setRunning(true);
    try {
        await classify();
    } catch (error) {
        say('classify-status', sentenceOf(error), 'bad');
    } finally {
        setRunning(false);
    }
});

/* ------------------------------------------------------------------------------------------------------ start -- */

byId('service-form').addEventListener('submit', (event) => {
    event.preventDefault();
    connect();
});
byId('model').addEventListener('change', () => chooseModel(byId('model').value));
byId('address').value = document.querySelector('meta[name=torusnn-service]').content;
refresh();
await connect();
