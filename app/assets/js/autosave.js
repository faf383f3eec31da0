// Says which field of a form was left, before htmx sends it; the page works without.
document.addEventListener(
  "change",
  (event) => {
    const form = event.target.form;
    if (form?.dataset.autosave === undefined) return;
    form.elements.changed.value = event.target.name;
  },
  true,
);

// Leaving the last field by pressing the button starts both: the form waits for what is being saved, so that it is sent
// with the version that saving brought and does not look like another window's.
let saving = 0;
let waiting = null;
const goOn = () => {
  if (saving || !waiting) return;
  const { form, button } = waiting;
  waiting = null;
  form.requestSubmit(button);
};
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.dataset?.autosave !== undefined) saving += 1;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.dataset?.autosave === undefined) return;
  saving -= 1;
  setTimeout(goOn); // a change that waited in line begins first
});
document.addEventListener("submit", (event) => {
  if (event.target.dataset.autosave === undefined || !saving) return;
  event.preventDefault();
  waiting = { form: event.target, button: event.submitter };
});
