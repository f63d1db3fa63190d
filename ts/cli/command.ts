/** What a subcommand is, and how its arguments are read. */
import { type ParseArgsConfig, parseArgs } from "node:util";

export interface Command {
  /** @param args what stood behind the command's name. */
  run(args: string[]): Promise<void>;
}

/** A mistake made at the keyboard: told in one line, with exit code 2. */
export class UsageError extends Error {}

/** What was asked for is answered by no, such as a signature that is wrong: told in one line, with exit code 1. */
export class Failure extends Error {}

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>
>;

/** Reads options anywhere among the arguments, as `node:util` parses them; complains in one line. */
export function parse<const T extends Options>(command: string, args: string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The first sentence says what is wrong; what follows it advises on quoting.
    const [sentence] = error.message.split(/\.\s|\n/);
    const complaint = `${sentence!.charAt(0).toLowerCase()}${sentence!.slice(1)}`;
    throw new UsageError(`${complaint}; see nanort ${command} --help`);
  }
}

/**
 * Parts arguments at the first that is no option. Those before it are the command's own; those behind it belong to
 * the script or example that it names, whatever they look like.
 */
export function partAtName(args: string[]): { own: string[]; name: string | undefined; rest: string[] } {
  const at = args.findIndex((arg) => !arg.startsWith("-"));
  if (at < 0) return { own: args, name: undefined, rest: [] };
  return { own: args.slice(0, at), name: args[at], rest: args.slice(at + 1) };
}
