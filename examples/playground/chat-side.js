/**
 * One of the two who write to each other. NANO's WebCrypto is there in a page that came by plain http too, where browsers
 * have none. Keys and text stay in this frame; what is posted to the page around it is public, or sealed.
 */
import { Channel } from "./chat-channel.js";
import { createRuntime } from "./nanort/browser.js";

const element = (id) => document.getElementById(id);
const name = new URLSearchParams(location.search).get("name");
element("name").textContent = name;

const { crypto } = await createRuntime();
const channel = await Channel.create(crypto);
let connected;

addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || origin !== location.origin) return;
  // The first key alone: whoever carries it could send another.
  if (data.publicKey) connected ??= connect(data.publicKey);
  else receive(data);
});
element("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = element("text");
  if (value === "") return;
  element("text").value = "";
  write(value);
});
post({ publicKey: channel.publicKey });

async function connect(publicKey) {
  try {
    await channel.connect(publicKey);
  } catch {
    element("status").textContent = "What came is no public key. Nothing can be written here.";
    return;
  }
  element("status").textContent = `Safety number ${channel.safetyNumber}`;
  for (const id of ["text", "send"]) element(id).disabled = false;
}

async function write(text) {
  post(await channel.seal(text));
  show(text, "mine");
}

async function receive(message) {
  await connected; // The other may have been sooner.
  try {
    const { text, missing } = await channel.open(message);
    if (missing > 0)
      show(missing === 1 ? "A message is missing." : `${missing} messages are missing.`, "bad");
    show(text, "theirs");
  } catch {
    show("A message was refused: it is not as it was written.", "bad");
  }
}

function post(message) {
  parent.postMessage(message, location.origin);
}

function show(text, whose) {
  const line = document.createElement("li");
  line.className = whose;
  line.textContent = text;
  element("talk").append(line);
  element("talk").scrollTop = element("talk").scrollHeight;
}
