/* bytes.js: how encrypted bytes are shown: as a picture, as numbers, and by their entropy. */

const UNITS = ['bytes', 'KB', 'MB', 'GB'];

/** 1672 -> "1,672 bytes", 6881424 -> "6.88 MB"; units are powers of 1000. */
export function sizeText(bytes) {
    if (bytes < 10_000) {
        return `${bytes.toLocaleString('en')} bytes`;
    }
    const power = Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
    return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

/** Draws each byte as a square, black for 0 and white for 255, in rows from left to right. */
export function showBytes(canvas, bytes) {
    const side = Math.max(1, Math.ceil(Math.sqrt(bytes.length)));
    canvas.width = side;
    canvas.height = Math.ceil(bytes.length / side);
    const image = new ImageData(canvas.width, canvas.height);
    bytes.forEach((byte, i) => image.data.set([byte, byte, byte, 255], 4 * i));
    canvas.getContext('2d').putImageData(image, 0, 0);
}

/** Entropy of single bytes by their frequencies, in bits a byte: at most 8. */
export function entropy(bytes) {
    const counts = new Uint32Array(256);
    bytes.forEach((byte) => counts[byte]++);
    return counts.reduce((sum, count) => sum - (count && (count / bytes.length) * Math.log2(count / bytes.length)), 0);
}

/** What `entropy` is on average for so many uniform random bytes: short texts fall short of 8 (Miller and Madow). */
export function expectedEntropy(length) {
    return length < 256 ? Math.log2(length) : 8 - 255 / (2 * length * Math.LN2);
}

/** The first bytes in rows of 16, in hexadecimal. */
export function hexText(bytes, rows) {
    const digits = (byte) => byte.toString(16).padStart(2, '0');
    const row = (_, i) => Array.from(bytes.subarray(16 * i, 16 * i + 16), digits).join(' ');
    return Array.from({ length: Math.min(rows, Math.ceil(bytes.length / 16)) }, row).join('\n');
}
