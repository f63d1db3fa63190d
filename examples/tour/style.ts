export const style = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1b1f27, #e8eaf0);
  --soft: light-dark(#5b6472, #9aa3b2);
  --page: light-dark(#f4f5f8, #12141a);
  --card: light-dark(#ffffff, #1b1e27);
  --line: light-dark(#d9dde5, #313643);
  --accent: light-dark(#b4540a, #f7a41d);
  --on-accent: light-dark(#ffffff, #201400);
  --good: light-dark(#17743a, #5fd38b);
  --bad: light-dark(#b3261e, #ff8a80);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 72rem;
  padding: clamp(1rem, 4vw, 3rem);
  background: var(--page);
  color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}
header { max-width: 40rem; margin-bottom: 2rem; }
h1 { margin: 0; font-size: clamp(2.5rem, 8vw, 4rem); line-height: 1; letter-spacing: -0.03em; color: var(--accent); }
h2 { margin: 0; font-size: 1.125rem; }
p { margin: 0; color: var(--soft); }
header p { margin-top: 0.75rem; font-size: 1.125rem; }
main { display: grid; gap: 1rem; }
@media (min-width: 40rem) { main { grid-template-columns: repeat(2, 1fr); } }
@media (min-width: 64rem) {
  main { grid-template-columns: repeat(4, 1fr); }
  section:nth-child(-n + 2) { grid-column: span 2; }
}
section {
  display: flex;
  flex-direction: column;
  gap: 0.75rem;
  min-width: 0;
  padding: 1.25rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.75rem;
}
section > label, legend { padding: 0; font-size: 0.875rem; color: var(--soft); }
section > label { margin-bottom: -0.5rem; }
input:not([type]), textarea {
  width: 100%;
  padding: 0.5rem 0.75rem;
  background: var(--page);
  color: inherit;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  font: inherit;
}
textarea { resize: vertical; }
fieldset { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 0; padding: 0; border: 0; }
fieldset label { display: flex; align-items: center; gap: 0.375rem; min-height: 2rem; }
input[type=radio] { margin: 0; accent-color: var(--accent); }
.buttons { display: flex; gap: 0.5rem; }
button {
  min-height: 2.5rem;
  padding: 0.25rem 1rem;
  background: var(--accent);
  color: var(--on-accent);
  border: 0;
  border-radius: 0.5rem;
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:disabled { opacity: 0.4; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
output, dd, code { font: 0.875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
output { display: block; min-height: 2.75rem; padding: 0.625rem 0.75rem; background: var(--page); border-radius: 0.5rem; }
[data-state=good] { color: var(--good); }
[data-state=bad] { color: var(--bad); }
dl { display: grid; grid-template-columns: 1fr auto; gap: 0.25rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 2rem; color: var(--soft); }
`;
