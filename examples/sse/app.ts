// https://html.spec.whatwg.org/multipage/server-sent-events.html
import { Channel } from "./channel.ts";
import { PAGE } from "./page.ts";

/** A proxy may take a connection that says nothing for dead: say nothing, but say it. */
const HEARTBEAT_MS = 15_000;
const MESSAGE_CHARACTERS_MAX = 1000;

const channel = new Channel();
setInterval(() => channel.beat(), HEARTBEAT_MS);

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /":
        return new Response(PAGE, { headers: { "content-type": "text/html;charset=utf-8" } });
      case "GET /events":
        return listen(request);
      case "POST /messages":
        return say(await request.text());
      default:
        return new Response("Not Found\n", { status: 404 });
    }
  },
};

/** A stream of what is said from now on, and of what a listener who was here before has missed. */
function listen(request: Request): Response {
  const last = Number(request.headers.get("last-event-id") ?? Number.NaN);
  return new Response(channel.listen(last), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

function say(text: string): Response {
  if (text === "" || text.length > MESSAGE_CHARACTERS_MAX) {
    return new Response(`say between 1 and ${MESSAGE_CHARACTERS_MAX} characters\n`, { status: 400 });
  }
  const listeners = channel.say(text);
  return new Response(`${listeners} ${listeners === 1 ? "listens" : "listen"}\n`);
}
