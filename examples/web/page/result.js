/* result.js: a result on screen: the way of the picture, logits, times, and what the service saw. */

import { entropy, expectedEntropy, hexText, showBytes, sizeText } from './bytes.js';
import { byId, fillFigures, label, make, millisecondsText } from './dom.js';
import { showPixels } from './picture.js';

const SHOWN_ROWS = 8; /* of 16 bytes */

/* A logit as a user reads it, and in full for programs. */
function logitData(value) {
    return make('data', { value: String(value) }, value.toFixed(2).replace('-', '\u2212'));
}

/* A bar from `from` to `to`, both shares of the width. */
function bar(from, to, zero) {
    const fill = make('i'), mark = make('b');
    fill.style.left = `${100 * Math.min(from, to)}%`;
    fill.style.width = `${100 * Math.abs(to - from)}%`;
    mark.style.left = `${100 * zero}%`;
    return make('div', { className: 'bar', ariaHidden: 'true' }, fill, mark);
}

/* One logit tells two classes apart by its sign: its bar grows from the middle towards the class it names. */
function singleLogit(value, classes) {
    const reach = Math.max(4, Math.abs(value) * 1.2);
    const line = make('div', { className: 'logit named' }, make('span', {}, classes[0]),
        bar(0.5, 0.5 + value / reach / 2, 0.5), make('span', {}, classes[1]));
    return [make('div', { className: 'logit-table' }, line), make('p', { className: 'logit-text' }, 'Logit ', logitData(value), value > 0 ? ': above 0.' : ': not above 0.')];
}

function manyLogits(logits, classes, named) {
    const low = Math.min(0, ...logits), high = Math.max(0, ...logits), span = high - low || 1;
    const lines = Array.from(logits, (value, i) =>
        make('div', { className: i === named ? 'logit named' : 'logit' }, make('span', {}, classes[i]),
            bar(-low / span, (value - low) / span, -low / span), make('span', { className: 'value' }, logitData(value))));
    return [make('div', { className: 'logit-table' }, ...lines)];
}

/* Beside that of as many random bytes: the two differ where bytes have a pattern. */
function entropyText(bytes) {
    return `${entropy(bytes).toFixed(2)} bits a byte (random: ${expectedEntropy(bytes.length).toFixed(2)})`;
}

function showJourney({ spec, model, pixels, pictureText, input, output, result }) {
    showPixels(byId('result-picture'), pixels, spec.shape);
    label(byId('result-picture'), pictureText);
    byId('result-picture-text').textContent = pictureText;
    showBytes(byId('sent-picture'), input);
    label(byId('sent-picture'), 'The bytes sent, as grey squares: they look like noise');
    byId('sent-text').textContent = `${sizeText(input.length)} sent, each a square.`;
    showBytes(byId('received-picture'), output);
    label(byId('received-picture'), 'The bytes received, as grey squares: they look like noise');
    byId('received-text').textContent = `${sizeText(output.length)} received.`;
    byId('class-name').textContent = result.className;
    byId('class-hint').textContent = `Of ${spec.classes.length} classes, by the network ${model.id}. For research only.`;
}

function showSeen({ spec, model, keyId, input, output }) {
    fillFigures(byId('seen-table'), [
        ['Model asked for', model.id],
        ['Key id', keyId],
        ['Evaluation key, once', sizeText(spec.evaluationKeyBytes)],
        ['Encrypted picture', sizeText(input.length)],
        ['Its entropy', entropyText(input)],
        ['Encrypted result', sizeText(output.length)],
        ['Its entropy', entropyText(output)],
    ]);
    showBytes(byId('seen-picture'), input);
    label(byId('seen-picture'), 'The encrypted picture as grey squares, a byte each');
    byId('seen-bytes').textContent = `${hexText(input, SHOWN_ROWS)}\n\u2026`;
}

/* The service's own seconds are missing where something between it and the page drops their headers. */
function timesOf({ seconds, encrypting, asking, decrypting }) {
    const own = [['waiting for its turn', seconds.queue], ['expanding the key', seconds.load], ['evaluating', seconds.inference]];
    return [
        ['Encrypt, here', millisecondsText(encrypting)],
        ['Send, evaluate, receive', millisecondsText(asking)],
        ...own.filter(([, value]) => value >= 0).map(([name, value]) => [`service: ${name}`, millisecondsText(1000 * value), 'part']),
        ['Decrypt, here', millisecondsText(decrypting)],
        ['Together', millisecondsText(encrypting + asking + decrypting), 'total'],
    ];
}

/** Shows a finished run: what was classified, how, and how long that took. */
export function showResult(run) {
    showJourney(run);
    const { logits } = run.result, { classes } = run.spec;
    const bars = logits.length === 1 ? singleLogit(logits[0], classes) : manyLogits(logits, classes, run.result.class);
    byId('logits').replaceChildren(...bars);
    fillFigures(byId('times'), timesOf(run));
    showSeen(run);
    byId('result').hidden = byId('seen').hidden = false;
}

export function hideResult() {
    byId('result').hidden = byId('seen').hidden = true;
}
