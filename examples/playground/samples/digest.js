// crypto.subtle is NANO's: it is there on plain-http pages too, where browsers give none.
const ALGORITHMS = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default {
  async fetch(request) {
    const body = await request.arrayBuffer();
    const digests = {};
    for (const algorithm of ALGORITHMS) {
      digests[algorithm] = hex(await crypto.subtle.digest(algorithm, body));
    }
    return new Response(JSON.stringify({ bytes: body.byteLength, ...digests }, null, 2), {
      headers: { "Content-Type": "application/json" },
    });
  },
};
