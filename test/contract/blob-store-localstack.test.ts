/** The BlobStore suite on LocalStack in a container. */
import { startLocalStack } from "../support/localstack.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useTestCredentials } from "../support/s3-on-moto.ts";
import { blobStoreContract } from "./blob-store.ts";
import { s3Lacks } from "./localstack-lacks.ts";

/** The image may have to be fetched. */
const startMsMax = 900_000;

describe("LocalStack, which speaks S3", function localStackSuite() {
  needs("docker");
  this.timeout(60_000);
  let endpoint = "";

  before("start LocalStack", async function startHook() {
    this.timeout(startMsMax);
    useTestCredentials();
    ({ endpoint } = await startLocalStack());
  });

  blobStoreContract("S3 on LocalStack", async () => await openS3(endpoint, await newBucket(endpoint)), {
    lacks: s3Lacks,
  });
});
