/** Colour on a terminal, plain text anywhere else or where NO_COLOR is set (https://no-color.org). */

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

/** The style for what is written to a stream: ECMA-48 SGR sequences, each undone by its own ending. */
export function styleOf(stream: { isTTY?: boolean }): Style {
  const coloured = stream.isTTY === true && !process.env.NO_COLOR;
  const sgr = (begin: number, end: number) => (text: string) =>
    coloured ? `\x1b[${begin}m${text}\x1b[${end}m` : text;
  return { bold: sgr(1, 22), dim: sgr(2, 22), red: sgr(31, 39), green: sgr(32, 39), cyan: sgr(36, 39) };
}

/** Text that somebody else wrote, on one line, without what a terminal would obey: ECMA-48's controls, C0 and C1. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (control) => {
    return `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
