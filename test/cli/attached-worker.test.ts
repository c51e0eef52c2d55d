/** A worker that belongs to a `run` must not outlive it, also when the `run` was killed before the worker had started. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { modulePath } from "../../shared/package-root.ts";
import { tempDir } from "../support/temp.ts";

describe("spotfold worker --attached", function attachedSuite() {
  this.timeout(30_000);

  it("drains when whoever started it was gone before it listened", async () => {
    const child = spawn(process.execPath, [modulePath("cli/main"), "worker", "--attached"], {
      cwd: tempDir("attached"),
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    // Node has not started yet: the end of the channel comes before any line of ours.
    child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const end = await new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    clearTimeout(timer);
    assert.deepEqual(end, { code: 0, signal: null });
  });
});
