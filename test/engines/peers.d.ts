// What is used here of the libraries, so that the type checker needs none of them installed.

declare module "jose" {
  export interface JWK {
    kty: string;
    k?: string;
  }
  interface Claims {
    [name: string]: unknown;
  }
  type Key = CryptoKey | Uint8Array;
  export class SignJWT {
    constructor(payload: Claims);
    setProtectedHeader(header: { alg: string }): this;
    setIssuedAt(): this;
    setExpirationTime(time: string): this;
    sign(key: Key): Promise<string>;
  }
  export function jwtVerify(jwt: string, key: Key): Promise<{ payload: Claims }>;
  export function compactVerify(jws: string, key: Key): Promise<{ payload: Uint8Array }>;
  export function generateSecret(alg: string, options?: { extractable?: boolean }): Promise<CryptoKey>;
  interface PairOptions {
    extractable?: boolean;
  }
  export function generateKeyPair(
    alg: string,
    options?: PairOptions,
  ): Promise<{ privateKey: CryptoKey; publicKey: CryptoKey }>;
  export function importSPKI(pem: string, alg: string): Promise<CryptoKey>;
  export function exportSPKI(key: CryptoKey): Promise<string>;
  export function importPKCS8(pem: string, alg: string): Promise<CryptoKey>;
  export function exportPKCS8(key: CryptoKey): Promise<string>;
  export class CompactEncrypt {
    constructor(plaintext: Uint8Array);
    setProtectedHeader(header: { alg: string; enc: string }): this;
    encrypt(key: Key): Promise<string>;
  }
  export function compactDecrypt(jwe: string, key: Key): Promise<{ plaintext: Uint8Array }>;
  export function importJWK(jwk: JWK, alg: string): Promise<Key>;
  export function exportJWK(key: Key): Promise<JWK>;
  export const base64url: { encode(bytes: Uint8Array): string };
}

declare module "oauth4webapi" {
  export interface Client {
    client_id: string;
  }
  export interface AuthorizationServer {
    issuer: string;
    token_endpoint: string;
  }
  export interface TokenEndpointResponse {
    access_token: string;
  }
  export interface ResponseBodyError extends Error {
    error: string;
  }
  type ClientAuth = (...args: never[]) => unknown;
  interface RequestOptions {
    [allowInsecureRequests]: boolean;
    [customFetch](url: string, init: RequestInit): Promise<Response>;
  }
  export const allowInsecureRequests: unique symbol;
  export const customFetch: unique symbol;
  export function None(): ClientAuth;
  export function generateRandomCodeVerifier(): string;
  export function generateRandomState(): string;
  export function calculatePKCECodeChallenge(verifier: string): Promise<string>;
  export function validateAuthResponse(
    server: AuthorizationServer,
    client: Client,
    parameters: URL,
    state: string,
  ): URLSearchParams;
  export function authorizationCodeGrantRequest(
    server: AuthorizationServer,
    client: Client,
    auth: ClientAuth,
    parameters: URLSearchParams,
    redirectUri: string,
    verifier: string,
    options: RequestOptions,
  ): Promise<Response>;
  export function processAuthorizationCodeResponse(
    server: AuthorizationServer,
    client: Client,
    response: Response,
  ): Promise<TokenEndpointResponse>;
}
