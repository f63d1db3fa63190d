/**
 * A code editor out of a textarea: the browser's own editing, undo and selection, with line numbers beside it and the
 * same text in colours below it. The textarea's own text is transparent; without this script it is a plain one.
 *
 *   Tab, Shift+Tab     indents, or takes an indent back: of all lines that are selected
 *   Escape, then Tab   leaves the editor
 *   Enter              keeps the indent
 */

const INDENT = "  ";

const KEYWORDS =
  "async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|from|function|" +
  "if|import|in|instanceof|let|new|of|return|static|super|switch|this|throw|try|typeof|var|void|while|yield|" +
  "true|false|null|undefined";

/** By the names of their groups, which are classes in style.css. Good enough to read by; no parser. */
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>\/\/.*|\/\*[^]*?(?:\*\/|$))`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|${"`"}(?:\\[^]|[^${"`"}\\])*${"`"}?)`,
    String.raw`(?<regexp>(?<=(?:^|[=(,:[!&|?{};])\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*)`,
    String.raw`(?<keyword>(?<![\w$.])(?:${KEYWORDS})(?![\w$]))`,
    String.raw`(?<number>(?<![\w$])\d[\w.]*)`,
    String.raw`(?<call>[\w$]+(?=\())`,
  ].join("|"),
  "gm",
);

/**
 * @param {HTMLTextAreaElement} textarea
 * @param {HTMLElement} colours a `pre` of the same size and font
 * @param {HTMLElement} numbers
 * @returns {{ value: string }} the text, to read and to replace
 */
export function makeEditor(textarea, colours, numbers) {
  const show = () => {
    colours.replaceChildren(...highlighted(textarea.value), "\n");
    const lines = textarea.value.split("\n").length;
    numbers.textContent = Array.from({ length: lines }, (_, i) => i + 1).join("\n");
    follow();
  };
  const follow = () => {
    colours.scrollTop = numbers.scrollTop = textarea.scrollTop;
    colours.scrollLeft = textarea.scrollLeft;
  };

  let leaving = false;
  textarea.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Tab" && !leaving) {
      event.preventDefault();
      if (event.shiftKey) changeLines(textarea, (line) => line.replace(/^ {1,2}/, ""));
      else if (isOneLine(textarea)) insert(textarea, INDENT);
      else changeLines(textarea, (line) => INDENT + line);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      insert(textarea, `\n${nextIndent(textarea)}`);
    }
    if (event.key !== "Shift") leaving = event.key === "Escape";
  });
  textarea.addEventListener("blur", () => {
    leaving = false;
  });
  textarea.addEventListener("input", show);
  textarea.addEventListener("scroll", follow);
  show();

  return {
    get value() {
      return textarea.value;
    },
    set value(text) {
      textarea.value = text;
      textarea.scrollTo(0, 0);
      textarea.setSelectionRange(0, 0);
      show();
    },
  };
}

function* highlighted(code) {
  let done = 0;
  for (const { index, 0: text, groups } of code.matchAll(TOKENS)) {
    yield code.slice(done, index);
    const token = document.createElement("span");
    token.className = Object.keys(groups).find((name) => groups[name] !== undefined);
    token.textContent = text;
    yield token;
    done = index + text.length;
  }
  yield code.slice(done);
}

function isOneLine({ value, selectionStart, selectionEnd }) {
  return !value.slice(selectionStart, selectionEnd).includes("\n");
}

/** That of the line with the caret, and one more behind an opening bracket. */
function nextIndent({ value, selectionStart }) {
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  return /^ */.exec(line)[0] + (/[([{]$/.test(line) ? INDENT : "");
}

/** Changes each line that the selection touches, and selects them. */
function changeLines(textarea, change) {
  const { value, selectionStart, selectionEnd } = textarea;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const last = Math.max(start, selectionEnd - (value[selectionEnd - 1] === "\n" ? 1 : 0));
  const end = (value.indexOf("\n", last) + 1 || value.length + 1) - 1;
  const before = value.slice(start, end);
  const after = before.split("\n").map(change).join("\n");
  if (after === before) return;
  textarea.setSelectionRange(start, end);
  insert(textarea, after);
  const caret = Math.max(start, selectionStart + after.length - before.length);
  if (before.includes("\n")) textarea.setSelectionRange(start, start + after.length);
  else textarea.setSelectionRange(caret, caret);
}

/** Types text in place of the selection. This command is the only way that leaves undo working. */
function insert(textarea, text) {
  if (document.execCommand("insertText", false, text)) return;
  textarea.setRangeText(text, textarea.selectionStart, textarea.selectionEnd, "end");
  textarea.dispatchEvent(new Event("input"));
}
