/**
 * Plans a run over a catalog of a million blocks and measures itself: `ours CATALOG STORE` by the master's admission, into a
 * folder store; `bare CATALOG STORE` by one SELECT, JSON of each row, zstd, and a file.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { zstdCompressSync } from "node:zlib";
import { keepYoungGenerationSmall } from "../cli/compose/young-generation.ts";
import type { MasterContext } from "../master/context.ts";
import { Ledger } from "../master/ledger/ledger.ts";
import { ledgerRules } from "../master/ledger/rules.ts";
import { admitRun } from "../master/passes/admit.ts";
import { Catalog } from "../shared/catalog/catalog.ts";
import { systemClock, systemRandom } from "../shared/clock.ts";
import type { RunSpec } from "../shared/formats/run.ts";
import { FolderBlobStore } from "../shared/local/folder-store/store.ts";
import { measured } from "./measured.ts";
import { planDataset, planFilter } from "./plan-data.ts";

const [how = "", catalogFile = "", storeFolder = ""] = process.argv.slice(2);

async function ours(): Promise<void> {
  const catalog = await Catalog.open(catalogFile, { clock: systemClock, random: systemRandom });
  const store = await FolderBlobStore.open(storeFolder);
  const spec: RunSpec = {
    format: 1,
    run: "bench",
    aggregate: "bench",
    submittedAt: 0,
    bundle: "0".repeat(64),
    analysis: { name: "bench", state: 1, key: ["a"], publishBy: 0, pointer: "latest.json" },
    params: {},
    inputs: [],
    dataset: planDataset,
    filter: planFilter,
    partitionBy: "submission_date",
    reprocess: false,
    deadlineMs: 1,
  };
  const context: Pick<MasterContext, "store" | "ledger" | "rules" | "random" | "blocksOf" | "liveSlots" | "log"> = {
    store,
    ledger: new Ledger(store, systemRandom),
    rules: ledgerRules,
    random: systemRandom,
    blocksOf: async () => catalog.select(planDataset, planFilter),
    liveSlots: async () => 1,
    log: () => undefined,
  };
  const result = await admitRun(context as MasterContext, spec);
  if (result.admitted !== true) throw new Error("it was not admitted");
}

async function bare(): Promise<void> {
  const database = new DatabaseSync(catalogFile);
  const statement = database.prepare(
    "SELECT key, size, etag FROM tuple JOIN block ON tuple = id WHERE state <> 'vanished' ORDER BY sort, key",
  );
  statement.setReturnArrays(true);
  const chunks: Buffer[] = [];
  let text = "";
  const flush = (): void => {
    chunks.push(zstdCompressSync(text, { params: {} }));
    text = "";
  };
  for (const row of statement.iterate()) {
    text += JSON.stringify(row);
    if (text.length > 1_000_000) flush();
  }
  flush();
  writeFileSync(join(storeFolder, "plan"), Buffer.concat(chunks), { flush: true });
}

keepYoungGenerationSmall();
console.log(JSON.stringify(await measured(how === "ours" ? ours : bare)));
