/**
 * The engine's own Request, Response and fetch, after a runtime was installed in their place. Nothing is read before it is
 * needed: in Node, that loads the client that they are part of.
 */

type Name = "Request" | "Response" | "fetch";

/** Properties of the global object as they were. */
const kept = new Map<Name, PropertyDescriptor>();

/** To be called before they are replaced. */
export function keepEngineGlobal(name: Name): void {
  const property = Object.getOwnPropertyDescriptor(globalThis, name);
  if (property && !kept.has(name)) kept.set(name, property);
}

export function engineGlobal<Global extends Name>(name: Global): (typeof globalThis)[Global] {
  const before = kept.get(name);
  const now = Object.getOwnPropertyDescriptor(globalThis, name);
  if (!before || !now) return globalThis[name];
  // In its place, since an accessor may define the property anew when it is read, as Node's do.
  Object.defineProperty(globalThis, name, before);
  try {
    return globalThis[name];
  } finally {
    Object.defineProperty(globalThis, name, now);
  }
}
