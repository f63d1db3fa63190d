/**
 * `#parts`, where one file has to hold everything, or an engine loads none at once: what few programs need. Node has
 * them in files of their own: parts-node.ts.
 */
import * as installing from "./install.ts";
import * as simulation from "./simulation.ts";
import * as cloning from "./web/cloning.ts";
import * as algorithms from "./web/crypto/key-algorithms.ts";
import * as fetching from "./web/fetch/fetch.ts";
import * as messages from "./web/messages.ts";

export const loadAlgorithms = (): typeof algorithms => algorithms;
export const loadCloning = (): typeof cloning => cloning;
export const loadFetching = (): typeof fetching => fetching;
export const loadInstalling = (): typeof installing => installing;
export const loadMessages = (): typeof messages => messages;
export const loadSimulation = (): typeof simulation => simulation;
export const loadApps = () => import("./server/app.ts");
export const loadServer = () => import("./server/server.ts");
export const loadStaticFiles = () => import("./server/static-files.ts");
