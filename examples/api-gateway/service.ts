/** What a service said, or what stands in for it. */
export interface Answer {
  /** Undefined where nobody has answered, nor did lately. */
  value: object | undefined;
  /** Of whoever answered last; 0 if nobody did. */
  status: number;
  /** Why there is no value. */
  failure: string;
  /** For the header Server-Timing: who, how long it took, and what came of it. */
  timing: string;
}

export interface ServiceOptions {
  /** How long each of its servers may take, in milliseconds. */
  timeout: number;
  /** For how long its last answer stands in for a new one, in milliseconds. */
  staleFor?: number;
}

/** One service behind the gateway: a few servers that say the same. */
export class Service {
  readonly #name: string;
  readonly #urls: readonly string[];
  readonly #options: ServiceOptions;
  /** The last answers, by path. */
  readonly #known = new Map<string, { value: object; until: number }>();

  /** @param urls of its servers, with commas in between. */
  constructor(name: string, urls: string, options: ServiceOptions) {
    this.#name = name;
    this.#urls = urls.split(",").map((url) => url.trim().replace(/\/$/, ""));
    this.#options = options;
  }

  /** Asks one server after the other. Never rejects. */
  async ask(path: string, signal: AbortSignal): Promise<Answer> {
    const started = performance.now();
    let status = 0;
    let failure = "";
    const answer = (value: object | undefined, outcome: string): Answer => {
      const milliseconds = (performance.now() - started).toFixed(1);
      return { value, status, failure, timing: `${this.#name};dur=${milliseconds};desc="${outcome}"` };
    };
    for (const [at, url] of this.#urls.entries()) {
      try {
        const response = await nano.fetch(url + path, { timeout: this.#options.timeout, signal });
        status = response.status;
        if (response.ok) {
          const value = (await response.json()) as object;
          this.#remember(path, value);
          return answer(value, at === 0 ? "first" : "fallback");
        }
        await response.body?.cancel();
        // It has answered: others would say the same.
        if (status < 500) return answer(undefined, String(status));
        failure = `${this.#name}: ${status}`;
      } catch (error) {
        if (signal.aborted) break;
        failure = `${this.#name}: ${(error as Error).message}`;
      }
    }
    const known = this.#known.get(path);
    if (known && known.until > performance.now()) return answer(known.value, "stale");
    return answer(undefined, "none");
  }

  #remember(path: string, value: object): void {
    const { staleFor } = this.#options;
    if (staleFor === undefined) return;
    // The oldest goes first: a Map keeps the order in which its keys came.
    this.#known.delete(path);
    this.#known.set(path, { value, until: performance.now() + staleFor });
    if (this.#known.size > 1000) this.#known.delete(this.#known.keys().next().value!);
  }
}
