/* samples.js: pictures to try the page with, drawn by it. They show nobody and mean nothing. */

const SIDE = 112; /* of a sample, in pixels */
const COUNT = 10;

/* ----------------------------------------------------------------------------------------------------- digits -- */

/* Strokes in a frame of 1 by 1: paths of M(ove), L(ine), C(urve) and A(rc: centre, radii, from, to in half turns). */
const DIGITS = [
    ['A .5 .5 .27 .4 -.5 1.5'],
    ['M .36 .36 L .54 .1 L .54 .9'],
    ['M .25 .3 C .25 .02 .76 .04 .73 .34 C .7 .56 .36 .72 .24 .89 L .78 .89'],
    ['M .27 .15 C .5 .02 .76 .12 .7 .32 C .66 .45 .52 .48 .42 .48 C .6 .47 .78 .54 .76 .7 C .73 .93 .42 .95 .25 .84'],
    ['M .6 .1 L .24 .64 L .8 .64', 'M .64 .42 L .62 .92'],
    ['M .74 .11 L .35 .11 L .3 .46 C .5 .36 .76 .44 .75 .66 C .74 .92 .42 .94 .25 .84'],
    ['M .66 .1 C .42 .2 .26 .46 .27 .68 C .28 .94 .74 .96 .74 .7 C .74 .48 .38 .46 .28 .68'],
    ['M .24 .12 L .78 .12 C .62 .34 .5 .6 .44 .9', 'M .36 .5 L .68 .5'],
    ['M .5 .47 C .2 .36 .26 .1 .5 .1 C .74 .1 .8 .36 .5 .47 C .16 .6 .2 .9 .5 .9 C .8 .9 .84 .6 .5 .47'],
    ['M .73 .32 C .72 .06 .28 .06 .28 .32 C .28 .54 .66 .54 .73 .3 C .74 .56 .7 .74 .64 .9'],
];

function tracePath(pen, text) {
    const numbers = (part) => part.slice(1).trim().split(/\s+/).map(Number);
    for (const part of text.match(/[MLCA][^MLCA]*/g)) {
        const n = numbers(part);
        if (part[0] === 'M') pen.moveTo(n[0], n[1]);
        if (part[0] === 'L') pen.lineTo(n[0], n[1]);
        if (part[0] === 'C') pen.bezierCurveTo(...n);
        if (part[0] === 'A') pen.ellipse(n[0], n[1], n[2], n[3], 0, n[4] * Math.PI, n[5] * Math.PI);
    }
}

function drawDigit(pen, digit) {
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.scale(SIDE, SIDE);
    pen.strokeStyle = '#fff';
    pen.lineWidth = 0.12;
    pen.lineCap = pen.lineJoin = 'round';
    for (const stroke of DIGITS[digit]) {
        pen.beginPath();
        tracePath(pen, stroke);
        pen.stroke();
    }
}

/* --------------------------------------------------------------------------------- pictures from a brightness -- */

/* Coordinates run from -1 to 1 over the image, brightness from 0 to 1. */

/* 1 inside an ellipse, 0 outside, with an edge about a sixth of its radius wide. */
function softEllipse(x, y, radiusX, radiusY, edge = 0.08) {
    return 1 / (1 + Math.exp((Math.hypot(x / radiusX, y / radiusY) - 1) / edge));
}

/* A number in [0, 1) for each variant, spread evenly by the golden ratio. */
function spreadEvenly(variant, stream) {
    return (variant * 0.6180339887498949 + stream * 0.4142135623730951) % 1;
}

/* The same for any two numbers, without order (a hash of 32 bits). */
function speckle(a, b, seed) {
    let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(seed + 1, 0xc2b2ae3d);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

/* What a chest radiograph looks like from afar, as draw_radiograph of examples/common/draw.c has it. */
function radiograph(x, y, variant) {
    const shift = 0.1 * (spreadEvenly(variant, 0) - 0.5);
    const shadowY = 0.6 * (spreadEvenly(variant, 1) - 0.5);
    const shadowStrength = 0.3 * spreadEvenly(variant, 2);
    const body = 0.75 * softEllipse(x, y - 0.3, 1, 1.5);
    const lungs = 0.55 * (softEllipse(x - 0.42 - shift, y, 0.3, 0.7) + softEllipse(x + 0.42 - shift, y, 0.3, 0.7));
    const spine = 0.15 * Math.exp((-x * x) / 0.01);
    const shadow = shadowStrength * softEllipse(x - 0.42, y - shadowY, 0.2, 0.25);
    return body - lungs + spine + shadow;
}

/* What an ultrasound image looks like from afar: bright layers of skin, speckled tissue, and a dark, soft spot. */
function ultrasound(x, y, variant) {
    const spotX = 0.5 * (spreadEvenly(variant, 0) - 0.5), spotY = 0.3 * (spreadEvenly(variant, 1) - 0.4);
    const radius = 0.22 + 0.25 * spreadEvenly(variant, 2);
    const grain = 0.55 + 0.9 * speckle(Math.round(x * 30), Math.round(y * 45), variant);
    const skin = 0.6 * Math.exp(-((y + 0.88) ** 2) / 0.006) + 0.25 * Math.exp(-((y + 0.55 + 0.05 * x) ** 2) / 0.02);
    const tissue = 0.42 - 0.12 * y + 0.06 * Math.sin(7 * y + 2 * x);
    const spot = softEllipse(x - spotX, y - spotY, radius * 1.35, radius, 0.14);
    const echo = 0.22 * softEllipse(x - spotX, y - spotY - 1.6 * radius, radius, 0.8 * radius, 0.3);
    return (tissue + echo) * grain * (1 - 0.85 * spot) + skin;
}

/* A blob in a volume, as a mask of an organ has it; z runs from -1 to 1 over the slices. */
function organ(x, y, z, variant) {
    const bend = 0.35 * (spreadEvenly(variant, 0) - 0.5), thick = 0.14 + 0.14 * spreadEvenly(variant, 1);
    const limb = (side) => softEllipse(x - side * (0.1 + 0.3 * (y + 0.5)) - bend * z, y + 0.05, thick, 0.55 - 0.2 * z * z);
    return Math.max(limb(1), limb(-1)) > 0.5 && Math.abs(z) < 0.75 ? 1 : 0;
}

/* Patterns for nets of other pictures. */
const PATTERNS = [
    ['Rings', (x, y) => 0.5 + 0.5 * Math.cos(14 * Math.hypot(x, y))],
    ['Slope', (x, y) => 0.5 + 0.35 * (x + y) / 2],
    ['Spot', (x, y) => 0.15 + 0.7 * softEllipse(x - 0.1, y + 0.05, 0.45, 0.35, 0.2)],
    ['Stripes', (x, y) => 0.5 + 0.4 * Math.sin(9 * x + 4 * y)],
    ['Chequers', (x, y) => 0.5 + 0.4 * Math.sign(Math.sin(8 * x) * Math.sin(8 * y))],
];

/* A canvas of the tint (of each colour) times brightness(x, y). */
function drawBrightness(pen, brightness, tint = [1, 1, 1]) {
    const image = pen.createImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i++) {
        const x = (2 * (i % SIDE) + 1) / SIDE - 1, y = (2 * Math.floor(i / SIDE) + 1) / SIDE - 1;
        const value = 255 * Math.min(Math.max(brightness(x, y), 0), 1);
        image.data.set([...tint.map((share) => Math.round(share * value)), 255], 4 * i);
    }
    pen.putImageData(image, 0, 0);
}

/* ---------------------------------------------------------------------------------------------------- gallery -- */

function sample(label, draw, ink = false) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = SIDE;
    draw(canvas.getContext('2d'));
    return { label, canvas, ink };
}

/* A volume has no canvas of its own: its pixels are [height][width][slices], as the net reads them. */
function volume(label, { height, width, channels }, variant) {
    const pixels = new Uint8Array(height * width * channels);
    const centred = (index, count) => (2 * index + 1) / count - 1;
    for (let i = 0; i < pixels.length; i++) {
        const z = i % channels, x = Math.floor(i / channels) % width, y = Math.floor(i / channels / width);
        pixels[i] = 255 * organ(centred(x, width), centred(y, height), centred(z, channels), variant);
    }
    return { label, pixels };
}

const isDigits = (classes) => classes.length === 10 && classes.every((name, i) => name === String(i));

/** Samples that suit a net that is trained on the set `name`: {label, canvas, ink} or, for volumes, {label, pixels}. */
export function samplesFor(name, { shape, classes }) {
    const numbered = (word, brightness) =>
        Array.from({ length: COUNT }, (_, i) =>
            sample(`${word} ${i + 1}`, (pen) => drawBrightness(pen, (x, y) => brightness(x, y, i + 1))));
    if (shape.channels !== 1 && shape.channels !== 3) {
        return Array.from({ length: COUNT }, (_, i) => volume(`Volume ${i + 1}`, shape, i + 1));
    }
    if (isDigits(classes)) {
        return classes.map((digit) => sample(`Digit ${digit}`, (pen) => drawDigit(pen, Number(digit)), true));
    }
    if (/pneumonia|chest/.test(name)) {
        return numbered('Chest', radiograph);
    }
    if (/breast/.test(name)) {
        return numbered('Breast', ultrasound);
    }
    return PATTERNS.map(([label, brightness], i) =>
        sample(label, (pen) => drawBrightness(pen, brightness, shape.channels === 3 ? [1, 0.8, 0.6 + 0.1 * i] : undefined)));
}
