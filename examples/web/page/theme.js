/* theme.js: light, dark, or as the system has it; the choice is kept by the browser. */

const STORED = 'torusnn-theme';

function show(theme) {
    if (theme === 'system') {
        delete document.documentElement.dataset.theme;
    } else {
        document.documentElement.dataset.theme = theme;
    }
}

/** Binds a group of radio buttons named "theme" with the values system, light and dark. */
export function bindTheme(group) {
    const stored = localStorage.getItem(STORED) ?? 'system';
    show(stored);
    for (const button of group.querySelectorAll('input[name=theme]')) {
        button.checked = button.value === stored;
        button.addEventListener('change', () => {
            localStorage.setItem(STORED, button.value);
            show(button.value);
        });
    }
}
