// Accepts a webhook only if GitHub signed it: an HMAC-SHA-256 over the raw body, compared in constant time.
// Change a letter of the body, and it is refused.
const SECRET = "It's a Secret to Everybody";

const key = await crypto.subtle.importKey(
  "raw",
  new TextEncoder().encode(SECRET),
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"],
);

export default {
  async fetch(request) {
    if (request.method !== "POST") return new Response("send a POST\n", { status: 405 });

    // The signature covers the bytes as they were sent: verify first, parse afterwards.
    const body = await request.arrayBuffer();
    const header = request.headers.get("X-Hub-Signature-256") ?? "";
    const [, digits] = /^sha256=([0-9a-f]{64})$/.exec(header) ?? [];
    if (!digits) return new Response("not signed\n", { status: 401 });

    const signature = Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16));
    const valid = await crypto.subtle.verify("HMAC", key, signature, body);
    console.log("the signature is", valid ? "right" : "wrong");
    if (!valid) return new Response("wrong signature\n", { status: 401 });
    return new Response(`accepted ${body.byteLength} bytes\n`);
  },
};
