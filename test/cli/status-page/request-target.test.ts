/** Requests for what is no path get an answer, and none of them is a failure of the server. */
import assert from "node:assert/strict";
import { ManualClock } from "../../support/manual-clock.ts";
import { tempDir } from "../../support/temp.ts";
import { ask, startedServer } from "./running-server.ts";

describe("the status page's server, asked for what is no path", () => {
  it("answers 400, and goes on", async () => {
    // A failure that it would log fails the test (running-server.ts).
    const { port } = await startedServer({ folder: tempDir("request-target"), clock: new ManualClock() });
    for (const path of ["//", "//status.json", "//[", "http://["]) {
      const { status, text } = await ask(port, path);
      assert.equal(status, 400, path);
      assert.equal((JSON.parse(text) as { error: { code: string } }).error.code, "usage");
    }
    for (const [path, expected] of [
      ["/", 200],
      ["/status.json", 200],
      ["/%", 404],
      ["/a//b", 404],
    ] as const)
      assert.equal((await ask(port, path)).status, expected, path);
  });
});
