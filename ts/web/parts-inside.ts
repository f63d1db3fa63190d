/** `#parts` where one file has to hold everything, or an engine loads none at once. */
import * as cloning from "./cloning.ts";
import * as algorithms from "./crypto/key-algorithms.ts";

export const loadAlgorithms = (): typeof algorithms => algorithms;
export const loadCloning = (): typeof cloning => cloning;
