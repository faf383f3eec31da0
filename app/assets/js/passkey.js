// Keeps the signing key in the phone: makes a passkey (data-passkey="create"), or has it confirm ("get") the papers, or
// that it is its person. Where there is no passkey to be had the part stays hidden, and the other ways do the same.
const form = document.querySelector("[data-passkey]");
const part = (name) => form.querySelector(`[data-passkey-${name}]`);

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const known = (passkeys) => passkeys.map((passkey) => ({ ...passkey, id: bytes(passkey.id) }));

// The server's options with bytes where the browser wants bytes, and the phone's answer the other way round.
const options = (said) => ({
  ...said,
  challenge: bytes(said.challenge),
  ...(said.user && { user: { ...said.user, id: bytes(said.user.id) } }),
  ...(said.allowCredentials && { allowCredentials: known(said.allowCredentials) }),
  ...(said.excludeCredentials && { excludeCredentials: known(said.excludeCredentials) }),
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
  form.dispatchEvent(new CustomEvent("qibu:sending", { bubbles: true }));
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
  if (part("part")) part("part").hidden = false;
  form.addEventListener("submit", (event) => {
    if (form.elements.consent?.checked === false) return; // the server says what is missing
    event.preventDefault();
    confirm();
  });
}
