/**
 * Histogram definitions by revision, from the side files `definitions/<12 hex>.Histograms.json` (that revision's) and
 * `definitions/Histograms.json` (every other revision's). A missing definition rejects nothing.
 *
 * A file is an object, name -> definition; keys that are not known are kept and ignored. It is parsed when it is first asked
 * for; one that is no JSON object fails then, by name.
 */
import { createHash } from "node:crypto";
import type { Inputs } from "../analysis.ts";
import { boundsOf } from "./bounds.ts";

export interface Definition {
  /** As the file has it. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Undefined when they cannot be computed. */
  readonly bounds: readonly number[] | undefined;
  /** What sets it apart from others of as many buckets: 8 hex digits of kind and bounds; undefined without bounds. */
  readonly digest: string | undefined;
}

const STARTUP = "STARTUP_";
/** Digits of a revision that name its file. */
const REVISION_DIGITS = 12;
const REVISION_URL = /^https?:\/\/[^/]+\/.+\/rev\/([0-9a-f]+)\/?$/;
const EVERY_REVISION = "definitions/Histograms.json";

/** The definitions of one revision. */
export class DefinitionTable {
  readonly #raw: ReadonlyMap<string, unknown>;
  readonly #known = new Map<string, Definition | undefined>();

  constructor(raw: Readonly<Record<string, unknown>>) {
    this.#raw = new Map(Object.entries(raw));
  }

  /** `STARTUP_X` is defined as X is, unless it has a definition of its own. */
  get(measure: string): Definition | undefined {
    const name = this.#raw.has(measure) || !measure.startsWith(STARTUP) ? measure : measure.slice(STARTUP.length);
    if (!this.#raw.has(name)) return undefined;
    if (!this.#known.has(name)) this.#known.set(name, definitionOf(this.#raw.get(name)));
    return this.#known.get(name);
  }
}

/** All that one run was given. */
export class Definitions {
  readonly #inputs: Inputs;
  readonly #names: ReadonlySet<string>;
  readonly #tables = new Map<string, DefinitionTable>();

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
    this.#names = new Set(inputs.names());
  }

  /** The table of the revision that a ping names (its URL), or undefined. Throws when the file is damaged. */
  forRevision(revision: string): DefinitionTable | undefined {
    const digits = REVISION_URL.exec(revision)?.[1]?.slice(0, REVISION_DIGITS);
    const own = `definitions/${digits}.Histograms.json`;
    if (digits !== undefined && this.#names.has(own)) return this.#table(own);
    return this.#names.has(EVERY_REVISION) ? this.#table(EVERY_REVISION) : undefined;
  }

  #table(name: string): DefinitionTable {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new DefinitionTable(parseDefinitions(name, this.#inputs.read(name)));
      this.#tables.set(name, table);
    }
    return table;
  }
}

const known = new WeakMap<Inputs, Definitions>();

/** Those of a run's inputs: read and computed once in a process, however many partitions and units it works on. */
export function definitionsOf(inputs: Inputs): Definitions {
  let definitions = known.get(inputs);
  if (definitions === undefined) {
    definitions = new Definitions(inputs);
    known.set(inputs, definitions);
  }
  return definitions;
}

/** What tells definitions of as many buckets apart; also for definitions that come from no file. */
export function digestOf(kind: string, bounds: readonly number[]): string {
  return createHash("sha256")
    .update(`${kind}:${bounds.join(",")}`)
    .digest("hex")
    .slice(0, 8);
}

/**
 * The key column that keeps arrays of different definitions apart: the number of buckets, and the digest of the definition
 * that has as many. An array that is of another length than its definition says is of an unknown one.
 */
export function definitionColumn(buckets: number, definition: Definition | undefined): string {
  if (definition?.digest === undefined || definition.bounds?.length !== buckets) return String(buckets);
  return `${buckets}-${definition.digest}`;
}

/** Whether arrays of this column may stand beside those of the newest build: as long, and not known to differ. */
export function isCompatible(column: string, newest: string): boolean {
  const [length, digest] = column.split("-", 2);
  const [newestLength, newestDigest] = newest.split("-", 2);
  return length === newestLength && (digest === undefined || newestDigest === undefined || digest === newestDigest);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function definitionOf(raw: unknown): Definition | undefined {
  if (!isObject(raw)) return undefined;
  const bounds = boundsOf(raw);
  return { json: raw, bounds, digest: bounds === undefined ? undefined : digestOf(String(raw["kind"]), bounds) };
}

function parseDefinitions(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new Error(`${name} is not JSON`, { cause: error });
  }
  if (!isObject(value)) throw new Error(`${name} is not a JSON object of histogram definitions by name`);
  return value;
}
