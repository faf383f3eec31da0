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
