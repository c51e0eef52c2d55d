/** How commands that failed say so: nothing for a person to decipher, and the code that belongs to it. */
import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { reportFailure } from "../../cli/report/failure.ts";
import { makeScratch } from "../../cli/compose/worker.ts";
import { withScope } from "../../cli/compose/scope.ts";
import { readSettings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { modulePath } from "../../shared/package-root.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

describe("what a command says when it fails", () => {
  it("ends with 130 when it was stopped before it had begun, and says how to go on", async () => {
    const captured = capturedIo("/", { words: ["run", "counts", "--data", "./my logs"] });
    captured.interrupt();
    const { io } = captured;
    assert.equal(await reportFailure(io, true, io.interrupts.first.reason), 130);
    assert.equal(captured.err(), "stopped; to go on: spotfold run counts --data './my logs'\n");
    const { format, error } = JSON.parse(captured.out()) as { format: number; error: Record<string, unknown> };
    assert.deepEqual(
      [format, error["code"], error["hint"]],
      [1, "interrupted", "To go on: spotfold run counts --data './my logs'"],
    );
  });

  it("tells what the operating system refused in one line, and a bug with its stack", async () => {
    const refused = capturedIo("/");
    const denied = Object.assign(new Error("EACCES: permission denied, mkdir '/x'"), {
      code: "EACCES",
      syscall: "mkdir",
    });
    assert.equal(await reportFailure(refused.io, false, denied), 1);
    assert.equal(refused.err(), "spotfold: EACCES: permission denied, mkdir '/x'\n");
    const bug = capturedIo("/");
    assert.equal(await reportFailure(bug.io, false, new TypeError("x is undefined")), 1);
    assert.match(bug.err(), /^ {4}at /m);
  });

  it("names the folder for scratch files that cannot be made", async () => {
    const folder = tempDir("no-scratch");
    writeFileSync(join(folder, "file"), "");
    const settings = readSettings({ work: "./file/work" }, { variables: {}, workingFolder: folder });
    await assert.rejects(
      withScope(async (scope) => await makeScratch(settings, "host-1-0-00000000", scope)),
      (error) => error instanceof SpotfoldError && error.message.includes(join(folder, "file")),
    );
  });

  it("says that its output cannot be written", () => {
    needs("linux");
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [modulePath("cli/main"), "--help"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    assert.equal(status, 1);
    assert.match(stderr, /^spotfold: the output cannot be written: ENOSPC.*\n$/);
  });
});
