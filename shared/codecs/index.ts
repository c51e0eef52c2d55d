/** Reading blocks: codecs by the key's suffix. Writing is in `encode.ts`, which loads native code. */
export { codecOf, codecs, type Codec } from "./codec.ts";
export { decodeBlock, decodeWhole } from "./decode.ts";
