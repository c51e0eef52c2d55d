/** The n-th call to the disk fails, for every n: the error is ours, nothing is half done, and the next call works. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../../shared/errors.ts";
import type { ErrorCode } from "../../../shared/errors.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { changes, makeBefore } from "../../support/blob-store-changes.ts";
import { bytesAt, bytesOf, failsWith, textAt } from "../../support/blob-store-helpers.ts";
import { steppedDisk } from "../../support/blob-store-steps.ts";
import { removeTemp, tempDir } from "../../support/temp.ts";

function systemError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall} '${path}'`), { code, syscall, path, errno: -1 });
}

/** A store whose disk fails at the n-th step from when it is armed. */
async function failing(path: string, code: string): Promise<{ store: FolderBlobStore; arm: (step: number) => void }> {
  let left = 0;
  const disk = steppedDisk((step, at) => {
    if (left > 0 && --left === 0) throw systemError(code, step, at);
  });
  const store = await FolderBlobStore.open(path, { disk });
  return { store, arm: (step) => (left = step) };
}

function temporaryFiles(path: string): string[] {
  return readdirSync(join(path, ".spotfold-store/tmp"));
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.from(a).equals(b);
}

describe("folder store: faults of the disk", () => {
  it("fails whole when the disk is full at any step, and goes on when it is not", async () => {
    const path = tempDir("faults");
    for (const change of changes) {
      for (let step = 1; ; step++) {
        removeTemp(path);
        await makeBefore(path);
        const { store, arm } = await failing(path, "ENOSPC");
        await store.delete([]);
        arm(step);
        let failed = false;
        try {
          await change.make(store);
        } catch (error) {
          assert.equal(codeOf(error), "disk-full", `${change.key}, step ${step}: ${String(error)}`);
          failed = true;
        }
        arm(0);
        const bytes = await bytesAt(store, change.key);
        const after = change.after?.() ?? null;
        assert.ok(same(bytes, after) || (failed && same(bytes, change.before)), `${change.key}, step ${step}`);
        await store.put(change.key, bytesOf("next"));
        assert.equal(await textAt(store, change.key), "next");
        await store.close();
        if (step > 40) assert.fail("a change has no end of steps");
        if (!failed && step > 6) break;
      }
    }
  }).timeout(60_000);

  it("leaves no temporary file when writing, syncing or naming fails", async () => {
    const path = tempDir("faults");
    await makeBefore(path);
    const { store, arm } = await failing(path, "EDQUOT");
    await store.put("k", bytesOf("old"));
    for (let step = 1; step <= 6; step++) {
      arm(step);
      await failsWith("disk-full", store.put("k", bytesOf("new")));
      arm(0);
      assert.equal(await textAt(store, "k"), "old");
      assert.deepEqual(temporaryFiles(path), []);
    }
    await store.close();
  });

  const translations: [string, ErrorCode][] = [
    ["ENOSPC", "disk-full"],
    ["EDQUOT", "disk-full"],
    ["EACCES", "access-denied"],
    ["EPERM", "access-denied"],
    ["EROFS", "read-only"],
    ["EIO", "store-unavailable"],
    ["EMFILE", "store-unavailable"],
    ["ENAMETOOLONG", "limit"],
  ];
  for (const [system, code] of translations) {
    it(`translates ${system} to ${code}, with hint and path, and is cured when the disk is`, async () => {
      const path = tempDir("faults");
      const { store, arm } = await failing(path, system);
      arm(1);
      const error = await failsWith(code, store.put("k", bytesOf("x")));
      assert.ok(error.hint !== undefined);
      assert.equal(error.context["system"], system);
      assert.equal(error.context["path"], join(path, ".spotfold-store"));
      await store.put("k", bytesOf("x"));
      assert.equal(await textAt(store, "k"), "x");
      await store.close();
    });
  }
});
