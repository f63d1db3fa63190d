// Timers are NANO's own event loop. The response does not wait for the work that ctx.waitUntil is given.
let requests = 0;

function countdown(from) {
  return new Promise((resolve) => {
    let left = from;
    const interval = setInterval(() => {
      console.log(left);
      left -= 1;
      if (left > 0) return;
      clearInterval(interval);
      resolve();
    }, 250);
  });
}

export default {
  fetch(_request, _env, ctx) {
    requests += 1;
    const begun = performance.now();
    ctx.waitUntil(
      countdown(3).then(() => {
        console.log(`lift-off, ${Math.round(performance.now() - begun)} ms after the request`);
      }),
    );
    queueMicrotask(() => console.log("microtasks come first"));
    return new Response(`Request ${requests}: watch the console.\n`);
  },
};
