// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries

const DEMO_SECRET = "It's a Secret to Everybody";

interface Env {
  WEBHOOK_SECRET?: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== "POST") return reply(405, "send a POST");

    // The signature covers the bytes as they were sent: verify first, parse afterwards.
    const body = await request.arrayBuffer();
    const signature = parseSignature(request.headers.get("X-Hub-Signature-256"));
    if (!signature) return reply(401, "no X-Hub-Signature-256: sha256=<64 hexadecimal digits>");

    const key = await importSecret(env.WEBHOOK_SECRET || DEMO_SECRET);
    const valid = await crypto.subtle.verify("HMAC", key, signature, body);
    return valid ? reply(200, `accepted ${body.byteLength} bytes`) : reply(401, "wrong signature");
  },
};

function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function parseSignature(header: string | null): Uint8Array<ArrayBuffer> | undefined {
  const digits = header?.match(/^sha256=([0-9a-f]{64})$/i)?.[1];
  if (!digits) return undefined;
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

function reply(status: number, text: string): Response {
  return new Response(`${text}\n`, { status });
}
