/** A response as it comes in: its status at once, text while it arrives, images and other bytes when they are all there. */

const TEXT = /^text\/|[/+](json|xml|javascript|x-www-form-urlencoded)\b/;
/** Bytes that are no text are shown as hexadecimal digits, so many of them. */
const HEX_BYTES = 4096;
const HEX_COLUMNS = 16;

export class ResponseView {
  #status;
  #headers;
  #body;
  #title = "";
  #good = true;
  #type = "";
  #decoder;
  /** What is no text. */
  #pieces = [];
  #imageUrl;

  /** @param status @param headers a `dl` @param body a `pre` */
  constructor(status, headers, body) {
    this.#status = status;
    this.#headers = headers;
    this.#body = body;
  }

  /** @param {"" | "good" | "bad"} mood */
  say(text, mood = "") {
    this.#status.textContent = text;
    this.#status.dataset.mood = mood;
  }

  /** Forgets the response before. */
  begin() {
    this.#headers.replaceChildren();
    this.#body.replaceChildren();
    this.#title = "";
    this.#decoder = undefined;
    this.#pieces = [];
    if (this.#imageUrl) URL.revokeObjectURL(this.#imageUrl);
    this.#imageUrl = undefined;
  }

  head({ status, reason, headers, ms }) {
    this.#title = `${status} ${reason}`;
    this.#good = status < 400;
    this.say(`${this.#title} · after ${duration(ms)}`, this.#mood);
    for (const [name, value] of headers) {
      const term = document.createElement("dt");
      const description = document.createElement("dd");
      term.textContent = name;
      description.textContent = value;
      this.#headers.append(term, description);
    }
    const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "text/plain";
    this.#type = type.toLowerCase();
    this.#decoder = TEXT.test(this.#type) ? new TextDecoder() : undefined;
  }

  body(bytes) {
    if (this.#decoder) this.#body.append(this.#decoder.decode(bytes, { stream: true }));
    else this.#pieces.push(bytes);
  }

  end({ ms, length, error }) {
    if (error) {
      this.say(`${this.#title ? `${this.#title}, but ` : ""}${error}`, "bad");
    } else {
      this.say(`${this.#title} · ${duration(ms)} · ${count(length)}`, this.#mood);
    }
    if (this.#decoder) this.#body.append(this.#decoder.decode());
    else this.#showBytes();
    const shown = this.#decoder ? 1024 * 1024 : HEX_BYTES;
    if (length > shown && !this.#imageUrl) this.#body.append(`\n… ${count(length)} in all`);
  }

  get #mood() {
    return this.#good ? "good" : "bad";
  }

  #showBytes() {
    if (this.#type.startsWith("image/")) {
      this.#imageUrl = URL.createObjectURL(new Blob(this.#pieces, { type: this.#type }));
      const image = new Image();
      image.alt = `the response, ${this.#type}`;
      image.src = this.#imageUrl;
      this.#body.append(image);
    } else {
      this.#body.append(hexDump(first(HEX_BYTES, this.#pieces)));
    }
  }
}

function first(length, pieces) {
  const bytes = [];
  for (const piece of pieces) bytes.push(...piece.subarray(0, length - bytes.length));
  return bytes;
}

function hexDump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += HEX_COLUMNS) {
    const row = bytes.slice(at, at + HEX_COLUMNS);
    const digits = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${digits.padEnd(HEX_COLUMNS * 3)} ${text}`);
  }
  return lines.join("\n");
}

const duration = (ms) => (ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`);
const count = (bytes) => `${bytes.toLocaleString("en")} ${bytes === 1 ? "byte" : "bytes"}`;
