/**
 * The page: an editor and a request on one side of a Sandbox, what comes back on the other. Nothing runs before Send is
 * pressed, whatever a link holds.
 */
import { makeEditor } from "./editor.js";
import { fromFragment, toFragment } from "./link.js";
import { ResponseView } from "./response-view.js";
import { loadSamples } from "./samples.js";
import { loadParts, Sandbox } from "./sandbox.js";

const element = (id) => document.getElementById(id);
const FIELDS = ["method", "path", "headers", "body"];
const HOST = "playground.test";
const SAVE_DELAY_MS = 300;
const CONSOLE_LINES = 500;

const editor = makeEditor(element("code"), element("colours"), element("numbers"));
const response = new ResponseView(element("status"), element("answer-headers"), element("answer-body"));

// ---- state: what is edited, and the address that holds it ----

let samples = {};
let saving;

const state = () => ({
  code: editor.value,
  ...Object.fromEntries(FIELDS.map((name) => [name, element(name).value])),
});

function setState({ code, ...request }) {
  editor.value = code;
  for (const name of FIELDS) element(name).value = request[name];
  showSampleName();
}

function showSampleName() {
  const { code } = state();
  element("sample").value = Object.keys(samples).find((name) => samples[name].code === code) ?? "";
}

/** Puts the state into the address: in place of the one there, so that going back leaves the page. */
async function save() {
  const turn = {};
  saving = turn;
  await new Promise((resolve) => setTimeout(resolve, SAVE_DELAY_MS));
  if (saving !== turn) return;
  const fragment = await toFragment(state());
  if (saving === turn) history.replaceState(null, "", fragment);
}

async function restore() {
  saving = undefined;
  const { hello } = samples;
  if (location.hash.length <= 1) return setState({ code: hello.code, ...hello.request });
  try {
    setState(await fromFragment(location.hash));
  } catch (error) {
    setState({ code: hello.code, ...hello.request });
    response.say(`This link cannot be opened: ${error.message}. Here is a sample instead.`, "bad");
  }
}

async function choose(name) {
  const { code, request } = samples[name];
  saving = undefined;
  // What was there stays in the history: going back brings it up again.
  history.replaceState(null, "", await toFragment(state()));
  setState({ code, ...request });
  history.pushState(null, "", await toFragment(state()));
  response.say("Press Send.");
}

async function copyLink() {
  const fragment = await toFragment(state());
  history.replaceState(null, "", fragment);
  const done = await copy(location.href);
  element("copy").textContent = done ? "Copied" : "It is in the address bar";
  setTimeout(() => {
    element("copy").textContent = "Copy link";
  }, 2000);
}

async function copy(text) {
  // Only secure contexts have a clipboard; this page may come by plain http.
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  element("copy").focus();
  return done;
}

// ---- running ----

/** The code that runs; undefined while none does. */
let running;
let afterStart = () => undefined;
let sandbox;

function send() {
  if (!sandbox || element("send").ariaDisabled === "true") return;
  const { code, ...request } = state();
  const go = () => {
    response.say("Waiting for the response…");
    sandbox.request(request.method, bytesOf(request));
  };
  response.begin();
  element("response").scrollIntoView({ block: "nearest" });
  setBusy(true);
  if (running === code) return go();
  running = code;
  afterStart = go;
  response.say("Starting the app…");
  sandbox.start(code);
}

/** The request as it goes to the server: nothing is checked here, so that the server can be seen to do it. */
function bytesOf({ method, path, headers, body }) {
  const content = new TextEncoder().encode(body);
  const given = headers.split("\n").filter((line) => line.trim() !== "");
  const names = given.map((line) => line.split(":", 1)[0].toLowerCase());
  const lines = [`${method} ${path} HTTP/1.1`, ...given];
  const complete = (name, value) => {
    if (!names.includes(name.toLowerCase())) lines.push(`${name}: ${value}`);
  };
  complete("Host", HOST);
  if (content.length > 0 && !names.includes("transfer-encoding")) complete("Content-Length", content.length);
  complete("Connection", "close");
  const head = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

/** Send stays focusable while it has to wait: a disabled button would lose the focus of whoever pressed it. */
function setBusy(busy) {
  element("send").ariaDisabled = String(busy);
  if (busy) element("stop").disabled = false;
}

function stopped() {
  running = undefined;
  setBusy(false);
  if (document.activeElement === element("stop")) element("send").focus();
  element("stop").disabled = true;
}

const told = {
  started: () => afterStart(),
  unloadable({ text }) {
    sandbox.stop("The app could not be loaded.");
    print({ level: "error", text });
  },
  head: (head) => response.head(head),
  body: ({ bytes }) => response.body(bytes),
  end(end) {
    response.end(end);
    setBusy(false);
  },
  console: print,
  stopped(reason) {
    stopped();
    response.say(reason, "bad");
  },
};

function print({ level, text }) {
  const log = element("console");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 8;
  const line = document.createElement("pre");
  line.className = level;
  line.textContent = text;
  log.append(line);
  if (log.childElementCount > CONSOLE_LINES) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

// ---- begin ----

element("request").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  send();
});
element("stop").addEventListener("click", () => sandbox.stop("Stopped."));
element("clear").addEventListener("click", () => element("console").replaceChildren());
element("copy").addEventListener("click", copyLink);
element("sample").addEventListener("change", ({ target }) => target.value && choose(target.value));
for (const name of ["code", ...FIELDS]) element(name).addEventListener("input", save);
element("code").addEventListener("input", showSampleName);
addEventListener("hashchange", restore);

try {
  const [parts, loaded] = await Promise.all([loadParts(), loadSamples()]);
  samples = loaded;
  sandbox = new Sandbox(parts, told);
  for (const [name, { title }] of Object.entries(samples)) element("sample").append(new Option(title, name));
  response.say("Press Send.");
  await restore();
  for (const id of ["sample", "copy", "send"]) element(id).disabled = false;
} catch (error) {
  response.say(`The playground cannot start: ${error.message}`, "bad");
}
