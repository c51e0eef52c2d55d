/** What a codec throws when the bytes are not what its format says. `decode.ts` alone turns it into a `SpotfoldError`. */
export class CodecFault extends Error {
  constructor(what: string) {
    super(what);
    this.name = "CodecFault";
  }
}

/** A fault whose cause is that the input ended too early. */
export function truncated(where: string): CodecFault {
  return new CodecFault(`ends in the middle of ${where}`);
}
