const WIDTH = 40;
const PERIOD_MS = 50;

/** A bar on standard error, if that is a terminal: how many downloads are done, and how much has come in all. */
export class Progress {
  readonly #total: number;
  #done = 0;
  #bytes = 0;
  #drawn = 0;

  constructor(total: number) {
    this.#total = total;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (performance.now() - this.#drawn > PERIOD_MS) this.#draw();
  }

  /** One more is done: its line goes above the bar. */
  done(line: string): void {
    this.#done++;
    this.end();
    console.log(line);
    this.#draw();
  }

  /** Erases the bar. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }

  #draw(): void {
    this.#drawn = performance.now();
    if (!process.stderr.isTTY) return;
    const full = Math.round((this.#done / this.#total) * WIDTH);
    const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
    process.stderr.write(`\r${bar} ${this.#done} of ${this.#total}, ${(this.#bytes / 1e6).toFixed(1)} MB`);
  }
}
