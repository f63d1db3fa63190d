/** Source lines of a module's instructions, out of its debug information: DWARF 5, section 6.2, and version 4's. */
import { Reader } from "./module.ts";

export interface Line {
  file: string;
  line: number;
}

/** Finds the line of an offset into the code section. */
export function readLines(wasm: Uint8Array): (offset: number) => Line | undefined {
  const sections = customSections(wasm);
  const strings = sections.get(".debug_str") ?? new Uint8Array();
  const lineStrings = sections.get(".debug_line_str") ?? new Uint8Array();
  const program = sections.get(".debug_line");
  if (!program) throw new Error("the module has no debug information");
  const rows: { offset: number; file: string; line: number }[] = [];
  const reader = new Reader(program);
  while (!reader.done) readUnit(reader, strings, lineStrings, rows);
  rows.sort((a, b) => a.offset - b.offset);
  return (offset) => {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return rows[low - 1];
  };
}

function customSections(wasm: Uint8Array): Map<string, Uint8Array> {
  const sections = new Map<string, Uint8Array>();
  const file = new Reader(wasm);
  file.take(8);
  while (!file.done) {
    const id = file.u8();
    const section = new Reader(file.take(file.u32()));
    if (id === 0) sections.set(section.text(), section.take(section.bytes.length - section.at));
  }
  return sections;
}

const u16 = (reader: Reader) => reader.u8() | (reader.u8() << 8);
const u32 = (reader: Reader) => (u16(reader) | (u16(reader) << 16)) >>> 0;

function textAt(bytes: Uint8Array, at: number): string {
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

function cString(reader: Reader): string {
  const text = textAt(reader.bytes, reader.at);
  reader.at += new TextEncoder().encode(text).length + 1;
  return text;
}

function readUnit(
  all: Reader,
  strings: Uint8Array,
  lineStrings: Uint8Array,
  rows: { offset: number; file: string; line: number }[],
): void {
  const unit = new Reader(all.take(u32(all)));
  const version = u16(unit);
  if (version >= 5) unit.take(2); // Sizes of addresses and of segment selectors.
  const headerBytes = u32(unit);
  const programAt = unit.at + headerBytes;
  const instructionBytes = unit.u8();
  if (version >= 4) unit.u8();
  unit.u8();
  const lineBase = (unit.u8() << 24) >> 24;
  const lineRange = unit.u8();
  const opcodeBase = unit.u8();
  const operands = unit.take(opcodeBase - 1);
  const names: string[] = [];
  if (version >= 5) {
    const table = () => {
      const forms: [content: number, form: number][] = [];
      for (let count = unit.u8(); count > 0; count--) forms.push([unit.u32(), unit.u32()]);
      const entries: { name: string; folder: number }[] = [];
      for (let count = unit.u32(); count > 0; count--) {
        const entry = { name: "", folder: 0 };
        for (const [content, form] of forms) {
          let value: string | number = 0;
          if (form === 0x08) value = cString(unit);
          else if (form === 0x1f) value = textAt(lineStrings, u32(unit));
          else if (form === 0x0e) value = textAt(strings, u32(unit));
          else if (form === 0x0b) value = unit.u8();
          else if (form === 0x05) value = u16(unit);
          else if (form === 0x0f) value = unit.u32();
          else if (form === 0x1e) unit.take(16);
          else throw new Error(`DWARF form ${form}`);
          if (content === 1) entry.name = String(value);
          if (content === 2) entry.folder = Number(value);
        }
        entries.push(entry);
      }
      return entries;
    };
    const folders = table();
    for (const { name, folder } of table()) names.push(`${folders[folder]?.name ?? ""}/${name}`);
  } else {
    const folders = [""];
    for (let folder = cString(unit); folder !== ""; folder = cString(unit)) folders.push(folder);
    names.push("");
    for (let name = cString(unit); name !== ""; name = cString(unit)) {
      names.push(`${folders[unit.u32()]}/${name}`);
      unit.u32();
      unit.u32();
    }
  }
  unit.at = programAt;
  let [offset, file, line] = [0, 1, 1];
  // Line 0 is code that belongs to no line: it counts as the one before.
  const row = () => line > 0 && rows.push({ offset, file: names[file] ?? "", line });
  while (!unit.done) {
    const op = unit.u8();
    if (op >= opcodeBase) {
      const adjusted = op - opcodeBase;
      offset += Math.floor(adjusted / lineRange) * instructionBytes;
      line += lineBase + (adjusted % lineRange);
      row();
    } else if (op === 0) {
      const length = unit.u32();
      const end = unit.at + length;
      const extended = unit.u8();
      if (extended === 1) [offset, file, line] = [0, 1, 1];
      else if (extended === 2) offset = u32(unit);
      unit.at = end;
    } else if (op === 1) row();
    else if (op === 2) offset += unit.u32() * instructionBytes;
    else if (op === 3) line += Number(unit.signed());
    else if (op === 4) file = unit.u32();
    else if (op === 8) offset += Math.floor((255 - opcodeBase) / lineRange) * instructionBytes;
    else if (op === 9) offset += u16(unit);
    else for (let i = operands[op - 1]!; i > 0; i--) unit.u32();
  }
}
