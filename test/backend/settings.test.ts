/** Which server `npm run test:backend` takes, and that it takes AWS itself only when it is told what it may use. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runNode } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";
import { backendSettings } from "./settings.ts";

describe("test:backend", () => {
  it("makes what it needs on a server that an endpoint names", () => {
    const { bucket, queuePrefix, server } = backendSettings({ AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    assert.deepEqual([bucket, queuePrefix], [undefined, "spotfold-test"]);
    assert.equal(server, "S3 at http://127.0.0.1:1, SQS at http://127.0.0.1:1");
  });

  it("wants names for whatever would be AWS itself", () => {
    const s3 = { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" };
    assert.throws(() => backendSettings({}), /set SPOTFOLD_TEST_BUCKET and SPOTFOLD_TEST_QUEUE\./);
    assert.throws(() => backendSettings(s3), /No endpoint for SQS, [^]* set SPOTFOLD_TEST_QUEUE\./);
    assert.throws(() => backendSettings({ SPOTFOLD_TEST_QUEUE: "q" }), /set SPOTFOLD_TEST_BUCKET\./);
    assert.equal(backendSettings({ SPOTFOLD_TEST_QUEUE: "q", SPOTFOLD_TEST_BUCKET: "b" }).bucket, "b");
    assert.throws(() => backendSettings({ ...s3, SPOTFOLD_TEST_QUEUE: "a.fifo" }), /not 1 to 40 letters/);
  });

  it("says what it needs, and runs nothing, without them", async () => {
    const script = join(repositoryRoot, "scripts/test-backend.ts");
    const env = { AWS_ENDPOINT_URL: undefined, AWS_ENDPOINT_URL_S3: undefined, AWS_ENDPOINT_URL_SQS: undefined };
    const refused = await runNode([script], { env });
    assert.deepEqual([refused.code, refused.stdout], [2, ""]);
    assert.match(refused.stderr, /this would be AWS itself/);
    const help = await runNode([script, "--help"], { env });
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^npm run test:backend [^]*SPOTFOLD_TEST_BUCKET=NAME/);
  });
});
