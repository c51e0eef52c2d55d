/** The data of a simulated world: small blocks under dated keys, and an analysis whose answer shows every double and every loss. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { createHash } from "node:crypto";
import { defineAnalysis } from "../../jobs/analysis.ts";
import { loadAnalysis, type LoadedAnalysis } from "../../executor/core/load.ts";
import { pageName, type PageFile } from "../../master/passes/page.ts";
import type { Rng } from "./kernel.ts";

/** Pairs of a record: `("sum", k) += n`, and `("block", <key>) += 1`, so that each block's records are told apart. */
const analysis = defineAnalysis<number>({
  name: "sim",
  key: ["kind", "id"],
  map(record, emit) {
    const { k, n } = record.json() as { k: string; n: number };
    emit(["sum", k], n);
    emit(["block", record.block.key], 1);
  },
  merge: (a, b) => a + b,
  publish: { by: 1, pointer: "versions.json", label: () => "", folder: () => "", render: () => {} },
});

export const loaded: LoadedAnalysis = loadAnalysis({ default: analysis }, {}, [], () => new Uint8Array());

export interface Content {
  readonly bytes: Uint8Array;
  readonly suffix: string;
  /** What a sequential reader finds; null: the block is damaged. */
  readonly records: readonly { readonly k: string; readonly n: number }[] | null;
}

/** Contents do not depend on keys, so one pool serves all seeds. */
const pool: readonly Content[] = makePool();

function makePool(): Content[] {
  const contents: Content[] = [];
  for (let i = 0; i < 48; i++) {
    const records = Array.from({ length: 1 + (i % 5) }, (_, j) => ({
      k: `k${(i * 7 + j * 3) % 11}`,
      n: 1 + ((i + j) % 9),
    }));
    const text = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    const kind = i % 3;
    const bytes = kind === 0 ? text : kind === 1 ? gzipSync(text) : zstdCompressSync(text);
    contents.push({ bytes, suffix: [".json", ".json.gz", ".json.zst"][kind] ?? "", records });
  }
  return contents;
}

export function anyContent(rng: Rng): Content {
  return rng.pick(pool);
}

/** Another content for a key with this suffix. */
export function otherContent(rng: Rng, content: Content): Content {
  return rng.pick(pool.filter((other) => other.suffix === content.suffix && other !== content));
}

/** The same with a truncated tail: no codec with a frame takes that for a whole block. */
export function damaged(content: Content): Content {
  return { ...content, bytes: content.bytes.subarray(0, content.bytes.length - 5), records: null };
}

export function etagOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A page of two files; the monitor knows that the one loads the other. */
export const simPage: readonly PageFile[] = [
  { name: pageName, bytes: Buffer.from("page-0123456789.js") },
  { name: "page-0123456789.js", bytes: Buffer.from("1;") },
];
