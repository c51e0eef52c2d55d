/**
 * One analysis twice: by one process in folders, and by a master and workers on whatever places a test names. What they
 * publish must be the same bytes; the dataset has the same name for both, so that even coverage.json is the same.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SampleResult } from "../../cli/sample/make.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { tempDir } from "../support/temp.ts";
import { jsonOf, publishedBytes, spotfold, startSpotfold } from "./spotfold.ts";

const request = ["os-distribution", "--data", "pings", "--into", "systems", "--json"];
/** From the run's end to its snapshot, on a machine that does other things, too. */
const publishMsMax = 180_000;
const drainMsMax = 120_000;

type Published = ReturnType<typeof publishedBytes>;

function folderWith(name: string, data: string): string {
  const folder = tempDir(name);
  writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ datasets: { pings: { place: data } } }));
  return folder;
}

/** By `spotfold run`, from the sample's folder into a folder. */
export async function publishedAlone(sample: SampleResult): Promise<Published> {
  const folder = folderWith("alone", sample.data);
  const ended = await spotfold(folder, ["run", ...request]);
  assert.equal(ended.code, 0, ended.stderr);
  return publishedBytes(join(folder, ".spotfold/web/systems"));
}

/** Copies the sample below `prefix` of a store. */
export async function upload(sample: SampleResult, store: BlobStore, prefix: string): Promise<void> {
  for (const entry of readdirSync(sample.data, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) await store.put(prefix + relative(sample.data, path), readFileSync(path));
  }
}

/** By a master and two workers, asked by `submit --wait`. `env` names store, queue and web; `data` is the dataset's place. */
export async function publishedTogether(
  data: string,
  web: BlobStore,
  blocks: number,
  env: Readonly<Record<string, string>>,
): Promise<Published> {
  const folder = folderWith("together", data);
  const daemons = [];
  for (const daemon of ["master", "worker", "worker"]) daemons.push(await startSpotfold(folder, [daemon], { env }));
  const ended = await spotfold(folder, ["submit", ...request, "--wait"], { env });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(jsonOf(ended).blocks, { selected: blocks, covered: blocks, stale: 0, missing: [] });
  await untilPublished(web, blocks);
  for (const daemon of daemons) daemon.kill("SIGTERM");
  for (const daemon of daemons) {
    const end = await daemon.waitForEnd(drainMsMax);
    assert.equal(end.code, 0, end.stderr);
  }
  const copy = join(folder, "copy");
  await download(web, copy);
  return publishedBytes(join(copy, "systems"));
}

/** All blocks, in the last snapshot: masters publish what they have, again and again. */
async function untilPublished(web: BlobStore, blocks: number): Promise<void> {
  for (const until = performance.now() + publishMsMax; performance.now() < until; await sleep(200)) {
    const blob = await readAll(web, "systems/coverage.json");
    if (blob === null) continue;
    const { blocks: counts } = JSON.parse(Buffer.from(blob.bytes).toString()) as { blocks: { covered: number } };
    if (counts.covered === blocks) return;
  }
  throw new Error(`not published within ${publishMsMax} ms`);
}

async function download(store: BlobStore, folder: string): Promise<void> {
  for await (const page of store.list("systems/")) {
    for (const { key } of page.blobs) {
      const path = join(folder, key);
      mkdirSync(dirname(path), { recursive: true });
      const blob = await readAll(store, key);
      assert.ok(blob !== null);
      writeFileSync(path, blob.bytes);
    }
  }
}
