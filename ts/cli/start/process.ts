/**
 * What the starts for Node and Bun have in common: where to listen, how to go on, how to stop.
 *
 *   PORT  8080 by default; 0 takes any free port
 *   HOST  127.0.0.1 by default, this machine only; in a container 0.0.0.0
 */
const { PORT, HOST } = process.env;

export const address = { port: Number(PORT || 8080), hostname: HOST || "127.0.0.1" };

/** How long running requests, and what they gave to `waitUntil`, may take once the server has been told to stop. */
const DRAIN_TIMEOUT_MS = 30_000;

/** One mistake in the app must not take the server down. */
export function goOnAfterErrors(): void {
  process.on("uncaughtException", console.error).on("unhandledRejection", console.error);
}

/** What the server cannot begin with is told in one line. */
export function refuse(error: Error): never {
  console.error(error.message);
  process.exit(2);
}

/** The first SIGINT or SIGTERM stops, and ends the process with exit code 0; the second ends it as the signal would. */
export function onStopSignal(stop: () => Promise<unknown>): void {
  let stopping = false;
  const signalled = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(signal === "SIGINT" ? 130 : 143);
    stopping = true;
    await Promise.race([stop(), new Promise((resolve) => setTimeout(resolve, DRAIN_TIMEOUT_MS))]);
    process.exit(0);
  };
  process.on("SIGINT", signalled).on("SIGTERM", signalled);
}
