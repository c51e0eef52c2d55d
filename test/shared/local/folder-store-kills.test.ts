/**
 * kill -9 between any two steps of a write, in real processes. After each kill: every blob has its old bytes or its new ones,
 * those of changes that were said to be done are the new ones, lists agree, and the next writes work.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { changes, makeBefore } from "../../support/blob-store-changes.ts";
import { bytesAt, bytesOf, listed, textAt } from "../../support/blob-store-helpers.ts";
import { start } from "../../support/processes.ts";
import { repositoryRoot } from "../../support/requirements.ts";
import { removeTemp, tempDir } from "../../support/temp.ts";

const program = join(repositoryRoot, "test/support/blob-store-killed.ts");

/** Runs the changes up to a step. The changes said to be done; the number of steps if it came to the end. */
async function runTo(path: string, step: number): Promise<{ done: string[]; steps: number | undefined }> {
  const child = await start(process.execPath, [program, path, `${step}`]);
  const ended = await child.waitForEnd();
  const lines = ended.stdout.split("\n");
  const steps = lines.find((line) => line.startsWith("steps "))?.slice(6);
  assert.equal(ended.signal ?? ended.code, steps === undefined ? "SIGKILL" : 0, ended.stderr);
  return {
    done: lines.flatMap((line) => (line.startsWith("done ") ? [line.slice(5)] : [])),
    steps: steps === undefined ? undefined : Number(steps),
  };
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.from(a).equals(b);
}

async function checkAfter(path: string, done: readonly string[]): Promise<void> {
  const store = await FolderBlobStore.open(path);
  const there = new Map<string, string>();
  for (const [index, { key, before, after }] of changes.entries()) {
    const bytes = await bytesAt(store, key);
    if (bytes !== null) there.set(key, createHash("sha256").update(bytes).digest("hex"));
    if (index < done.length) assert.ok(same(bytes, after?.() ?? null), `${key} was said to be changed`);
    else if (index > done.length) assert.ok(same(bytes, before), `${key} was not to be changed yet`);
    else assert.ok(same(bytes, before) || same(bytes, after?.() ?? null), `${key} is neither old nor new`);
  }
  const { blobs } = await listed(store, "");
  assert.deepEqual(new Map(blobs.map(({ key, etag }) => [key, etag])), there);
  // The one that was struck, and the one before it.
  for (const { key } of changes.slice(Math.max(0, done.length - 1), done.length + 1)) {
    await store.delete([key]);
    assert.equal((await store.create(key, bytesOf("next"))).created, true);
    const { etag } = await store.put(key, bytesOf("and next"));
    assert.equal((await store.swap(key, bytesOf("and last"), etag)).swapped, true);
    assert.equal(await textAt(store, key), "and last");
  }
  await store.close();
}

async function killAt(step: number): Promise<string[]> {
  const path = tempDir("killed");
  await makeBefore(path);
  const { done, steps } = await runTo(path, step);
  assert.equal(steps, undefined);
  await checkAfter(path, done);
  removeTemp(path);
  return done;
}

describe("folder store: kill -9", () => {
  it("leaves old bytes or new ones, whichever step it strikes", async () => {
    const path = tempDir("killed");
    await makeBefore(path);
    const { done, steps } = await runTo(path, 0);
    assert.ok(steps !== undefined && steps > 60, `${steps} steps`);
    assert.deepEqual(
      done,
      changes.map(({ key }) => key),
    );
    await checkAfter(path, done);

    let next = 1;
    const struck = new Set<number>();
    async function killOnAndOn(): Promise<void> {
      while (next <= (steps ?? 0)) struck.add((await killAt(next++)).length);
    }
    await Promise.all(Array.from({ length: availableParallelism() }, killOnAndOn));
    assert.equal(struck.size, changes.length, "every change was struck");
  }).timeout(120_000);

  it("leaves a folder that can be used when it strikes while the folder is prepared", async () => {
    for (let step = 1; step <= 14; step++) {
      const path = join(tempDir("killed"), "made/anew");
      const { done } = await runTo(path, step);
      assert.deepEqual(done, []);
      const store = await FolderBlobStore.open(path, { create: true });
      await store.put("k", bytesOf("x"));
      assert.equal(await textAt(store, "k"), "x");
      await store.close();
    }
  }).timeout(60_000);
});
