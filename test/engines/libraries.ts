// Real libraries, as npm has them, on a page that came by plain http: they call `crypto.subtle`, which such a page does not
// have, and after `nano.install` they find NANO's. Runs in a window, where `runLibraries` asks for the report.
import * as jose from "jose";
import { CryptoKey, createRuntime, type FetchHandler } from "nanort";
import * as oauth from "oauth4webapi";
import * as assert from "uvu/assert";
import { type Report, runSuites, type Suite, type Test } from "../suites/suite.ts";
import { errorOf } from "../suites/support.ts";

const nano = await createRuntime();

/** A test with NANO's crypto as the page's, and the page's own afterwards. */
function installed(test: () => Promise<void>): Test {
  return async () => {
    const uninstall = nano.install(globalThis, { only: ["crypto"] });
    try {
      await test();
    } finally {
      uninstall();
    }
  };
}

/** RFC 7515 appendix A.1: a JWS with HMAC SHA-256, and its key. */
const RFC_7515_KEY = {
  kty: "oct",
  k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
};
const RFC_7515_JWS =
  "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
  ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
  ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/** RFC 7636 appendix B. */
const RFC_7636_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const RFC_7636_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const ISSUER = "http://issuer.nano.test";
const REDIRECT = "http://nano.test/callback";
const CLIENT: oauth.Client = { client_id: "page" };
const SERVER: oauth.AuthorizationServer = { issuer: ISSUER, token_endpoint: `${ISSUER}/token` };

/** A token endpoint that gives a token to whom it gave the code (RFC 7636 section 4.6), as an app of NANO's. */
function tokenEndpoint(challenge: string): FetchHandler {
  return async (request) => {
    const form = new URLSearchParams(await request.text());
    const verifier = new TextEncoder().encode(form.get("code_verifier") ?? "");
    const digest = new Uint8Array(nano.subtleSync.digest("SHA-256", verifier));
    if (jose.base64url.encode(digest) !== challenge || form.get("code") !== "the code") {
      return Response.json({ error: "invalid_grant" }, { status: 400 });
    }
    return Response.json({ access_token: "granted", token_type: "bearer" });
  };
}

/** The client's half of the authorization code flow with PKCE, from the redirect on. */
async function exchangeCode(verifier: string, challenge: string): Promise<oauth.TokenEndpointResponse> {
  const app = await nano.load(tokenEndpoint(challenge));
  const state = oauth.generateRandomState();
  const callback = new URL(`${REDIRECT}?code=the+code&state=${state}`);
  const parameters = oauth.validateAuthResponse(SERVER, CLIENT, callback, state);
  const response = await oauth.authorizationCodeGrantRequest(
    SERVER,
    CLIENT,
    oauth.None(),
    parameters,
    REDIRECT,
    verifier,
    {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (url, init) => app.fetch(new Request(url, init)),
    },
  );
  return oauth.processAuthorizationCodeResponse(SERVER, CLIENT, response);
}

const libraries: Suite = {
  name: "libraries",
  tests: {
    "without NANO, the page has nothing that they could call": async () => {
      assert.is(globalThis.isSecureContext, false);
      assert.is(globalThis.crypto.subtle, undefined);
      assert.instance(await errorOf(() => oauth.calculatePKCECodeChallenge(RFC_7636_VERIFIER)), TypeError);
      const secret = new Uint8Array(32);
      assert.instance(await errorOf(() => jose.compactVerify(RFC_7515_JWS, secret)), Error);
    },

    "jose verifies the JWS of RFC 7515, and refuses it changed": installed(async () => {
      const { payload } = await jose.compactVerify(RFC_7515_JWS, await jose.importJWK(RFC_7515_KEY, "HS256"));
      assert.is(JSON.parse(new TextDecoder().decode(payload)).iss, "joe");
      const changed = RFC_7515_JWS.replace(".eyJpc3MiOiJqb2Ui", ".eyJpc3MiOiJqb2Vp");
      const error = await errorOf(async () =>
        jose.compactVerify(changed, await jose.importJWK(RFC_7515_KEY, "HS256")),
      );
      assert.is(error.name, "JWSSignatureVerificationFailed");
    }),

    "jose signs JWTs and verifies them, with HS256, HS384 and HS512": installed(async () => {
      for (const alg of ["HS256", "HS384", "HS512"]) {
        const key = await jose.generateSecret(alg, { extractable: true });
        assert.instance(key, CryptoKey);
        const jwt = await new jose.SignJWT({ scope: "all" })
          .setProtectedHeader({ alg })
          .setIssuedAt()
          .setExpirationTime("2h")
          .sign(key);
        const jwk = await jose.exportJWK(key);
        const { payload } = await jose.jwtVerify(jwt, await jose.importJWK(jwk, alg));
        assert.is(payload.scope, "all");
        const other = await jose.generateSecret(alg);
        const error = await errorOf(() => jose.jwtVerify(jwt, other));
        assert.is(error.name, "JWSSignatureVerificationFailed");
      }
    }),

    "jose makes key pairs, signs with one half and verifies with the other": installed(async () => {
      for (const alg of ["ES256", "ES384", "ES512", "PS256"]) {
        const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
        assert.instance(privateKey, CryptoKey);
        const jwt = await new jose.SignJWT({ scope: "all" }).setProtectedHeader({ alg }).sign(privateKey);
        const jwk = await jose.importJWK(await jose.exportJWK(publicKey), alg);
        const pem = await jose.importSPKI(await jose.exportSPKI(publicKey), alg);
        for (const key of [jwk, pem]) {
          assert.is((await jose.jwtVerify(jwt, key)).payload.scope, "all");
        }
        const again = await jose.importPKCS8(await jose.exportPKCS8(privateKey), alg);
        assert.is((await new jose.SignJWT({}).setProtectedHeader({ alg }).sign(again)).split(".").length, 3);
        const other = await jose.generateKeyPair(alg);
        const error = await errorOf(() => jose.jwtVerify(jwt, other.publicKey));
        assert.is(error.name, "JWSSignatureVerificationFailed");
      }
    }),

    "jose encrypts and decrypts with A128GCM and A256GCM": installed(async () => {
      for (const enc of ["A128GCM", "A256GCM"]) {
        const key = await jose.generateSecret(enc);
        const jwe = await new jose.CompactEncrypt(new TextEncoder().encode("hidden"))
          .setProtectedHeader({ alg: "dir", enc })
          .encrypt(key);
        const { plaintext } = await jose.compactDecrypt(jwe, key);
        assert.is(new TextDecoder().decode(plaintext), "hidden");
        const other = await jose.generateSecret(enc);
        assert.is((await errorOf(() => jose.compactDecrypt(jwe, other))).name, "JWEDecryptionFailed");
      }
    }),

    "oauth4webapi computes the challenge of RFC 7636": installed(async () => {
      assert.is(await oauth.calculatePKCECodeChallenge(RFC_7636_VERIFIER), RFC_7636_CHALLENGE);
    }),

    "oauth4webapi exchanges a code for a token, with PKCE": installed(async () => {
      const verifier = oauth.generateRandomCodeVerifier();
      const challenge = await oauth.calculatePKCECodeChallenge(verifier);
      assert.is((await exchangeCode(verifier, challenge)).access_token, "granted");
      const stolen = await errorOf(() => exchangeCode(oauth.generateRandomCodeVerifier(), challenge));
      assert.is((stolen as oauth.ResponseBodyError).error, "invalid_grant");
    }),

    "crypto.randomUUID, which such a page lacks too, is there": installed(async () => {
      assert.match(
        crypto.randomUUID(),
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }),
  },
};

Object.assign(globalThis, {
  runLibraries: (): Promise<Report> =>
    runSuites([libraries], { capabilities: [], core: new Uint8Array(), nativeSubtle: false }),
});
