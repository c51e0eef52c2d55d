/**
 * Folds what is resolved, as a master does: enters it, and merges what is due then. Arguments: the folder, a file for the report,
 * and `<aggregate>/<run>` of each fold, in turn. Heads are put back first, so that each call does the same.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { compactPass } from "../../master/passes/compact.ts";
import { enterPass } from "../../master/passes/enter.ts";
import type { BlobBody, BlobStore } from "../../shared/ports/blob-store.ts";
import { contextIn, restoreHeads } from "./aggregate.ts";

export interface FoldReport {
  /** Bytes of all objects written, and of those, what merges made of data. */
  readonly written: number;
  readonly merged: number;
  /** Of this process or one of its children, at its most; NaN where the system does not tell of others. */
  readonly residentBytes: number;
  readonly descriptors: number;
  /** Of the outputs that were entered. */
  readonly outputBytes: number;
}

/** Counts what is written through it. */
function counting(store: BlobStore, count: (key: string, bytes: number) => void): BlobStore {
  async function* counted(key: string, body: Exclude<BlobBody, Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      count(key, piece.length);
      yield piece;
    }
  }
  return {
    name: store.name,
    get: async (key, options) => await store.get(key, options),
    head: async (key) => await store.head(key),
    put: async (key, body) => {
      if (body instanceof Uint8Array) count(key, body.length);
      else if ("finishedFile" in body) count(key, statSync(body.finishedFile).size);
      else return await store.put(key, counted(key, body));
      return await store.put(key, body);
    },
    create: async (key, bytes) => (count(key, bytes.length), await store.create(key, bytes)),
    swap: async (key, bytes, expected) => (count(key, bytes.length), await store.swap(key, bytes, expected)),
    list: (prefix, options) => store.list(prefix, options),
    delete: async (keys) => await store.delete(keys),
    lend: async (key) => await store.lend(key),
    close: async () => await store.close(),
  };
}

/** Often enough to see each child several times; it is a part of what is measured. */
const lookMs = 100;

/** What this process and its children have taken so far, by `/proc`. */
class Watch {
  residentBytes = 0;
  descriptors = 0;
  readonly #timer = setInterval(() => this.look(), lookMs);

  look(): void {
    const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "latin1");
    for (const pid of [String(process.pid), ...children.trim().split(" ")]) if (pid !== "") this.#lookAt(pid);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #lookAt(pid: string): void {
    try {
      const [, kb = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
      this.residentBytes = Math.max(this.residentBytes, Number(kb) * 1024);
      this.descriptors = Math.max(this.descriptors, readdirSync(`/proc/${pid}/fd`).length);
    } catch {
      // It has ended meanwhile.
    }
  }
}

const watch = process.platform === "linux" ? new Watch() : null;
const [folder = "", reportFile = "", ...folds] = process.argv.slice(2);
const { store } = await contextIn(folder);
await restoreHeads(folder, store);
let written = 0;
let merged = 0;
const watched = counting(store, (key, bytes) => {
  written += bytes;
  if (key.includes("/data/")) merged += bytes;
});
const context = await contextIn(folder, { store: watched });
let outputBytes = 0;
for (const fold of folds) {
  const [aggregate = "", run = ""] = fold.split("/");
  const before = await context.ledger.read(aggregate);
  const known = new Set(before.manifest?.data.map(({ key }) => key));
  const entered = await enterPass(context, before, { run });
  if (entered === 0) throw new Error(`nothing of ${fold} was entered`);
  const { manifest } = await context.ledger.read(aggregate);
  for (const { key, bytes } of manifest?.data ?? []) if (!known.has(key)) outputBytes += bytes;
  const stuck = new Map();
  await compactPass(context, aggregate, { stuck });
  if (stuck.size > 0) throw new Error(JSON.stringify([...stuck]));
}
await store.close();
watch?.look();
watch?.stop();
const { residentBytes = NaN, descriptors = NaN } = watch ?? {};
const report: FoldReport = { written, merged, residentBytes, descriptors, outputBytes };
writeFileSync(reportFile, JSON.stringify(report));
