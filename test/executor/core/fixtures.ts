/** Small analyses, blocks and a scratch place in memory, for tests of the synchronous core. */
import type { Analysis, Emit, RecordView } from "../../../jobs/analysis.ts";
import { loadAnalysis } from "../../../executor/core/load.ts";
import type { LoadedAnalysis } from "../../../executor/core/load.ts";
import type { Scratch } from "../../../executor/core/runs.ts";
import type { JobBlock } from "../../../executor/types.ts";
import { keyOf, valueOf } from "../../../shared/segment/entry.ts";
import type { EntryPlace } from "../../../shared/segment/entry.ts";
import { syncMemorySource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";

export function load<V>(analysis: Analysis<V>, params: unknown = {}): LoadedAnalysis {
  return loadAnalysis({ default: analysis }, params, [], () => new Uint8Array());
}

/** Counts records by their field `k`; throws, rejects or emits wrongly as the record asks. */
export function countingMap(record: RecordView, emit: Emit<number>): void {
  const { k, ask } = record.json() as { k: string; ask?: string };
  emit([k], 1);
  if (ask === "throw") throw new Error("asked to throw");
  if (ask === "reject") throw Object.assign(new Error("asked to reject"), { name: "InvalidRecord", reason: "asked" });
  if (ask === "columns") emit([k, k], 1);
}

export const counting = load<number>({ name: "counting", key: ["k"], map: countingMap, merge: (a, b) => a + b });

export function block(index: number, partition = "p"): JobBlock {
  return { index, key: `block-${index}`, size: 1, etag: "e", dimensions: { index: String(index) }, partition };
}

export function lines(...records: readonly unknown[]): Uint8Array {
  return Buffer.from(
    records.map((record) => `${typeof record === "string" ? record : JSON.stringify(record)}\n`).join(""),
  );
}

/** Pairs that an execution drains, as text. */
export class Pairs {
  readonly list: [string, string][] = [];

  addText(key: string, value: string): void {
    this.list.push([key, value]);
  }

  addFrom(cursor: EntryPlace): void {
    this.list.push([Buffer.from(keyOf(cursor)).toString(), Buffer.from(valueOf(cursor)).toString()]);
  }
}

export class MemoryScratch implements Scratch {
  readonly files = new Map<string, Uint8Array>();

  create(name: string): { write(bytes: Uint8Array): void; close(): void } {
    const parts: Uint8Array[] = [];
    return { write: (bytes) => void parts.push(bytes), close: () => void this.files.set(name, Buffer.concat(parts)) };
  }

  open(name: string): ReturnType<typeof syncMemorySource> & { close(): void } {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw new Error(`no run ${name}`);
    return { ...syncMemorySource(bytes), close: () => undefined };
  }

  /** All entries of a run, as text. */
  read(name: string): Record<string, string> {
    const cursor = SyncSegmentReader.open(this.open(name)).cursor();
    const entries: Record<string, string> = {};
    while (cursor.next()) entries[Buffer.from(keyOf(cursor)).toString()] = Buffer.from(valueOf(cursor)).toString();
    return entries;
  }
}
