/**
 * A WebAssembly module, read into what the machine runs: WebAssembly Core Specification 2.0, section 5, as far as LLVM's
 * output for one memory and no tables goes.
 */

export interface Func {
  name: string;
  parameters: number;
  results: number;
  /** Parameters among them. */
  locals: number;
  /**
   * Opcodes, prefixed ones as FC and FD have it, and what follows them: immediates, without alignments; of constants,
   * their place in the module's; of blocks, the arity of a branch to them and the place of their end.
   */
  code: Int32Array;
  /** Where each instruction of `code` is in the module's code section: for what the debug information says of it. */
  offsets: Int32Array;
}

export interface Module {
  types: { parameters: number; results: number }[];
  /** Imported ones first, which have no code. */
  functions: Func[];
  imports: string[];
  exports: Map<string, number>;
  globals: { value: bigint }[];
  memoryPages: number;
  data: { offset: number; bytes: Uint8Array }[];
  constants: bigint[];
  vectors: Uint8Array[];
}

/** Numbers and texts as modules, and DWARF, have them: LEB128, and lengths before what they count. */
export class Reader {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  get done() {
    return this.at >= this.bytes.length;
  }
  u8() {
    return this.bytes[this.at++]!;
  }
  u32() {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
  }
  signed(): bigint {
    let result = 0n;
    for (let shift = 0n; ; ) {
      const byte = this.u8();
      result |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return byte & 0x40 ? result - (1n << shift) : result;
    }
  }
  take(length: number) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  text() {
    return new TextDecoder().decode(this.take(this.u32()));
  }
}

export function readModule(bytes: Uint8Array): Module {
  const file = new Reader(bytes);
  file.take(8);
  const module: Module = {
    types: [],
    functions: [],
    imports: [],
    exports: new Map(),
    globals: [],
    memoryPages: 0,
    data: [],
    constants: [],
    vectors: [],
  };
  const typeOf: number[] = [];
  while (!file.done) {
    const id = file.u8();
    const section = new Reader(file.take(file.u32()));
    const list = (read: (index: number) => void) => {
      const count = section.u32();
      for (let i = 0; i < count; i++) read(i);
    };
    if (id === 1) {
      list(() => {
        section.u8();
        const parameters = section.take(section.u32()).length;
        module.types.push({ parameters, results: section.take(section.u32()).length });
      });
    } else if (id === 2) {
      list(() => {
        const name = `${section.text()}.${section.text()}`;
        if (section.u8() !== 0) throw new Error("only functions are imported");
        typeOf.push(section.u32());
        module.imports.push(name);
      });
    } else if (id === 3) list(() => typeOf.push(section.u32()));
    else if (id === 5) {
      list(() => {
        const hasMax = section.u8() & 1;
        module.memoryPages = section.u32();
        if (hasMax) section.u32();
      });
    } else if (id === 6) {
      list(() => {
        section.take(2);
        module.globals.push({ value: constant(section) });
      });
    } else if (id === 7) {
      list(() => {
        const name = section.text();
        const kind = section.u8();
        const index = section.u32();
        if (kind === 0) module.exports.set(name, index);
      });
    } else if (id === 10) {
      for (const [i, name] of module.imports.entries()) {
        const { parameters, results } = module.types[typeOf[i]!]!;
        module.functions.push({
          name,
          parameters,
          results,
          locals: parameters,
          code: new Int32Array(),
          offsets: new Int32Array(),
        });
      }
      list(() => {
        const size = section.u32();
        const end = section.at + size;
        const index = module.functions.length;
        const { parameters, results } = module.types[typeOf[index]!]!;
        let locals = parameters;
        for (let groups = section.u32(); groups > 0; groups--) {
          locals += section.u32();
          section.u8();
        }
        const { code, offsets } = compile(section, end, module);
        module.functions.push({ name: `function ${index}`, parameters, results, locals, code, offsets });
      });
    } else if (id === 11) {
      list(() => {
        if (section.u32() !== 0) throw new Error("passive data");
        const offset = Number(constant(section));
        module.data.push({ offset, bytes: section.take(section.u32()) });
      });
    } else if (id === 0 && section.text() === "name") {
      while (!section.done) {
        const kind = section.u8();
        const names = new Reader(section.take(section.u32()));
        if (kind !== 1) continue;
        for (let count = names.u32(); count > 0; count--) {
          const index = names.u32();
          module.functions[index]!.name = names.text();
        }
      }
    }
  }
  return module;
}

function constant(section: Reader): bigint {
  const op = section.u8();
  if (op !== 0x41 && op !== 0x42) throw new Error("a constant expression that is none");
  const value = section.signed();
  section.u8();
  return value;
}

/** Prefixed opcodes: 0xfc and 0xfd shifted left by 16, or'ed with their number. */
export const FC = 0x10000;
export const FD = 0x20000;

/** How many places of `code` follow an opcode. Only for those of vectors, whose number the machine does not know. */
export function immediatesOf(op: number): number {
  const n = op - FD;
  if (n >= 84 && n <= 91) return 2;
  return n <= 13 || (n >= 21 && n <= 34) || n === 92 || n === 93 ? 1 : 0;
}

function compile(section: Reader, end: number, module: Module) {
  const code: number[] = [];
  const offsets: number[] = [];
  /** Open blocks: where their end has to be written. */
  const open: { op: number; at: number }[] = [{ op: 0x02, at: -1 }];
  const blockArity = () => {
    const type = section.u8();
    if (type === 0x40) return 0;
    if (type >= 0x7b) return 1;
    section.at--;
    return module.types[Number(section.signed())]!.results;
  };
  while (section.at < end) {
    offsets[code.length] = section.at;
    let op = section.u8();
    if (op === 0xfc) op = FC | section.u32();
    else if (op === 0xfd) op = FD | section.u32();
    code.push(op);
    if (op === 0x02 || op === 0x03) {
      // block, loop: arity of a branch to it, where that goes
      const arity = blockArity();
      open.push({ op, at: code.length });
      code.push(op === 0x03 ? 0 : arity, op === 0x03 ? code.length - 1 : -1);
    } else if (op === 0x04) {
      // if: arity, the end, the else
      const arity = blockArity();
      open.push({ op, at: code.length });
      code.push(arity, -1, -1);
    } else if (op === 0x05) {
      // else: jumps to the end
      const block = open.at(-1)!;
      block.op = 0x05;
      code.push(-1);
      code[block.at + 2] = code.length;
    } else if (op === 0x0b) {
      const block = open.pop()!;
      if (block.at >= 0) {
        const here = code.length - 1; // At the end instruction, which pops the label.
        if (block.op === 0x02) code[block.at + 1] = here;
        else if (block.op === 0x04) {
          code[block.at + 1] = here;
          code[block.at + 2] = here;
        } else if (block.op === 0x05) {
          code[block.at + 1] = here;
          code[code[block.at + 2]! - 1] = here;
        }
      }
    } else if (op === 0x0c || op === 0x0d) code.push(section.u32());
    else if (op === 0x0e) {
      const count = section.u32();
      code.push(count);
      for (let i = 0; i <= count; i++) code.push(section.u32());
    } else if (op === 0x10 || (op >= 0x20 && op <= 0x24)) code.push(section.u32());
    else if (op === 0x11) throw new Error("indirect calls");
    else if (op >= 0x28 && op <= 0x3e) {
      section.u32();
      code.push(section.u32());
    } else if (op === 0x3f || op === 0x40) section.u8();
    else if (op === 0x41) code.push(Number(section.signed()));
    else if (op === 0x42) {
      code.push(module.constants.length);
      module.constants.push(BigInt.asIntN(64, section.signed()));
    } else if (op === 0x44) {
      code.push(module.constants.length);
      const bytes = section.take(8);
      module.constants.push(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
    } else if (op === 0x1c) section.take(section.u32());
    else if (op === (FC | 10)) section.take(2);
    else if (op === (FC | 11)) section.take(1);
    else if (op >= FD) {
      const n = op & 0xffff;
      if (n <= 11 || n === 92 || n === 93) {
        section.u32();
        code.push(section.u32());
      } else if (n >= 84 && n <= 91) {
        section.u32();
        code.push(section.u32(), section.u8());
      } else if (n === 12 || n === 13) {
        code.push(module.vectors.length);
        module.vectors.push(section.take(16).slice());
      } else if (n >= 21 && n <= 34) code.push(section.u8());
    }
  }
  return { code: Int32Array.from(code), offsets: Int32Array.from(offsets, (offset) => offset ?? 0) };
}
