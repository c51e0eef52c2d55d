/** Which codec a block is written in: its key's suffix says. This table is the one place where suffixes are listed. */
import type { Feed } from "./feed.ts";
import { decodeGzip, decodeGzipWhole } from "./gzip.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { decodeLzma } from "./lzma.ts";
import { decodePlain } from "./plain.ts";
import { decodeXz } from "./xz.ts";
import { decodeZstd, decodeZstdWhole } from "./zstd.ts";

export interface Codec {
  readonly name: "lzma" | "xz" | "gzip" | "zstd" | "plain";
  /** The end of a key, with its dot; "" for plain. */
  readonly suffix: string;
  /** Decodes chunks as they arrive, with constant memory. */
  decode(feed: Feed): AsyncGenerator<Uint8Array>;
  /** Decodes without waiting; all input must be there, gzip members and zstd frames of up to `rawBytesMax` are held whole. */
  decodeWhole(input: BlockInput, rawBytesMax: number): Decoding;
}

const plain: Codec = {
  name: "plain",
  suffix: "",
  decode: (feed) => feed.run(decodePlain(feed.input)),
  decodeWhole: decodePlain,
};

export const codecs: readonly Codec[] = [
  { name: "lzma", suffix: ".lzma", decode: (feed) => feed.run(decodeLzma(feed.input)), decodeWhole: decodeLzma },
  { name: "xz", suffix: ".xz", decode: (feed) => feed.run(decodeXz(feed.input)), decodeWhole: decodeXz },
  { name: "gzip", suffix: ".gz", decode: decodeGzip, decodeWhole: decodeGzipWhole },
  { name: "zstd", suffix: ".zst", decode: decodeZstd, decodeWhole: decodeZstdWhole },
  plain,
];

/** The codec of a block by its key; what no suffix of the table ends is plain. Case counts, as it does in keys. */
export function codecOf(key: string): Codec {
  return codecs.find((codec) => codec.suffix !== "" && key.endsWith(codec.suffix)) ?? plain;
}
