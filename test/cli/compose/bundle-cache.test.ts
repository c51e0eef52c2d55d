/** What killed processes left in the work folder is swept when the next one starts; folders below /proc are refused at once. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { leftBehindMs, openBundleCache } from "../../../cli/compose/bundle-cache.ts";
import { openExecutors } from "../../../cli/compose/master.ts";
import { withScope } from "../../../cli/compose/scope.ts";
import { makeScratch } from "../../../cli/compose/worker.ts";
import { writeWhole } from "../../../cli/sample/files.ts";
import { checkAnalysis } from "../../../cli/submit/request.ts";
import { readSettings } from "../../../shared/config/settings.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { bundleKey } from "../../../shared/names.ts";
import { modulePath } from "../../../shared/package-root.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";

const code = Buffer.from("export {}");
const sha256 = createHash("sha256").update(code).digest("hex");

describe("the cache of bundles", () => {
  const store = new MemoryBlobStore({ clock: new ManualClock() });
  const open = async (folder: string): ReturnType<typeof openBundleCache> =>
    await openBundleCache({ store, folder, random: seededRandom() }, Date.now());

  before(async () => {
    await store.create(bundleKey(sha256), code);
  });

  it("loses what killed fetches left an hour ago, and nothing else", async () => {
    const folder = join(tempDir("cache"), "cache");
    const cache = await open(folder);
    await cache.fetch({ bundle: sha256, params: {}, inputs: [] });
    const random = "0123456789abcdef";
    const old = [`${sha256}.mjs.${random}`, `${"a".repeat(64)}.${random}`];
    const kept = [`${"b".repeat(64)}.mjs.${random}`, `${sha256}.other`, "c".repeat(64)];
    for (const name of [...old, ...kept]) writeFileSync(join(folder, name), "");
    const at = (Date.now() - leftBehindMs - 60_000) / 1000;
    for (const name of [...old, ...kept.slice(1), `${sha256}.mjs`]) utimesSync(join(folder, name), at, at);
    await open(folder);
    assert.deepEqual(readdirSync(folder).toSorted(), [...kept, `${sha256}.mjs`].toSorted());
  });

  it("fails where no folder can be made, instead of trying for ever", async () => {
    needs("linux");
    const cache = await open("/proc/self/none/cache");
    await assert.rejects(cache.fetch({ bundle: sha256, params: {}, inputs: [] }));
    await assert.rejects(writeWhole("/proc/self/none/a", [code], tempDir("partial")));
  });
});

describe("the check of an analysis", () => {
  it("keeps its files in the folder of its process", async () => {
    const folder = tempDir("check");
    const settings = readSettings({}, { variables: {}, workingFolder: folder });
    await withScope(async (scope) => {
      const scratch = await makeScratch(settings, "host-1-0-00000000", scope);
      const seen: string[] = [];
      const executors = openExecutors(settings, scratch);
      const dataset = { name: "d", place: "file:/d", layout: "{rest}", records: "ndjson" };
      const module = modulePath("jobs/counts/index");
      const check: typeof executors.check = async (task) => {
        seen.push(task.bundle.path);
        return await Promise.reject(new Error("seen"));
      };
      const spied = { ...executors, check };
      await assert.rejects(
        checkAnalysis({ source: module, inputs: [], options: {}, executors: spied, scratch, dataset, sample: null }),
        /seen/,
      );
      assert.match(seen[0] ?? "", new RegExp(`^${scratch}/check-[^/]+/bundle.mjs$`));
      assert.deepEqual(readdirSync(scratch), []);
    });
  });
});
