// Sends files in pieces, so that a broken connection costs one piece: asks where the upload stands, goes on from there,
// waits while there is no network. Without this the form sends them whole.
const TRIES = 8;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const online = () => navigator.onLine || new Promise((resolve) => addEventListener("online", resolve, { once: true }));

// One file, by content where the browser lets us compute it: the same file begun again goes on, on any later day too.
const keyOf = async (file) => {
  const name = `${file.name}:${file.size}:${file.lastModified}`;
  if (!crypto.subtle) return name;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

// Resolves with status and answer; rejects when nothing came back.
const ask = (method, url, token, body, headers = {}, onprogress = () => {}) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.timeout = 120000;
    request.upload.onprogress = onprogress;
    request.onerror = request.ontimeout = request.onabort = () => reject(new Error("connection"));
    request.onload = () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        answer = { errors: [] };
      }
      resolve([request.status, answer]);
    };
    request.send(body);
  });

class Refused extends Error {}

// One conversation about one file until it is stored; `at` survives from one try to the next.
const talk = async (form, kind, file, at, bar, said) => {
  const token = form.elements.csrf_token.value;
  const refuse = (answer) => {
    throw new Refused((answer.errors ?? []).join(" ") || document.body.dataset.failed);
  };
  if (!at.id) {
    const body = new FormData();
    const wanted = { key: at.key, name: file.name, size: file.size, kind };
    for (const [name, value] of Object.entries(wanted)) body.append(name, value);
    const [status, answer] = await ask("POST", form.dataset.upload, token, body);
    if (status === 429 || status >= 500) throw new Error("later");
    if (status !== 200) refuse(answer);
    Object.assign(at, { id: answer.id, received: answer.received });
    if (answer.done) return;
  }
  for (;;) {
    const piece = file.slice(at.received, at.received + Number(form.dataset.piece));
    if (at.received + piece.size >= file.size) said.textContent = form.dataset.checking;
    const [status, answer] = await ask(
      "POST",
      `${form.dataset.upload}/${at.id}`,
      token,
      piece,
      { "Upload-Offset": at.received, "Content-Type": "application/offset+octet-stream" },
      (event) => (bar.value = (at.received + event.loaded) / file.size),
    );
    if (status === 201) return;
    if (status === 503 && answer.errors?.length) said.textContent = answer.errors.join(" ");
    if (status === 429 || status >= 500) throw new Error("later");
    if (status === 404) at.id = null; // forgotten after a day: begin again
    if (status === 404) throw new Error("later");
    if (status !== 200 && status !== 409) refuse(answer);
    at.received = answer.received;
    at.moved = true;
  }
};

const row = (form, file) => {
  const line = document.createElement("div");
  const name = document.createElement("p");
  const bar = document.createElement("progress");
  const said = document.createElement("p");
  line.className = "q-file q-file--sending";
  name.textContent = form.dataset.sending.replace("{name}", file.name);
  Object.assign(bar, { className: "q-progress", max: 1, value: 0 });
  bar.setAttribute("aria-label", file.name);
  line.append(name, bar, said);
  form.querySelector(".q-uploads").append(line);
  return [line, bar, said];
};

const send = async (form, kind, file) => {
  const [line, bar, said] = row(form, file);
  const at = { key: await keyOf(file), id: null, received: 0 };
  const attempt = async () => {
    for (let tries = 1; ; ) {
      try {
        at.moved = false;
        await talk(form, kind, file, at, bar, said);
        line.replaceChildren(said); // the list shows the file from now on
        said.textContent = form.dataset.sent.replace("{name}", file.name);
        document.body.dispatchEvent(new CustomEvent("uploaded"));
        return;
      } catch (error) {
        if (error instanceof Refused) {
          bar.value = 0;
          said.textContent = error.message;
          said.className = "govuk-error-message";
          return;
        }
        tries = at.moved ? 1 : tries + 1; // whoever gets on may go on
        if (tries > TRIES) break;
        if (error.message === "connection") said.textContent = navigator.onLine ? form.dataset.again : form.dataset.waiting;
        await Promise.all([online(), pause(Math.min(15000, 500 * 2 ** tries))]);
      }
    }
    const again = document.createElement("button");
    Object.assign(again, { type: "button", className: "q-link-button", textContent: form.dataset.retry });
    if (!said.textContent) said.textContent = document.body.dataset.failed;
    line.append(again);
    await new Promise((resolve) => again.addEventListener("click", resolve, { once: true }));
    again.remove();
    await attempt();
  };
  await attempt();
};

// What the server said about these files no longer holds once others are on their way.
const forget = (form) => {
  const summary = document.querySelector(".govuk-error-summary");
  if (summary) document.title = document.title.replace(/^[^：:]*(：|: )/, ""); // it began with "Error"
  summary?.remove();
  for (const group of form.querySelectorAll(".govuk-form-group--error")) {
    group.classList.remove("govuk-form-group--error");
    group.querySelector(".govuk-error-message")?.remove();
  }
};

for (const form of document.querySelectorAll("form[data-upload]")) {
  const inputs = [...form.querySelectorAll("input[type=file]")];
  const chosen = () => inputs.flatMap((input) => [...input.files]);
  const sendAll = () => {
    const kind = form.elements.kind?.value ?? "";
    const files = chosen();
    if (!files.length) return;
    forget(form);
    for (const input of inputs) input.value = "";
    for (const input of inputs) input.dispatchEvent(new Event("change")); // the choosers say again that nothing is chosen
    for (const file of files) send(form, kind, file);
  };
  if (form.dataset.when === "choose") for (const input of inputs) input.addEventListener("change", sendAll);
  form.addEventListener("submit", (event) => {
    if (!chosen().length) return; // the server says what is missing
    event.preventDefault();
    sendAll();
  });
}

// Dragging a file to another place, as the buttons do.
let dragged = null;
const itemOf = (event) => event.target.closest?.("[data-sort] > [data-place]");
document.addEventListener("pointerdown", (event) => {
  const item = itemOf(event);
  if (item) item.draggable = event.pointerType === "mouse" && !event.target.closest("button, a");
});
document.addEventListener("dragstart", (event) => {
  dragged = itemOf(event);
  dragged?.classList.add("q-file--dragged");
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("q-file--dragged");
  dragged = null;
});
document.addEventListener("dragover", (event) => {
  const item = itemOf(event);
  if (dragged && item && item.parentElement === dragged.parentElement) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const item = itemOf(event);
  if (!dragged || !item || item === dragged || item.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const form = dragged.querySelector("[data-tool=up]");
  form.elements.to.value = item.dataset.place;
  form.querySelector("button").disabled = false;
  form.requestSubmit();
});
