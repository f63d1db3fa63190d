/**
 * An HTTP/1.1 client on any network of NANO's: writes a request as it is given, byte by byte, and reads the response
 * as RFC 9112 frames it. What the visitor typed goes to the server's parser unseen, mistakes included.
 */

/**
 * Sends `request` on a connection of its own, which ends with the response.
 *
 * @param {boolean} bodiless whether the response ends with its head, as one to HEAD does
 * @param {{ head(head: ResponseHead): void, body(bytes: Uint8Array): void, end(error?: Error): void }} told `head` once,
 *   `body` for each piece of the content, `end` last and in any case.
 */
export async function send(network, address, request, bodiless, told) {
  const reader = new ResponseReader(bodiless, told);
  await network.connect(address, (connection) => {
    connection.write(request);
    return {
      data(bytes) {
        reader.read(bytes);
        if (reader.complete) connection.end();
      },
      drain() {},
      end() {
        reader.ended();
        connection.end();
      },
      close: (error) => reader.ended(error),
    };
  });
}

/**
 * @typedef {object} ResponseHead
 * @property {number} status
 * @property {string} reason
 * @property {[string, string][]} headers names as they came
 */

class ResponseReader {
  /** How the rest is to be read: one of the methods below, each of which takes bytes and returns those left over. */
  #state = this.#readHead;
  #text = "";
  #left = 0;
  #bodiless;
  #told;
  complete = false;

  constructor(bodiless, told) {
    this.#bodiless = bodiless;
    this.#told = told;
  }

  read(bytes) {
    let rest = bytes;
    while (rest.length > 0) rest = this.#state(rest);
  }

  /** Nothing more will come. */
  ended(error) {
    if (this.complete) return;
    const early =
      this.#state === this.#readUntilClose ? undefined : "the connection ended before the response did";
    this.#finish(error ?? (early && new Error(early)));
  }

  #finish(error) {
    this.#state = this.#ignore;
    this.complete = true;
    this.#told.end(error);
  }

  /** Up to the empty line. Interim responses (100 to 199) are passed over. */
  #readHead(bytes) {
    const line = this.#readLine(bytes);
    if (!this.#text.endsWith("\n\n")) return line;
    const [start, ...fields] = this.#text.trimEnd().split("\n");
    const [, status, reason] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(start) ?? [];
    this.#text = "";
    if (status?.startsWith("1")) return line;

    const headers = fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    });
    const find = (wanted) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
    this.#told.head({ status: Number(status), reason, headers });
    this.#left = Number(find("content-length") ?? Number.POSITIVE_INFINITY);
    if (this.#bodiless || status === "204" || status === "304" || this.#left === 0) this.#finish();
    else if (find("transfer-encoding") === "chunked") this.#state = this.#readChunkSize;
    else this.#state = this.#left < Number.POSITIVE_INFINITY ? this.#readLength : this.#readUntilClose;
    return line;
  }

  /** Adds to the text, to the end of the line at most, without its carriage return. */
  #readLine(bytes) {
    const end = bytes.indexOf(0x0a) + 1 || bytes.length;
    for (const byte of bytes.subarray(0, end)) if (byte !== 0x0d) this.#text += String.fromCharCode(byte);
    return bytes.subarray(end);
  }

  #readLength(bytes) {
    const content = bytes.subarray(0, this.#left);
    this.#left -= content.length;
    this.#told.body(content);
    if (this.#left === 0) this.#finish();
    return bytes.subarray(content.length);
  }

  #readUntilClose(bytes) {
    this.#told.body(bytes);
    return bytes.subarray(bytes.length);
  }

  #readChunkSize(bytes) {
    const rest = this.#readLine(bytes);
    if (!this.#text.endsWith("\n")) return rest;
    this.#left = Number.parseInt(this.#text, 16);
    this.#text = "";
    if (this.#left === 0) this.#finish();
    else this.#state = this.#readChunk;
    return rest;
  }

  #readChunk(bytes) {
    const content = bytes.subarray(0, this.#left);
    this.#left -= content.length;
    this.#told.body(content);
    if (this.#left === 0) this.#state = this.#readChunkEnd;
    return bytes.subarray(content.length);
  }

  #readChunkEnd(bytes) {
    const rest = this.#readLine(bytes);
    if (!this.#text.endsWith("\n")) return rest;
    this.#text = "";
    this.#state = this.#readChunkSize;
    return rest;
  }

  /** The response is complete. */
  #ignore(bytes) {
    return bytes.subarray(bytes.length);
  }
}
