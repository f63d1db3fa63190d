/** Values of one version, as files in test/vectors/serialize hold them: a name in a line, then bytes in hex. */
export function parseGolden(text: string): Map<string, Uint8Array> {
  const entries = text.split("\n\n").filter((entry) => !entry.startsWith("#"));
  return new Map(
    entries.map((entry) => {
      const [name, ...lines] = entry.trimEnd().split("\n");
      const hex = lines.map((line) => line.split(";")[0]!).join("");
      return [name!, new Uint8Array(Buffer.from(hex.replace(/\s/g, ""), "hex"))];
    }),
  );
}
