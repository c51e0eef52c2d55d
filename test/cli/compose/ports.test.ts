/** Which store is opened with which terms: keys of KMS, who pays, and what is for browsers. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataStores, openStore, openWebStore, openWorkStore } from "../../../cli/compose/ports.ts";
import { withScope } from "../../../cli/compose/scope.ts";
import { readSettings } from "../../../shared/config/settings.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";
import { bytesOf } from "../../support/blob-store-helpers.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import { startMoto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { newBucket, useMotoCredentials } from "../../support/s3-on-moto.ts";
import { tempDir } from "../../support/temp.ts";

describe("stores by the settings", () => {
  needs("moto");
  let moto = "";

  before("start moto", async function startHook() {
    this.timeout(90_000);
    const started = await startMoto();
    useMotoCredentials(started);
    moto = started.endpoint;
  });

  it("write with the key of their own place, and for browsers in the web store alone", async () => {
    const bucket = await newBucket(moto);
    const server = await startFaultServer(moto, () => "pass");
    const workingFolder = tempDir("ports");
    const datasets = { logs: { place: `${bucket}/logs`, kmsKeyId: "alias/logs", requesterPays: true } };
    const file = { storeKmsKeyId: "alias/work", webKmsKeyId: "alias/web", datasets };
    writeFileSync(join(workingFolder, "spotfold.config.json"), JSON.stringify(file));
    const variables = { AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: "us-east-1", SPOTFOLD_STORE: `${bucket}/work` };
    const settings = readSettings({}, { variables, workingFolder });
    const [dataset] = settings.datasets;
    assert.ok(dataset !== undefined);

    /** What was said with the writes that `use` does, all of which say the same. */
    const saidBy = async (use: () => Promise<BlobStore>): Promise<readonly (string | string[] | undefined)[]> => {
      const before = server.asked.length;
      await (await use()).put("k.json", bytesOf("{}"));
      const said = server.asked
        .slice(before)
        .filter(({ method }) => method === "PUT")
        .map(({ headers }) => [
          headers["x-amz-server-side-encryption-aws-kms-key-id"],
          headers["content-encoding"],
          headers["x-amz-request-payer"],
        ]);
      assert.ok(said[0] !== undefined);
      for (const one of said) assert.deepEqual(one, said[0]);
      return said[0];
    };

    await withScope(async (scope) => {
      // The probe at the start, with its rival, may write no more than the store itself.
      const work = ["alias/work", undefined, undefined];
      assert.deepEqual(await saidBy(() => openWorkStore(settings, scope)), work);
      assert.deepEqual(await saidBy(() => openStore(settings, scope)), work);
      const web = ["alias/web", "gzip", undefined];
      assert.deepEqual(await saidBy(() => openWebStore(`${bucket}/web`, settings, scope)), web);
      const stores = new DataStores(settings, scope);
      assert.deepEqual(await saidBy(() => stores.of(dataset)), ["alias/logs", undefined, "requester"]);
      const { place } = dataset;
      assert.deepEqual(await saidBy(() => stores.of({ place })), [undefined, undefined, undefined]);
    });
  }).timeout(30_000);
});
