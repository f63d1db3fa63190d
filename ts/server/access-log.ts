/**
 * The access log: a record of each request when its response has left, or its connection. Records are kept as they
 * come, and looked at in a task of its own, many at a time: who waits for an answer does not wait for the log.
 *
 * Three forms, a line for a record:
 *
 *     text    POST /orders?page=2 201 3.4 ms
 *     json    an object, with the fields of `LogRecord`
 *     apache  192.0.2.7 - - [22/Nov/2026:17:44:19 +0000] "POST /orders?page=2 HTTP/1.1" 201 187 "-" "curl/8.5.0"
 *
 * The last is Apache's "combined" (https://httpd.apache.org/docs/2.4/mod/mod_log_config.html), with all bytes of the
 * response counted, its head as well (%O). What clients wrote cannot pass for a line of its own, nor steer a terminal:
 * what is no visible character of ASCII is escaped.
 */
import type { EventLoop } from "../runtime/loop.ts";
import type { EndedRequest } from "./connection.ts";

export const LOG_FORMATS = ["text", "json", "apache"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogRecord {
  /** When the request had come, as far as its head goes: Unix time in milliseconds. */
  time: number;
  remoteAddress: string;
  /** Empty, as the next three, for a request whose head did not arrive, or is none. */
  method: string;
  /** As it stands in the request line. */
  target: string;
  /** "HTTP/1.0" or "HTTP/1.1". */
  protocol: string;
  /** The field Host, or what stands in its place. */
  host: string;
  referer: string | null;
  userAgent: string | null;
  /** Of the response; 0 if the connection was gone before there was one. */
  status: number;
  /** Of the response, with its head. */
  bytes: number;
  /** From the request's head to the end of the response. */
  milliseconds: number;
  /** If not, the response was broken off: the client left, or the app failed. */
  whole: boolean;
}

/**
 * Who is told of records, the oldest first; or a form, in which they are written by `console.log`. What is thrown there, or
 * what a promise from there rejects with, is reported as the app's errors are.
 */
export type LogTarget = LogFormat | ((records: readonly LogRecord[]) => unknown);

export interface AccessLog {
  readonly log: (ended: EndedRequest) => void;
  /** Writes what there is, now. */
  flush(): void;
}

/** @throws RangeError for a form that is none. */
export function accessLog(loop: EventLoop, target: LogTarget, onError: (error: unknown) => void): AccessLog {
  if (typeof target === "string" && !LOG_FORMATS.includes(target)) {
    throw new RangeError(`log: ${JSON.stringify(target)} is none of ${LOG_FORMATS.join(", ")}`);
  }
  const write = typeof target === "function" ? target : printer(target);
  let waiting: EndedRequest[] = [];
  const flush = () => {
    const ended = waiting;
    waiting = [];
    if (ended.length === 0) return;
    try {
      const written = write(ended.map((request) => recordOf(request, loop)));
      Promise.resolve(written).catch(onError);
    } catch (error) {
      onError(error);
    }
  };
  return {
    flush,
    log(ended) {
      // Rejected when the runtime is closed: then it is high time.
      if (waiting.length === 0) loop.yield().then(flush, flush);
      waiting.push(ended);
    },
  };
}

function recordOf({ head, began, ended, sentBytes, ...rest }: EndedRequest, loop: EventLoop): LogRecord {
  const { remoteAddress, status, whole } = rest;
  const field = (name: string) => head?.headers.find(([other]) => other.toLowerCase() === name)?.[1] ?? null;
  return {
    time: Math.round(loop.performance.timeOrigin + began),
    remoteAddress,
    method: head?.method ?? "",
    target: head?.target ?? "",
    protocol: head ? `HTTP/1.${head.minorVersion}` : "",
    host: head?.authority ?? "",
    referer: field("referer"),
    userAgent: field("user-agent"),
    status,
    bytes: sentBytes,
    milliseconds: Math.round((ended - began) * 1000) / 1000,
    whole,
  };
}

function printer(format: LogFormat): (records: readonly LogRecord[]) => void {
  const { console } = globalThis;
  const line = { text: textLine, json: jsonLine, apache: apacheLine }[format];
  return (records) => console.log("%s", records.map(line).join("\n"));
}

export function textLine({ method, target, status, milliseconds, whole }: LogRecord): string {
  const request = `${method || "-"} ${visible(target) || "-"}`;
  return `${request} ${status || "-"} ${milliseconds.toFixed(1)} ms${whole ? "" : ", broken off"}`;
}

export function jsonLine(record: LogRecord): string {
  const json = JSON.stringify({ ...record, time: new Date(record.time).toISOString() });
  // JSON lets U+007F and above stand as they are, some of which are controls of a terminal.
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function apacheLine(record: LogRecord): string {
  const { remoteAddress, method, target, protocol, status, bytes, referer, userAgent } = record;
  const quoted = (text: string | null) => `"${visible(text ?? "").replace(/"/g, '\\"') || "-"}"`;
  const request = method === "" ? "" : `${method} ${target} ${protocol}`;
  return [
    ...[remoteAddress || "-", "-", "-", apacheTime(record.time), quoted(request)],
    ...[status || "-", bytes || "-", quoted(referer), quoted(userAgent)],
  ].join(" ");
}

/** As in `[10/Oct/2000:13:55:36 +0000]`. */
function apacheTime(time: number): string {
  const [, day, month, year, clock] = new Date(time).toUTCString().split(" ");
  return `[${day}/${month}/${year}:${clock} +0000]`;
}

/** Each code unit a byte; Apache writes them so. */
function visible(text: string): string {
  return text.replace(/[^ !-[\]-~]/g, (unit) =>
    unit === "\\" ? "\\\\" : `\\x${unit.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
