/**
 * Ed25519 and Ed448: https://w3c.github.io/webcrypto/#ed25519, https://wicg.github.io/webcrypto-secure-curves/#ed448.
 * The pure variants: a message is read twice to be signed, so that a long one is kept until then. Verification is strict:
 * what is no point, or one of small order, verifies nothing.
 */

import { WINDOW_BYTES } from "../../core/hash.ts";
import type { OkpPrivateSlot, OkpPublicKey } from "../../core/okp.ts";
import { domException } from "../dom-exception.ts";
import { type Dictionary, dictionary, heldBytes, stillHeld } from "../webidl.ts";
import { ALGORITHM_MEMBERS, type Algorithm, type Context } from "./algorithm.ts";
import type { KeySlots } from "./key.ts";
import { type Result, SLICE_BYTES, Sliced, type Slices, throughSlices } from "./slices.ts";

/** Ed25519 has no `context`, and no dictionary of its own. */
export interface Ed448Params extends Algorithm {
  readonly context?: Uint8Array;
}
export const Ed448Params: Dictionary<Ed448Params> = dictionary("Ed448Params", ALGORITHM_MEMBERS, [
  { name: "context", type: heldBytes },
]);

/** RFC 8032, section 2: its length takes an octet. */
const CONTEXT_BYTES_MAX = 255;

export function sign(
  { keep }: Context,
  params: Ed448Params,
  key: KeySlots,
  message: Uint8Array,
): Result<ArrayBuffer> {
  const slot = key.handle as OkpPrivateSlot; // Only private keys have the usage.
  const context = requireContext(params);
  if (message.length <= WINDOW_BYTES) return slot.sign(context, message);
  if (message.length <= SLICE_BYTES) return new Sliced(signInSlices(slot, context, message)).finish();
  return new Sliced(signInSlices(slot, keep(context), keep(message)));
}

export function verify(
  { core, keep }: Context,
  params: Ed448Params,
  key: KeySlots,
  signature: Uint8Array,
  message: Uint8Array,
): Result<boolean> {
  const publicKey = key.handle as OkpPublicKey; // Only public keys have the usage.
  const context = requireContext(params);
  if (signature.length !== 2 * publicKey.curve.keyBytes) {
    core.requireOpen();
    return false;
  }
  if (message.length <= WINDOW_BYTES) return publicKey.verify(context, signature, message);
  if (message.length <= SLICE_BYTES) {
    return new Sliced(verifyInSlices(publicKey, context, signature, message)).finish();
  }
  return new Sliced(verifyInSlices(publicKey, keep(context), keep(signature), keep(message)));
}

/** @throws DOMException OperationError for one that is too long. */
export function requireContext({ context }: Ed448Params): Uint8Array {
  const bytes = context ? stillHeld(context) : NONE;
  if (bytes.length <= CONTEXT_BYTES_MAX) return bytes;
  const message = `Ed448: algorithm.context has ${bytes.length} bytes; ${CONTEXT_BYTES_MAX} is the most`;
  throw domException("OperationError", message);
}

const NONE = new Uint8Array(0);

function* signInSlices(slot: OkpPrivateSlot, context: Uint8Array, message: Uint8Array): Slices<ArrayBuffer> {
  const state = slot.beginSign(context);
  try {
    yield* throughSlices([message, (piece) => state.update(piece)]);
    state.commit();
    if (message.length > SLICE_BYTES) yield;
    yield* throughSlices([message, (piece) => state.update(piece)]);
    return state.sign();
  } finally {
    state.close();
  }
}

function* verifyInSlices(
  publicKey: OkpPublicKey,
  context: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Slices<boolean> {
  const state = publicKey.beginVerify(context, signature);
  try {
    yield* throughSlices([message, (piece) => state.update(piece)]);
    return state.verify();
  } finally {
    state.close();
  }
}
