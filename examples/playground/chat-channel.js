/**
 * What two people need to write to each other so that whoever carries it reads nothing, and changes nothing unnoticed.
 *
 * Each makes a pair of keys for X25519 (RFC 7748) for this conversation alone, and sends the public one. Out of the secret
 * that they share, HKDF with SHA-256 (RFC 5869) makes a key for each direction, its `info` being the protocol's name, the
 * sender's public key and the receiver's. Messages are sealed with AES-256-GCM; a message's number is its nonce.
 *
 * Who carries the keys could have put others in their place. So both are shown a safety number, made of both public keys:
 * if it is the same on both sides, nobody is in between. People compare it by another way, such as a call.
 */
const PROTOCOL = new TextEncoder().encode("nanort chat 1");
const X25519 = { name: "X25519" };
const AES = { name: "AES-GCM", length: 256 };

export class Channel {
  #crypto;
  #privateKey;
  #sealing;
  #opening;
  #sent = 0;
  #received = 0;
  #safetyNumber;

  /** What the other is to be sent. */
  publicKey;

  /** @param {Crypto} crypto with a `subtle`: NANO's, where the page has none */
  static async create(crypto) {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(X25519, false, ["deriveKey"]);
    const channel = new Channel();
    channel.#crypto = crypto;
    channel.#privateKey = privateKey;
    channel.publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
    return channel;
  }

  /**
   * Once: the private key is forgotten, so that whoever gets hold of this page later cannot derive the others anew.
   *
   * @param {Uint8Array} theirs the other's public key
   */
  async connect(theirs) {
    const { subtle } = this.#crypto;
    const ours = this.publicKey;
    const privateKey = this.#privateKey;
    this.#privateKey = undefined;
    if (!privateKey) throw new Error("another key came before");
    const publicKey = await subtle.importKey("raw", theirs, X25519, false, []);
    const agreement = { ...X25519, public: publicKey };
    const secret = await subtle.deriveKey(agreement, privateKey, "HKDF", false, ["deriveKey"]);
    const keyFor = (from, to, usage) => {
      const info = concatenate(PROTOCOL, from, to);
      const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
      return subtle.deriveKey(hkdf, secret, AES, false, [usage]);
    };
    this.#sealing = await keyFor(ours, theirs, "encrypt");
    this.#opening = await keyFor(theirs, ours, "decrypt");
    this.#safetyNumber = await safetyNumberOf(subtle, ours, theirs);
  }

  /** Twelve groups of five digits, the same for both; undefined before `connect`. */
  get safetyNumber() {
    return this.#safetyNumber;
  }

  /** @returns {Promise<{ number: number, sealed: Uint8Array }>} */
  async seal(text) {
    const number = ++this.#sent;
    const bytes = new TextEncoder().encode(text);
    const sealed = await this.#crypto.subtle.encrypt(parametersOf(number), this.#sealing, bytes);
    return { number, sealed: new Uint8Array(sealed) };
  }

  /**
   * @returns {Promise<{ text: string, missing: number }>} and how many messages before it never arrived
   * @throws Error for a message that the other did not write, or that has been here before
   */
  async open({ number, sealed }) {
    // Of any other the nonce would be one of these.
    const isNumber = Number.isInteger(number) && number >= 1 && number <= NUMBER_MAX;
    if (!isNumber) throw new Error("it has no number");
    const bytes = await this.#crypto.subtle.decrypt(parametersOf(number), this.#opening, sealed);
    if (number <= this.#received) throw new Error("it has been here before");
    const missing = number - this.#received - 1;
    this.#received = number;
    return { text: new TextDecoder().decode(bytes), missing };
  }
}

/** The nonce has 96 bits: the number is the last 32. Nobody writes more messages than that. */
const NUMBER_MAX = 2 ** 32 - 1;

function parametersOf(number) {
  const iv = new DataView(new ArrayBuffer(12));
  iv.setUint32(8, number);
  return { name: "AES-GCM", iv };
}

/**
 * Six groups for each key, in order. Whoever is in between needs two keys of their own, one with the number of either
 * side's, and tries some 2^99 of them; for a number made of both keys at once the root of so many would do.
 */
async function safetyNumberOf(subtle, ...keys) {
  const numbers = keys.map(async (key) => {
    const digest = new DataView(await subtle.digest("SHA-256", concatenate(PROTOCOL, key)));
    const groups = [0, 4, 8, 12, 16, 20].map((at) => digest.getUint32(at) % 100_000);
    return groups.map((group) => String(group).padStart(5, "0")).join(" ");
  });
  return (await Promise.all(numbers)).sort().join(" ");
}

function concatenate(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
