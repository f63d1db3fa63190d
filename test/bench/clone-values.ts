/** Values to be cloned and serialized: from one object to ten thousand, and of each kind that has a way of its own. */

/** Pseudo-random numbers from 0 to 1, the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
}

const list = <Item>(length: number, item: (index: number) => Item): Item[] =>
  Array.from({ length }, (_, index) => item(index));

function flat() {
  const text = { name: "Ada Lovelace", email: "ada@example.org", city: "London", zip: "EC1A", note: "first" };
  return { id: 17, ...text, active: true, age: 36, score: 0.75, tag: null };
}

function config() {
  return {
    name: "app",
    version: "1.2.3",
    private: true,
    scripts: { build: "tsc", test: "node test", lint: "biome check", start: "node ." },
    dependencies: Object.fromEntries(list(12, (i) => [`package-${i}`, `^${i}.0.${i}`])),
    server: {
      host: "localhost",
      port: 8080,
      tls: { cert: "a.pem", key: "b.pem", versions: ["1.2", "1.3"] },
      limits: { body: 1e6, headers: 8192, timeout: 30000 },
    },
    logging: {
      level: "info",
      targets: [
        { type: "file", path: "/var/log/a.log", max: 10 },
        { type: "stdout", color: true },
      ],
    },
    features: ["a", "b", "c", "d"],
    routes: list(8, (i) => ({
      method: "GET",
      path: `/api/v1/items/${i}`,
      auth: i % 2 === 0,
      roles: ["admin", "user"],
    })),
    cache: { ttl: 60, size: 1000, strategy: "lru", tags: [1, 2, 3, 4, 5] },
  };
}

/** Each with three more in it. */
function objects() {
  const next = numbers(7);
  return list(10_000, (id) => ({
    id,
    name: `user ${id}`,
    email: `u${id}@example.org`,
    active: id % 3 === 0,
    score: next() * 100,
    tags: [`a${id % 7}`, `b${id % 5}`],
    address: { street: `${id} Main St`, city: `X${id % 100}`, geo: { lat: next(), lng: next() } },
  }));
}

interface Node {
  id: number;
  edges: Node[];
  self?: Node;
}

function graph() {
  const nodes = list<Node>(100, (id) => ({ id, edges: [] }));
  for (const [i, node] of nodes.entries()) {
    node.edges.push(nodes[(i + 1) % 100]!, nodes[(i * 7) % 100]!, nodes[(i * 13 + 5) % 100]!);
    node.self = node;
  }
  return nodes[0];
}

function leaves() {
  return {
    dates: list(25, (i) => new Date(i * 1e9)),
    regexps: list(25, (i) => new RegExp(`a${i}`, "gi")),
    errors: list(25, (i) => new TypeError(`failure ${i}`)),
    bigints: list(25, (i) => BigInt(i) ** 9n),
  };
}

/** Values by what they are, with the bytes that matter where a throughput is worth showing. */
export function values(): [name: string, value: unknown, bytes?: number][] {
  const next = numbers(1);
  return [
    ["flat object, 10 keys", flat()],
    ["config, 2 KB", config()],
    ["10 000 objects", objects()],
    ["100 000 doubles", list(100_000, () => next() * 1000), 800_000],
    ["Map, 1000 objects", new Map(list(1000, (i) => [`key${i}`, { id: i, v: i * 2 }]))],
    ["Map, 1000 numbers", new Map(list(1000, (i) => [`key${i}`, i]))],
    ["Set, 1000 strings", new Set(list(1000, (i) => `item${i}`))],
    ["Uint8Array, 1 MiB", new Uint8Array(2 ** 20).map((_, i) => i), 2 ** 20],
    ["ASCII, 100 KB", "abcdefghij".repeat(10_000), 100_000],
    ["UTF-16, 100 KB", "äöüß\u4e2d\u6587".repeat(8_333), 99_996],
    ["circular, 100 nodes", graph()],
    ["Date, RegExp, Error, BigInt", leaves()],
  ];
}

/** So many small records that memory counts. */
export function records(): object[] {
  return list(500_000, (id) => ({ id, name: `record ${id}`, done: false }));
}
