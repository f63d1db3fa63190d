/** What is wrong with a message: the core's statuses, as errors that tell what to answer. */
import { check } from "../status.ts";

/** Input that is no HTTP/1.1 message, or one beyond a limit. Nothing more can be read from its connection. */
export class HttpParseError extends Error {
  /** Of the response that RFC 9112 and 9110 ask for; for what a server sent, what a gateway answers: 502. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "HttpParseError";
    this.status = status;
  }
}

/** By the core's status: what to answer, and what to say. */
export type ParseErrors = Readonly<Record<number, readonly [status: number, message: string]>>;

/** A length or count as it is; what the input did wrong thrown as HttpParseError. */
export function checkInput(result: number, errors: ParseErrors): number {
  if (result >= 0) return result;
  const error = errors[result];
  if (error) throw new HttpParseError(...error);
  return check(result);
}
