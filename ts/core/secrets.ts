/**
 * Key material that outlives an operation. It waits in private fields of JavaScript objects and is copied into an
 * arena for each use, which costs some 20 ns; it is wiped when its owner has been collected, or the core is closed.
 *
 * Not an arena for each key: keys end when the collector finds them, and it tells nobody before the running task
 * has ended. A loop that makes keys, or awaits promises that are settled already, would run out of arenas.
 */
import type { Core } from "./core.ts";

class Secrets {
  readonly #live = new Set<Uint8Array>();
  readonly #collected = new FinalizationRegistry<Uint8Array>((bytes) => {
    bytes.fill(0);
    this.#live.delete(bytes);
  });

  keep(owner: object, bytes: Uint8Array): void {
    this.#live.add(bytes);
    this.#collected.register(owner, bytes);
  }

  wipe(): void {
    for (const bytes of this.#live) bytes.fill(0);
    this.#live.clear();
  }
}

/** Made with a core's first key: most runtimes never have one. */
const secretsOf = new WeakMap<Core, Secrets>();

/** Has `bytes` wiped once `owner` is collected, or the core closed. They must not lead to `owner`. */
export function keepSecret(core: Core, owner: object, bytes: Uint8Array): void {
  let secrets = secretsOf.get(core);
  if (!secrets) {
    secrets = new Secrets();
    secretsOf.set(core, secrets);
  }
  secrets.keep(owner, bytes);
}

/** Wipes every secret of a core: for when it is closed. */
export function wipeSecrets(core: Core): void {
  secretsOf.get(core)?.wipe();
}
