import { startMoto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { blobStoreContract } from "./blob-store.ts";

describe("a server that speaks S3", () => {
  needs("moto");
  let endpoint = "";

  before("start moto", async function startHook() {
    this.timeout(90_000);
    const moto = await startMoto();
    useMotoCredentials(moto);
    endpoint = moto.endpoint;
  });

  blobStoreContract("S3 on moto", async () => await openS3(endpoint, await newBucket(endpoint)));
});
