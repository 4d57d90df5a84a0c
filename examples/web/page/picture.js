/* picture.js: from a picture file, a sample or a drawing to the bytes that a net reads.
 *
 * A plane of colours is {width, height, data}, data being RGBA of 8 bits [height][width][4], as ImageData has it.
 */

const MOST_FILE_BYTES = 64 * 2 ** 20;
const LONGEST_SIDE = 8192; /* in pixels; browsers draw at least this */

export class PictureError extends Error {}

/** Luma by ITU-R BT.601 to the nearest, as examples/common/picture.c has it: 0.299 R + 0.587 G + 0.114 B. */
export function luma(red, green, blue) {
    return Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

/** Which source pixels make one target pixel, and by what share: of each of `target` intervals over `source` pixels. */
function areas(source, target) {
    const step = source / target;
    return Array.from({ length: target }, (_, index) => {
        const start = index * step, end = Math.min(start + step, source);
        const first = Math.floor(start), last = Math.min(Math.ceil(end - 1e-9), source);
        const shares = [];
        for (let i = first; i < last; i++) {
            shares.push((Math.min(end, i + 1) - Math.max(start, i)) / (end - start));
        }
        return { first, shares };
    });
}

/** Mean colour over the area of each target pixel. Returns Float64Array [height][width][3]. */
export function scale(plane, width, height) {
    const columns = areas(plane.width, width), rows = areas(plane.height, height);
    const narrow = new Float64Array(plane.height * width * 3);
    for (let y = 0; y < plane.height; y++) {
        columns.forEach(({ first, shares }, x) => {
            const to = (y * width + x) * 3;
            shares.forEach((share, i) => {
                const from = (y * plane.width + first + i) * 4;
                for (let c = 0; c < 3; c++) narrow[to + c] += share * plane.data[from + c];
            });
        });
    }
    const colours = new Float64Array(height * width * 3);
    rows.forEach(({ first, shares }, y) => {
        shares.forEach((share, i) => {
            const from = (first + i) * width * 3, to = y * width * 3;
            for (let j = 0; j < width * 3; j++) colours[to + j] += share * narrow[from + j];
        });
    });
    return colours;
}

/** What the net reads: Uint8Array [height][width][channels], grey or colour. */
export function pixelsFor(shape, plane, { inverted = false } = {}) {
    const colours = scale(plane, shape.width, shape.height);
    const pixels = new Uint8Array(shape.height * shape.width * shape.channels);
    for (let i = 0; i < shape.height * shape.width; i++) {
        const rgb = [0, 1, 2].map((c) => (inverted ? 255 - colours[3 * i + c] : colours[3 * i + c]));
        if (shape.channels === 1) {
            pixels[i] = luma(...rgb);
        } else {
            rgb.forEach((value, c) => (pixels[3 * i + c] = Math.round(value)));
        }
    }
    return pixels;
}

/** Whether a picture can be made into what a net of this shape reads. */
export function isPictureShape(shape) {
    return shape.channels === 1 || shape.channels === 3;
}

/* ------------------------------------------------------------------------------------------------------ files -- */

function looksLikePicture(head) {
    const png = [0x89, 0x50, 0x4e, 0x47].every((byte, i) => head[i] === byte);
    return png || (head[0] === 0xff && head[1] === 0xd8);
}

/** Reads a PNG or JPEG file as the browser does. Returns an ImageBitmap. */
export async function decode(file) {
    if (file.size > MOST_FILE_BYTES) {
        throw new PictureError(`${file.name}: is larger than 64 MiB; choose a smaller picture`);
    }
    const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    if (!looksLikePicture(head)) {
        throw new PictureError(`${file.name}: is neither a PNG nor a JPEG picture; save it as one of these`);
    }
    let bitmap;
    try {
        bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' });
    } catch {
        throw new PictureError(`${file.name}: is damaged, the browser cannot read it; write the file again`);
    }
    if (Math.max(bitmap.width, bitmap.height) > LONGEST_SIDE) {
        throw new PictureError(`${file.name}: is ${bitmap.width} x ${bitmap.height}, more than ${LONGEST_SIDE} a side`);
    }
    return bitmap;
}

/* ------------------------------------------------------------------------------------------------------ frame -- */

/* The part of a picture at x, y, which may reach beyond it: there is ground. What is transparent lies on white. */
function planeOf(source, x, y, width, height, ground = '#fff') {
    const canvas = new OffscreenCanvas(width, height);
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    pen.fillStyle = ground;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#fff';
    pen.fillRect(-x, -y, source.width, source.height);
    pen.drawImage(source, -x, -y);
    return pen.getImageData(0, 0, width, height);
}

/** Mean colour of a picture's outermost pixels, as CSS has it: margins of that colour stand out least. */
function rimColour(source) {
    const { width, height, data } = planeOf(source, 0, 0, source.width, source.height);
    const sum = [0, 0, 0];
    let count = 0;
    const add = (x, y) => {
        for (let c = 0; c < 3; c++) sum[c] += data[(y * width + x) * 4 + c];
        count++;
    };
    for (let x = 0; x < width; x++) add(x, 0), add(x, height - 1);
    for (let y = 0; y < height; y++) add(0, y), add(width - 1, y);
    return `rgb(${sum.map((value) => Math.round(value / count)).join(' ')})`;
}

/** Where in a picture the part lies that has the shape of what the net reads: its middle, or all of it and margins.
 * Returns {x, y, width, height} in pixels of the picture. */
export function frameBox(source, shape, whole) {
    const aspect = shape.width / shape.height;
    const fromWidth = source.width > source.height * aspect === whole;
    const width = fromWidth ? source.width : Math.max(1, Math.round(source.height * aspect));
    const height = fromWidth ? Math.max(1, Math.round(source.width / aspect)) : source.height;
    return { x: Math.round((source.width - width) / 2), y: Math.round((source.height - height) / 2), width, height };
}

/** That part, margins in the colour of the picture's rim. */
export function frame(source, shape, { whole = false } = {}) {
    const { x, y, width, height } = frameBox(source, shape, whole);
    return planeOf(source, x, y, width, height, whole ? rimColour(source) : undefined);
}

function inkBox({ width, height, data }) {
    let left = width, right = -1, top = height, bottom = -1;
    for (let i = 0; i < width * height; i++) {
        if (data[4 * i] < 128) continue;
        const x = i % width, y = (i - x) / width;
        left = Math.min(left, x), right = Math.max(right, x), top = Math.min(top, y), bottom = Math.max(bottom, y);
    }
    return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** White ink on black, cut so that it fills the frame's height or width and is in its middle, as in the sets of
 * handwritten digits that nets are trained on. */
export function frameInk(source, shape) {
    const all = planeOf(source, 0, 0, source.width, source.height);
    const box = inkBox(all);
    if (box === null) {
        return all;
    }
    const height = Math.ceil(Math.max(box.height, (box.width * shape.height) / shape.width));
    const width = Math.ceil((height * shape.width) / shape.height);
    const x = Math.round(box.x + (box.width - width) / 2), y = Math.round(box.y + (box.height - height) / 2);
    return planeOf(source, x, y, width, height, '#000');
}

/* -------------------------------------------------------------------------------------------------- on screen -- */

const LONGEST_SHOWN = 260; /* pixels of the screen */

/** Draws a picture as it is, what lies outside of a box dimmed. */
export function showPicture(canvas, source, box) {
    const ratio = Math.min(1, LONGEST_SHOWN / Math.max(source.width, source.height));
    canvas.width = Math.max(1, Math.round(source.width * ratio)), canvas.height = Math.max(1, Math.round(source.height * ratio));
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    const draw = () => pen.drawImage(source, 0, 0);
    pen.globalAlpha = 0.35;
    draw();
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.rect(box.x, box.y, box.width, box.height);
    pen.clip();
    draw();
}

/** Draws pixels [height][width][channels] on a canvas, one pixel each; channels other than 1 and 3 as slices in rows
 * from left to right. */
export function showPixels(canvas, pixels, shape) {
    const { width, height, channels } = shape;
    const slices = isPictureShape(shape) ? 1 : channels;
    const across = Math.ceil(Math.sqrt(slices)), down = Math.ceil(slices / across);
    canvas.width = across * width, canvas.height = down * height;
    const image = new ImageData(canvas.width, canvas.height);
    image.data.forEach((_, i) => (image.data[i] = i % 4 === 3 ? 255 : 0));
    for (let s = 0; s < slices; s++) {
        const left = (s % across) * width, top = Math.floor(s / across) * height;
        for (let i = 0; i < width * height; i++) {
            const to = 4 * ((top + Math.floor(i / width)) * canvas.width + left + (i % width));
            for (let c = 0; c < 3; c++) {
                image.data[to + c] = pixels[i * channels + (channels === 3 ? c : s)];
            }
        }
    }
    canvas.getContext('2d').putImageData(image, 0, 0);
}
