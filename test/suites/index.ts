/** All suites, in the order in which a capability leans on another. */
import { aesGcm } from "./aes-gcm.ts";
import { aesModes } from "./aes-modes.ts";
import { badCalls } from "./bad-calls.ts";
import { base64 } from "./base64.ts";
import { closing } from "./closing.ts";
import { codings } from "./codings.ts";
import { digest } from "./digest.ts";
import { ecdh } from "./ecdh.ts";
import { ecdsa } from "./ecdsa.ts";
import { fetchInMemory, fetching } from "./fetch.ts";
import { hmac } from "./hmac.ts";
import { http } from "./http.ts";
import { installation } from "./install.ts";
import { interfaces } from "./interfaces.ts";
import { keyDerivation } from "./kdf.ts";
import { loading } from "./loading.ts";
import { memory } from "./memory.ts";
import { messages } from "./messages.ts";
import { network, networkInMemory } from "./network.ts";
import { eddsa, xdh } from "./okp.ts";
import { rsaOaep } from "./rsa-oaep.ts";
import { rsaPss } from "./rsa-pss.ts";
import { rsassaPkcs1 } from "./rsassa-pkcs1.ts";
import { serialization } from "./serialize.ts";
import { sockets } from "./sockets.ts";
import { structuredCloning } from "./structured-clone.ts";
import type { Suite } from "./suite.ts";
import { timers } from "./timers.ts";
import { virtual } from "./virtual-clock.ts";

export const suites: Suite[] = [
  ...[loading, memory, interfaces, digest, hmac, aesGcm, aesModes, keyDerivation],
  ...[ecdsa, ecdh, eddsa, xdh, rsaPss, rsassaPkcs1, rsaOaep],
  ...[structuredCloning, serialization, badCalls, base64, timers, virtual],
  ...[
    codings,
    networkInMemory,
    http,
    messages,
    fetchInMemory,
    network,
    sockets,
    fetching,
    installation,
    closing,
  ],
];
