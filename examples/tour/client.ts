/**
 * What runs in the browser. The page carries this function as its source text, so it uses nothing from outside
 * itself.
 */
export function client(): void {
  const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
  const show = (id: string, text: string, state = "") => {
    element(id).textContent = text;
    element(id).dataset.state = state;
  };
  const number = (value: number) => value.toLocaleString("en");

  async function ask(path: string, body?: BodyInit) {
    const response = await fetch(path, body === undefined ? {} : { method: "POST", body });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }

  /** Does something whenever an element is used; a failure is shown in its output. */
  function on(id: string, event: string, output: string, task: () => Promise<void>) {
    const run = () => task().catch((error: Error) => show(output, error.message, "bad"));
    element(id).addEventListener(event, run);
    return run;
  }

  let newest = 0;
  async function digest() {
    const turn = ++newest;
    const algorithm = document.querySelector<HTMLInputElement>("[name=algorithm]:checked")!.value;
    const answer = await ask(
      `/digest?algorithm=${algorithm}`,
      element<HTMLTextAreaElement>("digest-text").value,
    );
    if (turn === newest) show("digest-result", answer.digest);
  }
  on("digest-text", "input", "digest-result", digest)();
  for (const radio of document.querySelectorAll("[name=algorithm]")) radio.addEventListener("change", digest);

  let mac = "";
  const message = () => element<HTMLInputElement>("sign-text").value;
  on("sign", "click", "sign-result", async () => {
    ({ mac } = await ask("/sign", message()));
    show("sign-result", mac);
    element<HTMLButtonElement>("verify").disabled = false;
  });
  on("verify", "click", "sign-result", async () => {
    const { valid } = await ask(`/verify?mac=${mac}`, message());
    if (valid) show("sign-result", "valid: this is what was signed", "good");
    else show("sign-result", "not valid: the message was changed", "bad");
  });

  on("clock", "click", "clock-result", async () => {
    const { ticks, realMs } = await ask("/clock");
    show("clock-result", `${number(ticks)} ticks in ${number(Math.ceil(realMs))} ms`, "good");
  });

  on("echo", "click", "echo-result", async () => {
    const body = new Uint8Array(8 * 1024 * 1024).fill(46);
    const started = performance.now();
    const response = await fetch("/echo", { method: "POST", body });
    const reader = response.body!.getReader();
    let bytes = 0;
    let pieces = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      show("echo-result", `${number(bytes)} bytes in ${number(++pieces)} pieces`);
    }
    const ms = Math.round(performance.now() - started);
    show("echo-result", `${number(bytes)} bytes in ${number(pieces)} pieces, ${ms} ms`, "good");
  });

  on("uuid", "click", "uuid-result", async () => show("uuid-result", (await ask("/uuid")).uuid))();

  const LABELS: Record<string, string> = {
    liveArenas: "arenas open",
    bytesInUse: "bytes in use",
    peakBytesInUse: "bytes at peak",
    poolBytes: "bytes in the pool",
  };
  async function memory() {
    const statistics = await ask("/memory");
    const rows = Object.keys(LABELS).map((name) => {
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = LABELS[name]!;
      value.textContent = number(statistics[name]);
      return [term, value];
    });
    element("memory").replaceChildren(...rows.flat());
  }
  const watch = () => memory().catch(() => element("memory").replaceChildren("the server is gone"));
  watch();
  setInterval(watch, 1000);

  element("origin").textContent = location.origin;
}
