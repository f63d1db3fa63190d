import { createRuntime, virtualClock } from "nanort";

// One runtime goes by the real clock, the other by a clock that moves only when it is told to.
const clock = virtualClock();
const [real, simulated] = await Promise.all([createRuntime(), createRuntime({ clock })]);

// Timers: a day passes in one of them.
simulated.setTimeout(() => console.log("simulated: a day later"), 24 * 60 * 60 * 1000);
real.setTimeout(() => console.log("real: ten milliseconds later"), 10);
await clock.advance(24 * 60 * 60 * 1000);
await real.idle();

// Keys: each runtime keeps its own. What they sign is the same.
const HMAC = { name: "HMAC", hash: "SHA-256" };
const bytes = (text: string) => new TextEncoder().encode(text);
const signers = [real, simulated].map(({ subtleSync }) => {
  const key = subtleSync.importKey("raw", bytes("a secret"), HMAC, false, ["sign"]);
  return () => Buffer.from(subtleSync.sign("HMAC", key, bytes("a message"))).toString("base64url");
});
for (const sign of signers) console.log(`signed: ${sign()}`);

// Closing a runtime wipes its keys and stops its timers, and leaves the other as it was.
await simulated.close();
for (const sign of signers) {
  try {
    console.log(`signed: ${sign()}`);
  } catch (error) {
    console.log(`refused: ${(error as Error).name}`);
  }
}
await real.close();
