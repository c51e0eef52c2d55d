/** What a codec throws when the bytes are not what its format says. `decode.ts` alone turns it into a `SpotfoldError`. */
export class CodecFault extends Error {
  /** Where in the block; undefined: where it was being read. */
  readonly at: number | undefined;

  constructor(what: string, at?: number) {
    super(what);
    this.name = "CodecFault";
    this.at = at;
  }
}

/** A fault whose cause is that the input ended too early. */
export function truncated(where: string): CodecFault {
  return new CodecFault(`ends in the middle of ${where}`);
}

/** A fault whose cause is that a file with a format has no bytes at all. */
export function emptyFile(): CodecFault {
  return new CodecFault("has no bytes: the file is empty");
}

export interface Beginning {
  /** What a file of this format is called, and what it is made of: "gzip", "member". */
  readonly file: string;
  readonly part: string;
  /** Bytes that a part begins with, one of these. */
  readonly magics: readonly Uint8Array[];
}

/**
 * Checks the first bytes of a part that begins `at`. They may be fewer than the magic number has, when the input ended: what
 * then says the cause is whether they could have been one.
 */
export function checkBeginning(bytes: Uint8Array, at: number, { file, part, magics }: Beginning): void {
  if (at === 0 && bytes.length === 0) throw emptyFile();
  if (magics.some((magic) => magic.every((byte, i) => i >= bytes.length || byte === bytes[i]))) return;
  if (at === 0) throw new CodecFault(`is no ${file} file`, at);
  throw new CodecFault(`goes on after its end with something that is no ${part}`, at);
}
