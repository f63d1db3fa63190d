export interface User {
  id: number;
  name: string;
  joined: Date;
  roles: Set<string>;
}

export interface Order {
  user: User;
  cents: bigint;
  items: string[];
}

export interface State {
  started: Date;
  users: Map<number, User>;
  orders: Order[];
  readings: Float64Array;
}

const USERS = 500;
const ORDERS = 2000;
const DAY_MS = 86_400_000;

/** What an application may have in memory: orders and a Map lead to the same users. */
export function makeState(): State {
  const users = new Map<number, User>();
  for (let id = 1; id <= USERS; id++) {
    const roles = new Set(id % 10 === 0 ? ["reader", "editor"] : ["reader"]);
    users.set(id, { id, name: `user ${id}`, joined: new Date(id * DAY_MS), roles });
  }
  const orders = Array.from({ length: ORDERS }, (_, i) => ({
    user: users.get(1 + (i % USERS))!,
    cents: BigInt(i) * 199n,
    items: [`item ${i % 7}`, `item ${i % 11}`],
  }));
  return {
    started: new Date(0),
    users,
    orders,
    readings: Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i)),
  };
}
