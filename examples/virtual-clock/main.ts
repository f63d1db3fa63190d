import { createRuntime, virtualClock } from "nanort";

const MINUTE_MS = 60 * 1000;
const clock = virtualClock();
const nano = await createRuntime({ clock });

function log(event: string): void {
  const minutes = Math.floor(nano.performance.now() / MINUTE_MS);
  console.log(`${String(minutes).padStart(5)} min  ${event}`);
}

/** Resolves after some minutes of the runtime's time. */
function sleep(minutes: number): Promise<void> {
  return new Promise((resolve) => nano.setTimeout(resolve, minutes * MINUTE_MS));
}

async function brewTea(): Promise<void> {
  log("kettle on");
  await sleep(3);
  log("tea steeping");
  await sleep(4);
  log("tea is ready");
}

const started = performance.now();
nano.setInterval(log, 15 * MINUTE_MS, "quarter-hourly bell");
nano.setTimeout(brewTea, 20 * MINUTE_MS);
nano.setTimeout(log, 59 * MINUTE_MS, "almost done");

await clock.advance(60 * MINUTE_MS);
await nano.close();
console.log(`\nAn hour went by in ${(performance.now() - started).toFixed(1)} ms.`);
