/* drawing.js: a pad to draw on, white on black, by pointer or by keys. */

const KEY_STEP = 6; /* pixels of the pad a press of an arrow moves the pen by */
const MOST_UNDO = 30;

export class DrawingPad {
    #canvas;
    #mark;
    #pen;
    #width;
    #changed;
    #undo = [];
    #last = null;
    #cursor;

    /** On a square canvas, with an element over it that marks the pen for those who draw by keys. `width` gives the
     * pen's width as a share of the canvas, `changed` is called after each stroke. */
    constructor(canvas, mark, width, changed) {
        this.#canvas = canvas;
        this.#mark = mark;
        this.#pen = canvas.getContext('2d', { willReadFrequently: true });
        this.#width = width;
        this.#changed = changed;
        this.#moveTo({ x: canvas.width / 2, y: canvas.height / 2 });
        this.#blank();
        canvas.addEventListener('pointerdown', (event) => this.#down(event));
        canvas.addEventListener('pointermove', (event) => this.#move(event));
        for (const type of ['pointerup', 'pointercancel']) canvas.addEventListener(type, () => this.#up());
        canvas.addEventListener('keydown', (event) => this.#key(event));
    }

    get canvas() {
        return this.#canvas;
    }

    get isEmpty() {
        return this.#undo.length === 0;
    }

    clear() {
        this.#undo = [];
        this.#blank();
        this.#changed();
    }

    undo() {
        const before = this.#undo.pop();
        if (before !== undefined) {
            this.#pen.putImageData(before, 0, 0);
            this.#changed();
        }
    }

    #blank() {
        this.#pen.fillStyle = '#000';
        this.#pen.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    }

    #remember() {
        this.#undo.push(this.#pen.getImageData(0, 0, this.#canvas.width, this.#canvas.height));
        this.#undo.splice(0, this.#undo.length - MOST_UNDO);
    }

    #line(from, to) {
        this.#pen.strokeStyle = '#fff';
        this.#pen.lineCap = this.#pen.lineJoin = 'round';
        this.#pen.lineWidth = this.#width() * this.#canvas.width;
        this.#pen.beginPath();
        this.#pen.moveTo(from.x, from.y);
        this.#pen.lineTo(to.x, to.y);
        this.#pen.stroke();
    }

    #moveTo(place) {
        this.#cursor = place;
        this.#mark.style.left = `${(100 * place.x) / this.#canvas.width}%`;
        this.#mark.style.top = `${(100 * place.y) / this.#canvas.height}%`;
    }

    #place(event) {
        const box = this.#canvas.getBoundingClientRect();
        return {
            x: ((event.clientX - box.left) / box.width) * this.#canvas.width,
            y: ((event.clientY - box.top) / box.height) * this.#canvas.height,
        };
    }

    #down(event) {
        if (event.button !== 0) return;
        this.#canvas.setPointerCapture(event.pointerId);
        this.#remember();
        this.#last = this.#place(event);
        this.#line(this.#last, this.#last);
    }

    #move(event) {
        if (this.#last === null) return;
        const place = this.#place(event);
        this.#line(this.#last, place);
        this.#last = place;
    }

    #up() {
        if (this.#last === null) return;
        this.#last = null;
        this.#changed();
    }

    /* Arrows draw; with Shift they move the pen without drawing. */
    #key(event) {
        const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const clamp = (value, most) => Math.min(Math.max(value, 0), most);
        const to = {
            x: clamp(this.#cursor.x + KEY_STEP * step[0], this.#canvas.width),
            y: clamp(this.#cursor.y + KEY_STEP * step[1], this.#canvas.height),
        };
        if (!event.shiftKey) {
            this.#remember();
            this.#line(this.#cursor, to);
        }
        this.#moveTo(to);
        if (!event.shiftKey) this.#changed();
    }
}
