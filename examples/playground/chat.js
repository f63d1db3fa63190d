/**
 * The page between two frames: it carries what they post to each other, as a server would, and shows it. What is for a
 * frame that has not loaded yet waits; each posts something as soon as it has.
 */
const LINES = 200;

const wire = document.getElementById("wire");
const change = document.getElementById("change");
const sides = [...document.querySelectorAll("iframe")].map(({ title, contentWindow }) => {
  return { title, contentWindow, waiting: [], isThere: false };
});

addEventListener("message", ({ source, origin, data }) => {
  const from = sides.find(({ contentWindow }) => contentWindow === source);
  if (!from || origin !== location.origin) return;
  const to = sides.find((side) => side !== from);
  from.isThere = true;
  for (const message of from.waiting.splice(0)) deliver(message, from);
  const message = data.sealed && change.checked ? changed(data) : data;
  show(from.title, message, message === data ? "" : "changed");
  if (to.isThere) deliver(message, to);
  else to.waiting.push(message);
});

function deliver(message, { contentWindow }) {
  contentWindow.postMessage(message, location.origin);
}

function changed({ sealed, ...message }) {
  change.checked = false;
  const bytes = sealed.slice();
  bytes[0] ^= 1;
  return { ...message, sealed: bytes };
}

function show(from, { publicKey, number, sealed }, mood) {
  const line = document.createElement("li");
  line.className = mood;
  const what = publicKey ? "public key" : `message ${number}${mood && `, ${mood}`}`;
  line.textContent = `${from}, ${what}: ${hex(publicKey ?? sealed)}`;
  wire.append(line);
  if (wire.childElementCount > LINES) wire.firstElementChild.remove();
  wire.scrollTop = wire.scrollHeight;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
