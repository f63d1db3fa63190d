// A response may begin before its end is known: each piece is sent as soon as it is there.
const lines = ["Row, row, row your boat,", "gently down the stream.", "Merrily, merrily, merrily, merrily,"];

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function* song() {
  for (const line of lines) {
    yield `${line}\n`;
    await sleep(300);
  }
  yield "life is but a dream.\n";
}

export default {
  fetch() {
    const pieces = song();
    const body = new ReadableStream({
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    return new Response(body.pipeThrough(new TextEncoderStream()), {
      headers: { "Content-Type": "text/plain; charset=utf-8" },
    });
  },
};
