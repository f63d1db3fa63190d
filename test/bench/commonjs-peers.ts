/** Peers that are CommonJS and look for Node's modules themselves: loaded from where they are installed, not bundled. */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { Jsrsasign } from "jsrsasign";
import type { Msgpackr } from "msgpackr";
import type { Forge } from "node-forge";
import type { Undici } from "undici";

const require = createRequire(resolve("test/bench/package.json"));

export const forge: Forge = require("node-forge");
export const jsrsasign: Jsrsasign = require("jsrsasign");
export const msgpackr: Msgpackr = require("msgpackr");

// The engine's own comes first: whichever does sets the dispatcher that both send by.
void globalThis.Response;
export const undici: Undici = require("undici");
