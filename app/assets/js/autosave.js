// Sends each field as it is left and says what became of it; what did not arrive is kept and sent again. The page works
// without.
const form = document.querySelector("form[data-autosave]");
const box = document.getElementById("autosave");
const PATIENCE = 15_000; // ms until a request counts as lost
const dirty = new Map(); // control -> which change it was, as long as its value has not reached the platform
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

const answered = (xhr) =>
  new URL(xhr.responseURL).pathname === new URL(form.getAttribute("hx-post"), location.href).pathname;

const listen = () => {
  const mark = (event) => {
    if (event.target.form !== form || !event.target.name) return;
    held.delete(event.target.name);
    dirty.set(event.target.name, ++changes);
  };
  form.addEventListener("input", mark, true);
  form.addEventListener("change", mark, true);
  form.addEventListener("focusout", () => setTimeout(() => dirty.size && !saving && !failed && send(), 50));
  addEventListener("online", () => dirty.size && send());
  document.addEventListener("visibilitychange", () => document.hidden && dirty.size && !saving && send());
  addEventListener("beforeunload", (event) => {
    if (dirty.size + held.size && !leaving) event.preventDefault();
  });

  form.addEventListener("htmx:configRequest", (event) => {
    sent = new Map(dirty);
    event.detail.parameters.changed = [...sent.keys()].join(" ");
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
    for (const [name, change] of sent) {
      if (dirty.get(name) !== change) continue; // changed again meanwhile
      dirty.delete(name);
      if (!done.some((field) => name === field || name.startsWith(`${field}-`))) held.add(name);
    }
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
