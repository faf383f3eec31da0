// Sends each field as it is left, says what became of it, and shows at the field what the rules say; what did not arrive
// is kept and sent again. The page works without.
const form = document.querySelector("form[data-autosave]");
const box = document.getElementById("autosave");
const PATIENCE = 15_000; // ms until a request counts as lost
const TAP = 400; // ms: a finger is lifted before its press is told
const dirty = new Map(); // control -> which change it was, as long as its value has not reached the platform
const touched = new Set(); // fields that were filled in or marked: the rules speak of no others
const held = new Set(); // controls whose value was not taken: wrong, or changed in another window too
let changes = 0;
let kept = ""; // fields for which this window's value was chosen
let sent = new Map();
let saving = false;
let failed = false;
let waiting = null; // the button that was pressed meanwhile
let pause = 5_000;
let timer = 0;
let leaving = false;
let pressed = false; // a button must not move away between press and release
let release = 0;

const send = () => {
  clearTimeout(timer);
  form.dispatchEvent(new Event("change", { bubbles: true }));
};

const say = (text, retry) => {
  box.replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
  if (!retry) return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: box.dataset.retry });
  button.className = "q-link-button";
  button.addEventListener("click", send);
  box.append(button);
};

const fail = (text) => {
  saving = false;
  failed = true;
  waiting = null;
  say(text, true);
  timer = setTimeout(send, pause);
  pause = Math.min(2 * pause, 60_000);
};

// Pressing the button leaves the last field: the form waits for what is being saved.
const goOn = () => {
  if (saving || !waiting) return;
  const button = waiting.button;
  waiting = null;
  form.requestSubmit(button);
};

// The group of a field, and the part of it that an error stands before and describes.
const partsOf = (field) => {
  const found = document.getElementById(field) ?? form.elements[field];
  const control = found instanceof RadioNodeList ? found[0] : found;
  const date = control?.matches(".govuk-date-input") ? control.parentElement : control;
  const group = date?.closest(".govuk-form-group");
  const place = group?.querySelector(":scope > .govuk-fieldset") ?? group;
  const controls = "input, textarea, select, .govuk-input__wrapper, .govuk-radios, .govuk-checkboxes, .govuk-date-input";
  const before = [...(place?.children ?? [])].find((part) => part.matches(controls));
  return { group, before, described: place === group ? control : place };
};

const clear = (said) => {
  const field = said.id.replace(/-error$/, "");
  const { group, described } = partsOf(field);
  group?.classList.remove("govuk-form-group--error");
  for (const part of group?.querySelectorAll("[class*='--error']") ?? [])
    for (const name of ["input", "textarea", "select"]) part.classList.remove(`govuk-${name}--error`);
  const ids = (described?.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== said.id);
  if (ids.length) described?.setAttribute("aria-describedby", ids.join(" "));
  else described?.removeAttribute("aria-describedby");
  described?.removeAttribute("aria-invalid");
  said.remove();
  const links = [...document.querySelectorAll(".govuk-error-summary a")];
  for (const link of links)
    if (link.hash === `#${field}` || link.hash.startsWith(`#${field}-`)) link.closest("li").remove();
  if (links.length && !document.querySelector(".govuk-error-summary li")) document.querySelector(".govuk-error-summary").remove();
};

const mark = (field, words) => {
  const { group, before, described } = partsOf(field);
  if (!before) return;
  const said = document.createElement("p");
  said.className = "govuk-error-message";
  said.id = `${field}-error`;
  said.append(...words);
  before.before(said);
  group.classList.add("govuk-form-group--error");
  for (const part of [before, ...before.querySelectorAll("input")])
    if (part.matches(".govuk-input, .govuk-textarea, .govuk-select"))
      part.classList.add(`govuk-${part.tagName.toLowerCase()}--error`);
  described.setAttribute("aria-describedby", `${described.getAttribute("aria-describedby") ?? ""} ${said.id}`.trim());
  described.setAttribute("aria-invalid", "true");
};

// What was marked and is right now is cleared; what is wrong is marked as the page would mark it after the button.
const judge = () => {
  const list = box.querySelector("[data-problems]:not([data-judged])");
  if (!list || pressed || waiting) return;
  list.dataset.judged = "";
  for (const said of form.querySelectorAll(".govuk-error-message[id$='-error']")) clear(said);
  for (const item of list.children) mark(item.dataset.field, item.childNodes);
};

const answered = (xhr) =>
  new URL(xhr.responseURL).pathname === new URL(form.getAttribute("hx-post"), location.href).pathname;

const listen = () => {
  const change = (event) => {
    if (event.target.form !== form || !event.target.name) return;
    held.delete(event.target.name);
    touched.add(event.target.name);
    dirty.set(event.target.name, ++changes);
  };
  form.addEventListener("input", change, true);
  form.addEventListener("change", change, true);
  for (const said of form.querySelectorAll(".govuk-error-message[id$='-error']")) touched.add(said.id.replace(/-error$/, ""));
  const letGo = (after) => {
    clearTimeout(release);
    release = setTimeout(() => ((pressed = false), judge()), after);
  };
  addEventListener("pointerdown", () => (clearTimeout(release), (pressed = true)), true);
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => letGo(TAP), true);
  addEventListener("click", () => letGo(0), true);
  form.addEventListener("focusout", () => setTimeout(() => dirty.size && !saving && !failed && send(), 50));
  addEventListener("online", () => dirty.size && send());
  document.addEventListener("visibilitychange", () => document.hidden && dirty.size && !saving && send());
  addEventListener("beforeunload", (event) => {
    if (dirty.size + held.size && !leaving) event.preventDefault();
  });

  form.addEventListener("htmx:configRequest", (event) => {
    sent = new Map(dirty);
    event.detail.parameters.changed = [...sent.keys()].join(" ");
    event.detail.parameters.touched = [...touched].join(" ");
    if (kept) event.detail.parameters.keep = kept;
    event.detail.timeout = PATIENCE;
  });
  form.addEventListener("htmx:beforeRequest", () => {
    saving = true;
    clearTimeout(timer);
    say(box.dataset.saving);
  });
  // A failure is told beside the button; the page's own notice of failures need not say it again.
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError", "htmx:sendAbort"])
    form.addEventListener(name, (event) => {
      event.stopPropagation();
      fail(box.dataset.failed);
    });
  box.addEventListener("htmx:beforeSwap", (event) => {
    if (answered(event.detail.xhr)) return;
    event.detail.shouldSwap = false; // the way in, because the session is over
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    if (!answered(event.detail.xhr)) return fail(box.dataset.gone);
    saving = false;
    failed = false;
    pause = 5_000;
    const done = (box.querySelector("[data-done]")?.dataset.done ?? "").split(" ").filter(Boolean);
    for (const [name, version] of sent) {
      if (dirty.get(name) !== version) continue; // changed again meanwhile
      dirty.delete(name);
      if (!done.some((field) => name === field || name.startsWith(`${field}-`))) held.add(name);
    }
    judge();
    kept = "";
    setTimeout(goOn); // a change that waited in line begins first
  });

  form.addEventListener("submit", (event) => {
    if (saving || failed || (dirty.size && navigator.onLine === false)) {
      event.preventDefault();
      if (failed || !saving) send();
      waiting = { button: event.submitter };
      return;
    }
    leaving = true;
  });
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-keep], [data-reload]");
    if (!button) return;
    if (button.dataset.keep === undefined) {
      leaving = true;
      location.replace(location.href);
      return;
    }
    kept = button.dataset.keep;
    for (const name of kept.split(" ")) {
      held.delete(name);
      dirty.set(name, ++changes);
    }
    send();
  });
};

if (form && box) listen();
