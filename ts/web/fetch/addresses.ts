/**
 * IP addresses, and who may be connected to: what keeps an app off the network that its host stands in.
 *
 * A name is resolved first; then `allow` sees every address, and a connection goes to exactly those that it allowed. So
 * a name that resolves to something harmless when it is checked and to something else when it is used (DNS rebinding)
 * gains nothing. Redirects, and connections that are used again, are asked for anew.
 */

/**
 * Whether a fetch of `url` may use a connection to `address`: an IPv4 or IPv6 address as text. Where a proxy or the
 * engine resolves the name, so that no address is known, it is the name itself.
 */
export type Allow = (address: string, url: URL) => boolean | Promise<boolean>;

/**
 * An `Allow` for public addresses alone: none of this machine, a private or link-local network, or any other block that
 * the IANA registries of special-purpose addresses (RFC 6890) call not globally reachable; no multicast; and no IPv6
 * address in which such an IPv4 address is embedded. Names are refused, since nobody knows where they lead.
 */
export const publicAddressesOnly: Allow = (address) => {
  const bytes = parseAddress(address);
  return bytes !== null && isPublic(bytes);
};

/**
 * An address as its 4 or 16 bytes; null for what is none. IPv4 is four decimal numbers without leading zeros, IPv6
 * as in RFC 4291 section 2.2, without a zone.
 */
export function parseAddress(text: string): Uint8Array | null {
  return text.includes(":") ? parseIPv6(text) : parseIPv4(text);
}

/** Address blocks as in a CIDR notation, with what embeds an IPv4 address: at which byte that begins. */
const NOT_PUBLIC = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private use
  "100.64.0.0/10", // shared with a carrier
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local, and where clouds keep their metadata
  "172.16.0.0/12", // private use
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays, deprecated
  "192.168.0.0/16", // private use
  "198.18.0.0/15", // benchmarking
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
  "::/8", // reserved: unspecified, loopback, IPv4-compatible and IPv4-translated, translation within a network
  "100::/64", // discard
  "100:0:0:1::/64", // dummy prefix
  "2001::/23", // protocol assignments, Teredo among them
  "2001:db8::/32", // documentation
  "3fff::/20", // documentation
  "5f00::/16", // segment routing
  "fc00::/7", // private use
  "fe80::/10", // link-local
  "fec0::/10", // site-local, deprecated
  "ff00::/8", // multicast
].map(parseBlock);

/** What is globally reachable if the IPv4 address in it is: IPv4-mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056). */
const EMBEDDING = [
  { block: parseBlock("::ffff:0:0/96"), at: 12 },
  { block: parseBlock("64:ff9b::/96"), at: 12 },
  { block: parseBlock("2002::/16"), at: 2 },
];

function isPublic(address: Uint8Array): boolean {
  const embedding = EMBEDDING.find(({ block }) => contains(block, address));
  if (embedding) return isPublic(address.subarray(embedding.at, embedding.at + 4));
  return !NOT_PUBLIC.some((block) => contains(block, address));
}

interface Block {
  prefix: Uint8Array;
  bits: number;
}

function parseBlock(text: string): Block {
  const [prefix = "", bits] = text.split("/");
  return { prefix: parseAddress(prefix)!, bits: Number(bits) };
}

function contains({ prefix, bits }: Block, address: Uint8Array): boolean {
  if (prefix.length !== address.length) return false;
  const whole = bits >> 3;
  for (let at = 0; at < whole; at++) if (prefix[at] !== address[at]) return false;
  const rest = 8 - (bits & 7);
  return rest === 8 || prefix[whole]! >> rest === address[whole]! >> rest;
}

function parseIPv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return null;
  return Uint8Array.from(parts, Number);
}

function parseIPv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupsOf);
  if (!head || tail === null) return null;
  if (tail === undefined) return head.length === 16 ? Uint8Array.from(head) : null;
  // The two colons stand for one group of zeros at least.
  const zeros = 16 - head.length - tail.length;
  return zeros >= 2 ? Uint8Array.from([...head, ...new Array<number>(zeros).fill(0), ...tail]) : null;
}

/** Groups of 16 bits as bytes; the last one may be an IPv4 address. */
function groupsOf(text: string): number[] | null {
  const bytes: number[] = [];
  if (text === "") return bytes;
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    const embedded = index === groups.length - 1 && group.includes(".") ? parseIPv4(group) : null;
    if (embedded) bytes.push(...embedded);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const number = Number.parseInt(group, 16);
      bytes.push(number >> 8, number & 0xff);
    } else return null;
  }
  return bytes.length <= 16 ? bytes : null;
}
