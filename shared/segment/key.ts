/**
 * Keys: a tuple of strings <-> the bytes that segments are sorted by.
 *
 *   columns joined by TAB; in a column: backslash -> `\\`, TAB -> `\t`, LF -> `\n`, CR -> `\r`, other control
 *   characters (0x00-0x1f, 0x7f) -> `\xNN` (two lower-case hex digits); the rest is UTF-8 as it is.
 *
 * Each tuple has exactly one encoding and each encoding one tuple: what `encodeKey` does not write, `decodeKey` refuses.
 * TAB is the lowest byte that can occur, so a tuple sorts before those that it is a prefix of, column by column.
 *
 * Lone surrogates have no UTF-8 form and are refused (`invalid-key`); replacing them would make two keys one.
 */
import { Buffer, isUtf8 } from "node:buffer";
import { SpotfoldError } from "../errors.ts";

/** Encoded. A key is repeated in indexes, in plans of merges and in error messages: it is a name, not a place for data. */
export const KEY_BYTES_MAX = 4096;

/** No UTF-16 unit takes more bytes than this in UTF-8 or escaped, whichever is longer. */
const BYTES_PER_UNIT_MAX = 4;

const BACKSLASH = 0x5c;
const DELETE = 0x7f;
const SHORT_ESCAPES = new Map<string, string>([
  ["\\", "\\\\"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"],
]);

/** The encoded key as a string; its UTF-8 bytes are the key. Throws `invalid-key`, or `limit` when it is longer than 4 KiB. */
export function encodeKey(columns: readonly string[]): string {
  if (columns.length === 0) throw new SpotfoldError("invalid-key", "a key must have at least one column");
  let text = "";
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as unknown;
    if (typeof column !== "string") throw notAString(column, i);
    text += i === 0 ? encodeColumn(column, i) : `\t${encodeColumn(column, i)}`;
  }
  if (text.length * BYTES_PER_UNIT_MAX > KEY_BYTES_MAX) {
    const bytes = Buffer.byteLength(text);
    if (bytes > KEY_BYTES_MAX) throw tooLong(bytes, text);
  }
  return text;
}

/** As `encodeKey`, as bytes. */
export function encodeKeyBytes(columns: readonly string[]): Buffer {
  return Buffer.from(encodeKey(columns));
}

/** The tuple. Throws `corrupt` for bytes that `encodeKey` never gives. */
export function decodeKey(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isUtf8(buffer)) throw damaged("is not UTF-8", buffer.toString("latin1"));
  return decodeKeyText(buffer.toString());
}

/** As `decodeKey`, from the encoded key as a string. */
export function decodeKeyText(text: string): string[] {
  const columns = text.split("\t");
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] ?? "";
    if (!isPlain(column)) columns[i] = unescape(column, text);
  }
  return columns;
}

/**
 * The keys whose first columns are these, as `from` (inclusive) and `to` (exclusive) in byte order; the key that has no
 * further column is among them. No columns: every key.
 */
export function prefixRange(columns: readonly string[]): KeyRange {
  if (columns.length === 0) return {};
  const text = encodeKey(columns);
  // Of the bytes below LF only TAB occurs in keys, so what lies in between is the key itself, or goes on with TAB.
  return { from: Buffer.from(text), to: Buffer.from(`${text}\n`) };
}

/** This key (encoded) and no other. */
export function pointRange(key: Uint8Array): KeyRange {
  return { from: key, to: Buffer.concat([key, Buffer.alloc(1)]) };
}

/** Encoded keys from `from` (inclusive) to `to` (exclusive); an absent bound is no bound. */
export interface KeyRange {
  readonly from?: Uint8Array | undefined;
  readonly to?: Uint8Array | undefined;
}

/** True when the column is written as it is. A loop beats a regular expression on columns of this size. */
function isPlain(column: string): boolean {
  for (let i = 0; i < column.length; i++) {
    const unit = column.charCodeAt(i);
    if (unit < 0x20 || unit === BACKSLASH || unit === DELETE) return false;
    if (unit >= 0xd800 && unit <= 0xdfff) return false;
  }
  return true;
}

function encodeColumn(column: string, index: number): string {
  if (isPlain(column)) return column;
  if (!column.isWellFormed()) {
    throw new SpotfoldError("invalid-key", `column ${index + 1} of a key holds half of a surrogate pair`, {
      hint: "Cut strings between characters, or make them whole with toWellFormed() before they become keys.",
      context: { column: index + 1, value: column.toWellFormed() },
    });
  }
  let text = "";
  for (const character of column) text += encodeCharacter(character);
  return text;
}

function encodeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= 0x20 && code !== BACKSLASH && code !== DELETE) return character;
  return SHORT_ESCAPES.get(character) ?? `\\x${code.toString(16).padStart(2, "0")}`;
}

function unescape(column: string, key: string): string {
  const text = column.replaceAll(/\\(x[0-9a-f]{2}|[^x]|x|$)/gs, (escape) => unescapeOne(escape, key));
  // One comparison finds every byte that should have been escaped, and every escape that should not be there.
  if (!text.isWellFormed() || encodeColumn(text, 0) !== column)
    throw damaged("is not in the one form that is written", key);
  return text;
}

function unescapeOne(escape: string, key: string): string {
  for (const [character, written] of SHORT_ESCAPES) if (written === escape) return character;
  if (escape.length !== "\\xNN".length) throw damaged(`has an unknown escape ${JSON.stringify(escape)}`, key);
  return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
}

function damaged(what: string, key: string): SpotfoldError {
  return new SpotfoldError("corrupt", `an encoded key ${what}`, { context: { key: key.slice(0, 200) } });
}

function notAString(column: unknown, index: number): SpotfoldError {
  return new SpotfoldError(
    "invalid-key",
    `column ${index + 1} of a key is ${column === null ? "null" : typeof column}, not a string`,
    {
      hint: "Columns of a key are strings: use String(...), or skip the record when the field is absent.",
    },
  );
}

function tooLong(bytes: number, text: string): SpotfoldError {
  return new SpotfoldError("limit", `a key has ${bytes} bytes; at most ${KEY_BYTES_MAX} are allowed`, {
    hint: "Shorten the columns of the key, or keep the long part in the value.",
    context: { key: text.slice(0, 200) },
  });
}
