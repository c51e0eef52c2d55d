/** Jobs for real children: blocks in a temporary folder, bundles from source text, a runner, hooks that lend files. */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childRunner } from "../../../executor/launch/runner.ts";
import type {
  AttemptLimits,
  BundleRef,
  JobBlock,
  JobHooks,
  JobOutcome,
  JobRunner,
  JobTask,
} from "../../../executor/types.ts";
import { encodeWhole } from "../../../shared/codecs/encode.ts";
import { keyOf, valueOf } from "../../../shared/segment/entry.ts";
import { syncFileSource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { tempDir } from "../../support/temp.ts";

/** An attempt's id in tests: 16 hex digits. */
let attempts = 0;

export const limits: AttemptLimits = {
  heapBytesMax: 256 * 2 ** 20,
  rssBytesMax: 400 * 2 ** 20,
  stallMs: 5_000,
  attemptMs: 60_000,
  checkpointStateBytes: 16 * 2 ** 20,
  checkpointMs: 30_000,
};

/** Counts records by their field `k`. */
export const countingSource = `export default {
  name: "counting", key: ["k"],
  map(record, emit) { emit([record.json().k], 1); },
  merge: (a, b) => a + b,
};`;

export interface Setting {
  readonly folder: string;
  readonly scratch: string;
  readonly runner: JobRunner;
  /** A bundle as it stands, without esbuild. */
  bundle(source: string): BundleRef;
  /** Writes a block; its codec is its suffix'. */
  block(name: string, content: string, partition?: string): JobBlock;
  task(bundle: BundleRef, blocks: readonly JobBlock[], extra?: Partial<AttemptLimits>): JobTask;
  hooks(extra?: Partial<JobHooks>): JobHooks;
  run(bundle: BundleRef, blocks: readonly JobBlock[], extra?: Partial<AttemptLimits>): Promise<JobOutcome>;
}

export function setting(): Setting {
  const folder = tempDir("executor");
  const scratch = join(folder, "scratch");
  const runner = childRunner({ scratch });
  let blocks = 0;
  let bundles = 0;
  const made: Setting = {
    folder,
    scratch,
    runner,
    bundle(source) {
      const path = join(folder, `bundle-${bundles++}`);
      writeFileSync(path, source);
      return { sha256: "0".repeat(64), path, params: {}, inputs: [] };
    },
    block(name, content, partition = "p") {
      const path = join(folder, name);
      writeFileSync(path, encodeWhole(name, Buffer.from(content)));
      return { ...refresh(folder, name), index: blocks++, dimensions: { name }, partition };
    },
    task(bundle, jobBlocks, extra = {}) {
      const attempt = (++attempts).toString(16).padStart(16, "0");
      return {
        attempt,
        bundle,
        records: "ndjson",
        columns: 1,
        publishBy: 0,
        blocks: jobBlocks,
        limits: { ...limits, ...extra },
      };
    },
    hooks: (extra = {}) => ({
      lend: (block) => Promise.resolve({ kind: "path", path: join(folder, block.key) }),
      progress: () => undefined,
      stop: new AbortController().signal,
      ...extra,
    }),
    run: (bundle, jobBlocks, extra) => runner.run(made.task(bundle, jobBlocks, extra), made.hooks()),
  };
  return made;
}

/** Size and etag of a file as the catalog has them. */
export function refresh(folder: string, name: string): { key: string; size: number; etag: string } {
  const { size, mtimeNs } = statSync(join(folder, name), { bigint: true });
  return { key: name, size: Number(size), etag: `${size}-${mtimeNs}` };
}

/** Records `{"k": "<prefix><i % keys>"}`. */
export function records(count: number, keys: number, prefix = "k"): string {
  return Array.from({ length: count }, (_, i) => `{"k":"${prefix}${i % keys}"}\n`).join("");
}

export function entriesOf(outcome: JobOutcome): Record<string, string> {
  if (outcome.segment === null) return {};
  const source = syncFileSource(outcome.segment.path);
  try {
    const cursor = SyncSegmentReader.open(source).cursor();
    const entries: Record<string, string> = {};
    while (cursor.next()) entries[Buffer.from(keyOf(cursor)).toString()] = Buffer.from(valueOf(cursor)).toString();
    return entries;
  } finally {
    source.close();
  }
}
