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
import { NO_MEMBER, NameTable, UNKNOWN_NAME, hashOf } from "../../shared/records/name-table.ts";
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

/**
 * Longer pings are read the plain way. The arrays take up to six times the bytes of a ping, and stay: 24 MiB for this one, but
 * 192 MiB for the largest record that may be. Pings have some 100 KB.
 */
const PING_BYTES_MAX = 4 * 1024 * 1024;
/** Names that are passed over are remembered up to here. */
const BESIDE_MAX = 256;

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
  /** Of each, room for where it is added. */
  cells = new Int32Array(MEASURES_FIRST);
  /** How many simple measures; of each the number of its name and its value. */
  simples = 0;
  simpleNames = new Int32Array(MEASURES_FIRST);
  simpleValues = new Float64Array(MEASURES_FIRST);
  /** What names the view, as it is written: the bytes up to `identityEnd`. */
  readonly identity = Buffer.alloc(SCRATCH_BYTES);
  identityEnd = 0;

  readonly #cursor: JsonCursor;
  readonly #hashMask: number;
  /** The sections first, then names that were met beside them: known ones are guessed. */
  readonly #sections: NameTable;
  readonly #infoNames: NameTable;
  /** Of each part of the identity: where it begins and ends in the ping. */
  readonly #bounds = new Int32Array(2 * IDENTITY.length);
  #names = new NameTable();
  /** The names that were asked for. */
  #texts: string[] = [];
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
    this.#sections = tableOf(SECTIONS, hashMask);
    this.#infoNames = tableOf(IDENTITY, hashMask);
  }

  /** Memory of the tables of names, about. */
  get bytes(): number {
    return this.#names.bytes + this.#simpleTable.bytes;
  }

  /** One string for all views: they are keys of maps, which find the same one quickest. */
  histogramName(number: number): string {
    return (this.#texts[number] ??= this.#names.text(number));
  }

  simpleName(number: number): string {
    return this.#simpleTable.text(number);
  }

  /** Forgets all names: numbers start again. */
  clear(): void {
    this.#names = new NameTable();
    this.#texts = [];
    this.#simpleTable = new NameTable();
    this.#seen.fill(0);
    this.#simpleSeen.fill(0);
    this.#ping = 0;
  }

  /** Whether it could read the ping; if not, nothing that it holds means anything. */
  read(bytes: Uint8Array): boolean {
    if (bytes.length > PING_BYTES_MAX) return false;
    const cursor = this.#cursor;
    this.histograms = 0;
    this.simples = 0;
    this.numbers.begin(bytes.length);
    this.#ping++;
    let seen = 0;
    try {
      cursor.start(bytes);
      cursor.enterObject();
      for (let name = this.#nextBeside(this.#sections); name !== NO_MEMBER; name = this.#nextBeside(this.#sections)) {
        if (name >= SECTIONS.length || name === UNKNOWN_NAME) cursor.skip();
        else {
          if ((seen & (1 << name)) !== 0) throw surprise;
          seen |= 1 << name;
          if (name === 0) this.#readInfo(bytes);
          else if (name === 1) this.#readHistograms();
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

  /** The next member among names of which most are passed over. */
  #nextBeside(table: NameTable): number {
    const cursor = this.#cursor;
    const name = cursor.nextOf(table);
    if (name !== UNKNOWN_NAME) return name;
    if (cursor.nameEscaped) throw surprise;
    if (table.size < BESIDE_MAX) {
      const added = table.add(cursor.bytes, cursor.nameStart, cursor.nameEnd, cursor.nameHash);
      if (added >= 0) table.came(added);
    }
    return UNKNOWN_NAME;
  }

  #readInfo(bytes: Uint8Array): void {
    const cursor = this.#cursor;
    const bounds = this.#bounds;
    bounds.fill(0);
    cursor.enterObject();
    for (let name = this.#nextBeside(this.#infoNames); name !== NO_MEMBER; name = this.#nextBeside(this.#infoNames)) {
      const start = cursor.at;
      cursor.skip();
      if (name >= IDENTITY.length || name === UNKNOWN_NAME) continue;
      // Of members of one name the last one counts, as for `JSON.parse`.
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

  #readHistograms(): void {
    const cursor = this.#cursor;
    const numbers = this.numbers;
    cursor.enterObject();
    for (let name = cursor.nextOf(this.#names); name !== NO_MEMBER; name = cursor.nextOf(this.#names)) {
      if (name === UNKNOWN_NAME) name = this.#newHistogram();
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
    const table = this.#simpleTable;
    cursor.enterObject();
    for (let known = cursor.nextOf(table); known !== NO_MEMBER; known = cursor.nextOf(table)) {
      const { nameStart, nameEnd } = cursor;
      if (known === UNKNOWN_NAME) {
        known = this.#simpleNumber(bytes, nameStart, nameEnd, cursor.nameHash);
        table.came(known);
      }
      const name = this.#once(known);
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
      const name = this.#once(this.#simpleNumber(scratch, 0, end, hashOf(scratch, 0, end) & this.#hashMask));
      if (cursor.kind() === "number") this.#addSimple(name);
      else cursor.skip();
    }
  }

  /** The number of a simple measure's name. Also of members that are ignored: the last one of a name counts, and so none may be there twice. */
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
    return name;
  }

  /** Refuses a simple measure that is there twice, or `a_b` beside `b` in `a`. */
  #once(name: number): number {
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
    this.#names.came(name);
    if (name >= this.#seen.length) this.#seen = grown(this.#seen);
    return name;
  }

  #growHistograms(): void {
    this.histogramNames = grown(this.histogramNames);
    this.lengths = grown(this.lengths);
    this.starts = grown(this.starts);
    this.cells = grown(this.cells);
  }
}

/** A table in which these names have the numbers of their places. */
function tableOf(names: readonly string[], hashMask: number): NameTable {
  const table = new NameTable();
  for (const name of names) {
    const bytes = Buffer.from(name);
    table.add(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length) & hashMask);
  }
  return table;
}

function grown<T extends Int32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(2 * array.length);
  larger.set(array);
  return larger;
}
