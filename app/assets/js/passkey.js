// Keeps the signing key in the phone: makes a passkey (data-passkey="create"), or has it confirm the papers ("get").
// Where there is no passkey to be had the part stays hidden, and the PIN's fields do the same.
const form = document.querySelector("[data-passkey]");
const part = (name) => form.querySelector(`[data-passkey-${name}]`);

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

// The server's options with bytes where the browser wants bytes, and the phone's answer the other way round.
const options = (said) => ({
  ...said,
  challenge: bytes(said.challenge),
  ...(said.user && { user: { ...said.user, id: bytes(said.user.id) } }),
  ...(said.allowCredentials && { allowCredentials: said.allowCredentials.map((c) => ({ ...c, id: bytes(c.id) })) }),
});
const answer = ({ id, rawId, type, response }) => {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"];
  const held = parts.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return JSON.stringify({ id, rawId: text(rawId), type, response: Object.fromEntries(held) });
};

const say = (words) => {
  part("says").textContent = words;
  part("says").hidden = false;
};

const confirm = async () => {
  const body = new FormData(form);
  const reply = await fetch(form.dataset.passkeyAsk, { method: "POST", body });
  const said = await reply.json().catch(() => ({}));
  if (!reply.ok) return say(said.problem ?? form.dataset.passkeyFailed);
  try {
    const made = await navigator.credentials[form.dataset.passkey]({ publicKey: options(said) });
    form.elements.answer.value = answer(made);
  } catch {
    return say(form.dataset.passkeyFailed);
  }
  form.submit();
};

if (form?.dataset.passkey === "create" && window.PublicKeyCredential) {
  const have = document.querySelector("[data-passkey-have]"); // those that the account keeps
  if (have) have.hidden = false;
  const able = await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  if (able) {
    part("part").hidden = false;
    if (part("other")) part("other").open = Boolean(document.querySelector(".govuk-error-summary"));
    if (part("else")) part("else").hidden = true;
    part("go").addEventListener("click", confirm);
  }
}

if (form?.dataset.passkey === "get" && window.PublicKeyCredential) {
  form.addEventListener("submit", (event) => {
    if (!form.elements.consent.checked) return; // the server says what is missing
    event.preventDefault();
    confirm();
  });
}
