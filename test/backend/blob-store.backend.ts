/** `npm run test:backend`: the BlobStore suite, and the start-up probe that every daemon makes, on a server that is not ours. */
import { startS3Rival } from "../../shared/aws/rival.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { probeStore } from "../../shared/store-probe.ts";
import { atEnd } from "../support/cleanup.ts";
import { blobStoreContract } from "../contract/blob-store.ts";
import { closeMsMax, openBackend, type Backend } from "./backend.ts";

describe("the server's S3", function backendSuite() {
  this.timeout(180_000);
  let backend: Backend;

  before(async () => {
    backend = await openBackend();
  });

  after(async function closeHook() {
    this.timeout(closeMsMax);
    await backend?.close();
  });

  it("passes the start-up probe", async () => {
    const place = backend.newPlace();
    const store = await backend.openStore(place);
    atEnd(() => store.close());
    const startRival = () => startS3Rival({ place, aws: backend.aws, clock: systemClock, random: systemRandom });
    await probeStore(store, { random: systemRandom, startRival });
  });

  blobStoreContract("S3", async () => await backend.openStore(backend.newPlace()), {
    keyBytesMax: () => 1_024 - backend.placeBytes,
  });
});
