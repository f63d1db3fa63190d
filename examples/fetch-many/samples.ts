/** A server in this process, with files that take their time and one that breaks off. */
const FILES = 12;
const PIECE_BYTES = 64 * 1024;

export async function serveSamples(): Promise<{ urls: string[]; close(): Promise<void> }> {
  const server = await nano.serve({ app: sample });
  const names = Array.from({ length: FILES }, (_, at) => (at === 5 ? "broken" : `file-${at + 1}`));
  return {
    urls: names.map((name) => `${server.url}/${name}`),
    close: () => server.close({ timeout: 0 }),
  };
}

function sample({ url }: Request): Response {
  const name = new URL(url).pathname.slice(1);
  if (name === "broken") return new Response("not here", { status: 404, statusText: "Not Found" });
  const number = Number(name.split("-")[1]);
  let left = number * 4;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Each at a pace of its own.
      await new Promise((resolve) => setTimeout(resolve, 20 - number));
      if (left-- > 0) controller.enqueue(new Uint8Array(PIECE_BYTES));
      else controller.close();
    },
  });
  return new Response(body);
}
