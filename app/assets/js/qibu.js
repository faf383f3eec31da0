// Starts what every page shares. Every page works without it.
import { initAll } from "./govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// One key for a page's main actions: elements say which with data-key. Not while somebody is typing.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input:not([type=radio]), select, textarea")) target.focus();
  else target.click();
});

// An expanded "Choose" or "Copy" needs no server: data-copy names the element whose text is copied.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  button.textContent = button.dataset.copied;
});

// Printing shows everything that is folded away.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open]):not(.q-track__short)")];
  opened.forEach((part) => (part.open = true));
});
addEventListener("afterprint", () => opened.forEach((part) => (part.open = false)));

for (const button of document.querySelectorAll("[data-print], [data-copy]")) {
  button.hidden = false;
  if (button.dataset.print !== undefined) button.addEventListener("click", () => print());
}

// What a form waits for, when its answer takes longer than a moment: data-busy holds the words, {time} since when.
const sending = (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.dataset.busy || form.querySelector(".q-busy")) return;
  const since = new Date().toLocaleTimeString(document.documentElement.lang, { hour12: false });
  const note = document.createElement("p");
  note.className = "q-note q-note--wait q-busy";
  note.setAttribute("role", "status");
  form.append(note);
  setTimeout(() => (note.textContent = form.dataset.busy.replace("{time}", since)), 1000);
};
document.addEventListener("submit", sending);
document.addEventListener("qibu:sending", sending); // sent by a script
addEventListener("pageshow", () => document.querySelectorAll(".q-busy").forEach((note) => note.remove()));

// A live part that could not be loaded says so, once, and goes away with the next success.
const failed = () => {
  if (document.querySelector(".q-flash--live")) return;
  const note = document.createElement("div");
  note.className = "q-flash q-flash--error q-flash--live";
  note.setAttribute("role", "alert");
  note.textContent = document.body.dataset.failed;
  document.querySelector("main").prepend(note);
};
document.body.addEventListener("htmx:sendError", failed);
document.body.addEventListener("htmx:responseError", failed);
document.body.addEventListener("htmx:afterOnLoad", () => document.querySelector(".q-flash--live")?.remove());
