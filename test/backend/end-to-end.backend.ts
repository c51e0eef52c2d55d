/** `npm run test:backend`: data, work store, web store and queues on a server that is not ours; a master and two workers. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { smallSample } from "../e2e/spotfold.ts";
import { publishedAlone, publishedTogether, upload } from "../e2e/together.ts";
import { atEnd } from "../support/cleanup.ts";
import { tempDir } from "../support/temp.ts";
import { closeMsMax, openBackend, type Backend } from "./backend.ts";

const blocks = 12;

describe("spotfold over the server", function backendSuite() {
  this.timeout(300_000);
  let backend: Backend;

  before(async () => {
    backend = await openBackend();
  });

  after(async function closeHook() {
    this.timeout(closeMsMax);
    await backend?.close();
  });

  it("submits, works and publishes the bytes that one process publishes from a folder into a folder", async () => {
    const sample = await smallSample(join(tempDir("backend"), "sample"), blocks, 1);
    const [data, work, web] = [backend.newPlace(), backend.newPlace(), backend.newPlace()];
    for (const end of ["jobs", "ready"]) await backend.newQueue(`fold-${end}`);
    const stores = [await backend.openStore(data), await backend.openStore(web, { published: true })] as const;
    atEnd(async () => void (await Promise.all(stores.map((store) => store.close()))));
    await upload(sample, stores[0], "");
    const env = {
      ...(backend.aws.region === undefined ? {} : { AWS_REGION: backend.aws.region }),
      SPOTFOLD_STORE: work,
      SPOTFOLD_WEB: web,
      SPOTFOLD_QUEUE: `sqs://${backend.queueBase}-fold`,
    };
    assert.deepEqual(await publishedTogether(data, stores[1], blocks, env), await publishedAlone(sample));
  });
});
