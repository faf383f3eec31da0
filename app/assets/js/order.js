// Entries can be dragged into order as well; the buttons beside each do the same.
const list = document.querySelector("[data-order]");
let dragged = null;

const listen = () => {
  list.addEventListener("pointerdown", (event) => {
    const item = event.target.closest("[data-entry]");
    if (item) item.draggable = event.pointerType === "mouse" && !event.target.closest("button, a, input");
  });
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-entry]");
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-entry]");
    if (!dragged || !over) return;
    event.preventDefault();
    const below = event.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
    if (over !== dragged) over[below ? "after" : "before"](dragged);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    const place = [...list.children].indexOf(dragged);
    const button = document.createElement("button");
    Object.assign(button, { name: "action", value: `move:${dragged.dataset.entry}@${place}`, hidden: true });
    const form = list.closest("form");
    form.append(button);
    form.requestSubmit(button);
  });
};

if (list?.children.length > 1) listen();
