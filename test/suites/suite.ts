/**
 * The shape of a suite that runs unchanged on every engine: plain data, so that a page, a worker or a request handler
 * can run it as well as a process can, and report what came of each test. Suites import "nanort" as a user does, and
 * `uvu/assert`, which runs anywhere; nothing in them is of one engine.
 */

/** What some engines can and others cannot. A test asks for it by name and, where it is absent, tests the refusal. */
export type Capability =
  /** Listening for TCP connections, and opening them to this machine. */
  | "sockets"
  /** Compiling WebAssembly from bytes at run time. */
  | "compile"
  /** Having the packaged core at hand without a promise. */
  | "load synchronously"
  /** `import()` of a `data:` URL. */
  | "import source text"
  /** A `Response` of text that says so, though it is given headers: https://fetch.spec.whatwg.org/#initialize-a-response */
  | "label text";

export interface Engine {
  capabilities: Capability[];
  /** nano.wasm: its bytes or, where those could not be compiled, its module. */
  core: Uint8Array<ArrayBuffer> | WebAssembly.Module;
  /** Of a server on this machine that sends back what it gets, and ends when its client does; where there are sockets. */
  echoPort?: number;
  /** A certificate and its key for localhost, and that of the authority which signed it, in PEM; where they could be made. */
  certificates?: { ca: string; certificate: string; key: string; expired: string };
  /** Whether the engine has a `crypto.subtle` of its own, as browsers do in secure contexts only. */
  nativeSubtle: boolean;
}

/** What a test returns where the engine cannot do the thing, and refuses it as documented. */
export class Absent {
  /** What the engine was heard to say. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/**
 * A test fails when it throws. It may return (or resolve with) `Absent`; or an array of what it observed, in lines of
 * text, which the runner compares between engines: they must be the same on all.
 */
export type Test = (engine: Engine) => unknown;

export interface Suite {
  name: string;
  /** By titles, which state behaviour. */
  tests: Record<string, Test>;
}

export interface Outcome {
  title: string;
  result: "passed" | "absent" | "failed";
  /** What was refused and how, or why it failed. */
  message?: string;
  /** What must be the same on all engines. */
  observed?: string[];
}

/** Outcomes by the names of suites. */
export type Report = Record<string, Outcome[]>;

/** A test that takes longer hangs. */
const TEST_LIMIT_MS = 20_000;

/** Runs suites one after the other, and their tests too. */
export async function runSuites(suites: Suite[], engine: Engine): Promise<Report> {
  const report: Report = {};
  for (const { name, tests } of suites) {
    const outcomes: Outcome[] = [];
    for (const [title, test] of Object.entries(tests)) outcomes.push(await runTest(title, test, engine));
    report[name] = outcomes;
  }
  return report;
}

async function runTest(title: string, test: Test, engine: Engine): Promise<Outcome> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${TEST_LIMIT_MS / 1000} s`)), TEST_LIMIT_MS);
  });
  try {
    const result = await Promise.race([test(engine), limit]);
    if (result instanceof Absent) return { title, result: "absent", message: result.message };
    return { title, result: "passed", ...(Array.isArray(result) && { observed: result }) };
  } catch (error) {
    const { message = String(error), stack = "" } = (error ?? {}) as Partial<Error>;
    return { title, result: "failed", message: stack.includes(message) ? stack : `${message}\n${stack}` };
  } finally {
    clearTimeout(timer);
  }
}
