import {
  createHmac,
  generateKeyPairSync,
  sign as hostSign,
  verify as hostVerify,
  type KeyObject,
} from "node:crypto";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Claims, InvalidToken, sign, verify } from "../../examples/jwt/jwt.ts";
import { exportPem, importPem } from "../../examples/jwt/pem.ts";
import { nanort } from "../cli/nanort.ts";

const nano = createRuntimeSync();
nano.install(globalThis, { only: ["crypto"] });

const ES256 = { name: "ECDSA", namedCurve: "P-256" };
const PS256 = { name: "RSA-PSS", hash: "SHA-256" };
const ALGORITHMS = { ES256, PS256 };
type Alg = keyof typeof ALGORITHMS;

/** Key pairs that the host made, and the same as WebCrypto has them. */
const HOST_KEYS = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  PS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const pems = (alg: Alg) => {
  const { privateKey, publicKey } = HOST_KEYS[alg];
  return {
    private: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    public: String(publicKey.export({ type: "spki", format: "pem" })),
  };
};
const keysOf = async (alg: Alg) => ({
  privateKey: await importPem("pkcs8", pems(alg).private, ALGORITHMS[alg], ["sign"]),
  publicKey: await importPem("spki", pems(alg).public, ALGORITHMS[alg], ["verify"]),
});
const KEYS = { ES256: await keysOf("ES256"), PS256: await keysOf("PS256") };

const now = Math.floor(Date.now() / 1000);
const claims: Claims = { sub: "ada", name: "Ada Löwenherz", exp: now + 3600 };
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const parsed = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString());

/** What JWS asks of node:crypto: r and s for ECDSA, a salt as long as the digest for RSA-PSS. */
const asJws = (key: KeyObject) => ({ key, dsaEncoding: "ieee-p1363" as const, padding: 6, saltLength: 32 });

/** A token signed by the host, whatever it says. */
function forge(alg: Alg, header: unknown, payload: unknown): string {
  const signed = `${part(header)}.${part(payload)}`;
  const signature = hostSign("sha256", Buffer.from(signed), asJws(HOST_KEYS[alg].privateKey));
  return `${signed}.${signature.toString("base64url")}`;
}

async function refusal(token: string, alg: Alg): Promise<string> {
  const error: Error = await verify(token, KEYS[alg].publicKey).then(
    () => new Error("it was accepted"),
    (error) => error,
  );
  assert.instance(error, InvalidToken, error.message);
  return error.message;
}

for (const alg of ["ES256", "PS256"] as const) {
  test(`${alg}: the host verifies what was signed here, and the reverse`, async () => {
    const token = await sign(claims, KEYS[alg].privateKey);
    const [header, payload, signature] = token.split(".") as [string, string, string];
    assert.equal([parsed(header), parsed(payload)], [{ alg, typ: "JWT" }, claims]);
    const bytes = Buffer.from(signature, "base64url");
    const signed = Buffer.from(`${header}.${payload}`);
    assert.ok(hostVerify("sha256", signed, asJws(HOST_KEYS[alg].publicKey), bytes));
    assert.equal(await verify(token, KEYS[alg].publicKey), claims);
    assert.equal(await verify(forge(alg, { alg }, claims), KEYS[alg].publicKey), claims);
  });

  test(`${alg}: a token with any character changed is refused`, async () => {
    const token = await sign({ exp: claims.exp }, KEYS[alg].privateKey);
    for (let at = 0; at < token.length; at++) {
      await refusal(`${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`, alg);
      await refusal(`${token.slice(0, at)}!${token.slice(at)}`, alg);
    }
  });
}

test("a signature is that of RFC 7515, appendix A.3, whose token expired in 2011", async () => {
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  };
  const publicKey = await crypto.subtle.importKey("jwk", jwk, ES256, false, ["verify"]);
  const token = [
    "eyJhbGciOiJFUzI1NiJ9",
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
  ].join(".");
  const error = await verify(token, publicKey).catch((error: Error) => error);
  assert.match(String((error as Error).message), /^it expired \d+ s ago$/);
});

test("what a token says of its algorithm is never believed", async () => {
  const publicPem = pems("PS256").public;
  for (const secret of [publicPem, publicPem.trim(), ""]) {
    const signed = `${part({ alg: "HS256" })}.${part(claims)}`;
    const hmac = createHmac("sha256", secret).update(signed).digest("base64url");
    assert.is(await refusal(`${signed}.${hmac}`, "PS256"), 'it says "HS256", and the key is for PS256');
  }
  for (const alg of ["none", "None", "", "ES384", "RS256", "es256", null, ["ES256"], { toString: 1 }]) {
    assert.match(
      await refusal(forge("ES256", { alg }, claims), "ES256"),
      /^it says .*, and the key is for ES256$/,
    );
  }
  assert.match(await refusal(`${part({ alg: "none" })}.${part(claims)}.`, "ES256"), /^it says "none"/);
  assert.match(await refusal(forge("ES256", { alg: "ES256" }, claims), "PS256"), /^it says "ES256"/);
  assert.is(await refusal(forge("ES256", { alg: "PS256" }, claims), "PS256"), "its signature is wrong");
});

test("a token is valid from nbf until exp, and must have exp", async () => {
  const token = (given: object) => forge("ES256", { alg: "ES256" }, given);
  const valid = { nbf: now - 1, exp: now + 60 };
  assert.equal(await verify(token(valid), KEYS.ES256.publicKey), valid);
  assert.match(await refusal(token({ exp: now - 1 }), "ES256"), /^it expired \d+ s ago$/);
  assert.match(await refusal(token({ exp: -1e300 }), "ES256"), /^it expired/);
  assert.is(await refusal(token({ ...valid, nbf: now + 60 }), "ES256"), "it is not valid yet");
  assert.is(await refusal(token({ ...valid, nbf: "soon" }), "ES256"), "it is not valid yet");
  for (const exp of [undefined, null, String(now + 60), {}]) {
    assert.is(await refusal(token({ exp }), "ES256"), "it does not say when it expires");
  }
});

test("what is no token, or asks for what is not known, is refused", async () => {
  const good = forge("ES256", { alg: "ES256" }, claims);
  for (const text of [
    "",
    ".",
    "..",
    "a.b.c",
    `${good}.`,
    `${good}=`,
    `${good}\n`,
    good.slice(0, -1),
    "ä.ö.ü",
  ]) {
    await refusal(text, "ES256");
  }
  for (const payload of ["[", "null", "5", '"text"']) {
    const signed = `${part({ alg: "ES256" })}.${Buffer.from(payload).toString("base64url")}`;
    const signature = hostSign("sha256", Buffer.from(signed), asJws(HOST_KEYS.ES256.privateKey));
    assert.is(await refusal(`${signed}.${signature.toString("base64url")}`, "ES256"), "it is not JSON");
  }
  const critical = forge("ES256", { alg: "ES256", crit: ["exp"] }, claims);
  assert.match(await refusal(critical, "ES256"), /extension/);
});

test("a key for anything else is no key for a token", async () => {
  const { privateKey } = await crypto.subtle.generateKey({ ...ES256, namedCurve: "P-384" }, false, ["sign"]);
  const error = await sign(claims, privateKey).catch((error: Error) => error);
  assert.instance(error, TypeError);
});

test("keys go out as PEM that the host reads, and come back in", async () => {
  const pair = await crypto.subtle.generateKey(ES256, true, ["sign", "verify"]);
  const [secret, open] = [await exportPem("pkcs8", pair.privateKey), await exportPem("spki", pair.publicKey)];
  for (const pem of [secret, open])
    assert.match(pem, /^(-----(BEGIN|END) (PRIVATE|PUBLIC) KEY-----|.{1,64}\n)+/);
  const token = await sign(claims, await importPem("pkcs8", secret, ES256, ["sign"]));
  assert.equal(await verify(token, await importPem("spki", open, ES256, ["verify"])), claims);
  const [header, payload, signature] = token.split(".");
  const [signed, bytes] = [Buffer.from(`${header}.${payload}`), Buffer.from(signature!, "base64url")];
  assert.ok(hostVerify("sha256", signed, { key: open, dsaEncoding: "ieee-p1363" }, bytes));
});

test("the example shows two valid tokens and six refused", async () => {
  const { code, stdout, stderr } = await nanort(["examples", "jwt"]);
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(stdout.replace(/expired \d+ s/, "expired some s").split("\n"), [
    "ES256, keys as JWK",
    "  a token              valid, for ada to read",
    "",
    "PS256, keys as PEM",
    "  a token              valid, for ada to read",
    "",
    "Refused",
    "  a changed payload    refused: its signature is wrong",
    '  no signature         refused: it says "none", and the key is for ES256',
    '  another algorithm    refused: it says "HS256", and the key is for PS256',
    '  a foreign token      refused: it says "ES256", and the key is for PS256',
    "  an expired token     refused: it expired some s ago",
    "  tomorrow's token     refused: it is not valid yet",
    "",
  ]);
});

test.run();
