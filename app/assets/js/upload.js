// Sends each chosen file by itself, as soon as it is chosen: shows how far it is, tries again when the connection breaks.
const TRIES = 4;

const send = (form, file, bar, said) =>
  new Promise((resolve) => {
    let tries = 0;
    const attempt = () => {
      tries += 1;
      const body = new FormData();
      body.append("csrf_token", form.elements.csrf_token.value);
      body.append("files", file, file.name);
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.timeout = 120000;
      request.upload.onprogress = (event) => event.lengthComputable && (bar.value = event.loaded / event.total);
      request.onload = () => {
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          answer = { errors: [String(request.status)] };
        }
        const errors = answer.errors ?? [];
        bar.value = errors.length ? 0 : 1;
        said.textContent = errors.length ? errors.join(" ") : form.dataset.sent;
        resolve(!errors.length);
      };
      request.onerror = request.ontimeout = () => {
        if (tries >= TRIES) {
          said.textContent = document.body.dataset.failed;
          resolve(false);
          return;
        }
        said.textContent = form.dataset.again;
        setTimeout(attempt, 1000 * 2 ** tries);
      };
      request.send(body);
    };
    attempt();
  });

for (const form of document.querySelectorAll("form[data-upload]")) {
  const list = form.querySelector(".q-uploads");
  if (!list) continue;
  const input = form.querySelector("input[type=file]");
  let queue = Promise.resolve();
  const sendAll = () => {
    for (const file of input.files) {
      const row = document.createElement("div");
      const name = document.createElement("p");
      const bar = document.createElement("progress");
      const said = document.createElement("p");
      row.className = "q-file q-file--sending";
      name.textContent = form.dataset.sending.replace("{name}", file.name);
      bar.className = "q-progress";
      bar.max = 1;
      bar.value = 0;
      bar.setAttribute("aria-label", file.name);
      row.append(name, bar, said);
      list.append(row);
      queue = queue.then(() => send(form, file, bar, said));
    }
    input.value = "";
  };
  input.addEventListener("change", sendAll);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) sendAll();
    else input.click();
  });
}
