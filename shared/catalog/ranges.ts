/**
 * Where to cut what is left of a long listing, so that several go on with it at once. Pure.
 *
 * Nothing is known of the keys that are still to come, and a store gives them in order only. So cuts are guesses by the keys
 * that came; any cut is right, since each key lies on one side of it, and a bad one costs a request that finds nothing. Half
 * of them are rungs, half are even:
 *
 *   rungs  the next neighbours of the last key, of its last folder or word, of the one above, and so on: `…/2024-01-1`,
 *          `…/2024-02`, `…/2025`: of keys that begin alike, one of the rungs divides what is there
 *   even   at equal distances up to the end, in an order that has only the characters that were seen: for names by chance
 */
import { compareKeys } from "../keys.ts";

/** Part of a prefix: keys after `after`, up to and including `until`. */
export interface KeyRange {
  /** All its keys begin with it. */
  readonly prefix: string;
  readonly after: string;
  /** Empty: to the end of the prefix. */
  readonly until: string;
}

export interface CutRequest {
  readonly prefix: string;
  /** The keys of the page that came last: its first and its last. The last is the beginning of what is to be cut. */
  readonly first: string;
  readonly last: string;
  /** As in `KeyRange`. */
  readonly until: string;
  /** Cuts at most. */
  readonly most: number;
  readonly alphabet: Alphabet;
}

/** Characters that names were seen to be made of, in the order of keys. */
export class Alphabet {
  readonly #seen = new Set<number>();
  #sorted: readonly number[] = [];

  learn(text: string): void {
    for (const character of text) this.#seen.add(character.codePointAt(0) ?? 0);
  }

  get points(): readonly number[] {
    if (this.#sorted.length < this.#seen.size) this.#sorted = [...this.#seen].toSorted((a, b) => a - b);
    return this.#sorted;
  }

  /** How many are before this one, itself not counted. */
  before(point: number): number {
    const { points } = this;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((points[middle] ?? 0) < point) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Ascending, each after `last` and before `until`. None takes more bytes than `last`: a bucket refuses to list after what is
 * longer than a key may be.
 */
export function cutsOf(request: CutRequest): string[] {
  const { last, until, most } = request;
  if (most < 1) return [];
  const rungs = spread(rungsOf(request), Math.ceil(most / 2));
  const even = evenCuts(request, most - rungs.length);
  const bytesMax = Buffer.byteLength(last);
  const fit = (cut: string): boolean =>
    cut.isWellFormed() &&
    Buffer.byteLength(cut) <= bytesMax &&
    compareKeys(cut, last) > 0 &&
    (until === "" || compareKeys(cut, until) < 0);
  return [...new Set([...rungs, ...even])].filter(fit).toSorted(compareKeys);
}

/** From the nearest to the farthest: deeper than where the page's keys differ, too little is behind one. */
function rungsOf({ prefix, first, last, until, alphabet }: CutRequest): string[] {
  const shared = commonLength(first, last);
  const rungs: string[] = [];
  for (let at = 0; at <= shared && at < last.length;) {
    const point = last.codePointAt(at) ?? 0;
    if (at >= prefix.length) {
      const next = alphabet.points[alphabet.before(point + 1)];
      const rung = next === undefined ? undefined : last.slice(0, at) + String.fromCodePoint(next);
      if (rung !== undefined && (until === "" || compareKeys(rung, until) < 0)) rungs.unshift(rung);
    }
    at += point > 0xffff ? 2 : 1;
  }
  return rungs;
}

/** `most` of them at equal distances, the first and the last among them. */
function spread(texts: readonly string[], most: number): readonly string[] {
  if (texts.length <= most) return texts;
  if (most === 1) return texts.slice(-1);
  return Array.from({ length: most }, (_, i) => texts[Math.round((i * (texts.length - 1)) / (most - 1))] ?? "");
}

/** As many digits as a double holds. */
const digitBits = 48;

function evenCuts({ prefix, last, until, alphabet }: CutRequest, most: number): string[] {
  const shared = until === "" ? prefix.length : commonLength(last, until);
  const base = alphabet.points.length + 1;
  const digits = Math.max(2, Math.floor(digitBits / Math.log2(base)));
  const from = fraction(last.slice(shared), alphabet, digits);
  const to = until === "" ? 1 : fraction(until.slice(shared), alphabet, digits);
  const step = (to - from) / (most + 1);
  if (!(step > 0)) return [];
  return Array.from({ length: most }, (_, i) => {
    const text = textOf(from + step * (i + 1), step / 2, alphabet);
    return last.slice(0, shared) + text;
  });
}

/** The text as a number from 0 to 1, in the order of texts: the end of a text is the digit 0. */
function fraction(text: string, alphabet: Alphabet, digits: number): number {
  const base = alphabet.points.length + 1;
  let value = 0;
  let unit = 1;
  let count = 0;
  for (const character of text) {
    if (count++ === digits) break;
    unit /= base;
    value += (alphabet.before(character.codePointAt(0) ?? 0) + 1) * unit;
  }
  return value;
}

/** The shortest text that is not further than `within` below this number. */
function textOf(value: number, within: number, { points }: Alphabet): string {
  const base = points.length + 1;
  let rest = value;
  let text = "";
  for (let unit = 1 / base; rest > within && unit > Number.EPSILON; unit /= base) {
    const digit = Math.min(points.length, Math.floor(rest / unit));
    rest -= digit * unit;
    if (digit === 0) break;
    text += String.fromCodePoint(points[digit - 1] ?? 0);
  }
  return text;
}

/** Units that both begin with; never half of a surrogate pair. */
function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  const before = a.charCodeAt(length - 1);
  return length > 0 && before >= 0xd800 && before < 0xdc00 ? length - 1 : length;
}
