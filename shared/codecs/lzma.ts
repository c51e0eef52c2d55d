/**
 * `.lzma` ("LZMA alone"): 13 bytes of header (properties, dictionary size, size of the data or all ones), then one stream that
 * ends with a marker, or at that size, or both. There is no magic number and no checksum: damage may decode to other bytes. What
 * can be checked is, so most damage shows: the header here; by liblzma, that the data ends as an encoder ends it, at the size
 * that the header states; here, that the block ends there, too.
 */
import { CodecFault, emptyFile, truncated } from "./fault.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { decodePart, dictionaryBytesMax } from "./lzma-part.ts";

const HEADER_BYTES = 13;
const DICTIONARY_AT = 1;
const SIZE_AT = 5;
/** (4 * 5 + 4) * 9 + 8 is the greatest. */
const PROPERTIES_END = 225;
const UNKNOWN_SIZE = 0xffff_ffff_ffff_ffffn;
/** liblzma refuses a header that states more than 256 GiB: it takes such a file for one of another kind. */
const sizeEnd = 2n ** 38n;

export function* decodeLzma(input: BlockInput): Decoding {
  const header = yield* input.upTo(HEADER_BYTES);
  if (header.length === 0) throw emptyFile();
  const isUsual = isUsualHeader(header);
  if (header.length < HEADER_BYTES) throw isUsual ? truncated("the header") : noLzma();
  const declared = header.readBigUInt64LE(SIZE_AT);
  const size = declared === UNKNOWN_SIZE ? Infinity : Number(declared);
  // A dictionary never needs more than the data.
  const dictionaryBytes = Math.min(header.readUInt32LE(DICTIONARY_AT), size);
  if (dictionaryBytes > dictionaryBytesMax) {
    throw new CodecFault(
      `${isUsual ? "" : "is no lzma file, or "}declares a dictionary of ${dictionaryBytes} bytes, more than ${dictionaryBytesMax} are not read`,
    );
  }
  if ((header[0] ?? 0) >= PROPERTIES_END || (declared !== UNKNOWN_SIZE && declared >= sizeEnd)) throw noLzma();
  header.writeUInt32LE(usualDictionary(dictionaryBytes), DICTIONARY_AT);
  yield* decodePart(header, input);
  if (!(yield* input.atEnd())) throw new CodecFault("goes on after its end");
}

function noLzma(): CodecFault {
  return new CodecFault("is no lzma file, or its header is damaged", 0);
}

/**
 * Encoders write a properties byte below 225 and a dictionary of 2^n or 2^n + 2^(n-1) bytes; other dictionaries are read all the
 * same, so this decides about words alone. The header may have been cut.
 */
function isUsualHeader(header: Buffer): boolean {
  if ((header[0] ?? 0) >= PROPERTIES_END) return false;
  if (header.length < SIZE_AT) return true;
  const dictionaryBytes = header.readUInt32LE(DICTIONARY_AT);
  const bits = dictionaryBytes.toString(2);
  return /^1[01]?0*$/.test(bits) || dictionaryBytes === 2 ** 32 - 1;
}

/** The next power of two: liblzma takes no others than the usual, and a larger dictionary decodes to the same. */
function usualDictionary(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, bytes)));
}
