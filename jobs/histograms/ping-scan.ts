/**
 * The fast way to read a ping: from its bytes into typed arrays, no strings and no objects in between. Gives what `readPing`
 * and the checks of the accumulator give, for pings that are as they should be; of any other it says no, and they go that way.
 *
 *   histograms           name -> number of the name; its array, zeros left out, behind those before it
 *   simpleMeasurements   name (or name_sub) -> number of the name; its value
 *   info                 the four members that name a view, as they are written: equal bytes, equal view
 *
 * Nothing of a ping counts before its last byte was seen: until then it lies here.
 */
import { Buffer } from "node:buffer";
import { JsonCursor } from "../../shared/records/json-cursor.ts";
import { NameTable, hashOf } from "../../shared/records/name-table.ts";
import { SparseNumbers } from "../../shared/records/sparse-numbers.ts";
import { surprise } from "../../shared/records/surprise.ts";
import { BUCKETS_MAX } from "./bounds.ts";
import { MEASURE, NUMBER_MAX, isMeasurement } from "./measure.ts";
import { simpleMeasureName } from "./simple-measures.ts";
import { STATISTICS } from "./value.ts";

/** Of a ping, in the first room; more grow it. */
const MEASURES_FIRST = 512;
/** Longer names and values of `info` are read the plain way. */
const SCRATCH_BYTES = 2048;

const SECTIONS = ["info", "histograms", "simpleMeasurements"] as const;
const IDENTITY = ["OS", "version", "arch", "revision"] as const;
/** Between what is put together: occurs in no JSON that is right. */
const SEPARATOR = 0;
const UNDERSCORE = 0x5f;

export class PingScan {
  /** How many histograms the ping has; of each the number of its name, its length, where its numbers begin and end. */
  histograms = 0;
  histogramNames = new Int32Array(MEASURES_FIRST);
  lengths = new Int32Array(MEASURES_FIRST);
  starts = new Int32Array(MEASURES_FIRST + 1);
  readonly numbers = new SparseNumbers();
  /** How many simple measures; of each the number of its name and its value. */
  simples = 0;
  simpleNames = new Int32Array(MEASURES_FIRST);
  simpleValues = new Float64Array(MEASURES_FIRST);
  /** What names the view, as it is written: the bytes up to `identityEnd`. */
  readonly identity = Buffer.alloc(SCRATCH_BYTES);
  identityEnd = 0;

  readonly #cursor: JsonCursor;
  readonly #hashMask: number;
  readonly #sections: Fixed;
  readonly #infoNames: Fixed;
  #names = new NameTable();
  #simpleTable = new NameTable();
  /** By number of a name: the ping in which it was seen last. */
  #seen = new Int32Array(MEASURES_FIRST);
  #simpleSeen = new Int32Array(MEASURES_FIRST);
  /** Whether what it names is a measure. */
  #simpleValid = new Int32Array(MEASURES_FIRST);
  #ping = 0;
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES);

  /** `hashMask` is the cursor's. */
  constructor(hashMask: number) {
    this.#hashMask = hashMask;
    this.#cursor = new JsonCursor(hashMask);
    this.#sections = new Fixed(SECTIONS, hashMask);
    this.#infoNames = new Fixed(IDENTITY, hashMask);
  }

  /** Memory of the tables of names, about. */
  get bytes(): number {
    return this.#names.bytes + this.#simpleTable.bytes;
  }

  histogramName(number: number): string {
    return this.#names.text(number);
  }

  simpleName(number: number): string {
    return this.#simpleTable.text(number);
  }

  /** Forgets all names: numbers start again. */
  clear(): void {
    this.#names = new NameTable();
    this.#simpleTable = new NameTable();
    this.#seen.fill(0);
    this.#simpleSeen.fill(0);
    this.#ping = 0;
  }

  /** Whether it could read the ping; if not, nothing that it holds means anything. */
  read(bytes: Uint8Array): boolean {
    const cursor = this.#cursor;
    this.histograms = 0;
    this.simples = 0;
    this.numbers.begin(bytes.length);
    this.#ping++;
    let seen = 0;
    try {
      cursor.start(bytes);
      cursor.enterObject();
      while (cursor.nextMember()) {
        const section = this.#sections.find(cursor);
        if (section < 0) cursor.skip();
        else {
          if ((seen & (1 << section)) !== 0) throw surprise;
          seen |= 1 << section;
          if (section === 0) this.#readInfo(bytes);
          else if (section === 1) this.#readHistograms(bytes);
          else this.#readSimple(bytes);
        }
      }
      cursor.finish();
    } catch (error) {
      if (error !== surprise) throw error;
      return false;
    }
    return (seen & 1) === 1 && this.numbers.magnitudeMax <= NUMBER_MAX;
  }

  /** The members of `info` that name the view, as they were written. */
  identityJson(): string {
    const parts = this.identity.toString("utf8", 0, this.identityEnd).split(String.fromCharCode(SEPARATOR));
    const members = IDENTITY.map((name, i) => `"${name}":${parts[i] ?? ""}`);
    return `{${members.filter((member) => !member.endsWith(":")).join(",")}}`;
  }

  #readInfo(bytes: Uint8Array): void {
    const cursor = this.#cursor;
    const bounds = this.#infoNames.bounds;
    bounds.fill(0);
    cursor.enterObject();
    while (cursor.nextMember()) {
      const name = this.#infoNames.find(cursor);
      const start = cursor.at;
      cursor.skip();
      if (name < 0) continue;
      if (bounds[2 * name] !== 0) throw surprise;
      bounds[2 * name] = start;
      bounds[2 * name + 1] = cursor.at;
    }
    const identity = this.identity;
    let to = 0;
    for (let name = 0; name < IDENTITY.length; name++) {
      const start = bounds[2 * name] as number;
      const end = bounds[2 * name + 1] as number;
      if (to + end - start >= SCRATCH_BYTES) throw surprise;
      for (let at = start; at < end; at++) identity[to++] = bytes[at] as number;
      identity[to++] = SEPARATOR;
    }
    this.identityEnd = to;
  }

  #readHistograms(bytes: Uint8Array): void {
    const cursor = this.#cursor;
    const numbers = this.numbers;
    cursor.enterObject();
    while (cursor.nextMember()) {
      let name = this.#names.find(bytes, cursor.nameStart, cursor.nameEnd, cursor.nameHash);
      if (name < 0 || cursor.nameEscaped) name = this.#newHistogram();
      if (this.#seen[name] === this.#ping) throw surprise;
      this.#seen[name] = this.#ping;
      const number = this.histograms;
      if (number === this.histogramNames.length) this.#growHistograms();
      this.starts[number] = numbers.used;
      const length = cursor.numbers(numbers);
      if (length < STATISTICS || length > BUCKETS_MAX + STATISTICS) throw surprise;
      this.histogramNames[number] = name;
      this.lengths[number] = length;
      this.histograms = number + 1;
    }
    this.starts[this.histograms] = numbers.used;
  }

  #readSimple(bytes: Uint8Array): void {
    const cursor = this.#cursor;
    cursor.enterObject();
    while (cursor.nextMember()) {
      const { nameStart, nameEnd } = cursor;
      const name = this.#simpleNumber(bytes, nameStart, nameEnd, cursor.nameHash);
      const kind = cursor.kind();
      if (kind === "number") this.#addSimple(name);
      else if (kind === "object") this.#readSubs(bytes, nameStart, nameEnd);
      else cursor.skip();
    }
  }

  #readSubs(bytes: Uint8Array, nameStart: number, nameEnd: number): void {
    const cursor = this.#cursor;
    const scratch = this.#scratch;
    const length = nameEnd - nameStart;
    cursor.enterObject();
    while (cursor.nextMember()) {
      const end = length + 1 + cursor.nameEnd - cursor.nameStart;
      if (end > SCRATCH_BYTES) throw surprise;
      for (let i = 0; i < length; i++) scratch[i] = bytes[nameStart + i] as number;
      scratch[length] = UNDERSCORE;
      for (let i = length + 1, at = cursor.nameStart; i < end; i++, at++) scratch[i] = bytes[at] as number;
      const name = this.#simpleNumber(scratch, 0, end, hashOf(scratch, 0, end) & this.#hashMask);
      if (cursor.kind() === "number") this.#addSimple(name);
      else cursor.skip();
    }
  }

  /** Also of members that are ignored: the last one of a name counts, and so none may be there twice. */
  #simpleNumber(bytes: Uint8Array, start: number, end: number, hash: number): number {
    if (this.#cursor.nameEscaped || !this.#cursor.nameAscii) throw surprise;
    const table = this.#simpleTable;
    let name = table.find(bytes, start, end, hash);
    if (name < 0) {
      name = table.add(bytes, start, end, hash);
      if (name < 0) throw surprise;
      if (name >= this.#simpleSeen.length) {
        this.#simpleSeen = grown(this.#simpleSeen);
        this.#simpleValid = grown(this.#simpleValid);
      }
      this.#simpleValid[name] = MEASURE.test(simpleMeasureName(table.text(name))) ? 1 : 0;
    }
    // Twice, or `a_b` beside `b` in `a`.
    if (this.#simpleSeen[name] === this.#ping) throw surprise;
    this.#simpleSeen[name] = this.#ping;
    return name;
  }

  #addSimple(name: number): void {
    const number = this.simples;
    if (number === this.simpleNames.length) {
      this.simpleNames = grown(this.simpleNames);
      this.simpleValues = grown(this.simpleValues);
    }
    const value = this.#cursor.number();
    if (this.#simpleValid[name] === 0 || !isMeasurement(value)) throw surprise;
    this.simpleNames[number] = name;
    this.simpleValues[number] = value;
    this.simples = number + 1;
  }

  /** The number of a name that was not met before. */
  #newHistogram(): number {
    const { bytes, nameStart, nameEnd, nameHash, nameEscaped } = this.#cursor;
    const text = Buffer.from(bytes.subarray(nameStart, nameEnd)).toString();
    if (nameEscaped || !MEASURE.test(text)) throw surprise;
    const name = this.#names.add(bytes, nameStart, nameEnd, nameHash);
    if (name < 0) throw surprise;
    if (name >= this.#seen.length) this.#seen = grown(this.#seen);
    return name;
  }

  #growHistograms(): void {
    this.histogramNames = grown(this.histogramNames);
    this.lengths = grown(this.lengths);
    this.starts = grown(this.starts);
  }
}

/** A few names that are known beforehand. */
class Fixed {
  readonly #table = new NameTable();
  /** Start and end of what each name's member has, for who needs it. */
  readonly bounds: Int32Array;

  constructor(names: readonly string[], hashMask: number) {
    this.bounds = new Int32Array(2 * names.length);
    for (const name of names) {
      const bytes = Buffer.from(name);
      this.#table.add(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length) & hashMask);
    }
  }

  /** The position of the member's name among them, or -1. */
  find({ bytes, nameStart, nameEnd, nameHash, nameEscaped }: JsonCursor): number {
    if (nameEscaped) throw surprise;
    return this.#table.find(bytes, nameStart, nameEnd, nameHash);
  }
}

function grown<T extends Int32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(2 * array.length);
  larger.set(array);
  return larger;
}
