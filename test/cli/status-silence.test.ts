/** `spotfold status` on a store that does not answer: it says what it waits for, and ends soon. */
import assert from "node:assert/strict";
import { status } from "../../cli/commands/status.ts";
import { startFaultServer } from "../support/fault-server.ts";
import { useTestCredentials } from "../support/s3-on-moto.ts";
import { tempDir } from "../support/temp.ts";
import { failsWith } from "../support/blob-store-helpers.ts";
import { capturedIo } from "./captured-io.ts";

describe("spotfold status", () => {
  it("says that it waits for a store that does not answer, and asks it twice", async () => {
    useTestCredentials();
    const server = await startFaultServer("", () => "silence");
    const variables = {
      SPOTFOLD_STORE: "s3://bucket/work",
      SPOTFOLD_TIMING_SCALE: "0.02",
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_REGION: "us-east-1",
    };
    const captured = capturedIo(tempDir(), { variables });
    const { message } = await failsWith("timeout", status(undefined, {}, captured.io));
    assert.match(message, /^s3:\/\/bucket\/work did not answer within 0\.4 s, 2 times\.$/);
    assert.equal(captured.err(), "waiting for s3://bucket/work to answer\n");
    assert.equal(captured.out(), "");
  });
});
