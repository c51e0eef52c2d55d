/**
 * What must hold at every moment, and what must hold at rest. The expectation is computed from the data alone, one block after
 * the other, by code that shares nothing with what it checks.
 */
import { zstdDecompressSync } from "node:zlib";
import { codeOf } from "../../shared/errors.ts";
import { syncMemorySource } from "../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../shared/segment/sync-reader.ts";
import { keyOf, valueOf } from "../../shared/segment/entry.ts";
import { decodeKey } from "../../shared/segment/key.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { CoverageRow } from "../../shared/formats/coverage.ts";
import { parseInboxEntry } from "../../shared/formats/inbox.ts";
import { inboxKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { pageName } from "../../master/passes/page.ts";
import { aggregate, hopelessRun, type World } from "./world.ts";

export class Monitor {
  failure: Error | null = null;
  readonly #world: World;
  #publishedSnapshot = -1;
  readonly #folderNumbers = new Map<string, number>();
  #coveredMost = 0;
  readonly #memory = new Map<string, Uint8Array>();
  readonly #webMemory = new Map<string, Uint8Array>();
  readonly #cancelledEarly = new Set<string>();
  #decoded: { readonly head: Uint8Array; readonly manifest: Manifest } | null = null;

  /** The stores' own methods, before they are watched. */
  readonly #originals: Record<"store" | "web", Pick<BlobStore, "put" | "delete">>;

  constructor(world: World) {
    this.#world = world;
    const { store, web } = world;
    this.#originals = {
      store: { put: store.put.bind(store), delete: store.delete.bind(store) },
      web: { put: web.put.bind(web), delete: web.delete.bind(web) },
    };
    this.#watchStore();
    this.#watchWeb();
  }

  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Failures that are no port's doing are bugs. */
  passFailed(error: unknown): void {
    const code = codeOf(error);
    const expected = ["timeout", "store-unavailable", "access-denied", "absent"];
    if (code === undefined || !expected.includes(code)) this.fail(error);
  }

  /** Somebody was told that the run is cancelled, and that nothing of it is in the aggregate. */
  cancelledEarly(run: string): void {
    this.#cancelledEarly.add(run);
    this.#headMoved();
  }

  /** An unresolved job's message is never deleted, as long as its run is open under the plan that it names. */
  messageDeleted(body: string | undefined): void {
    if (body === undefined) return;
    const { plan, job } = JSON.parse(body) as { plan: string; job: string };
    if (this.#memory.has(`aggregates/${aggregate}/resolutions/${plan}/${job}`)) return;
    const run = this.#manifest()?.open.find((open) => open.plan === plan);
    if (run !== undefined)
      this.fail(new Error(`the message of ${plan}/${job} was deleted, and the job is not resolved`));
  }

  /** How to take back a write of `key` that was not synced, asked before it: the bytes as they are now. */
  undoOf(store: "store" | "web", key: string): () => void {
    const memory = store === "store" ? this.#memory : this.#webMemory;
    const before = memory.get(key);
    const inner = this.#originals[store];
    return () => {
      if (before === undefined) {
        memory.delete(key);
        void inner.delete([key]);
      } else {
        memory.set(key, before);
        void inner.put(key, before);
      }
    };
  }

  /** After a loss of power: what nobody was told of may be gone, so the marks are set anew. */
  powerReturned(): void {
    const manifest = this.#manifest();
    this.#coveredMost = manifest === null ? 0 : coveredOf(manifest);
    this.#folderNumbers.clear();
    this.#publishedSnapshot = -1;
    for (const [key, bytes] of this.#webMemory) if (/^[^/]*\.(?:json|html)$/.test(key)) this.#pointerMoved(key, bytes);
  }

  /** Sees every effect on the store; keeps what the checks need. */
  #watchStore(): void {
    const { store } = this.#world;
    const put = store.put.bind(store);
    const create = store.create.bind(store);
    const swap = store.swap.bind(store);
    const remove = store.delete.bind(store);
    store.put = async (key, body) => {
      if (body instanceof Uint8Array) this.#memory.set(key, body);
      const result = await put(key, body);
      if (key.endsWith("/head")) this.#headMoved();
      return result;
    };
    store.create = async (key, bytes) => {
      if (!this.#memory.has(key)) this.#memory.set(key, bytes);
      return await create(key, bytes);
    };
    store.swap = async (key, bytes, expected) => {
      const result = await swap(key, bytes, expected);
      if (result.swapped) this.#memory.set(key, bytes);
      if (result.swapped && key.endsWith("/head")) this.#headMoved();
      return result;
    };
    store.delete = async (keys) => {
      for (const key of keys) this.#deleted(key);
      await remove(keys);
    };
  }

  #manifest(): Manifest | null {
    const head = this.#memory.get(`aggregates/${aggregate}/head`);
    if (head === undefined) return null;
    if (this.#decoded?.head === head) return this.#decoded.manifest;
    const { manifest } = JSON.parse(Buffer.from(head).toString()) as { manifest: string };
    const bytes = this.#memory.get(manifest);
    if (bytes === undefined) throw new Error(`${manifest} is named by the head and not there`);
    this.#decoded = { head, manifest: JSON.parse(zstdDecompressSync(bytes).toString()) as Manifest };
    return this.#decoded.manifest;
  }

  #headMoved(): void {
    const manifest = this.#manifest();
    if (manifest === null) return;
    for (const { key } of [...manifest.data, ...manifest.coverage]) {
      if (!this.#memory.has(key)) this.fail(new Error(`the manifest names ${key}, which is not there`));
    }
    const ids = [...manifest.open, ...manifest.closed].map((run) => run.run);
    if (new Set(ids).size !== ids.length) this.fail(new Error(`a run was admitted twice: ${ids.join(" ")}`));
    const begun = [...manifest.open, ...manifest.closed.filter(({ state }) => state !== "cancelled")];
    const early = begun.find(({ run }) => this.#cancelledEarly.has(run));
    if (early !== undefined) this.fail(new Error(`${early.run} was cancelled before it began, and was admitted`));
    const covered = coveredOf(manifest);
    if (covered < this.#coveredMost)
      this.fail(new Error(`coverage went from ${this.#coveredMost} down to ${covered} blocks`));
    this.#coveredMost = covered;
  }

  #deleted(key: string): void {
    const manifest = this.#manifest();
    if (manifest !== null) {
      const named = [...manifest.data, ...manifest.coverage].some((segment) => segment.key === key);
      const open = manifest.open.some(
        (run) => key.endsWith(`/plans/${run.plan}`) || key.includes(`/resolutions/${run.plan}/`),
      );
      if (named || open) this.fail(new Error(`${key} was deleted, and the ledger needs it`));
    }
    this.#memory.delete(key);
  }

  /** Published data never goes back. */
  #watchWeb(): void {
    const { web } = this.#world;
    const put = web.put.bind(web);
    const swap = web.swap.bind(web);
    web.put = async (key, body) => {
      if (body instanceof Uint8Array) this.#webMemory.set(key, body);
      const result = await put(key, body);
      if (/^[^/]*\.(?:json|html)$/.test(key) && body instanceof Uint8Array) this.#pointerMoved(key, body);
      return result;
    };
    web.swap = async (key, bytes, expected) => {
      const result = await swap(key, bytes, expected);
      if (result.swapped) {
        this.#webMemory.set(key, bytes);
        this.#pointerMoved(key, bytes);
      }
      return result;
    };
  }

  /** Whoever follows the pointer finds the page, and the page what it loads. */
  #checkPage(): void {
    const page = this.#webMemory.get(pageName);
    if (page === undefined) return this.fail(new Error("a pointer moved before there was a page"));
    const loads = Buffer.from(page).toString();
    if (!this.#webMemory.has(loads)) this.fail(new Error(`the page is there, and not ${loads}, which it loads`));
  }

  #pointerMoved(key: string, bytes: Uint8Array): void {
    if (key === pageName) {
      this.#checkPage();
      return;
    }
    const content = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
    if (key === "coverage.json") {
      this.#moved(key, Number(content["snapshot"]));
      return;
    }
    const folders = Object.entries(content);
    if (folders.length > 0) this.#checkPage();
    for (const [label, folder] of folders) {
      this.#moved(label, Number(/(\d+)-[0-9a-f]{8}$/.exec(String(folder))?.[1]));
    }
  }

  #moved(what: string, number: number): void {
    const before = this.#folderNumbers.get(what) ?? -1;
    if (number < before) this.fail(new Error(`published ${what} went back from snapshot ${before} to ${number}`));
    this.#folderNumbers.set(what, number);
    if (what === "coverage.json") this.#publishedSnapshot = number;
  }

  /** Of the run that no master can admit, its entry says why, in the words of one that lives. */
  #hasReason(): boolean {
    const entry = this.#memory.get(inboxKey(hopelessRun));
    const waits = entry === undefined ? undefined : parseInboxEntry(hopelessRun, entry).waits;
    return waits !== undefined && this.#world.isRunning(waits.what);
  }

  /** All runs are closed that can be, of the one that cannot a living master says why, and what is published is the last snapshot. */
  isAtRest(): boolean {
    if (this.#world.stormy) return false;
    const manifest = this.#manifest();
    if (manifest === null || manifest.open.length > 0) return false;
    const closed = new Set(manifest.closed.map((run) => run.run));
    return (
      this.#world.runs.every((run) => closed.has(run.run)) &&
      this.#hasReason() &&
      this.#publishedSnapshot >= manifest.number
    );
  }

  describe(): string {
    const manifest = this.#manifest();
    const open = manifest?.open.map((run) => `${run.run} ${run.foldedJobs}/${run.jobs} +${run.successors.join(",")}`);
    return `open: ${open?.join("; ") ?? "no manifest"}; closed: ${manifest?.closed.map((run) => `${run.run} ${run.state}`).join(", ") ?? ""}; published ${this.#publishedSnapshot} of ${manifest?.number ?? 0}; ${hopelessRun} ${this.#hasReason() ? "has a reason" : "has none of a living master"}`;
  }

  /** The answer at rest: throws where it is not what a sequential reader gets. */
  checkAnswer(): void {
    const manifest = this.#manifest();
    if (manifest === null) throw new Error("there is no manifest");
    const coverage = this.#coverage(manifest);
    const expected = new Map<string, number>();
    for (const [key, row] of coverage) {
      if (row.state === "missing") {
        this.#checkMissing(key, row);
        continue;
      }
      const content = this.#world.contents.get(`${key} ${row.etag}`);
      if (content?.records === null || content === undefined) throw new Error(`${key} is covered and cannot be read`);
      for (const { k, n } of content.records) add(expected, `sum\t${k}`, n);
      add(expected, `block\t${key}`, content.records.length);
      if (row.records !== content.records.length) throw new Error(`${key} has ${row.records} records in the coverage`);
    }
    compare("the aggregate", this.#answer(manifest), expected);
    for (const key of this.#world.keys) {
      if (coverage.has(key) || !this.#isThere(key)) continue;
      throw new Error(`${key} is neither covered nor missing`);
    }
    const totals = [...coverage.values()].filter((row) => row.state === "covered").length;
    const counted = manifest.closed.reduce((sum, run) => sum + run.totals.covered, 0);
    if (counted !== totals) throw new Error(`runs count ${counted} covered blocks, the coverage has ${totals}`);
  }

  #isThere(key: string): boolean {
    return this.#world.catalog?.includes(key) ?? true;
  }

  #checkMissing(key: string, row: CoverageRow): void {
    const content = this.#world.contents.get(`${key} ${row.etag}`);
    if (row.reason === "corrupt" && content?.records !== null)
      throw new Error(`${key} is whole and missing as corrupt`);
    if (row.reason === "invalid-resolution") throw new Error(`${key} has an invalid resolution: ${row.detail ?? ""}`);
    if (row.reason === undefined) throw new Error(`${key} is missing without a reason`);
  }

  #coverage(manifest: Manifest): Map<string, CoverageRow> {
    const rows = new Map<string, CoverageRow>();
    for (const { key } of manifest.coverage) {
      for (const [columns, value] of this.#entries(key)) {
        const block = columns[2] ?? "";
        const row = JSON.parse(value) as CoverageRow;
        const known = rows.get(block);
        // Segments come in no order: compaction puts what it merged behind the others.
        const [earlier, later] = known !== undefined && known.admission < row.admission ? [known, row] : [row, known];
        if (later !== undefined && earlier.state === "covered" && earlier.admission !== later.admission) {
          throw new Error(`${block} was covered and then admitted again`);
        }
        if (known === undefined || row.admission > known.admission) rows.set(block, row);
      }
    }
    return rows;
  }

  #answer(manifest: Manifest): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { key, partitions } of manifest.data) {
      for (const [columns, value] of this.#entries(key)) {
        if (partitions.includes(columns[0] ?? "")) add(sums, columns.slice(1).join("\t"), Number(value));
      }
    }
    return sums;
  }

  *#entries(key: string): Generator<[columns: string[], value: string]> {
    const bytes = this.#memory.get(key);
    if (bytes === undefined) throw new Error(`${key} is not there`);
    const cursor = SyncSegmentReader.open(syncMemorySource(bytes)).cursor();
    while (cursor.next()) yield [decodeKey(keyOf(cursor)), Buffer.from(valueOf(cursor)).toString()];
  }
}

function coveredOf(manifest: Manifest): number {
  return [...manifest.open, ...manifest.closed].reduce((sum, run) => sum + run.totals.covered, 0);
}

function add(map: Map<string, number>, key: string, value: number): void {
  map.set(key, (map.get(key) ?? 0) + value);
}

function compare(what: string, found: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): void {
  for (const [key, value] of expected) {
    if (found.get(key) !== value)
      throw new Error(`${what} has ${found.get(key) ?? "nothing"} for ${key}; ${value} is right`);
  }
  for (const key of found.keys()) if (!expected.has(key)) throw new Error(`${what} has ${key}, which nothing covers`);
}
