/**
 * What a user writes: an analysis turns records into key -> value pairs, and says how two values of one key become one.
 * Everything here is pure: no I/O, no clock, no randomness. It runs in a child process without credentials.
 */

/** The block that a record comes from. */
export interface BlockContext {
  /** Relative to the dataset's place. */
  readonly key: string;
  /** The dimensions that the block's key spells, by name. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** One unit of a block. A single object is reused for all records: nothing of it may be kept after the callback returns. */
export interface RecordView {
  /** The record's bytes without id and line end. No copy: valid until the callback returns, overwritten afterwards. */
  readonly bytes: Uint8Array;
  /** The bytes as UTF-8 text. */
  text(): string;
  /**
   * The record parsed as JSON. Throws `InvalidRecord` on anything else; let it pass, and the record is counted as `invalid-json`.
   * Untyped by nature, as `JSON.parse` is.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- what JSON.parse gives; authors narrow it.
  json(): any;
  /** The fields of a delimited format; for `telemetry`, id and JSON text. */
  fields(): readonly string[];
  /** The record's own id where the format has one (telemetry), else "". */
  readonly id: string;
  /** 0-based number within the block, rejected records included. */
  readonly ordinal: number;
  /** Byte offset of the record within the decoded block. */
  readonly offset: number;
  readonly block: BlockContext;
}

/** The values of a key's columns, in the order of `Analysis.key`. */
export type Key = readonly string[];

export type Emit<V> = (key: Key, value: V) => void;

/** Side files named by hash in the run, by name; read-only. */
export interface Inputs {
  /** Names, in byte order. */
  names(): readonly string[];
  /** The file's bytes; throws when there is no input of that name. */
  read(name: string): Uint8Array;
}

export interface Context<P> {
  readonly params: P;
  readonly inputs: Inputs;
}

/** The fast way: an analysis that keeps its own state instead of emitting pairs. One is made per partition and attempt. */
export interface Accumulator<V> {
  /** Check first, then change: a throw rejects the record, and costs a return to the last checkpoint unless it is `InvalidRecord`. */
  add(record: RecordView): void;
  /** About how much memory the state takes, in bytes. */
  bytes(): number;
  /** All pairs in key order (bytes of the encoded key); the accumulator is empty afterwards. */
  drain(): Iterable<readonly [Key, V]>;
  /** The fast way of `drain`, called instead: the same pairs in the same order, to the byte. */
  drainEncoded?(pairs: EncodedPairs): void;
}

/** Takes pairs as segments hold them. */
export interface EncodedPairs {
  /**
   * One pair: the key's columns as `encodeKey` writes them, from the first byte to `keyEnd`; the value as `encode` writes it
   * (by default JSON in its canonical form), from `valueStart` to `valueEnd`. Both are copied. Throws for what is no key, not
   * above the one before, or no line.
   */
  add(keyBytes: Uint8Array, keyEnd: number, valueBytes: Uint8Array, valueStart: number, valueEnd: number): void;
}

/** Rejects the record in hand, and nothing else: it is counted under `reason`. Thrown by `map` and `add` before they change anything. */
export class InvalidRecord extends Error {
  readonly reason: string;

  /** `reason` is a short constant such as `missing-info`: it becomes a counter. Details belong into the message. */
  constructor(reason: string, message: string = reason) {
    super(message);
    this.name = "InvalidRecord";
    this.reason = reason;
  }
}

/** Any validator of the Standard Schema convention (https://standardschema.dev): valibot, zod, arktype, … */
export interface ParamsSchema<P> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) =>
      | { readonly value: P; readonly issues?: undefined }
      | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }
      | Promise<unknown>;
    readonly types?: { readonly input: unknown; readonly output: P } | undefined;
  };
}

/** Where `render` puts one unit's published files. */
export interface Site {
  /** Writes one file of the unit's folder. `name` is a plain file name; content is JSON text, or bytes that may change afterwards. */
  write(name: string, content: string | Uint8Array): void;
  /** Adds to the unit's entry in coverage.json: what a reader of the numbers must know. JSON values only. */
  note(name: string, value: unknown): void;
}

export interface Unit {
  /** The first `publish.by` key columns that all entries of this unit share. */
  readonly key: Key;
}

/** Makes files beside `results.ndjson`: it is given all entries in key order, as they are stored, then ends. */
export interface Beside<V> {
  add(key: Key, value: V): void;
  end(site: Site): void;
}

/** How an analysis publishes. Without it, a run publishes one folder with `results.ndjson`. */
export interface Publish<V, P> {
  /** The unit of publication is a value of the first `by` key columns. */
  readonly by: number;
  /** File name of the pointer: a JSON object from label to folder name. */
  readonly pointer: string;
  /** The unit's name in the pointer. */
  label(unit: Unit): string;
  /** The unit's folder name. `stamp` is YYYYMMDDHHMMSS; `suffix` (`<number>-<8 hex>`) makes it unique and must end the name. */
  folder(unit: Unit, stamp: string, suffix: string): string;
  /** Turns one unit into files. Entries come in key order. */
  render(unit: Unit, entries: Iterable<readonly [Key, V]>, site: Site, context: Context<P>): void;
  /**
   * The fast way of `render`, asked in its place: the files and notes that `render` would give, exactly, from entries as segments
   * hold them. What it does not know of an entry it decodes. `renderUnits` of `spotfold/testing` compares the two.
   */
  renderEncoded?(unit: Unit, entries: EncodedEntries<V>, site: Site, context: Context<P>): void;
}

/**
 * Entries in key order, as segments hold them. One object for all: what it says is of the current entry, and its bytes are valid
 * until `next` is called again.
 */
export interface EncodedEntries<V> {
  /** Goes to the next entry (at first to the first one); false when there is none. */
  next(): boolean;
  /** The key lies in these bytes from `keyStart` to `keyEnd`: its columns, a TAB between them; control characters and `\\` are escaped. */
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  /** So many bytes of the key, perhaps more, are as in the key before. */
  readonly keyShared: number;
  /** The value as `encode` writes it lies in these bytes from `valueStart` to `valueEnd`. */
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Both decoded, at each call anew. */
  key(): Key;
  value(): V;
}

export interface Analysis<V = unknown, P = unknown> {
  /** `[a-z0-9][a-z0-9-]{0,62}`. */
  readonly name: string;
  /** Raised by the author when the shape of values, or what `merge` means, changes. Default 1. */
  readonly state?: number;
  /** Names of the key's columns; at least one. A function where they follow from parameters; read it by `keyColumns`. */
  readonly key: readonly string[] | ((params: P) => readonly string[]);
  readonly params?: ParamsSchema<P>;
  /** Names of the side files that it may be given, e.g. `definitions`. */
  readonly inputs?: readonly string[];
  /** Pure; one record in, any number of pairs out. Emits take effect when it returns: a throw leaves nothing behind. */
  map?(record: RecordView, emit: Emit<V>, context: Context<P>): void;
  /** Instead of `map`. */
  accumulator?(context: Context<P>): Accumulator<V>;
  /** Associative and commutative, exactly: results must not depend on who finished first. May change and return `a`. */
  merge(a: V, b: V, key: Key): V;
  /**
   * The fast way of `merge`, on values as `encode` writes them: the bytes that decoding all, merging them in any order and
   * encoding the result would give, exactly; or null when it does not know these, and `merge` is asked. The bytes may be reused.
   */
  mergeEncoded?(values: EncodedValues): Uint8Array | null;
  /** The reduce phase: runs when results are read or rendered, changes nothing that is stored. */
  finish?(key: Key, value: V): unknown;
  /** Value -> one line without TAB or LF. Default: JSON, integers beyond 2^53 refused. */
  encode?(value: V): string;
  decode?(text: string): V;
  readonly publish?: Publish<V, P>;
  /** Without `publish`: what is published beside `results.ndjson`, such as the page's files (docs/formats/site.md). Null: nothing. */
  beside?(context: Context<P>): Beside<V> | null;
  /** How many rejected records a block may have before the whole block is missing. Default: any number, but not all. */
  readonly rejectedPerBlockMax?: number;
}

/** Encoded values of one key, as segments hold them. Reused: valid until the callback returns. */
export interface EncodedValues {
  /** At least 2. */
  readonly count: number;
  /** Value `index` is what lies in these bytes from `start(index)` to `end(index)`. */
  bytes(index: number): Uint8Array;
  start(index: number): number;
  end(index: number): number;
}

/** The names of the key's columns under these (checked) parameters. */
export function keyColumns<V, P>(analysis: Analysis<V, P>, params: P): readonly string[] {
  return typeof analysis.key === "function" ? analysis.key(params) : analysis.key;
}

/** Names and types an analysis; the default export of a module that is submitted. Checked when it is loaded. */
export function defineAnalysis<V, P = Record<string, never>>(analysis: Analysis<V, P>): Analysis<V, P> {
  return analysis;
}
