/**
 * For tests of an analysis: runs it on records in memory, without stores, queues or processes, and checks what Spotfold
 * relies on. Nothing here is needed to run one.
 *
 *   runAnalysis       records of some blocks -> entries, merged, in key order
 *   checkMerge        `merge` gives the same bytes in ten orders and ten trees
 *   checkIsolation    no block leaves anything behind in the module that changes what the next one gives
 *   renderUnits       entries -> the files that `publish.render` writes, and `renderEncoded` the same ones
 *
 * Records see what they will see in earnest: one reused object, whose bytes are overwritten when the callback returns.
 */
import { Buffer } from "node:buffer";
import { decodeKeyText, encodeKey } from "../shared/segment/key.ts";
import { sortTexts } from "../shared/segment/order.ts";
import type { Accumulator, Analysis, Context, Inputs, Key } from "./analysis.ts";
import { InvalidRecord, keyColumns } from "./analysis.ts";
import { asTree, seeded, shuffled } from "./testing/orders.ts";
import { drainedLines } from "./testing/drained.ts";
import { TestEntries } from "./testing/entries.ts";
import { TestRecord } from "./testing/record.ts";
import { TestSite } from "./testing/site.ts";

export interface TestBlock {
  readonly key?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  /** A string or bytes as they are; anything else as JSON. */
  readonly records: readonly unknown[];
}

export interface TestOptions<P> {
  readonly params?: P;
  /** Side files by name. */
  readonly inputs?: Readonly<Record<string, string | Uint8Array>>;
}

export interface TestResult<V> {
  /** Merged, in key order. */
  readonly entries: readonly (readonly [Key, V])[];
  /** Rejected records by reason. */
  readonly rejected: Readonly<Record<string, number>>;
}

export interface TestUnit {
  readonly label: string;
  readonly folder: string;
  readonly files: Readonly<Record<string, string>>;
  readonly notes: Readonly<Record<string, unknown>>;
}

/** Orders and trees that are tried. */
const ORDERS = 10;

/** Runs the analysis on the blocks, one after the other. Any exception but `InvalidRecord` comes through. */
export function runAnalysis<V, P>(
  analysis: Analysis<V, P>,
  blocks: readonly TestBlock[],
  options: TestOptions<P> = {},
): TestResult<V> {
  const context = contextOf(options);
  const rejected: Record<string, number> = {};
  const parts = blocks.map((block) => runBlock(analysis, block, context, rejected));
  return { entries: mergeAll(analysis, parts), rejected };
}

/** Throws unless `merge` gives the same, to the byte, in ten shuffled orders and ten tree shapes. `parts` are results of `runAnalysis`. */
export function checkMerge<V, P>(
  analysis: Analysis<V, P>,
  parts: readonly (readonly (readonly [Key, V])[])[],
  seed = 1,
): void {
  const random = seeded(seed);
  const encoded = parts.map((part) => encodeEntries(analysis, part));
  const merge = (a: readonly string[], b: readonly string[]): readonly string[] =>
    encodeEntries(analysis, mergeAll(analysis, [decodeEntries(analysis, a), decodeEntries(analysis, b)]));
  const expected = encoded.reduce(merge, []).join("\n");
  for (let i = 0; i < ORDERS; i++) {
    const order = shuffled(encoded, random);
    for (const [shape, merged] of [
      ["one after the other", order.reduce(merge, [])],
      ["as a tree", asTree(order, merge, random)],
    ] as const) {
      if (merged.join("\n") === expected) continue;
      throw new Error(
        `merge depends on the order: seed ${seed}, order ${i}, ${shape}: ${firstDifference(merged, expected)}`,
      );
    }
  }
}

/** Throws unless two blocks give the same each, whichever runs first in this process. */
export function checkIsolation<V, P>(
  analysis: Analysis<V, P>,
  first: TestBlock,
  second: TestBlock,
  options: TestOptions<P> = {},
): void {
  const run = (block: TestBlock): string =>
    encodeEntries(analysis, runAnalysis(analysis, [block], options).entries).join("\n");
  const firstThenSecond = [run(first), run(second)];
  const secondThenFirst = [run(second), run(first)];
  if (firstThenSecond[0] !== secondThenFirst[1] || firstThenSecond[1] !== secondThenFirst[0]) {
    throw new Error("the result of a block depends on which block was run before it: the module keeps state");
  }
}

/**
 * The folders that the analysis publishes of these entries, by unit. The stamp is 20000101000000. Throws when `renderEncoded`, if
 * there is one, gives anything else than `render`.
 */
export function renderUnits<V, P>(
  analysis: Analysis<V, P>,
  entries: readonly (readonly [Key, V])[],
  options: TestOptions<P> = {},
): TestUnit[] {
  const publish = analysis.publish;
  if (publish === undefined) throw new Error(`the analysis ${analysis.name} publishes nothing of its own`);
  const context = contextOf(options);
  const units = Map.groupBy(entries, ([key]) => encodeKey(key.slice(0, publish.by)));
  return [...units].map(([unitKey, unitEntries], number) => {
    const unit = { key: decodeKeyText(unitKey) };
    const site = new TestSite();
    // Once through, as from a stream.
    publish.render(unit, unitEntries.values(), site, context);
    if (publish.renderEncoded !== undefined) {
      const other = new TestSite();
      const lines = encodeEntries(analysis, unitEntries).map((line) => line.replace("\0", "\t"));
      const columns = keyColumns(analysis, context.params).length;
      publish.renderEncoded(unit, new TestEntries(lines, columns, valueDecoderOf(analysis)), other, context);
      site.mustEqual(other);
    }
    return {
      label: publish.label(unit),
      folder: publish.folder(unit, "20000101000000", `${number}-00000000`),
      files: site.files,
      notes: site.notes,
    };
  });
}

/** The lines of a segment. */
export function encodeEntries<V, P>(analysis: Analysis<V, P>, entries: readonly (readonly [Key, V])[]): string[] {
  return entries.map(([key, value]) => {
    const text = analysis.encode?.(value) ?? JSON.stringify(value);
    if (typeof text !== "string" || /[\t\n]/.test(text)) throw new Error(`not a value of one line: ${text}`);
    return `${encodeKey(key)}\0${text}`;
  });
}

function decodeEntries<V, P>(analysis: Analysis<V, P>, lines: readonly string[]): (readonly [Key, V])[] {
  const decode = valueDecoderOf(analysis);
  return lines.map((line) => {
    const at = line.indexOf("\0");
    const text = line.slice(at + 1);
    return [decodeKeyText(line.slice(0, at)), decode(text)] as const;
  });
}

function valueDecoderOf<V, P>(analysis: Analysis<V, P>): (text: string) => V {
  return analysis.decode?.bind(analysis) ?? ((text) => JSON.parse(text) as V);
}

function contextOf<P>(options: TestOptions<P>): Context<P> {
  const files = options.inputs ?? {};
  const inputs: Inputs = {
    names: () => sortTexts(Object.keys(files)),
    read: (name) => {
      const content = Object.hasOwn(files, name) ? files[name] : undefined;
      if (content === undefined) throw new Error(`there is no input ${name}`);
      return Buffer.from(content as string);
    },
  };
  return { params: options.params ?? ({} as P), inputs };
}

function runBlock<V, P>(
  analysis: Analysis<V, P>,
  block: TestBlock,
  context: Context<P>,
  rejected: Record<string, number>,
): readonly (readonly [Key, V])[] {
  const accumulator = analysis.accumulator?.(context);
  // Fed alike: what it drains as bytes is compared with what the other one drains.
  const twin = accumulator?.drainEncoded === undefined ? undefined : analysis.accumulator?.(context);
  const columns = keyColumns(analysis, context.params).length;
  const emitted: (readonly [Key, V])[] = [];
  const record = new TestRecord({ key: block.key ?? "", dimensions: block.dimensions ?? {} });
  for (const content of block.records) {
    record.load(content);
    const pairs: (readonly [Key, V])[] = [];
    try {
      if (accumulator === undefined) analysis.map?.(record, (key, value) => pairs.push([key, value]), context);
      else accumulator.add(record);
      emitted.push(...pairs);
    } catch (error) {
      if (!(error instanceof InvalidRecord)) throw error;
      rejected[error.reason] = (rejected[error.reason] ?? 0) + 1;
    } finally {
      record.overwrite();
    }
    feed(twin, record, content);
  }
  if (accumulator !== undefined) emitted.push(...accumulator.drain());
  const encoded = drainedLines(twin);
  if (encoded !== null && encoded.join("\n") !== encodeEntries(analysis, emitted).join("\n")) {
    const difference = firstDifference(encoded, encodeEntries(analysis, emitted).join("\n"));
    throw new Error(`drainEncoded gives something else than drain: ${difference}`);
  }
  // A text has a length, too, and JavaScript has no types.
  const odd = emitted.find(([key]) => !Array.isArray(key) || key.length !== columns);
  if (odd !== undefined) {
    throw new Error(`emit takes a list of ${columns} column${columns === 1 ? "" : "s"}; got ${JSON.stringify(odd[0])}`);
  }
  return emitted;
}

/** As the first one was; what it rejected, this one rejects. */
function feed<V>(accumulator: Accumulator<V> | undefined, record: TestRecord, content: unknown): void {
  if (accumulator === undefined) return;
  record.load(content);
  try {
    accumulator.add(record);
  } catch (error) {
    if (!(error instanceof InvalidRecord)) throw error;
  } finally {
    record.overwrite();
  }
}

function mergeAll<V, P>(
  analysis: Analysis<V, P>,
  parts: readonly (readonly (readonly [Key, V])[])[],
): (readonly [Key, V])[] {
  const merged = new Map<string, V>();
  for (const [key, value] of parts.flat()) {
    const text = encodeKey(key);
    merged.set(text, merged.has(text) ? analysis.merge(merged.get(text) as V, value, key) : value);
  }
  return sortTexts([...merged.keys()]).map((text) => [decodeKeyText(text), merged.get(text) as V] as const);
}

function firstDifference(lines: readonly string[], expected: string): string {
  const others = expected.split("\n");
  const at = lines.findIndex((line, i) => line !== others[i]);
  return `${lines[at] ?? "(nothing)"} instead of ${others[at] ?? "(nothing)"}`.replaceAll("\0", " = ");
}
