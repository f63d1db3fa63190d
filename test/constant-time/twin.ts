/**
 * The core twice: as an engine runs it, and as the machine does that follows secrets. Every call goes to both, and both
 * must answer the same and leave the same memory, or the machine is wrong.
 */
import type { CoreExports } from "../../ts/core/exports.ts";
import { type Finding, Machine } from "./machine.ts";

type Calls = {
  [Name in keyof CoreExports]: CoreExports[Name] extends (...args: number[]) => number ? Name : never;
};
export type Call = Calls[keyof CoreExports];

export class Twin {
  readonly #engine: CoreExports;
  readonly #machine: Machine;
  readonly #arena: number;

  constructor(wasm: Uint8Array<ArrayBuffer>, names: Uint8Array) {
    this.#machine = new Machine(wasm, names);
    const refuse = () => {
      throw new Error("the core aborted");
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { abort: refuse } });
    this.#engine = instance.exports as unknown as CoreExports;
    this.#arena = this.call("arena.open");
  }

  /** All arguments are public. */
  call(name: Call, ...args: number[]): number {
    return this.#both(name, args, false);
  }

  #both(name: Call, args: number[], areSecret: boolean): number {
    const expected = (this.#engine[name] as (...args: number[]) => number)(...args);
    const found = this.#machine.call(name, args, areSecret);
    if (found !== expected) throw new Error(`${name} gives ${found}, and ${expected} on the engine`);
    return found;
  }

  /** As `call`, for what cannot fail. */
  do(name: Call, ...args: number[]): number {
    const result = this.call(name, ...args);
    if (result < 0) throw new Error(`${name} fails with ${result}`);
    return result;
  }

  /** As `do`, with arguments that are secret. */
  doSecretly(name: Call, ...args: number[]): number {
    return this.#both(name, args, true);
  }

  /** On the engine alone, for what is long and takes no secret: the machine takes over the memory that it leaves. */
  prepare(work: (engine: CoreExports) => void): void {
    work(this.#engine);
    this.#machine.load(this.#engine.memory.buffer);
  }

  alloc(length: number): number {
    return this.call("arena.alloc", this.#arena, length, 16) >>> 0;
  }

  place(bytes: Uint8Array): number {
    const address = this.alloc(bytes.length);
    new Uint8Array(this.#engine.memory.buffer).set(bytes, address);
    this.#machine.bytes.set(bytes, address);
    this.#machine.publish(address, bytes.length);
    return address;
  }

  placeSecret(bytes: Uint8Array): number {
    const address = this.place(bytes);
    this.#machine.classify(address, bytes.length);
    return address;
  }

  classify(address: number, length: number): void {
    this.#machine.classify(address, length);
  }

  /** What was given out, as signatures and public keys are. */
  publish(address: number, length: number): void {
    this.#machine.publish(address, length);
  }

  read(address: number, length: number): Uint8Array {
    return this.#machine.bytes.slice(address, address + length);
  }

  /** Whether memory depends on secrets, at least one byte of it. */
  isSecret(address: number, length: number): boolean {
    return this.#machine.shadow.subarray(address, address + length).includes(1);
  }

  /** After a failure: as if nothing had been secret, and nothing found. */
  startOver(): void {
    this.#machine.load(this.#engine.memory.buffer);
    this.#machine.publish(0, this.#machine.bytes.length);
    this.#machine.takeFindings();
  }

  /** What was found since the last time. */
  takeFindings(): Finding[] {
    const memory = new Uint8Array(this.#engine.memory.buffer);
    if (Buffer.compare(memory, this.#machine.bytes) !== 0) throw new Error("memory is not as on the engine");
    return this.#machine.takeFindings();
  }
}
