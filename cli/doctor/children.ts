/** The check of what user code runs in: a small analysis is bundled, loaded, and maps a block, all in children without rights. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleAnalysis } from "../../executor/bundle.ts";
import { ChildExecutors } from "../../executor/launch/executors.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import type { Check } from "./check.ts";
import { withScratch } from "./scratch.ts";

const source = `export default {
  name: "doctor",
  key: ["k"],
  map: (record, emit) => emit([record.json().k], 1),
  merge: (a, b) => a + b,
};
`;
const records = '{"k":"a"}\n{"k":"b"}\n';
const blockKey = "block.ndjson";

export function childrenCheck(settings: Settings): Check {
  return {
    name: "children",
    run: async () => await withScratch(settings.work, async (scratch) => await tryChildren(settings, scratch)),
  };
}

async function tryChildren({ limits, timing }: Settings, scratch: string): Promise<string> {
  await writeFile(join(scratch, "doctor.js"), source);
  await writeFile(join(scratch, blockKey), records);
  const bundle = await bundleAnalysis(join(scratch, "doctor.js"));
  const path = join(scratch, "bundle.mjs");
  await writeFile(path, bundle.bytes);
  const data = await FolderBlobStore.open(scratch, { foreign: true });
  try {
    const info = await data.head(blockKey);
    if (info === null) throw new SpotfoldError("absent", `${blockKey} is gone`);
    const executors = new ChildExecutors({
      scratch: join(scratch, "children"),
      limits: {
        heapBytesMax: limits.executorHeapBytes,
        rssBytesMax: limits.executorRssBytes,
        stallMs: timing.stallMs,
      },
    });
    const { mapped, unread } = await executors.check({
      bundle: { sha256: bundle.sha256, path, params: {}, inputs: [] },
      sample: {
        records: "ndjson",
        block: { index: 0, key: blockKey, size: info.size, etag: info.etag, dimensions: {}, partition: "" },
        lent: await data.lend(blockKey),
      },
    });
    if (unread !== null) throw new SpotfoldError("internal", unread.message);
    if (mapped?.records !== 2) throw new SpotfoldError("internal", "an executor did not map what a decoder gave it");
    return "a decoder and an executor start without rights, and map a block";
  } finally {
    await data.close();
  }
}
