/**
 * HTTP/1.1 by the core: heads of requests and responses read from the bytes of a socket as they come, those of requests
 * written (RFC 9112 sections 2 to 6), and bodies in the chunked transfer coding (section 7.1).
 *
 * A reader holds core memory only while it is in the middle of something: from the first byte of a head to its last,
 * from the start of a body to its end. `close` gives it back early, when the other side has left.
 */
export {
  type ChunkedLimits,
  type ChunkedPiece,
  ChunkedReader,
  chunkSizeLine,
  LAST_CHUNK,
} from "./http/chunked.ts";
export type { Field } from "./http/head.ts";
export {
  encodeRequestHead,
  type Framing,
  type RequestHeadParts,
} from "./http/head-encoder.ts";
export { HttpParseError } from "./http/parse-error.ts";
export {
  type HeadLimits,
  type RequestHead,
  RequestHeadReader,
  type TargetForm,
} from "./http/request-head.ts";
export {
  type ResponseFraming,
  type ResponseHead,
  type ResponseHeadLimits,
  ResponseHeadReader,
} from "./http/response-head.ts";
