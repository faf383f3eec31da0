// Takes the photo with the phone's front camera and puts it into the form's file field, which works without this.
const box = document.querySelector("[data-camera]");
const field = box && document.getElementById(box.dataset.camera);

if (box && navigator.mediaDevices?.getUserMedia && window.DataTransfer) {
  const [video, canvas] = [box.querySelector("video"), box.querySelector("canvas")];
  const [open, take, says] = ["open", "take", "says"].map((part) => box.querySelector(`[data-camera-${part}]`));
  let stream;
  const stop = () => stream?.getTracks().forEach((track) => track.stop());
  box.hidden = false;

  open.addEventListener("click", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
      video.srcObject = stream;
      await video.play();
    } catch {
      says.textContent = says.dataset.refused;
      return;
    }
    [video.hidden, canvas.hidden, take.hidden, open.hidden] = [false, true, false, true];
    says.textContent = says.dataset.ready;
    take.focus();
  });

  take.addEventListener("click", () => {
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(
      (blob) => {
        const picture = new DataTransfer();
        picture.items.add(new File([blob], "face.jpg", { type: "image/jpeg" }));
        field.files = picture.files;
        stop();
        [video.hidden, canvas.hidden, take.hidden, open.hidden] = [true, false, true, false];
        says.textContent = says.dataset.taken;
      },
      "image/jpeg",
      0.92,
    );
  });
  addEventListener("pagehide", stop);
}
