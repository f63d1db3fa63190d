/** `nanort encrypt`: a file as only who has the key can read it. */
import { encrypt } from "../../examples/encrypt-file/encrypted-file.ts";
import { type Direction, run as runDirection } from "./encryption.ts";

const direction: Direction = {
  verb: "encrypt",
  transform: encrypt,
  help: `Usage: nanort encrypt --key FILE [IN [OUT]]

Encrypts a file of any size, with AES-256-GCM in chunks, so that any change to it is noticed.
IN is standard input if it is missing or -, and OUT is standard output.

  --key FILE  a key that nanort keygen --algorithm A256GCM has made

OUT must not exist yet, and is there when it is whole.`,
};

export const run = (args: string[]) => runDirection(direction, args);
