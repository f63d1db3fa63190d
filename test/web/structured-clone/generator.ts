/** Generates graphs that the tests clone, the same for the same numbers. */

export type Next = () => number;
export type Log = string[];

/** A graph of some dozen objects, with shared and circular references; with `log`, also with getters. */
export class Generator {
  readonly #next: Next;
  readonly #log: Log | undefined;
  readonly #mayDisguise: boolean;
  readonly #made: object[] = [];

  /** @param mayDisguise whether getters may take an object's prototype away, and with it what shows that it is a Map. */
  constructor(next: Next, log?: Log, mayDisguise = false) {
    this.#next = next;
    this.#log = log;
    this.#mayDisguise = mayDisguise;
  }

  graph(): unknown {
    return this.#object(0);
  }

  #below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  #value(depth: number): unknown {
    if (depth > 4 || this.#next() < 0.45) return this.#primitive();
    if (this.#made.length > 0 && this.#next() < 0.25) return this.#pick(this.#made);
    return this.#object(depth + 1);
  }

  #primitive(): unknown {
    const texts = ["", "ascii", "é", "😀", "\ud800", "a\0b", "long ".repeat(40)];
    const numbers = [0, -0, 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, -1e300];
    const others = [undefined, null, true, false, 0n, -(2n ** 70n), 1n << 200n];
    return this.#pick<unknown>([
      this.#pick(texts),
      this.#pick(numbers),
      this.#pick(others),
      this.#below(1000),
    ]);
  }

  #object(depth: number): object {
    const makers = [
      ...[
        () => this.#plain(depth),
        () => this.#plain(depth),
        () => this.#array(depth),
        () => this.#array(depth),
      ],
      ...[() => this.#map(depth), () => this.#set(depth), () => this.#error(depth), () => this.#leaf()],
      () => this.#view(),
    ];
    return this.#pick(makers)();
  }

  #keep<T extends object>(object: T): T {
    this.#made.push(object);
    return object;
  }

  #key(): string {
    return this.#pick(["a", "b", "c", "7", "0", "long key", "__proto__", "constructor", "toString", "é", ""]);
  }

  #plain(depth: number): object {
    class Instance {
      b = 1;
    }
    const object = this.#keep(
      this.#pick<() => Record<string, unknown>>([
        () => ({}),
        () => ({}),
        () => Object.create(null) as Record<string, unknown>,
        () => new Instance() as unknown as Record<string, unknown>,
      ])(),
    );
    for (let count = this.#below(6); count > 0; count--) this.#property(object, this.#key(), depth);
    return object;
  }

  #property(object: object, key: string, depth: number): void {
    if (this.#log && this.#next() < 0.3) this.#getter(object, key, depth);
    else {
      const attributes = { writable: this.#next() < 0.9, enumerable: this.#next() < 0.9, configurable: true };
      Object.defineProperty(object, key, { value: this.#value(depth), ...attributes });
    }
  }

  /** A getter that logs, and may do something to an object of the graph. */
  #getter(object: object, key: string, depth: number): void {
    const log = this.#log!;
    const name = `${this.#made.length}.${key}`;
    const value = this.#value(depth);
    const action = this.#action();
    const get = () => {
      log.push(name);
      action();
      return value;
    };
    Object.defineProperty(object, key, { get, enumerable: true, configurable: true });
  }

  #action(): () => void {
    const other = this.#pick(this.#made);
    const key = this.#key();
    const fresh = { fresh: this.#primitive() };
    const roll = this.#next();
    if (roll < 0.02) {
      return () => {
        throw new RangeError("of the getter");
      };
    }
    if (roll < 0.15) return () => void Reflect.deleteProperty(other, key);
    if (roll < 0.3) {
      if (key === "__proto__" && !this.#mayDisguise) return () => undefined;
      return () => void Reflect.set(other, key, fresh);
    }
    if (roll < 0.36) {
      return () => {
        if (Array.isArray(other)) other.length = Math.min(other.length, 1);
      };
    }
    if (roll < 0.42) {
      return () => {
        if (other instanceof Map) other.clear();
        if (other instanceof Set) other.add(fresh);
      };
    }
    return () => undefined;
  }

  #array(depth: number): object {
    const array: unknown[] = this.#keep([]);
    const kind = this.#next();
    const length = kind < 0.1 ? 130 + this.#below(300) : this.#below(7);
    const numbers = this.#next() < 0.3;
    for (let i = 0; i < length; i++) array.push(numbers || length > 100 ? this.#next() : this.#value(depth));
    if (length > 0 && this.#next() < 0.2) delete array[this.#below(length)];
    if (this.#next() < 0.1) array.length += 1 + this.#below(3);
    if (length > 0 && this.#next() < 0.1) array[this.#below(length)] = this.#value(depth);
    if (this.#next() < 0.15) this.#property(array, this.#pick(["extra", "-1", "1.5", "at"]), depth);
    if (this.#log && length > 0 && length < 100 && this.#next() < 0.1) {
      this.#getter(array, String(this.#below(length)), depth);
    }
    return array;
  }

  #map(depth: number): object {
    const map = this.#keep(new Map());
    for (let count = this.#below(4); count > 0; count--) map.set(this.#value(depth), this.#value(depth));
    return map;
  }

  #set(depth: number): object {
    const set = this.#keep(new Set());
    for (let count = this.#below(4); count > 0; count--) set.add(this.#value(depth));
    return set;
  }

  #error(depth: number): object {
    const Kind = this.#pick([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]);
    const error = this.#keep(new Kind(this.#pick(["", "message"])));
    if (this.#next() < 0.4) {
      Object.defineProperty(error, "cause", {
        value: this.#value(depth),
        writable: true,
        configurable: true,
      });
    }
    if (this.#next() < 0.2)
      Object.assign(error, { name: this.#pick(["Error", "RangeError", "Mine"]), lost: 1 });
    // V8 writes the text when it is first read, with the name as it is then; when that is, the standard leaves open.
    void error.stack;
    return error;
  }

  #leaf(): object {
    return this.#keep(
      this.#pick<() => object>([
        () => new Date(this.#pick([0, -1, 8.64e15, Number.NaN])),
        () => Object.assign(/a(?<b>c)\/\n/gimsuy, { lastIndex: 3 }),
        () => /(?:)/,
        () => Object(this.#pick<unknown>([true, -0, "text", 2n ** 80n])) as object,
      ])(),
    );
  }

  #view(): object {
    const buffer = this.#made.find((object) => object instanceof ArrayBuffer) ?? this.#keep(this.#buffer());
    const Kind = this.#pick([
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Float64Array,
      BigInt64Array,
      DataView,
    ]);
    const offset = 8 * this.#below(2);
    const length = this.#next() < 0.5 ? [] : [1];
    return this.#keep(Reflect.construct(Kind, [buffer, offset, ...length]) as object);
  }

  #buffer(): ArrayBuffer {
    const Resizable = ArrayBuffer as new (length: number, options?: object) => ArrayBuffer;
    const buffer = this.#pick([
      () => new ArrayBuffer(24),
      () => new Resizable(24, { maxByteLength: 64 }),
      () => new Resizable(24, { maxByteLength: 24 }),
    ])();
    new Uint8Array(buffer).forEach((_, index, bytes) => {
      bytes[index] = this.#below(256);
    });
    return buffer;
  }
}
