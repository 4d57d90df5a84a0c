/* dom.js: what every part of the page does to its elements. */

export const byId = (id) => document.getElementById(id);

/** An element with properties and children; texts become text nodes, never markup. */
export function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

/** A sentence under a form, read out by screen readers; `kind` is '', 'good' or 'bad'. */
export function say(id, sentence, kind = '') {
    byId(id).className = `status ${kind}`;
    byId(id).textContent = sentence;
}

/** Rows of a description list: [name, text]. */
export function fillFacts(list, facts) {
    list.replaceChildren(...facts.flatMap(([name, text]) => [make('dt', {}, name), make('dd', {}, text)]));
}

/** Rows of a table of two columns: [name, text] or [name, text, class of the row]. */
export function fillFigures(table, figures) {
    const rows = figures.map(([name, text, className = '']) =>
        make('tr', { className }, make('th', { scope: 'row' }, name), make('td', {}, text)));
    table.tBodies[0].replaceChildren(...rows);
}

/** Names a canvas for those who do not see it. */
export function label(canvas, text) {
    canvas.setAttribute('aria-label', text);
}

export function millisecondsText(milliseconds) {
    if (milliseconds < 10) {
        return `${milliseconds.toFixed(1)} ms`;
    }
    return milliseconds < 10_000 ? `${Math.round(milliseconds).toLocaleString('en')} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
