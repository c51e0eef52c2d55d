/** Published files are made durable together, and all of them before the pointer that leads to them is there. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { publishingStore } from "../../../cli/compose/web-store.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { bytesOf } from "../../support/blob-store-helpers.ts";
import { steppedDisk } from "../../support/blob-store-steps.ts";
import { atEnd } from "../../support/cleanup.ts";
import { tempDir } from "../../support/temp.ts";

describe("a folder that is published to", () => {
  it("syncs every file and folder once, together, before the pointer is named", async () => {
    const steps: { step: string; path: string }[] = [];
    const disk = steppedDisk((step, path) => steps.push({ step, path }));
    const folder = await FolderBlobStore.open(tempDir("web"), { disk });
    atEnd(() => folder.close());
    const web = publishingStore(folder);
    const keys = Array.from({ length: 50 }, (_, i) => `unit${i % 2}-7-0123abcd/file${i}.json`);
    await Promise.all(keys.map(async (key) => await web.put(key, bytesOf(key))));
    const isSync = ({ step }: { step: string }): boolean => step === "sync" || step === "syncAt";
    assert.deepEqual(
      steps.filter((step) => isSync(step) && step.path.includes("unit")),
      [],
    );
    for (const [expected, content] of [
      [null, "1"],
      ["next", "2"],
    ] as const) {
      const etag = expected === null ? null : ((await web.head("versions.json"))?.etag ?? null);
      if (expected !== null) await web.put("unit0-8-0123abcd/more.json", bytesOf("x"));
      const from = steps.length;
      assert.equal((await web.swap("versions.json", bytesOf(content), etag)).swapped, true);
      const since = steps.slice(from);
      const named = since.findIndex(({ step, path }) => /^(link|rename)$/.test(step) && !path.endsWith("/tmp"));
      const before = since.slice(0, named).filter(isSync);
      const paths = before.map(({ path }) => path);
      const files = expected === null ? keys : ["unit0-8-0123abcd/more.json"];
      for (const key of files) {
        const path = `${folder.path}/${key}`;
        assert.equal(paths.filter((synced) => synced === path).length, 1, key);
        assert.ok(paths.includes(dirname(path)), dirname(key));
      }
      assert.ok(paths.includes(folder.path), "the folders' own names");
    }
  });
});
