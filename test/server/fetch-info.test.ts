// App.fetch, as engines call it that bring a request's environment and lifetime with the request.
import { createRuntime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";

const request = new Request("http://app.test/");

test("env comes with the request, or else is what the app was loaded with", async () => {
  const nano = await createRuntime();
  const app = await nano.load({ fetch: (_, env) => new Response(env.name) }, { env: { name: "loaded" } });
  const answers = [await app.fetch(request), await app.fetch(request, { env: { name: "brought" } })];
  assert.equal(await Promise.all(answers.map((answer) => answer.text())), ["loaded", "brought"]);
  await nano.close();
});

test("the engine hears of what is given to waitUntil, and never of a rejection, which the app's owner does", async () => {
  const nano = await createRuntime();
  const heard: Promise<void>[] = [];
  const reported: string[] = [];
  let finish = () => {};
  const app = await nano.load(
    {
      fetch(_, _env, ctx) {
        ctx.waitUntil(Promise.reject(new Error("broken")));
        const unfinished = new Promise<void>((resolve) => {
          finish = resolve;
        });
        ctx.waitUntil(unfinished);
        return new Response(ctx.remoteAddress);
      },
    },
    { onError: (error) => reported.push((error as Error).message) },
  );
  const waitUntil = (promise: Promise<void>) => void heard.push(promise);
  const response = await app.fetch(request, { remoteAddress: "192.0.2.7", waitUntil });
  assert.is(await response.text(), "192.0.2.7");
  assert.is(heard.length, 2);
  await heard[0];
  assert.equal(reported, ["waitUntil: broken"]);

  let over = false;
  const ended = heard[1]!.then(() => {
    over = true;
  });
  await new Promise((resolve) => setTimeout(resolve));
  assert.not(over);
  finish();
  await ended;
  await nano.close();
});

test.run();
