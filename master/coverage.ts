/**
 * Reading an aggregate's coverage: several sorted segments as one sorted stream of rows, the later admission's row where a
 * block has several. Memory: a frame for each segment, and one partition's rows for those who join.
 */
import { decodeCoverage, laterRow, type CoverageRow } from "../shared/formats/coverage.ts";
import type { CoverageSegment } from "../shared/formats/ledger.ts";
import type { BlobStore } from "../shared/ports/blob-store.ts";
import { blobSource } from "../shared/segment/blob-source.ts";
import type { Entry } from "../shared/segment/entry.ts";
import { decodeKey } from "../shared/segment/key.ts";
import { compareBytes } from "../shared/segment/order.ts";
import { SegmentReader } from "../shared/segment/reader.ts";

export interface CoveredBlock {
  readonly partition: string;
  readonly dataset: string;
  readonly key: string;
  readonly row: CoverageRow;
}

/** One segment's stream, with the entry that is next. */
class Cursor {
  readonly #batches: AsyncGenerator<readonly Entry[], void, undefined>;
  #batch: readonly Entry[] = [];
  #next = 0;

  constructor(reader: SegmentReader) {
    this.#batches = reader.entries();
  }

  get current(): Entry | undefined {
    return this.#batch[this.#next];
  }

  async advance(): Promise<void> {
    this.#next++;
    while (this.#next >= this.#batch.length) {
      const step = await this.#batches.next();
      if (step.done === true) {
        this.#batch = [];
        this.#next = 0;
        return;
      }
      this.#batch = step.value;
      this.#next = 0;
    }
  }
}

/** All rows in key order: partition, dataset, block key. */
export async function* readCoverage(
  store: BlobStore,
  segments: readonly CoverageSegment[],
): AsyncGenerator<{ readonly key: Uint8Array; readonly row: CoverageRow }, void, undefined> {
  const cursors = await Promise.all(
    segments.map(async ({ key }) => {
      const cursor = new Cursor(await SegmentReader.open(await blobSource(store, key)));
      await cursor.advance();
      return cursor;
    }),
  );
  for (;;) {
    let first: Entry | undefined;
    for (const { current } of cursors) {
      if (current !== undefined && (first === undefined || compareBytes(current.key, first.key) < 0)) first = current;
    }
    if (first === undefined) return;
    const { key } = first;
    let row: CoverageRow | undefined;
    for (const cursor of cursors) {
      const { current } = cursor;
      if (current === undefined || compareBytes(current.key, key) !== 0) continue;
      const other = decodeCoverage(Buffer.from(current.value).toString("utf8"));
      row = row === undefined ? other : laterRow(row, other);
      await cursor.advance();
    }
    if (row !== undefined) yield { key, row };
  }
}

/** The same with decoded keys. */
export async function* readCoveredBlocks(
  store: BlobStore,
  segments: readonly CoverageSegment[],
): AsyncGenerator<CoveredBlock, void, undefined> {
  for await (const { key, row } of readCoverage(store, segments)) {
    const [partition = "", dataset = "", block = ""] = decodeKey(key);
    yield { partition, dataset, key: block, row };
  }
}

/** One dataset's rows, a partition's at a time, in the order of partitions. */
export async function* coverageByPartition(
  store: BlobStore,
  segments: readonly CoverageSegment[],
  dataset: string,
): AsyncGenerator<{ readonly partition: string; readonly rows: Map<string, CoverageRow> }, void, undefined> {
  let group: { partition: string; rows: Map<string, CoverageRow> } | null = null;
  for await (const block of readCoveredBlocks(store, segments)) {
    if (block.dataset !== dataset) continue;
    if (group === null || group.partition !== block.partition) {
      if (group !== null) yield group;
      group = { partition: block.partition, rows: new Map() };
    }
    group.rows.set(block.key, block.row);
  }
  if (group !== null) yield group;
}
