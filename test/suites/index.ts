/** All suites, in the order in which a capability leans on another. */
import { aesGcm } from "./aes-gcm.ts";
import { badCalls } from "./bad-calls.ts";
import { base64 } from "./base64.ts";
import { closing } from "./closing.ts";
import { digest } from "./digest.ts";
import { ecdsa } from "./ecdsa.ts";
import { hmac } from "./hmac.ts";
import { http } from "./http.ts";
import { installation } from "./install.ts";
import { interfaces } from "./interfaces.ts";
import { loading } from "./loading.ts";
import { memory } from "./memory.ts";
import { network, networkInMemory } from "./network.ts";
import { rsaPss } from "./rsa-pss.ts";
import { sockets } from "./sockets.ts";
import { structuredCloning } from "./structured-clone.ts";
import type { Suite } from "./suite.ts";
import { timers } from "./timers.ts";
import { virtual } from "./virtual-clock.ts";

export const suites: Suite[] = [
  ...[loading, memory, interfaces, digest, hmac, aesGcm, ecdsa, rsaPss, structuredCloning, badCalls, base64],
  ...[timers, virtual, networkInMemory, http, network, sockets, installation, closing],
];
