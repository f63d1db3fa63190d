/** The start of a bundle for Node: NANO's own server, as `nanort serve` has it. */
import "./globals.ts";

import app from "nanort:app";
import { address, goOnAfterErrors, onStopSignal, refuse } from "./process.ts";

goOnAfterErrors();
const server = await nano.serve({ app, env: process.env, ...address }).catch(refuse);
onStopSignal(() => server.close());
console.log(`serving at ${server.url}`);
