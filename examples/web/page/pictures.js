/* pictures.js: the step where a picture is chosen: a sample, a file or a drawing. */

import { byId, label, make, say } from './dom.js';
import { DrawingPad } from './drawing.js';
import { decode, frame, frameBox, frameInk, isPictureShape, pixelsFor, showPicture, showPixels } from './picture.js';
import { samplesFor } from './samples.js';

const shapeText = ({ height, width, channels }) =>
    channels === 1 ? `${width} \u00d7 ${height}, grey` : channels === 3 ? `${width} \u00d7 ${height}, colour` : `${width} \u00d7 ${height}, ${channels} slices`;

export class PictureStep {
    #spec = null;
    #source = 'samples';
    #sample = null;
    #file = null; /* {name, bitmap} */
    #pad;
    #changed;

    /** What the net reads and what it is called; null while nothing is chosen. */
    pixels = null;
    text = '';

    constructor(changed) {
        this.#changed = changed;
        this.#pad = new DrawingPad(byId('pad'), byId('pen'), () => byId('pen-width').value / 100, () => this.#update());
        for (const button of byId('source').querySelectorAll('input')) {
            button.addEventListener('change', () => this.#choose(button.value));
        }
        for (const id of ['whole', 'inverted', 'fit']) byId(id).addEventListener('change', () => this.#update());
        byId('undo').addEventListener('click', () => this.#pad.undo());
        byId('clear').addEventListener('click', () => this.#pad.clear());
        byId('file').addEventListener('change', () => this.#read(byId('file').files[0]));
        this.#bindDrop(byId('drop'));
    }

    /** For a net of a name: samples that suit it, and files and drawings if it reads pictures. */
    setNet(name, spec) {
        this.#spec = spec;
        this.#sample = null;
        const picture = isPictureShape(spec.shape);
        for (const value of ['file', 'drawing']) {
            byId('source').querySelector(`[value=${value}]`).disabled = !picture;
        }
        say('picture-status', picture ? '' :
            `This network reads volumes of ${spec.shape.channels} slices, which no picture holds. For your own volumes use the Python package.`);
        if (!picture) {
            byId('source').querySelector('[value=samples]').checked = true;
            this.#source = 'samples';
        }
        this.#fillGallery(samplesFor(name, spec));
        this.#choose(this.#source);
    }

    #choose(source) {
        this.#source = source;
        for (const name of ['samples', 'file', 'drawing']) byId(`panel-${name}`).hidden = name !== source;
        this.#update();
    }

    #fillGallery(samples) {
        const buttons = samples.map((sample) => {
            const view = make('canvas', { className: 'pixels', ariaHidden: 'true' });
            showPixels(view, this.#pixelsOfSample(sample), this.#spec.shape);
            const button = make('button', { type: 'button', className: 'sample' }, view, sample.label);
            button.setAttribute('aria-pressed', 'false');
            button.addEventListener('click', () => {
                for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
                this.#sample = sample;
                this.#update();
            });
            return button;
        });
        byId('gallery').replaceChildren(...buttons);
    }

    #pixelsOfSample({ canvas, ink, pixels }) {
        const { shape } = this.#spec;
        return pixels ?? pixelsFor(shape, ink ? frameInk(canvas, shape) : frame(canvas, shape));
    }

    /* ---------------------------------------------------------------------------------------------- files -- */

    #bindDrop(area) {
        const over = (event) => {
            event.preventDefault();
            area.classList.toggle('over', event.type === 'dragover');
        };
        area.addEventListener('dragover', over);
        area.addEventListener('dragleave', over);
        area.addEventListener('drop', (event) => {
            over(event);
            this.#read(event.dataTransfer.files[0]);
        });
    }

    async #read(file) {
        if (file === undefined) return;
        say('picture-status', '');
        this.#file?.bitmap.close();
        this.#file = null;
        try {
            const bitmap = await decode(file);
            this.#file = { name: file.name, bitmap };
            byId('file-name').textContent = `${file.name}, ${bitmap.width} \u00d7 ${bitmap.height}. It stays in this browser.`;
        } catch (error) {
            say('picture-status', error.message, 'bad');
        }
        byId('file-view').hidden = this.#file === null;
        this.#update();
    }

    #pixelsOfFile(bitmap) {
        const { shape } = this.#spec, whole = byId('whole').checked;
        showPicture(byId('file-view'), bitmap, frameBox(bitmap, shape, whole));
        return pixelsFor(shape, frame(bitmap, shape, { whole }), { inverted: byId('inverted').checked });
    }

    /* --------------------------------------------------------------------------------------------- update -- */

    /* [pixels, what they are called], or null. */
    #chosen() {
        const { shape } = this.#spec;
        if (this.#source === 'samples') {
            return this.#sample && [this.#pixelsOfSample(this.#sample), this.#sample.label];
        }
        if (this.#source === 'file') {
            return this.#file && [this.#pixelsOfFile(this.#file.bitmap), this.#file.name];
        }
        if (this.#pad.isEmpty) return null;
        const canvas = this.#pad.canvas;
        return [pixelsFor(shape, byId('fit').checked ? frameInk(canvas, shape) : frame(canvas, shape)), 'Your drawing'];
    }

    #update() {
        if (this.#spec === null) return;
        const view = byId('net-view'), { shape } = this.#spec;
        const chosen = this.#chosen();
        [this.pixels, this.text] = chosen ?? [null, ''];
        showPixels(view, this.pixels ?? new Uint8Array(shape.height * shape.width * shape.channels), shape);
        byId('net-screen').classList.toggle('empty', chosen === null);
        label(view, chosen ? `${this.text} as the net sees it` : 'No picture yet');
        byId('net-view-text').textContent = chosen ? `${this.text}: ${shapeText(shape)}.` : 'Choose a picture.';
        this.#changed();
    }
}

export { shapeText };
