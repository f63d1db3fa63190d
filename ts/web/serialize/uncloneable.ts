/** What cannot be written, and what is said of it: what it is and where. */

/** What cannot be written, and the way to it. */
export class Uncloneable extends Error {
  readonly value: unknown;
  /** From the inside outwards: property names, indices, and words for what has neither. */
  readonly path: (string | number)[] = [];

  /** What it is, if that cannot be seen. */
  readonly kind: string | undefined;

  constructor(value: unknown, kind?: string) {
    super("uncloneable");
    this.value = value;
    this.kind = kind;
  }
}

export function located(error: unknown, key: string | number): unknown {
  if (error instanceof Uncloneable) error.path.push(key);
  return error;
}

/** The error that is thrown in the end. */
export function told(error: unknown): unknown {
  if (!(error instanceof Uncloneable)) return error;
  const { value, kind, path } = error;
  const where = path.length > 0 ? ` at ${pathText(path)}` : "";
  return new DOMException(
    `${kind ? `a ${kind}` : kindText(value)} cannot be serialized${where}`,
    "DataCloneError",
  );
}

const PATH_PARTS_MAX = 16;

function pathText(path: (string | number)[]): string {
  const parts = path
    .slice(-PATH_PARTS_MAX)
    .reverse()
    .map((part) =>
      typeof part === "number"
        ? `[${part}]`
        : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(part)
          ? `.${part}`
          : `[${JSON.stringify(part)}]`,
    );
  if (path.length > PATH_PARTS_MAX) parts.push("...");
  return parts.join("");
}

/** What a value is, never what it holds. */
function kindText(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (value instanceof ArrayBuffer) return "a detached or too large ArrayBuffer";
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return `${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag}`;
}
