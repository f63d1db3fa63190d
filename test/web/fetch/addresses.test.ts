/** Addresses and `allow`: the tables of RFC 6890's registries, and the ways around them that are closed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAddress, publicAddressesOnly } from "../../../ts/web/fetch/addresses.ts";
import { answer, OK, type RigOptions, rejection, rigged } from "./support.ts";

const hex = (text: string) => {
  const bytes = parseAddress(text);
  return bytes && Buffer.from(bytes).toString("hex");
};

test("addresses are read as RFC 4291 writes them, and nothing else is one", () => {
  const READ: Record<string, string | null> = {
    "192.0.2.1": "c0000201",
    "0.0.0.0": "00000000",
    "255.255.255.255": "ffffffff",
    "::": "00".repeat(16),
    "::1": `${"00".repeat(15)}01`,
    "2001:db8::8:800:200c:417a": "20010db80000000000080800200c417a",
    "1:2:3:4:5:6:7:8": "00010002000300040005000600070008",
    "1:2:3:4:5:6:7::": "00010002000300040005000600070000",
    "::2:3:4:5:6:7:8": "00000002000300040005000600070008",
    "::ffff:10.0.0.1": "00000000000000000000ffff0a000001",
    "1:2:3:4:5:6:1.2.3.4": "00010002000300040005000601020304",
  };
  for (const [text, expected] of Object.entries(READ)) assert.is(hex(text), expected, text);
  const NONE = [
    ...["", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "0x7f.0.0.1", "localhost"],
    ...[
      ":",
      ":::",
      "1:2",
      "1:2:3:4:5:6:7:8:9",
      "1::2::3",
      "12345::",
      "::g",
      "fe80::1%eth0",
      "1:2:3:4:5:6:7:8::",
    ],
    ...["::1.2.3", "::1.2.3.4:5", "[::1]", "1:2:3:4:5:6:7:1.2.3.4"],
  ];
  for (const text of NONE) assert.is(hex(text), null, text);
});

const url = new URL("http://a/");

test("publicAddressesOnly allows what is globally reachable", () => {
  const PUBLIC = [
    ...[
      "8.8.8.8",
      "1.1.1.1",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "126.255.255.255",
    ],
    ...["128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255"],
    ...[
      "198.20.0.0",
      "223.255.255.255",
      "2606:4700::1111",
      "2a00:1450::",
      "64:ff9b::8.8.8.8",
      "2002:808:808::",
    ],
    "::ffff:8.8.8.8",
  ];
  for (const address of PUBLIC) assert.is(publicAddressesOnly(address, url), true, address);
});

test("publicAddressesOnly refuses every special block, first and last, embedded addresses, and names", () => {
  const REFUSED = [
    ...["0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255"],
    ...["127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1"],
    ...["192.0.2.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1"],
    ...["203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
    ...[
      "::",
      "::1",
      "::7f00:1",
      "fc00::1",
      "fdff::1",
      "fe80::1",
      "febf::1",
      "ff02::1",
      "2001:db8::1",
      "100::1",
    ],
    ...["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"],
    ...["::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8", "::1:0:0:0", "ff:ffff::1"],
    ...[
      "64:ff9b::127.0.0.1",
      "64:ff9b:1::1",
      "2002:7f00:1::",
      "2002:a00:1::",
      "2001::1",
      "localhost",
      "a.example",
    ],
  ];
  for (const address of REFUSED) assert.is(publicAddressesOnly(address, url), false, address);
});

/** A network in which every name has these addresses. */
const resolving = (...addresses: string[]): NonNullable<RigOptions["network"]> => {
  return (network) => ({
    ...network,
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  });
};

test("allow sees each address before anything is connected to, and the URL", () => {
  const asked: string[] = [];
  const allow = (address: string, { href }: URL) => {
    asked.push(`${address} ${href}`);
    return address === "192.0.2.2";
  };
  const connected: string[] = [];
  return rigged(
    async (rig) => {
      const response = rig.fetch("http://a/x#y");
      (await rig.peer()).send(OK);
      await response;
      assert.equal(asked, ["192.0.2.1 http://a/x#y", "192.0.2.2 http://a/x#y", "2001:db8::1 http://a/x#y"]);
      assert.equal(connected, ["192.0.2.2"]);
    },
    {
      fetch: { allow },
      network: (network) => ({
        ...resolving("192.0.2.1", "192.0.2.2", "2001:db8::1")(network),
        connect: (options, handler) => {
          connected.push(options.hostname);
          return network.connect(options, handler);
        },
      }),
    },
  );
});

test("where allow refuses all of them, nothing is connected to", () =>
  rigged(
    async (rig) => {
      const error = await rejection(rig.fetch("http://inside/"));
      assert.instance(error, TypeError);
      assert.is(error.message, "fetch: inside (10.0.0.1, ::1) may not be connected to: fetch.allow refused");
      assert.is(rig.peers.length, 0);
    },
    { fetch: { allow: publicAddressesOnly }, network: resolving("10.0.0.1", "::1") },
  ));

test("addresses in URLs are shown as well, in whatever way they are written", () =>
  rigged(
    async (rig) => {
      for (const host of [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "127.1",
      ]) {
        const error = await rejection(rig.fetch(`http://${host}/`));
        assert.match(error.message, /may not be connected to: fetch.allow refused$/, host);
      }
      assert.is(rig.peers.length, 0);
    },
    { fetch: { allow: publicAddressesOnly } },
  ));

test("a redirect inside is refused, and so is a connection that is there already", () => {
  const inside = new Set(["/secret"]);
  return rigged(
    async (rig) => {
      const failure = rejection(rig.fetch("http://a/"));
      const peer = await rig.peer();
      await peer.request();
      peer.send(answer("", "location: /secret\r\n", "302 Found"));
      assert.match((await failure).message, /^fetch: a \(127.0.0.1\) may not be connected to/);
      assert.is(peer.requests().length, 1);
      // The connection is kept for others.
      const response = rig.fetch("http://a/open");
      await peer.request(2);
      peer.send(OK);
      await response;
    },
    { fetch: { allow: async (_, { pathname }) => !inside.has(pathname) } },
  );
});

test("what allow throws is what fetch rejects with", () => {
  const thrown = new Error("out of order");
  return rigged(
    async (rig) => {
      assert.is(await rejection(rig.fetch("http://a/")), thrown);
    },
    {
      fetch: {
        allow: () => {
          throw thrown;
        },
      },
    },
  );
});

test("an abort while allow is at it is an abort", () =>
  rigged(
    async (rig) => {
      const controller = new AbortController();
      const failure = rejection(rig.fetch("http://a/", { signal: controller.signal }));
      controller.abort();
      assert.is((await failure).name, "AbortError");
    },
    { fetch: { allow: () => new Promise(() => {}) } },
  ));

test.run();
