/** `nanort decrypt`: what `nanort encrypt` has encrypted. */
import { decrypt } from "../../examples/encrypt-file/encrypted-file.ts";
import { type Direction, run as runDirection } from "./encryption.ts";

const direction: Direction = {
  verb: "decrypt",
  transform: decrypt,
  help: `Usage: nanort decrypt --key FILE [IN [OUT]]

Decrypts what nanort encrypt has made. Exit code 1 if it was changed in any way, cut off or added to,
or if the key is another one. IN is standard input if it is missing or -, and OUT is standard output.

  --key FILE  the key that it was encrypted with

OUT must not exist yet, and is there when all of it is verified. Standard output has what came before
the damage: what reads it has to mind the exit code.`,
};

export const run = (args: string[]) => runDirection(direction, args);
