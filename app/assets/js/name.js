// While a Chinese keyboard still composes, its letters are not a name: only what was chosen is checked.
const form = document.getElementById("name-form");
form?.addEventListener("input", (event) => event.isComposing && event.stopImmediatePropagation(), true);
form?.addEventListener("compositionend", (event) => event.target.dispatchEvent(new Event("input", { bubbles: true })));
