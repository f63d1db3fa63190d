import { once } from "node:events";
import { connect } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { endAll, serving } from "../cli/nanort.ts";

const sse = await serving(["examples", "sse"]);
test.after(endAll);

/** A listener, and what it has heard. */
async function listening(headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(`${sse.url}/events`, { headers, signal: leave.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let heard = "";
  const hears = async (text: string) => {
    while (!heard.includes(text)) heard += (await reader.read()).value;
    return heard;
  };
  /** All that there is. */
  const hearsOut = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return heard;
      heard += value;
    }
  };
  return { response, hears, hearsOut, leave: () => leave.abort() };
}

const say = async (body: string) => {
  const response = await fetch(`${sse.url}/messages`, { method: "POST", body });
  return `${response.status} ${await response.text()}`;
};

test("who listens hears what is said, as it is said, line by line", async () => {
  const [one, two] = [await listening(), await listening()];
  assert.is(one.response.headers.get("content-type"), "text/event-stream");
  for (const listener of [one, two]) assert.is(await listener.hears("retry"), "retry: 1000\n\n");
  assert.is(await say("hello"), "200 2 listen\n");
  assert.is(await say("two\r\nlines: grüße"), "200 2 listen\n");
  const heard = "retry: 1000\n\nid: 1\ndata: hello\n\nid: 2\ndata: two\ndata: lines: grüße\n\n";
  for (const listener of [one, two]) assert.is(await listener.hears("grüße\n\n"), heard);
  one.leave();
  two.leave();
});

test("who comes back hears what it has missed, and who is new does not", async () => {
  const back = await listening({ "last-event-id": "1" });
  assert.match(await back.hears("id: 2"), /^retry: 1000\n\nid: 2\n/);
  back.leave();
  const fresh = await listening();
  await say("later");
  assert.match(await fresh.hears("later\n\n"), /^retry: 1000\n\nid: 3\n/);
  fresh.leave();
});

test("who leaves is forgotten", async () => {
  const listener = await listening();
  await listener.hears("retry");
  listener.leave();
  while ((await say("anybody?")) !== "200 0 listen\n") await new Promise((resolve) => setTimeout(resolve, 1));
});

test("a listener that does not read is let go, and nobody waits for it", async () => {
  const { hostname, port } = new URL(sse.url);
  const silent = connect(Number(port), hostname);
  await once(silent, "connect");
  silent.pause();
  silent.write("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  const text = "\n".repeat(1000); // Seven bytes for each.
  // More than the system holds for it, and then as many as may wait.
  let listeners = "200 1 listens\n";
  for (let count = 0; listeners !== "200 0 listen\n"; count += 100) {
    assert.ok(count < 20_000, "it is still kept");
    [listeners] = (await Promise.all(Array.from({ length: 100 }, () => say(text)))) as [string];
  }
  silent.destroy();
});

test("the page, and what is not there", async () => {
  assert.match(await (await fetch(sse.url)).text(), 'new EventSource("/events")');
  assert.is((await fetch(`${sse.url}/other`)).status, 404);
  assert.is(await say(""), "400 say between 1 and 1000 characters\n");
  assert.is(await say("x".repeat(1001)), "400 say between 1 and 1000 characters\n");
});

test("it stops when it is told to: who listens gets what was said, and then the end", async () => {
  const listener = await listening();
  await listener.hears("retry");
  assert.is(await say("the last"), "200 1 listens\n");
  sse.process.kill("SIGTERM");
  assert.match(await listener.hearsOut(), /data: the last\n\n$/);
  assert.is((await sse.ended).code, 0);
});

test.run();
