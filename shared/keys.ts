/**
 * Keys of blobs: which ones we write, and the one order of them.
 *
 * The check is alike on every store, so that what was written to one can be copied to any other: a folder takes names of
 * 255 bytes and no `..`, a bucket takes keys of 1,024 bytes. Nothing is escaped: a key that does not pass is refused with
 * the reason. Reading and listing take what a store holds and never come here.
 */
import { SpotfoldError } from "./errors.ts";

/** S3's limit, the shortest of the stores. UTF-8 bytes. */
export const keyBytesMax = 1024;
/** File systems take 255 bytes for a name; the rest is room for marks that a store may add to it. UTF-8 bytes. */
export const segmentBytesMax = 200;
/** How much of a refused key an error shows, in characters. */
const shownCharactersMax = 80;

const controlCharacter = /\p{Cc}/u;

/** Throws `invalid-key`, saying what is wrong and where, unless the key is one that we may write. */
export function checkKey(key: string): void {
  if (key.length === 0) throw refused(key, "is empty");
  if (!key.isWellFormed()) throw refused(key, "holds half of a surrogate pair, which UTF-8 cannot express");
  const bytes = Buffer.byteLength(key);
  if (bytes > keyBytesMax) throw refused(key, `has ${bytes} bytes, ${keyBytesMax} is the most`);
  let number = 0;
  for (const segment of key.split("/")) {
    number++;
    const reason = faultOf(segment);
    if (reason !== undefined) throw refused(key, `segment ${number} ${reason}`, { segment: number });
  }
}

function faultOf(segment: string): string | undefined {
  if (segment === "") return "is empty";
  if (segment === "." || segment === "..") return `is "${segment}"`;
  if (segment.length * 3 > segmentBytesMax) {
    const bytes = Buffer.byteLength(segment);
    if (bytes > segmentBytesMax) return `has ${bytes} bytes, ${segmentBytesMax} is the most`;
  }
  const control = controlCharacter.exec(segment);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `holds the control character U+${code} at character ${control.index + 1}`;
  }
  return undefined;
}

function refused(key: string, reason: string, where: { segment?: number } = {}): SpotfoldError {
  const shown = key.length > shownCharactersMax ? `${key.slice(0, shownCharactersMax)}…` : key;
  return new SpotfoldError("invalid-key", `The key ${JSON.stringify(shown)} ${reason}.`, {
    hint: `A key has 1 to ${keyBytesMax} bytes in segments of 1 to ${segmentBytesMax}, none of them "." or "..", without control characters.`,
    context: { key, ...where },
  });
}

/**
 * The order of keys: that of their UTF-8 bytes. Negative, zero, positive, as for `Array.sort`.
 *
 * UTF-16 (JavaScript's `<`) orders alike but for one case: a surrogate (a character from U+10000) against U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates behind all other code units: what they stand for is above U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
