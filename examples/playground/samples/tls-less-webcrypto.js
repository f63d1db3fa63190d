// Browsers keep crypto.subtle from pages that came by plain http. Here it is NANO's, and there all the same: this app
// signs what it is sent, verifies it, encrypts it and decrypts it, with keys of its own.
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const keyPair = await crypto.subtle.generateKey(ES256, false, ["sign", "verify"]);
const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

function base64(buffer) {
  return btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
}

export default {
  async fetch(request) {
    const message = new Uint8Array(await request.arrayBuffer());
    const another = new Uint8Array([...message, 33]);
    const signature = await crypto.subtle.sign(ES256, keyPair.privateKey, message);
    const verify = (bytes) => crypto.subtle.verify(ES256, keyPair.publicKey, signature, bytes);

    const iv = crypto.getRandomValues(new Uint8Array(12));
    const encrypted = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, message);
    const decrypted = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, encrypted);

    const answer = {
      isSecureContext: globalThis.isSecureContext,
      signature: base64(signature),
      verified: await verify(message),
      verifiedAnother: await verify(another),
      encrypted: base64(encrypted),
      decrypted: new TextDecoder().decode(decrypted),
    };
    return new Response(JSON.stringify(answer, null, 2), { headers: { "Content-Type": "application/json" } });
  },
};
