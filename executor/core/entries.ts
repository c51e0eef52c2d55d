/**
 * The entries of an aggregate's segments as readers see them: across partitions, in key order, partition stripped; one
 * after the other, however many there are, decoded or as they are. `inHand` names the key when user code throws.
 */
import type { EncodedEntries, Key } from "../../jobs/analysis.ts";
import { keyOf } from "../../shared/segment/entry.ts";
import type { EntryCursor } from "../../shared/segment/entry.ts";
import { decodeKey, prefixRange } from "../../shared/segment/key.ts";
import { stripFirstColumn } from "../../shared/segment/strip.ts";
import { SyncSegmentReader } from "../../shared/segment/sync-reader.ts";
import type { SyncSegmentSource } from "../../shared/segment/source.ts";
import type { LoadedAnalysis } from "./load.ts";
import { combineOf, withMerged } from "./merge.ts";
import type { MergeInput, MergeShape, OpenInput } from "./merge.ts";
import { decodeValueOf } from "./values.ts";

/** One partition's range of a segment. */
export interface SliceSource {
  readonly partition: string;
  open(): SyncSegmentSource & { close(): void };
}

/**
 * A slice as an input of a merge: whole keys, or keys without the partition that begin with `prefix`. The latter tell no
 * bounds: without their partition, keys of slices may lie anywhere among each other.
 */
export function sliceInput(slice: SliceSource, stripped: boolean, prefix: Key): MergeInput {
  const range = prefixRange([slice.partition, ...prefix]);
  const open = (): OpenInput => {
    const source = slice.open();
    const cursor = SyncSegmentReader.open(source).cursor(range);
    return { cursor: stripped ? stripFirstColumn(cursor) : cursor, close: () => source.close() };
  };
  if (stripped) return { open };
  return {
    open,
    bounds() {
      const source = slice.open();
      try {
        return SyncSegmentReader.open(source).bounds(range);
      } finally {
        source.close();
      }
    },
  };
}

/** Can be walked once: decoded, one by one, or as they are by `next`. */
export class Entries implements Iterable<readonly [Key, unknown]>, EncodedEntries<unknown> {
  count = 0;
  readonly #cursor: EntryCursor;
  readonly #decode: (text: string) => unknown;
  readonly #beat: () => void;

  constructor(cursor: EntryCursor, loaded: LoadedAnalysis, beat: () => void) {
    this.#cursor = cursor;
    this.#decode = decodeValueOf(loaded.analysis);
    this.#beat = beat;
  }

  /** The encoded key that was handed out last; "" before the first. */
  get inHand(): string {
    return textOf(this.keyBytes, this.keyStart, this.keyEnd);
  }

  next(): boolean {
    if (!this.#cursor.next()) return false;
    this.count += 1;
    this.#beat();
    return true;
  }

  get keyBytes(): Uint8Array {
    return this.#cursor.keyBytes;
  }

  get keyStart(): number {
    return this.#cursor.keyStart;
  }

  get keyEnd(): number {
    return this.#cursor.keyEnd;
  }

  get keyShared(): number {
    return this.#cursor.keyShared;
  }

  get valueBytes(): Uint8Array {
    return this.#cursor.valueBytes;
  }

  get valueStart(): number {
    return this.#cursor.valueStart;
  }

  get valueEnd(): number {
    return this.#cursor.valueEnd;
  }

  key(): Key {
    return decodeKey(keyOf(this.#cursor));
  }

  value(): unknown {
    return this.#decode(textOf(this.valueBytes, this.valueStart, this.valueEnd));
  }

  *[Symbol.iterator](): Generator<readonly [Key, unknown], void, undefined> {
    while (this.next()) yield [this.key(), this.value()];
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8", start, end);
}

/** Runs `use` on the entries of all slices whose keys begin with `prefix`. */
export function withEntries<T>(
  slices: readonly SliceSource[],
  prefix: Key,
  loaded: LoadedAnalysis,
  shape: MergeShape,
  use: (entries: Entries) => T,
): T {
  const inputs = slices.map((slice) => sliceInput(slice, true, prefix));
  // Without the partition a key has one column less; runs of passes take the first for it.
  const stripped = { ...shape, columns: shape.columns - 1 };
  return withMerged(inputs, combineOf(loaded, false), stripped, (cursor) =>
    use(new Entries(cursor, loaded, shape.beat)),
  );
}
