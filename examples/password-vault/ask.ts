import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";

/** Asks for lines: on the terminal, where what is typed does not show; of a pipe the next line is the answer. */
export class Questions {
  readonly #interface: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    // A terminal shows what readline writes there: here it is nothing.
    const output = new Writable({ write: (_bytes, _encoding, done) => done() });
    const { stdin: input } = process;
    // Without a history: the key that goes up in it would give the password where a secret is asked for.
    this.#interface = createInterface({ input, output, terminal: Boolean(input.isTTY), historySize: 0 });
    this.#lines = this.#interface[Symbol.asyncIterator]();
    // As a terminal does where nobody listens: readline takes the key as its own.
    this.#interface.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  }

  /** @throws Error when there is no answer, or an empty one. */
  async ask(question: string): Promise<string> {
    const { isTTY } = process.stdin;
    if (isTTY) process.stderr.write(`${question}: `);
    const { value } = await this.#lines.next();
    if (isTTY) process.stderr.write("\n");
    if (value) return value;
    throw new Error(`no ${question}`);
  }

  close(): void {
    this.#interface.close();
  }
}
