/** Built-ins as they were at first, whatever code outside does to them later. */

/** The engine's own, taken before a runtime's can be installed in its place. */
export const engineStructuredClone: typeof structuredClone = globalThis.structuredClone;

const { getOwnPropertyDescriptor } = Object;

/** The getter of a built-in accessor. Where each object has a property of its own instead, as in workerd, it reads that. */
export function getterOf<Result = unknown>(prototype: object, name: PropertyKey): () => Result {
  return (
    getterIfAny<Result>(prototype, name) ??
    function (this: Record<PropertyKey, Result>) {
      return this[name]!;
    }
  );
}

/** The same where not every engine has it. */
export function getterIfAny<Result = unknown>(
  prototype: object,
  name: PropertyKey,
): (() => Result) | undefined {
  return getOwnPropertyDescriptor(prototype, name)?.get;
}
