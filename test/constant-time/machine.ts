/**
 * Runs a WebAssembly module and follows secrets through it: a bit for each byte of memory and of every value says whether
 * it depends on a secret. Recorded is what an engine may take longer or shorter for, by a secret's value: branches,
 * addresses, divisions; `select`, which some engines compile to a branch; counts of bits, and arithmetic in floating
 * point, whose time depends on the operands on some processors.
 *
 * Dependence is tracked by bytes, and rather too far than not far enough: sums depend on all bytes of the same place and
 * below, comparisons on all bytes, unless those that are public settle them. What is found is public from there on:
 * otherwise everything after a branch would be found too.
 */
import { FC, FD, type Func, immediatesOf, type Module, readModule } from "./module.ts";

export interface Finding {
  kind: "branch" | "address" | "division" | "select" | "float" | "bit count";
  function: string;
  /** In the module's code section. */
  offset: number;
  /** How often. */
  count: number;
}

const PAGE_BYTES = 65536;
const SLOT_BYTES = 16;
const STACK_SLOTS = 1 << 16;
const ALL = 0xffff;

export class Machine {
  readonly module: Module;
  /** Memory. */
  bytes: Uint8Array;
  /** Of each byte: 1 if it depends on a secret. */
  shadow: Uint8Array;
  #findings = new Map<number, Finding>();

  #view: DataView;
  readonly #slots = new ArrayBuffer(STACK_SLOTS * SLOT_BYTES);
  readonly #u8 = new Uint8Array(this.#slots);
  readonly #i8 = new Int8Array(this.#slots);
  readonly #i16 = new Int16Array(this.#slots);
  readonly #u16 = new Uint16Array(this.#slots);
  readonly #i32 = new Int32Array(this.#slots);
  readonly #u32 = new Uint32Array(this.#slots);
  readonly #i64 = new BigInt64Array(this.#slots);
  readonly #u64 = new BigUint64Array(this.#slots);
  readonly #f64 = new Float64Array(this.#slots);
  /** One bit for each byte of a slot. */
  readonly #taint = new Int32Array(STACK_SLOTS);
  readonly #labels = new Int32Array(3 << 14);
  #labelsEnd = 0;
  readonly #globals: Int32Array;
  readonly #globalTaint: Int32Array;

  /** @param names the same module before its names were stripped. */
  constructor(wasm: Uint8Array, names: Uint8Array) {
    this.module = readModule(wasm);
    const named = readModule(names).functions;
    for (const [i, func] of this.module.functions.entries()) {
      const { name, code } = named[i] ?? { name: "", code: [] };
      if (code.length !== func.code.length) throw new Error("the named module is not the same code");
      func.name = name;
    }
    this.bytes = new Uint8Array(this.module.memoryPages * PAGE_BYTES);
    this.shadow = new Uint8Array(this.bytes.length);
    this.#view = new DataView(this.bytes.buffer);
    for (const { offset, bytes } of this.module.data) this.bytes.set(bytes, offset);
    this.#globals = Int32Array.from(this.module.globals, ({ value }) => Number(value));
    this.#globalTaint = new Int32Array(this.#globals.length);
  }

  /** Calls an export, with numbers of 32 bits. */
  call(name: string, args: readonly number[], areSecret: boolean): number {
    const index = this.module.exports.get(name);
    if (index === undefined) throw new Error(`no export named ${name}`);
    for (const [i, arg] of args.entries()) {
      this.#i32[i * 4] = arg;
      this.#taint[i] = areSecret ? 15 : 0;
    }
    this.#run(index, 0);
    return this.#i32[0]!;
  }

  /** What was found since the last time. */
  takeFindings(): Finding[] {
    const findings = [...this.#findings.values()];
    this.#findings.clear();
    return findings;
  }

  /** Takes over an instance's memory: what computing it depended on is public then, except where it is tainted already. */
  load(memory: ArrayBuffer): void {
    this.#grow((memory.byteLength - this.bytes.length) / PAGE_BYTES);
    this.bytes.set(new Uint8Array(memory));
  }

  classify(address: number, length: number): void {
    this.shadow.fill(1, address, address + length);
  }

  publish(address: number, length: number): void {
    this.shadow.fill(0, address, address + length);
  }

  #grow(pages: number): number {
    const before = this.bytes.length / PAGE_BYTES;
    if (pages > 0) {
      const bytes = new Uint8Array((before + pages) * PAGE_BYTES);
      bytes.set(this.bytes);
      const shadow = new Uint8Array(bytes.length);
      shadow.set(this.shadow);
      this.bytes = bytes;
      this.shadow = shadow;
      this.#view = new DataView(bytes.buffer);
    }
    return before;
  }

  #found(func: { name: string; offsets: Int32Array }, pc: number, kind: Finding["kind"]): void {
    // Each instruction has one kind of finding.
    const offset = func.offsets[pc]!;
    const found = this.#findings.get(offset);
    if (found) found.count++;
    else this.#findings.set(offset, { function: func.name, offset, kind, count: 1 });
  }

  #load(address: number, length: number): number {
    if (address + length > this.bytes.length) throw new Error(`trap: load from ${address}`);
    const { shadow } = this;
    let taint = 0;
    for (let i = 0; i < length; i++) taint |= shadow[address + i]! << i;
    return taint;
  }

  #store(address: number, length: number, taint: number): void {
    if (address + length > this.bytes.length) throw new Error(`trap: store to ${address}`);
    const { shadow } = this;
    for (let i = 0; i < length; i++) shadow[address + i] = (taint >> i) & 1;
  }

  /** Arguments are at `base`, and the result comes there. */
  #run(index: number, base: number): void {
    const func = this.module.functions[index]!;
    const { code } = func;
    if (index < this.module.imports.length) throw new Error(`trap: ${func.name}`);
    const u8 = this.#u8;
    const i8 = this.#i8;
    const i16 = this.#i16;
    const i32 = this.#i32;
    const u32 = this.#u32;
    const i64 = this.#i64;
    const u64 = this.#u64;
    const f64 = this.#f64;
    const t = this.#taint;
    const { constants, functions } = this.module;
    u8.fill(0, (base + func.parameters) * SLOT_BYTES, (base + func.locals) * SLOT_BYTES);
    t.fill(0, base + func.parameters, base + func.locals);
    /** The first free slot. */
    let sp = base + func.locals;
    if (sp > STACK_SLOTS - 1000) throw new Error("trap: stack");
    // Labels: where a branch goes, with how many values, and the stack below them. The outermost is the function's.
    const labels = this.#labels;
    const outermost = this.#labelsEnd;
    let label = outermost;
    labels[label] = code.length;
    labels[label + 1] = func.results;
    labels[label + 2] = sp;
    let pc = 0;

    for (;;) {
      if (pc >= code.length) break;
      const here = pc;
      const op = code[pc++]!;
      /** How many labels a branch leaves; below zero: no branch. */
      let depth = -1;
      switch (op) {
        // ---- control ----
        case 0x00:
          throw new Error(`trap: unreachable in ${func.name}`);
        case 0x01:
          break;
        case 0x02: // block
        case 0x03: // loop, whose label is passed again
          label += 3;
          labels[label] = op === 0x02 ? code[pc + 1]! : here + 3;
          labels[label + 1] = code[pc]!;
          labels[label + 2] = sp;
          pc += 2;
          break;
        case 0x04: // if
          sp--;
          if (t[sp]) this.#found(func, here, "branch");
          label += 3;
          labels[label] = code[pc + 1]!;
          labels[label + 1] = code[pc]!;
          labels[label + 2] = sp;
          pc = i32[sp * 4] !== 0 ? pc + 3 : code[pc + 2]!;
          break;
        case 0x05: // else, reached from above: to the end
          pc = code[pc]!;
          break;
        case 0x0b: // end
          label -= 3;
          break;
        case 0x0c:
          depth = code[pc]!;
          break;
        case 0x0d:
          sp--;
          if (t[sp]) this.#found(func, here, "branch");
          if (i32[sp * 4] !== 0) depth = code[pc]!;
          else pc++;
          break;
        case 0x0e: {
          sp--;
          if (t[sp]) this.#found(func, here, "branch");
          const count = code[pc]!;
          depth = code[pc + 1 + Math.min(u32[sp * 4]!, count)]!;
          break;
        }
        case 0x0f:
          depth = (label - outermost) / 3;
          break;
        case 0x10: {
          const callee = functions[code[pc++]!]!;
          sp -= callee.parameters;
          this.#labelsEnd = label + 3;
          this.#run(code[pc - 1]!, sp);
          this.#labelsEnd = outermost;
          sp += callee.results;
          break;
        }
        case 0x1a:
          sp--;
          break;
        case 0x1b:
        case 0x1c: {
          sp -= 2;
          const condition = sp + 1;
          const tainted = t[condition] !== 0;
          if (tainted) this.#found(func, here, "select");
          const both = t[sp - 1]! | t[sp]!;
          let differing = 0;
          if (tainted)
            for (let i = 0; i < 16; i++) if (u8[(sp - 1) * 16 + i] !== u8[sp * 16 + i]) differing |= 1 << i;
          if (i32[condition * 4] === 0) this.#copy(sp - 1, sp);
          if (tainted) t[sp - 1] = both | differing;
          break;
        }

        // ---- variables ----
        case 0x20:
          this.#copy(sp++, base + code[pc++]!);
          break;
        case 0x21:
          this.#copy(base + code[pc++]!, --sp);
          break;
        case 0x22:
          this.#copy(base + code[pc++]!, sp - 1);
          break;
        case 0x23:
          i32[sp * 4] = this.#globals[code[pc]!]!;
          t[sp++] = this.#globalTaint[code[pc++]!]!;
          break;
        case 0x24:
          this.#globals[code[pc]!] = i32[--sp * 4]!;
          this.#globalTaint[code[pc++]!] = t[sp]!;
          break;

        // ---- memory ----
        case 0x28:
        case 0x29:
        case 0x2b:
        case 0x2c:
        case 0x2d:
        case 0x2e:
        case 0x2f:
        case 0x30:
        case 0x31:
        case 0x32:
        case 0x33:
        case 0x34:
        case 0x35: {
          const slot = sp - 1;
          if (t[slot]) this.#found(func, here, "address");
          const address = u32[slot * 4]! + (code[pc++]! >>> 0);
          const view = this.#view;
          switch (op) {
            case 0x28:
              t[slot] = this.#load(address, 4);
              i32[slot * 4] = view.getInt32(address, true);
              break;
            case 0x29:
            case 0x2b:
              t[slot] = this.#load(address, 8);
              i64[slot * 2] = view.getBigInt64(address, true);
              break;
            case 0x2c:
              t[slot] = this.#load(address, 1) ? 15 : 0;
              i32[slot * 4] = view.getInt8(address);
              break;
            case 0x2d:
              t[slot] = this.#load(address, 1);
              i32[slot * 4] = view.getUint8(address);
              break;
            case 0x2e: {
              const taint = this.#load(address, 2);
              t[slot] = taint & 2 ? taint | 12 : taint;
              i32[slot * 4] = view.getInt16(address, true);
              break;
            }
            case 0x2f:
              t[slot] = this.#load(address, 2);
              i32[slot * 4] = view.getUint16(address, true);
              break;
            case 0x30:
              t[slot] = this.#load(address, 1) ? 255 : 0;
              i64[slot * 2] = BigInt(view.getInt8(address));
              break;
            case 0x31:
              t[slot] = this.#load(address, 1);
              i64[slot * 2] = BigInt(view.getUint8(address));
              break;
            case 0x32: {
              const taint = this.#load(address, 2);
              t[slot] = taint & 2 ? taint | 0xfc : taint;
              i64[slot * 2] = BigInt(view.getInt16(address, true));
              break;
            }
            case 0x33:
              t[slot] = this.#load(address, 2);
              i64[slot * 2] = BigInt(view.getUint16(address, true));
              break;
            case 0x34: {
              const taint = this.#load(address, 4);
              t[slot] = taint & 8 ? taint | 0xf0 : taint;
              i64[slot * 2] = BigInt(view.getInt32(address, true));
              break;
            }
            case 0x35:
              t[slot] = this.#load(address, 4);
              i64[slot * 2] = BigInt(view.getUint32(address, true));
              break;
          }
          break;
        }
        case 0x36:
        case 0x37:
        case 0x39:
        case 0x3a:
        case 0x3b:
        case 0x3c:
        case 0x3d:
        case 0x3e: {
          sp -= 2;
          if (t[sp]) this.#found(func, here, "address");
          const address = u32[sp * 4]! + (code[pc++]! >>> 0);
          const value = sp + 1;
          const length = [4, 8, 0, 8, 1, 2, 1, 2, 4][op - 0x36]!;
          this.#store(address, length, t[value]!);
          for (let i = 0; i < length; i++) this.bytes[address + i] = u8[value * 16 + i]!;
          break;
        }
        case 0x3f:
          i32[sp * 4] = this.bytes.length / PAGE_BYTES;
          t[sp++] = 0;
          break;
        case 0x40:
          if (t[sp - 1]) this.#found(func, here, "branch");
          i32[(sp - 1) * 4] = this.#grow(i32[(sp - 1) * 4]!);
          t[sp - 1] = 0;
          break;
        case FC | 10:
        case FC | 11: {
          sp -= 3;
          if (t[sp] || t[sp + 2] || (op === (FC | 10) && t[sp + 1])) this.#found(func, here, "address");
          const to = u32[sp * 4]!;
          const length = u32[(sp + 2) * 4]!;
          if (to + length > this.bytes.length) throw new Error("trap: fill");
          if (op === (FC | 10)) {
            const from = u32[(sp + 1) * 4]!;
            if (from + length > this.bytes.length) throw new Error("trap: copy");
            this.bytes.copyWithin(to, from, from + length);
            this.shadow.copyWithin(to, from, from + length);
          } else {
            this.bytes.fill(i32[(sp + 1) * 4]!, to, to + length);
            this.shadow.fill(t[sp + 1]! & 1, to, to + length);
          }
          break;
        }

        // ---- numbers ----
        case 0x41:
          i32[sp * 4] = code[pc++]!;
          t[sp++] = 0;
          break;
        case 0x42:
        case 0x44:
          i64[sp * 2] = constants[code[pc++]!]!;
          t[sp++] = 0;
          break;
        case 0x45:
          this.#bool(sp - 1, i32[(sp - 1) * 4] === 0, (t[sp - 1]! & 15) !== 0 && !this.#isNonzero(sp - 1, 4));
          break;
        case 0x50:
          this.#bool(
            sp - 1,
            i64[(sp - 1) * 2] === 0n,
            (t[sp - 1]! & 255) !== 0 && !this.#isNonzero(sp - 1, 8),
          );
          break;
        case 0x46:
        case 0x47:
        case 0x48:
        case 0x49:
        case 0x4a:
        case 0x4b:
        case 0x4c:
        case 0x4d:
        case 0x4e:
        case 0x4f: {
          sp--;
          const [a, b, x, y] = [i32[(sp - 1) * 4]!, i32[sp * 4]!, u32[(sp - 1) * 4]!, u32[sp * 4]!];
          let tainted = ((t[sp - 1]! | t[sp]!) & 15) !== 0;
          if (tainted && op <= 0x47) tainted = !this.#differ(sp - 1, sp, 4);
          const value = [a === b, a !== b, a < b, x < y, a > b, x > y, a <= b, x <= y, a >= b, x >= y][
            op - 0x46
          ]!;
          this.#bool(sp - 1, value, tainted);
          break;
        }
        case 0x51:
        case 0x52:
        case 0x53:
        case 0x54:
        case 0x55:
        case 0x56:
        case 0x57:
        case 0x58:
        case 0x59:
        case 0x5a: {
          sp--;
          const [a, b, x, y] = [i64[(sp - 1) * 2]!, i64[sp * 2]!, u64[(sp - 1) * 2]!, u64[sp * 2]!];
          let tainted = ((t[sp - 1]! | t[sp]!) & 255) !== 0;
          if (tainted && op <= 0x52) tainted = !this.#differ(sp - 1, sp, 8);
          const value = [a === b, a !== b, a < b, x < y, a > b, x > y, a <= b, x <= y, a >= b, x >= y][
            op - 0x51
          ]!;
          this.#bool(sp - 1, value, tainted);
          break;
        }
        case 0x67:
        case 0x68:
        case 0x69: {
          const value = i32[(sp - 1) * 4]!;
          if (t[sp - 1]) this.#found(func, here, "bit count");
          const zeros = value === 0 ? 32 : 31 - Math.clz32(value & -value);
          let ones = 0;
          for (let x = value >>> 0; x !== 0; x = (x & (x - 1)) >>> 0) ones++;
          i32[(sp - 1) * 4] = op === 0x67 ? Math.clz32(value) : op === 0x68 ? zeros : ones;
          t[sp - 1] = t[sp - 1] ? 1 : 0;
          break;
        }
        case 0x6a:
        case 0x6b:
        case 0x6c: {
          sp--;
          const [a, b] = [i32[(sp - 1) * 4]!, i32[sp * 4]!];
          i32[(sp - 1) * 4] = op === 0x6a ? a + b : op === 0x6b ? a - b : Math.imul(a, b);
          t[sp - 1] = upward((t[sp - 1]! | t[sp]!) & 15, 15);
          break;
        }
        case 0x6d:
        case 0x6e:
        case 0x6f:
        case 0x70: {
          sp--;
          if ((t[sp - 1]! | t[sp]!) & 15) this.#found(func, here, "division");
          const [a, b, x, y] = [i32[(sp - 1) * 4]!, i32[sp * 4]!, u32[(sp - 1) * 4]!, u32[sp * 4]!];
          if (b === 0) throw new Error("trap: division by zero");
          i32[(sp - 1) * 4] = [a / b, x / y, a % b, x % y][op - 0x6d]! | 0;
          t[sp - 1] = (t[sp - 1]! | t[sp]!) & 15 ? 15 : 0;
          break;
        }
        case 0x71:
        case 0x83:
          sp--;
          t[sp - 1] = this.#maskedTaint(sp - 1, sp, op === 0x71 ? 4 : 8, 0);
          i32[(sp - 1) * 4]! &= i32[sp * 4]!;
          i32[(sp - 1) * 4 + 1]! &= i32[sp * 4 + 1]!;
          break;
        case 0x72:
        case 0x84:
          sp--;
          t[sp - 1] = this.#maskedTaint(sp - 1, sp, op === 0x72 ? 4 : 8, 0xff);
          i32[(sp - 1) * 4]! |= i32[sp * 4]!;
          i32[(sp - 1) * 4 + 1]! |= i32[sp * 4 + 1]!;
          break;
        case 0x73:
        case 0x85:
          sp--;
          t[sp - 1]! |= t[sp]!;
          i32[(sp - 1) * 4]! ^= i32[sp * 4]!;
          i32[(sp - 1) * 4 + 1]! ^= i32[sp * 4 + 1]!;
          break;
        case 0x74:
        case 0x75:
        case 0x76:
        case 0x77:
        case 0x78: {
          sp--;
          const count = i32[sp * 4]! & 31;
          const slot = sp - 1;
          const taint = t[slot]! & 15;
          const value = i32[slot * 4]!;
          if (op === 0x74) {
            i32[slot * 4] = value << count;
            t[slot] = leftTaint(taint, count, 15);
          } else if (op === 0x75) {
            i32[slot * 4] = value >> count;
            t[slot] = rightSignedTaint(taint, count, 4);
          } else if (op === 0x76) {
            i32[slot * 4] = value >>> count;
            t[slot] = rightTaint(taint, count);
          } else {
            const left = op === 0x77 ? count : (32 - count) & 31;
            i32[slot * 4] = left === 0 ? value : (value << left) | (value >>> (32 - left));
            t[slot] = rotateTaint(taint, left, 4);
          }
          if (t[sp]! & 15) t[slot] = 15;
          break;
        }
        case 0x7c:
        case 0x7d:
        case 0x7e: {
          sp--;
          const [a, b] = [i64[(sp - 1) * 2]!, i64[sp * 2]!];
          i64[(sp - 1) * 2] = op === 0x7c ? a + b : op === 0x7d ? a - b : a * b;
          t[sp - 1] = upward((t[sp - 1]! | t[sp]!) & 255, 255);
          break;
        }
        case 0x7f:
        case 0x80:
        case 0x81:
        case 0x82: {
          sp--;
          if ((t[sp - 1]! | t[sp]!) & 255) this.#found(func, here, "division");
          const [a, b, x, y] = [i64[(sp - 1) * 2]!, i64[sp * 2]!, u64[(sp - 1) * 2]!, u64[sp * 2]!];
          if (b === 0n) throw new Error("trap: division by zero");
          i64[(sp - 1) * 2] = op === 0x7f ? a / b : op === 0x80 ? x / y : op === 0x81 ? a % b : x % y;
          t[sp - 1] = (t[sp - 1]! | t[sp]!) & 255 ? 255 : 0;
          break;
        }
        case 0x86:
        case 0x87:
        case 0x88:
        case 0x89:
        case 0x8a: {
          sp--;
          const count = i32[sp * 4]! & 63;
          const slot = sp - 1;
          const taint = t[slot]! & 255;
          const value = i64[slot * 2]!;
          const unsigned = u64[slot * 2]!;
          if (op === 0x86) {
            i64[slot * 2] = value << BigInt(count);
            t[slot] = leftTaint(taint, count, 255);
          } else if (op === 0x87) {
            i64[slot * 2] = value >> BigInt(count);
            t[slot] = rightSignedTaint(taint, count, 8);
          } else if (op === 0x88) {
            u64[slot * 2] = unsigned >> BigInt(count);
            t[slot] = rightTaint(taint, count);
          } else {
            const left = op === 0x89 ? count : (64 - count) & 63;
            u64[slot * 2] = (unsigned << BigInt(left)) | (unsigned >> BigInt(64 - left));
            t[slot] = rotateTaint(taint, left, 8);
          }
          if (t[sp]! & 255) t[slot] = 255;
          break;
        }
        case 0xa7: // i32.wrap_i64
          t[sp - 1]! &= 15;
          break;
        case 0xac: // i64.extend_i32_s
          i64[(sp - 1) * 2] = BigInt(i32[(sp - 1) * 4]!);
          t[sp - 1] = t[sp - 1]! & 8 ? (t[sp - 1]! & 15) | 0xf0 : t[sp - 1]! & 15;
          break;
        case 0xad: // i64.extend_i32_u
          i64[(sp - 1) * 2] = BigInt(u32[(sp - 1) * 4]!);
          t[sp - 1]! &= 15;
          break;
        case 0xc0: // i32.extend8_s
          i32[(sp - 1) * 4] = i8[(sp - 1) * 16]!;
          t[sp - 1] = t[sp - 1]! & 1 ? 15 : 0;
          break;
        case 0xc1: // i32.extend16_s
          i32[(sp - 1) * 4] = i16[(sp - 1) * 8]!;
          t[sp - 1] = t[sp - 1]! & 2 ? (t[sp - 1]! & 3) | 12 : t[sp - 1]! & 3;
          break;
        case 0xc4: // i64.extend32_s
          i64[(sp - 1) * 2] = BigInt(i32[(sp - 1) * 4]!);
          t[sp - 1] = t[sp - 1]! & 8 ? (t[sp - 1]! & 15) | 0xf0 : t[sp - 1]! & 15;
          break;
        case 0xa0:
        case 0xa1:
        case 0xa2: {
          sp--;
          if ((t[sp - 1]! | t[sp]!) & 255) this.#found(func, here, "float");
          const [a, b] = [f64[(sp - 1) * 2]!, f64[sp * 2]!];
          f64[(sp - 1) * 2] = op === 0xa0 ? a + b : op === 0xa1 ? a - b : a * b;
          t[sp - 1] = (t[sp - 1]! | t[sp]!) & 255 ? 255 : 0;
          break;
        }
        case 0xb7: // f64.convert_i32_s
          f64[(sp - 1) * 2] = i32[(sp - 1) * 4]!;
          t[sp - 1] = t[sp - 1]! & 15 ? 255 : 0;
          break;
        case 0xb8:
          f64[(sp - 1) * 2] = u32[(sp - 1) * 4]!;
          t[sp - 1] = t[sp - 1]! & 15 ? 255 : 0;
          break;
        case 0xbd: // i64.reinterpret_f64, and back
        case 0xbf:
          break;

        default:
          if (op < FD) throw new Error(`unknown opcode 0x${op.toString(16)} in ${func.name}`);
          sp = this.#vector(func, here, sp);
          pc = here + 1 + immediatesOf(op);
      }
      if (depth >= 0) {
        label -= 3 * depth;
        const height = labels[label + 2]!;
        const arity = labels[label + 1]!;
        if (arity === 1) this.#copy(height, sp - 1);
        sp = height + arity;
        pc = labels[label]!;
      }
    }
    // Results go where the arguments were.
    if (func.results === 1) this.#copy(base, sp - 1);
  }

  #copy(to: number, from: number): void {
    const i32 = this.#i32;
    for (let i = 0; i < 4; i++) i32[to * 4 + i] = i32[from * 4 + i]!;
    this.#taint[to] = this.#taint[from]!;
  }

  #bool(slot: number, value: boolean, isTainted: boolean): void {
    this.#i32[slot * 4] = value ? 1 : 0;
    this.#taint[slot] = isTainted ? 1 : 0;
  }

  /** Whether bytes that are public settle that two values differ. */
  #differ(a: number, b: number, length: number): boolean {
    const tainted = this.#taint[a]! | this.#taint[b]!;
    for (let i = 0; i < length; i++) {
      if (((tainted >> i) & 1) === 0 && this.#u8[a * SLOT_BYTES + i] !== this.#u8[b * SLOT_BYTES + i])
        return true;
    }
    return false;
  }

  /** Whether a byte that is public settles that a value is not zero. */
  #isNonzero(slot: number, length: number): boolean {
    for (let i = 0; i < length; i++) {
      if (((this.#taint[slot]! >> i) & 1) === 0 && this.#u8[slot * SLOT_BYTES + i] !== 0) return true;
    }
    return false;
  }

  /** Of `and` and `or`: a public byte of all zeros, or all ones, hides the other. */
  #maskedTaint(a: number, b: number, length: number, hiding: 0 | 0xff): number {
    const t = this.#taint;
    let taint = t[a]! | t[b]!;
    if (taint === 0) return 0;
    for (let i = 0; i < length; i++) {
      const hides = (slot: number) =>
        ((t[slot]! >> i) & 1) === 0 && this.#u8[slot * SLOT_BYTES + i] === hiding;
      if (hides(a) || hides(b)) taint &= ~(1 << i);
    }
    return taint;
  }

  // ---- vectors ----

  #vector(func: Func, here: number, sp: number): number {
    const { code } = func;
    const op = code[here]! & 0xffff;
    const first = code[here + 1]!;
    const second = code[here + 2]!;
    const u8 = this.#u8;
    const i8 = this.#i8;
    const i16 = this.#i16;
    const u16 = this.#u16;
    const i32 = this.#i32;
    const u32 = this.#u32;
    const i64 = this.#i64;
    const t = this.#taint;
    const top = sp - 1;
    const address = (slot: number) => {
      if (t[slot]) this.#found(func, here, "address");
      return u32[slot * 4]! + (first >>> 0);
    };
    const clearSlot = (slot: number) => {
      i64[slot * 2] = 0n;
      i64[slot * 2 + 1] = 0n;
    };
    switch (op) {
      case 0: {
        const from = address(top);
        t[top] = this.#load(from, 16);
        for (let i = 0; i < 4; i++) i32[top * 4 + i] = this.#view.getInt32(from + 4 * i, true);
        return sp;
      }
      case 7:
      case 8:
      case 9:
      case 10: {
        const width = 1 << (op - 7);
        const from = address(top);
        const taint = this.#load(from, width);
        let all = 0;
        for (let i = 0; i < 16; i += width) {
          u8.set(this.bytes.subarray(from, from + width), top * 16 + i);
          all |= taint << i;
        }
        t[top] = all;
        return sp;
      }
      case 92:
      case 93: {
        const width = op === 92 ? 4 : 8;
        const from = address(top);
        t[top] = this.#load(from, width);
        clearSlot(top);
        u8.set(this.bytes.subarray(from, from + width), top * 16);
        return sp;
      }
      case 11: {
        const to = address(top - 1);
        this.#store(to, 16, t[top]!);
        for (let i = 0; i < 4; i++) this.#view.setInt32(to + 4 * i, i32[top * 4 + i]!, true);
        return sp - 2;
      }
      case 84:
      case 85:
      case 86:
      case 87: {
        const width = 1 << (op - 84);
        const from = address(top - 1);
        const taint = this.#load(from, width);
        const at = second * width;
        const mask = (2 ** width - 1) << at;
        t[top - 1] = (t[top]! & ~mask) | (taint << at);
        u8.copyWithin((top - 1) * 16, top * 16, top * 16 + 16);
        u8.set(this.bytes.subarray(from, from + width), (top - 1) * 16 + at);
        return sp - 1;
      }
      case 88:
      case 89:
      case 90:
      case 91: {
        const width = 1 << (op - 88);
        const to = address(top - 1);
        const at = second * width;
        this.#store(to, width, t[top]! >> at);
        this.bytes.set(u8.subarray(top * 16 + at, top * 16 + at + width), to);
        return sp - 2;
      }
      case 12:
        u8.set(this.module.vectors[first]!, sp * 16);
        t[sp] = 0;
        return sp + 1;
      case 13: {
        const source = u8.slice((top - 1) * 16, (top + 1) * 16);
        const taint = t[top - 1]! | (t[top]! << 16);
        let result = 0;
        for (const [i, index] of this.module.vectors[first]!.entries()) {
          u8[(top - 1) * 16 + i] = source[index]!;
          result |= ((taint >>> index) & 1) << i;
        }
        t[top - 1] = result;
        return sp - 1;
      }
      case 14: {
        const source = u8.slice((top - 1) * 16, top * 16);
        const taint = t[top - 1]!;
        let result = 0;
        for (let i = 0; i < 16; i++) {
          const index = u8[top * 16 + i]!;
          u8[(top - 1) * 16 + i] = index < 16 ? source[index]! : 0;
          // A public index beyond the end gives a public zero.
          if ((t[top]! >> i) & 1 || (index < 16 && (taint >> index) & 1)) result |= 1 << i;
        }
        t[top - 1] = result;
        return sp - 1;
      }
      case 15:
      case 16:
      case 17:
      case 18: {
        const width = 1 << (op - 15);
        const lane = u8.slice(top * 16, top * 16 + width);
        const taint = t[top]! & (2 ** width - 1);
        let all = 0;
        for (let i = 0; i < 16; i += width) {
          u8.set(lane, top * 16 + i);
          all |= taint << i;
        }
        t[top] = all;
        return sp;
      }
      // extract_lane and replace_lane
      case 21:
      case 22:
      case 24:
      case 25:
      case 27:
      case 29: {
        const taint = t[top]!;
        if (op <= 22) {
          const bit = (taint >> first) & 1;
          i32[top * 4] = op === 21 ? i8[top * 16 + first]! : u8[top * 16 + first]!;
          t[top] = bit ? (op === 21 ? 15 : 1) : 0;
        } else if (op <= 25) {
          const bits = (taint >> (2 * first)) & 3;
          i32[top * 4] = op === 24 ? i16[top * 8 + first]! : u16[top * 8 + first]!;
          t[top] = op === 24 && bits & 2 ? bits | 12 : bits;
        } else if (op === 27) {
          i32[top * 4] = i32[top * 4 + first]!;
          t[top] = (taint >> (4 * first)) & 15;
        } else {
          i64[top * 2] = i64[top * 2 + first]!;
          t[top] = (taint >> (8 * first)) & 255;
        }
        return sp;
      }
      case 23:
      case 26:
      case 28:
      case 30: {
        const width = op === 23 ? 1 : op === 26 ? 2 : op === 28 ? 4 : 8;
        const at = first * width;
        const mask = 2 ** width - 1;
        u8.copyWithin((top - 1) * 16 + at, top * 16, top * 16 + width);
        t[top - 1] = (t[top - 1]! & ~(mask << at)) | ((t[top]! & mask) << at);
        return sp - 1;
      }
      case 77: // not
        for (let i = top * 4; i < top * 4 + 4; i++) i32[i] = ~i32[i]!;
        return sp;
      case 78: // and
        t[top - 1] = this.#maskedTaint(top - 1, top, 16, 0);
        for (let i = top * 4; i < top * 4 + 4; i++) i32[i - 4]! &= i32[i]!;
        return sp - 1;
      case 79: // andnot
        t[top - 1]! |= t[top]!;
        for (let i = top * 4; i < top * 4 + 4; i++) i32[i - 4]! &= ~i32[i]!;
        return sp - 1;
      case 80: // or
        t[top - 1] = this.#maskedTaint(top - 1, top, 16, 0xff);
        for (let i = top * 4; i < top * 4 + 4; i++) i32[i - 4]! |= i32[i]!;
        return sp - 1;
      case 81: // xor
        t[top - 1]! |= t[top]!;
        for (let i = top * 4; i < top * 4 + 4; i++) i32[i - 4]! ^= i32[i]!;
        return sp - 1;
      case 82: {
        // bitselect(a, b, mask)
        const [a, b, c] = [top - 2, top - 1, top];
        let result = 0;
        for (let i = 0; i < 16; i++) {
          const mask = u8[c * 16 + i]!;
          const [ta, tb, tc] = [(t[a]! >> i) & 1, (t[b]! >> i) & 1, (t[c]! >> i) & 1];
          if (tc || (ta && mask !== 0) || (tb && mask !== 255)) result |= 1 << i;
          u8[a * 16 + i] = (u8[a * 16 + i]! & mask) | (u8[b * 16 + i]! & ~mask);
        }
        t[a] = result;
        return sp - 2;
      }
      case 83: // any_true
        i32[top * 4] = i32[top * 4]! | i32[top * 4 + 1]! | i32[top * 4 + 2]! | i32[top * 4 + 3]! ? 1 : 0;
        t[top] = t[top] ? 1 : 0;
        return sp;
      case 99: // i8x16.all_true
      case 131:
      case 163:
      case 195: {
        const width = 1 << ((op - 99) / 32);
        let all = true;
        for (let i = 0; i < 16; i += width) {
          let lane = 0;
          for (let j = 0; j < width; j++) lane |= u8[top * 16 + i + j]!;
          all &&= lane !== 0;
        }
        i32[top * 4] = all ? 1 : 0;
        t[top] = t[top] ? 1 : 0;
        return sp;
      }
      case 100: {
        // i8x16.bitmask
        let mask = 0;
        for (let i = 0; i < 16; i++) mask |= (u8[top * 16 + i]! >> 7) << i;
        const taint = t[top]!;
        i32[top * 4] = mask;
        t[top] = (taint & 255 ? 1 : 0) | (taint >> 8 ? 2 : 0);
        return sp;
      }
    }
    const after = this.#lanewise(op, sp);
    if (after === undefined) throw new Error(`unknown vector opcode ${op} in ${func.name}`);
    return after;
  }

  /**
   * Arithmetic by lanes: a family of opcodes for each width, in the same order. Gives the first free slot, or undefined
   * for an opcode that no code has asked for yet.
   */
  #lanewise(op: number, sp: number): number | undefined {
    if (op >= 35 && op < 65)
      return this.#compareLanes((1 << ((op - 35) / 10)) as LaneBytes, (op - 35) % 10, sp);
    const family = (op - 96) >> 5;
    const member = (op - 96) & 31;
    if (family === 2 && (member === 14 || member === 17 || member === 26))
      return this.#productsAndSums(member, sp);
    if (family === 3) return this.#wideLanes(member, sp);
    const width = (1 << family) as LaneBytes;
    if (member === 5 || member === 6) return this.#narrow(width, member === 5, sp);
    if (member >= 7 && member <= 10) return this.#extend(family, member - 7, sp);
    if (member >= 28) return this.#multiplyExtended(family, member - 28, sp);
    const unary = UNARY.get(member);
    const top = sp - 1;
    const count = SLOT_BYTES / width;
    if (unary) {
      const view = this.#lanesOf(width, true);
      for (let at = top * count; at < sp * count; at++) view[at] = unary(view[at]!);
      this.#taint[top] = lanesUpward(this.#taint[top]!, width);
      return sp;
    }
    const shift = SHIFTS.get(member);
    if (shift) {
      const view = this.#lanesOf(width, member !== 13);
      const by = this.#i32[top * 4]! & (8 * width - 1);
      for (let at = (top - 1) * count; at < top * count; at++) view[at] = shift(view[at]!, by);
      this.#taint[top - 1] = this.#taint[top] ? ALL : lanes(this.#taint[top - 1]!, width);
      return top;
    }
    const binary = BINARY.get(member);
    if (!binary) return undefined;
    const view = this.#lanesOf(width, !binary.unsigned);
    for (let at = (top - 1) * count; at < top * count; at++) {
      view[at] = binary.compute(view[at]!, view[at + count]!, width);
    }
    const taint = this.#taint[top - 1]! | this.#taint[top]!;
    this.#taint[top - 1] = binary.carries ? lanesUpward(taint, width) : lanes(taint, width);
    return top;
  }

  #lanesOf(width: LaneBytes, signed: boolean) {
    if (width === 1) return signed ? this.#i8 : this.#u8;
    if (width === 2) return signed ? this.#i16 : this.#u16;
    return signed ? this.#i32 : this.#u32;
  }

  /** i32x4.add, i32x4.sub, i32x4.dot_i16x8_s, which products of big numbers mostly consist of. */
  #productsAndSums(member: number, sp: number): number {
    const i16 = this.#i16;
    const i32 = this.#i32;
    const t = this.#taint;
    const to = sp - 2;
    for (let i = to * 4; i < to * 4 + 4; i++) {
      if (member === 14) i32[i]! += i32[i + 4]!;
      else if (member === 17) i32[i]! -= i32[i + 4]!;
      else i32[i] = i16[2 * i]! * i16[2 * i + 8]! + i16[2 * i + 1]! * i16[2 * i + 9]!;
    }
    const taint = t[to]! | t[to + 1]!;
    t[to] = member === 26 ? lanes(taint, 4) : lanesUpward(taint, 4);
    return sp - 1;
  }

  /** eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u */
  #compareLanes(width: LaneBytes, comparison: number, sp: number): number {
    const top = sp - 1;
    const count = SLOT_BYTES / width;
    const view = this.#lanesOf(width, comparison % 2 === 0);
    for (let at = (top - 1) * count; at < top * count; at++) {
      const x = view[at]!;
      const y = view[at + count]!;
      const answers = [x === y, x !== y, x < y, x < y, x > y, x > y, x <= y, x <= y, x >= y, x >= y];
      view[at] = answers[comparison] ? -1 : 0;
    }
    this.#taint[top - 1] = lanes(this.#taint[top - 1]! | this.#taint[top]!, width);
    return top;
  }

  /** Lanes of 64 bits. */
  #wideLanes(member: number, sp: number): number | undefined {
    const i64 = this.#i64;
    const u64 = this.#u64;
    const t = this.#taint;
    const top = sp - 1;
    if (member >= 7 && member <= 10) return this.#extend(3, member - 7, sp);
    if (member >= 28) return this.#multiplyExtended(3, member - 28, sp);
    if (member === 1) {
      for (let at = top * 2; at < sp * 2; at++) i64[at] = -i64[at]!;
      t[top] = lanesUpward(t[top]!, 8);
      return sp;
    }
    const by = BigInt(this.#i32[top * 4]! & 63);
    for (let at = (top - 1) * 2; at < top * 2; at++) {
      if (member === 11) i64[at] = i64[at]! << by;
      else if (member === 12) i64[at] = i64[at]! >> by;
      else if (member === 13) u64[at] = u64[at]! >> by;
      else if (member === 14) i64[at]! += i64[at + 2]!;
      else if (member === 17) i64[at]! -= i64[at + 2]!;
      else if (member === 21) i64[at]! *= i64[at + 2]!;
      else return undefined;
    }
    if (member <= 13) t[top - 1] = t[top] ? ALL : lanes(t[top - 1]!, 8);
    else t[top - 1] = lanesUpward(t[top - 1]! | t[top]!, 8);
    return top;
  }

  /** Two vectors of lanes twice as wide become one, saturated. */
  #narrow(width: LaneBytes, signed: boolean, sp: number): number {
    const top = sp - 1;
    const count = SLOT_BYTES / width;
    const source = this.#lanesOf((2 * width) as LaneBytes, true).slice(
      ((top - 1) * count) / 2,
      (sp * count) / 2,
    );
    const view = this.#lanesOf(width, signed);
    for (const [i, lane] of source.entries()) view[(top - 1) * count + i] = saturate(lane, width, signed);
    const t = this.#taint;
    const wide = lanes(t[top - 1]!, 2 * width) | (lanes(t[top]!, 2 * width) << SLOT_BYTES);
    let result = 0;
    for (let i = 0; i < count; i++)
      if ((wide >>> (2 * width * i)) & 1) result |= ((1 << width) - 1) << (width * i);
    t[top - 1] = result;
    return top;
  }

  /** low_s, high_s, low_u, high_u: half of the lanes become twice as wide. */
  #extend(family: number, which: number, sp: number): number {
    const top = sp - 1;
    const width = (1 << (family - 1)) as LaneBytes;
    const half = SLOT_BYTES / width / 2;
    const isHigh = which % 2 === 1;
    const from = 2 * half * top + (isHigh ? half : 0);
    const source = this.#lanesOf(width, which < 2).slice(from, from + half);
    this.#storeWide(family, top, source);
    this.#taint[top] = extendedTaint(this.#taint[top]!, width, isHigh);
    return sp;
  }

  /** The same of products. */
  #multiplyExtended(family: number, which: number, sp: number): number {
    const top = sp - 1;
    const width = (1 << (family - 1)) as LaneBytes;
    const half = SLOT_BYTES / width / 2;
    const isHigh = which % 2 === 1;
    const view = this.#lanesOf(width, which < 2);
    const from = 2 * half * (top - 1) + (isHigh ? half : 0);
    if (width === 4) {
      const products = [0, 1].map((i) => BigInt(view[from + i]!) * BigInt(view[from + i + 2 * half]!));
      for (const [i, product] of products.entries()) this.#i64[(top - 1) * 2 + i] = product;
    } else {
      const products = Array.from({ length: half }, (_, i) => view[from + i]! * view[from + i + 2 * half]!);
      this.#storeWide(family, top - 1, products);
    }
    this.#taint[top - 1] = extendedTaint(this.#taint[top - 1]! | this.#taint[top]!, width, isHigh);
    return top;
  }

  #storeWide(family: number, slot: number, values: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) {
      if (family === 3) this.#i64[slot * 2 + i] = BigInt(values[i]!);
      else if (family === 2) this.#i32[slot * 4 + i] = values[i]!;
      else this.#i16[slot * 8 + i] = values[i]!;
    }
  }
}

type LaneBytes = 1 | 2 | 4;

/** Members of the families of opcodes, by their number. */
const UNARY: ReadonlyMap<number, (x: number) => number> = new Map([
  [0, Math.abs],
  [1, (x) => -x],
]);

const SHIFTS: ReadonlyMap<number, (x: number, count: number) => number> = new Map([
  [11, (x, count) => x << count],
  [12, (x, count) => x >> count],
  [13, (x, count) => x >>> count],
]);

interface Binary {
  compute(x: number, y: number, width: LaneBytes): number;
  unsigned?: true;
  /** Whether bytes of the result depend on those of the same place and below only. */
  carries?: true;
}

const saturate = (value: number, width: LaneBytes, signed: boolean) => {
  const limit = 2 ** (8 * width - (signed ? 1 : 0));
  return Math.min(limit - 1, Math.max(signed ? -limit : 0, value));
};

const BINARY: ReadonlyMap<number, Binary> = new Map<number, Binary>([
  [14, { compute: (x, y) => x + y, carries: true }],
  [15, { compute: (x, y, width) => saturate(x + y, width, true) }],
  [16, { compute: (x, y, width) => saturate(x + y, width, false), unsigned: true }],
  [17, { compute: (x, y) => x - y, carries: true }],
  [18, { compute: (x, y, width) => saturate(x - y, width, true) }],
  [19, { compute: (x, y, width) => saturate(x - y, width, false), unsigned: true }],
  [21, { compute: Math.imul, carries: true }],
  [22, { compute: Math.min }],
  [23, { compute: Math.min, unsigned: true }],
  [24, { compute: Math.max }],
  [25, { compute: Math.max, unsigned: true }],
]);

// ---- how taint spreads ----

/** Lanes of half a vector become twice as wide, and depend on all of themselves. */
function extendedTaint(taint: number, width: LaneBytes, isHigh: boolean): number {
  const half = lanes(taint, width) >> (isHigh ? SLOT_BYTES / 2 : 0);
  let result = 0;
  for (let i = 0; i < SLOT_BYTES / 2; i += width)
    if ((half >> i) & 1) result |= ((1 << (2 * width)) - 1) << (2 * i);
  return result;
}

/** The carries of a sum go upward. */
function upward(taint: number, mask: number): number {
  return taint === 0 ? 0 : -(taint & -taint) & mask;
}

function leftTaint(taint: number, count: number, mask: number): number {
  const moved = taint << (count >> 3);
  return (count & 7 ? moved | (moved << 1) : moved) & mask;
}

function rightTaint(taint: number, count: number): number {
  const moved = taint >> (count >> 3);
  return count & 7 ? moved | (taint >> ((count >> 3) + 1)) : moved;
}

/** Above the highest byte there are copies of its highest bit. */
function rightSignedTaint(taint: number, count: number, length: number): number {
  const mask = (1 << length) - 1;
  const extended = taint & (1 << (length - 1)) ? taint | ~mask : taint;
  return rightTaint(extended, count) & mask;
}

function rotateTaint(taint: number, count: number, length: number): number {
  const mask = (1 << length) - 1;
  const bytes = count >> 3;
  const moved = ((taint << bytes) | (taint >> (length - bytes))) & mask;
  return count & 7 ? (moved | (moved << 1) | (moved >> (length - 1))) & mask : moved;
}

/** Lanes of so many bytes, each of which depends on all of itself. */
function lanes(taint: number, width: number): number {
  if (taint === 0 || taint === ALL) return taint;
  const mask = (1 << width) - 1;
  let result = 0;
  for (let i = 0; i < SLOT_BYTES; i += width) if ((taint >> i) & mask) result |= mask << i;
  return result;
}

function lanesUpward(taint: number, width: number): number {
  if (taint === 0 || taint === ALL) return taint;
  const mask = (1 << width) - 1;
  let result = 0;
  for (let i = 0; i < SLOT_BYTES; i += width) result |= upward((taint >> i) & mask, mask) << i;
  return result;
}
