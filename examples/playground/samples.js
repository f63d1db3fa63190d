/** The apps to begin with, each with a request that it answers. Their code is in samples/NAME.js. */
const request = { method: "GET", path: "/", headers: "", body: "" };

export const SAMPLES = {
  hello: { title: "Hello", request: { ...request, path: "/?name=Ada" } },
  digest: { title: "Digests", request: { ...request, method: "POST", body: "abc" } },
  webhook: {
    title: "Signed webhook",
    request: {
      method: "POST",
      path: "/hook",
      // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries has this very example.
      headers: "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
      body: "Hello, World!",
    },
  },
  "tls-less-webcrypto": {
    title: "WebCrypto without TLS",
    request: { ...request, method: "POST", body: "a message" },
  },
  cloning: { title: "Copies and bytes", request },
  streaming: { title: "Streaming", request },
  timers: { title: "Timers", request },
};

/** The samples with their code, by name. All at once, so that nothing is left to be fetched. */
export async function loadSamples() {
  const load = async ([name, sample]) => {
    const response = await fetch(new URL(`samples/${name}.js`, import.meta.url));
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
    return [name, { ...sample, code: await response.text() }];
  };
  return Object.fromEntries(await Promise.all(Object.entries(SAMPLES).map(load)));
}
