/**
 * Reads one JSON text from its bytes, front to back, without making strings or objects: the fast way for analyses that know
 * what they look for. Whatever is passed over is checked as `JSON.parse` checks it.
 *
 *   cursor.start(record.bytes);
 *   cursor.enterObject();
 *   while (cursor.nextMember()) {           now it stands before the member's value
 *     if (names.find(cursor) === 0) sum += cursor.number(); else cursor.skip();
 *   }
 *   cursor.finish();                        nothing follows
 *
 * Each value is consumed once: by `skip`, `number`, `numbers`, or by entering it and asking for its members or elements until
 * there are none. Anything unexpected throws `surprise`: then nothing that was read counts, and the record goes another way.
 * A text must be an object or array: so its last byte ends every number and blank, and loops over these need no other bound.
 */
import { Buffer } from "node:buffer";
import { DIGITS_MAX, SCALE_MAX, nearestDouble } from "./decimal.ts";
import { KeptStrings } from "./kept-strings.ts";
import { skipBlanks, skipString, skipValue } from "./json-skip.ts";
import type { NameTable } from "./name-table.ts";
import { HASH_FIRST, HASH_WORD_BYTES, NO_MEMBER, UNKNOWN_NAME, isPlainWord, mixed } from "./name-table.ts";
import type { SparseNumbers } from "./sparse-numbers.ts";
import { surprise } from "./surprise.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;
const COLON = 0x3a;
const UPPER_A = 0x41;
const UPPER_E = 0x45;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_E = 0x65;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BLANK = 0x20;

/** The bytes of `0,0,0,0,` as one number: most of a histogram is zeros, compared eight bytes at a time. */
const ZEROS_BYTES = 8;
const ZEROS_COUNT = 4;
const ZEROS = Buffer.from("0,0,0,0,").readDoubleLE();
const TWO_ZEROS = Buffer.from("0,0,").readInt32LE();

export type JsonKind = "object" | "list" | "string" | "number" | "literal";

const EMPTY = new Uint8Array();

export class JsonCursor {
  /** Of the text in hand. */
  bytes: Uint8Array = EMPTY;
  /** Where it stands in `bytes`. */
  at = 0;
  /** The name of the member in hand lies here in `bytes`, between its quotes. */
  nameStart = 0;
  nameEnd = 0;
  /** As `hashOf` has it, of the name's bytes. */
  nameHash = 0;
  /** The name has an escape: its bytes do not say what it is. */
  nameEscaped = false;
  nameAscii = true;
  readonly #hashMask: number;
  #view: DataView = new DataView(EMPTY.buffer);
  /** All that the view shows. */
  #whole: Buffer = Buffer.from(EMPTY.buffer);
  readonly #strings = new KeptStrings();
  /** Of `bytes` in the view. */
  #shift = 0;
  #end = 0;
  #first = false;

  /** A mask leaves bits of hashes out, so that a test can have names that collide. */
  constructor(hashMask = -1) {
    this.#hashMask = hashMask;
  }

  /** Takes the next text. Throws `surprise` when it is no object or array. */
  start(bytes: Uint8Array): void {
    let end = bytes.length;
    while (end > 0 && (bytes[end - 1] as number) <= BLANK) end--;
    const last = end === 0 ? 0 : (bytes[end - 1] as number);
    if (last !== CLOSE_OBJECT && last !== CLOSE_LIST) throw surprise;
    this.bytes = bytes;
    this.#end = end;
    if (this.#view.buffer !== bytes.buffer) {
      this.#view = new DataView(bytes.buffer);
      this.#whole = Buffer.from(bytes.buffer);
    }
    this.#shift = bytes.byteOffset;
    this.at = skipBlanks(bytes, 0);
  }

  /** After the last value: only blanks may follow. */
  finish(): void {
    if (this.at !== this.#end) throw surprise;
    for (let at = this.#end; at < this.bytes.length; at++) {
      const byte = this.bytes[at] as number;
      if (byte !== BLANK && byte !== 9 && byte !== 10 && byte !== 13) throw surprise;
    }
  }

  /** What the value before which it stands looks like. */
  kind(): JsonKind {
    const byte = this.bytes[this.at] as number;
    if (byte === OPEN_OBJECT) return "object";
    if (byte === OPEN_LIST) return "list";
    if (byte === QUOTE) return "string";
    // Of letters, only those of true, false and null.
    return byte >= UPPER_A ? "literal" : "number";
  }

  enterObject(): void {
    if (this.bytes[this.at] !== OPEN_OBJECT) throw surprise;
    this.at++;
    this.#first = true;
  }

  /** Goes to the value of the object's next member and notes the name; false after the last one, behind the object. */
  nextMember(): boolean {
    if (!this.#toName()) return false;
    this.#readName();
    this.#toValue(this.nameEnd);
    return true;
  }

  /**
   * As `nextMember`, and answers which name of the table it is: its number, `UNKNOWN_NAME` (the name is noted as there; an
   * escaped one is never known) or `NO_MEMBER` after the last one. Of a name that is known only its place is noted. The
   * quickest way where most names are known: they are guessed by the order in which they came before.
   */
  nextOf(table: NameTable): number {
    if (!this.#toName()) return NO_MEMBER;
    const start = this.at;
    const view = this.#view;
    const place = this.#shift + start;
    const viewEnd = this.#shift + this.#end;
    const guess = table.guess(view, place, viewEnd);
    if (guess >= 0) {
      this.nameStart = start;
      this.nameEnd = start + table.lengthOf(guess);
      this.#toValue(this.nameEnd);
      return guess;
    }
    this.#readName();
    const name = this.nameEscaped ? UNKNOWN_NAME : table.findIn(view, place, viewEnd, this.nameHash);
    if (name >= 0) table.came(name);
    this.#toValue(this.nameEnd);
    return name;
  }

  /** Behind the quote of the next member's name; false after the last member, behind the object. */
  #toName(): boolean {
    const bytes = this.bytes;
    let at = this.at;
    if ((bytes[at] as number) <= BLANK) at = skipBlanks(bytes, at);
    if (bytes[at] === CLOSE_OBJECT) {
      this.#first = false;
      this.at = at + 1;
      return false;
    }
    if (this.#first) this.#first = false;
    else if (bytes[at] === COMMA) {
      at++;
      if ((bytes[at] as number) <= BLANK) at = skipBlanks(bytes, at);
    } else throw surprise;
    if (bytes[at] !== QUOTE) throw surprise;
    this.at = at + 1;
    return true;
  }

  /** From behind a name's quote: notes the name. */
  #readName(): void {
    const bytes = this.bytes;
    const start = this.at;
    const end = this.#end;
    let at = start;
    let hash = HASH_FIRST;
    let bits = 0;
    let escaped = false;
    const view = this.#view;
    const shift = this.#shift;
    for (; at + HASH_WORD_BYTES <= end; at += HASH_WORD_BYTES) {
      const word = view.getInt32(shift + at, true);
      if (!isPlainWord(word)) break;
      hash = mixed(hash, word);
    }
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte < BLANK) throw surprise;
      if (byte === BACKSLASH) {
        escaped = true;
        at = skipString(bytes, at, end) - 1;
        break;
      }
      bits |= byte;
      hash = mixed(hash, byte);
    }
    if (at >= end) throw surprise;
    this.nameStart = start;
    this.nameEnd = at;
    this.nameHash = hash & this.#hashMask;
    this.nameEscaped = escaped;
    this.nameAscii = bits < 0x80;
  }

  /** From the quote behind a name to the value. */
  #toValue(nameEnd: number): void {
    const bytes = this.bytes;
    let at = nameEnd + 1;
    if (bytes[at] !== COLON) at = skipBlanks(bytes, at);
    if (bytes[at] !== COLON) throw surprise;
    at++;
    this.at = (bytes[at] as number) <= BLANK ? skipBlanks(bytes, at) : at;
  }

  enterList(): void {
    if (this.bytes[this.at] !== OPEN_LIST) throw surprise;
    this.at++;
    this.#first = true;
  }

  /** Goes to the list's next element; false after the last one, behind the list. */
  nextElement(): boolean {
    const bytes = this.bytes;
    let at = skipBlanks(bytes, this.at);
    const first = this.#first;
    this.#first = false;
    if (bytes[at] === CLOSE_LIST) {
      this.at = at + 1;
      return false;
    }
    if (!first) {
      if (bytes[at] !== COMMA) throw surprise;
      at = skipBlanks(bytes, at + 1);
      // An element is missing.
      if (bytes[at] === CLOSE_LIST) throw surprise;
    }
    this.at = at;
    return true;
  }

  /** Passes over a value of any kind, to behind its last byte. */
  skip(): void {
    this.at = skipValue(this.bytes, this.at, this.#end, this.#view, this.#shift);
  }

  /** The value as `JSON.parse` gives it. Objects and lists cost what they cost there. */
  value(): unknown {
    const start = this.at;
    const byte = this.bytes[start];
    if (byte === MINUS || ((byte as number) - ZERO) >>> 0 <= 9) return this.number();
    this.skip();
    return byte === QUOTE ? this.#string(start) : JSON.parse(this.#text(start, this.at));
  }

  /** The string that begins at `start` and ends where the cursor stands. */
  #string(start: number): string {
    for (let at = start; at < this.at; at++) {
      if (this.bytes[at] === BACKSLASH) return JSON.parse(this.#text(start, this.at)) as string;
    }
    return this.#strings.of(this.bytes, start + 1, this.at - 1, this.#text);
  }

  /** A number, the same double as `JSON.parse` gives. */
  number(): number {
    const bytes = this.bytes;
    const start = this.at;
    let at = start;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    let high = 0;
    let low = 0;
    let digits = 0;
    let scale = 0;
    let digit = (bytes[at] as number) - ZERO;
    if (digit >>> 0 > 9) throw surprise;
    if (digit === 0) digit = (bytes[++at] as number) - ZERO;
    else {
      do {
        if (digits < DIGITS_MAX) high = Math.imul(high, 10) + digit;
        else low = Math.imul(low, 10) + digit;
        digits++;
        digit = (bytes[++at] as number) - ZERO;
      } while (digit >>> 0 <= 9);
    }
    // After 0 comes no digit.
    if (digit >>> 0 <= 9) throw surprise;
    if (bytes[at] === POINT) {
      const point = at;
      digit = (bytes[++at] as number) - ZERO;
      if (digit >>> 0 > 9) throw surprise;
      do {
        if (digits < DIGITS_MAX) high = Math.imul(high, 10) + digit;
        else low = Math.imul(low, 10) + digit;
        // Zeros at the front are no digits.
        if (digits > 0 || digit > 0) digits++;
        digit = (bytes[++at] as number) - ZERO;
      } while (digit >>> 0 <= 9);
      scale = at - point - 1;
    }
    const byte = bytes[at];
    if (byte !== LOWER_E && byte !== UPPER_E && digits <= 2 * DIGITS_MAX && scale <= SCALE_MAX) {
      const value = nearestDouble(high, low, digits > DIGITS_MAX ? digits - DIGITS_MAX : 0, scale);
      if (!Number.isNaN(value)) {
        this.at = at;
        return negative ? -value : value;
      }
    }
    this.skip();
    return JSON.parse(this.#text(start, this.at)) as number;
  }

  /** Appends a list of numbers to `into` and answers how many it has; -1, standing where it stood, when there is anything else in it. */
  numbers(into: SparseNumbers): number {
    const start = this.at;
    const bytes = this.bytes;
    const view = this.#view;
    const shift = this.#shift;
    const { places, values } = into;
    const lastZeros = this.#end - ZEROS_BYTES;
    let used = into.used;
    let length = 0;
    if (bytes[start] !== OPEN_LIST) return -1;
    let at = skipBlanks(bytes, start + 1);
    if (bytes[at] === CLOSE_LIST) {
      this.at = at + 1;
      return 0;
    }
    for (;;) {
      while (at <= lastZeros && view.getFloat64(shift + at, true) === ZEROS) {
        at += ZEROS_BYTES;
        length += ZEROS_COUNT;
      }
      if (at <= lastZeros && view.getInt32(shift + at, true) === TWO_ZEROS) {
        at += ZEROS_BYTES / 2;
        length += ZEROS_COUNT / 2;
      }
      if ((bytes[at] as number) <= BLANK) at = skipBlanks(bytes, at);
      const first = at;
      const head = (bytes[at] as number) - ZERO;
      let value = head;
      let byte: number;
      if (head >>> 0 <= 9) {
        byte = bytes[++at] as number;
        for (let digit = byte - ZERO; digit >>> 0 <= 9; digit = byte - ZERO) {
          value = (Math.imul(value, 10) + digit) | 0;
          byte = bytes[++at] as number;
        }
      } else if (head === MINUS - ZERO) {
        // As statistics that are missing have it.
        byte = bytes[at + 2] as number;
        value = -1;
        at = bytes[at + 1] === ONE && (byte === COMMA || byte === CLOSE_LIST) ? at + 2 : first;
      } else {
        this.at = start;
        return -1;
      }
      const isShort = at > first && at - first <= DIGITS_MAX && (head !== 0 || at === first + 1);
      if (isShort && (byte === COMMA || byte === CLOSE_LIST)) {
        if (value !== 0) {
          places[used] = length;
          values[used] = value;
          used++;
        }
      } else {
        this.at = first;
        const number = this.number();
        if (number !== 0) {
          places[used] = length;
          values[used] = number;
          used++;
          const magnitude = Math.abs(number);
          if (magnitude > into.magnitudeMax) into.magnitudeMax = magnitude;
        }
        at = skipBlanks(bytes, this.at);
        byte = bytes[at] as number;
      }
      length++;
      if (byte === COMMA) {
        at++;
        if ((bytes[at] as number) <= BLANK) at = skipBlanks(bytes, at);
      } else if (byte === CLOSE_LIST) {
        break;
      } else throw surprise;
    }
    into.used = used;
    this.at = at + 1;
    return length;
  }

  readonly #text = (start: number, end: number): string =>
    this.#whole.toString("utf8", this.#shift + start, this.#shift + end);
}
