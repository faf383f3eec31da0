// Takes the pictures with the phone's front camera: one straight, then one for each movement that the page asks for.
// They go into the form's file fields; a photo chosen there works without this, where the authority allows it.
const box = document.querySelector("[data-camera]");
const field = box && document.getElementById(box.dataset.camera);
const PAUSE = 4000; // milliseconds to do what is asked for; the button takes the picture at once

if (box && navigator.mediaDevices?.getUserMedia && window.DataTransfer) {
  const [video, canvas] = [box.querySelector("video"), box.querySelector("canvas")];
  const [open, take, says] = ["open", "take", "says"].map((part) => box.querySelector(`[data-camera-${part}]`));
  const steps = [says.dataset.ready, ...says.dataset.prompts.split("|")];
  const live = Object.assign(document.createElement("input"), { type: "file", name: "live", multiple: true, hidden: true });
  let stream;
  const stop = () => stream?.getTracks().forEach((track) => track.stop());
  box.hidden = false;
  box.append(live);

  const asked = () =>
    new Promise((done) => {
      const timer = setTimeout(done, PAUSE);
      take.onclick = () => (clearTimeout(timer), done());
    });
  const picture = (name) =>
    new Promise((done) => {
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob((blob) => done(new File([blob], name, { type: "image/jpeg" })), "image/jpeg", 0.92);
    });
  const put = (input, files) => {
    const held = new DataTransfer();
    files.forEach((file) => held.items.add(file));
    input.files = held.files;
  };

  open.addEventListener("click", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
      video.srcObject = stream;
      [video.hidden, canvas.hidden] = [false, true]; // some browsers play only what is shown
      await video.play();
    } catch {
      [video.hidden, says.textContent] = [true, says.dataset.refused];
      return;
    }
    [take.hidden, open.hidden] = [false, true];
    take.focus();
    const taken = [];
    for (const [number, words] of steps.entries()) {
      says.textContent = `${number + 1}/${steps.length} ${words}`;
      await asked();
      taken.push(await picture(`face-${number}.jpg`));
    }
    put(field, taken.slice(0, 1));
    put(live, taken.slice(1));
    stop();
    [video.hidden, canvas.hidden, take.hidden, open.hidden] = [true, false, true, false];
    says.textContent = says.dataset.taken;
  });
  field.addEventListener("change", () => put(live, [])); // another photo: its movements were not seen
  addEventListener("pagehide", stop);
}
