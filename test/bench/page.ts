/** The tables as one page of bars: no script, no network, light and dark. */
import { type Measurement, type Table, telling } from "./lib.ts";

const STYLE = `
  :root { color-scheme: light dark; --text: #1d2126; --soft: #667; --page: #fbfbf9; --bar: #c5ccd6; --nano: #e8590c; }
  @media (prefers-color-scheme: dark) { :root { --text: #e8e8e4; --soft: #99a; --page: #16181b; --bar: #3d4550; } }
  body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 56rem; background: var(--page); color: var(--text);
    font: 15px/1.45 system-ui, sans-serif; }
  h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 3rem 0 0; } h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
  p { margin: .2rem 0; color: var(--soft); }
  dl { display: grid; grid-template-columns: minmax(7rem, 12rem) 1fr; gap: .15rem .75rem; margin: 0; align-items: center; }
  dt { text-align: right; } dd { margin: 0; display: flex; gap: .5rem; align-items: center; font-variant-numeric: tabular-nums; }
  dd i { display: block; height: .8rem; min-width: 1px; background: var(--bar); border-radius: 2px; }
  .nano { font-weight: 600; } .nano i { background: var(--nano); }
`;

const MEANING: Record<Table["unit"], string> = {
  ns: "Nanoseconds an operation, fastest slice. Shorter is better.",
  ms: "Milliseconds, median. Shorter is better.",
  count: "Median. Shorter is better.",
  KiB: "KiB of resident memory, median. Shorter is better.",
  "per second": "A second, median. Longer is better.",
};

export function page(machine: string, tables: Table[]): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>NANO benchmarks</title><style>${STYLE}</style>
<h1>NANO benchmarks</h1>
<p>${escapeText(machine)}. Bars of one group were measured in turns; compare within a group only.</p>
${tables.map(section).join("\n")}
</html>
`;
}

function section(table: Table): string {
  const value = (m: Measurement) => telling(m, table.unit);
  const groups = table.rows.map(({ name, measurements }) => {
    const longest = Math.max(...measurements.map(value)) || 1; // Where all are 0.
    const bars = measurements.map((m) => {
      const kind = m.contender.startsWith("nano") || m.contender.includes("arena") ? ` class="nano"` : "";
      const width = ((value(m) / longest) * 70).toFixed(2);
      return `<dt${kind}>${escapeText(m.contender)}</dt><dd${kind}><i style="width:${width}%"></i>${number(value(m))}</dd>`;
    });
    return `<h3>${escapeText(name)}</h3><dl>${bars.join("")}</dl>`;
  });
  return `<h2>${escapeText(table.title)}</h2><p>${MEANING[table.unit]}</p>${groups.join("\n")}`;
}

function number(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
