/** The second Ctrl-C ends a command wherever it is: by itself at once, or by force; its children, too. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { reportFailure } from "../../cli/report/failure.ts";
import { unlessAborted, untilForced } from "../../cli/second-signal.ts";
import { start, type Started } from "../support/processes.ts";
import { needs, repositoryRoot } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

const never = async (): Promise<never> => await new Promise(() => undefined);

describe("a second signal", () => {
  it("ends a command by force that does not end, with the first one's code and the command that resumes", async () => {
    const captured = capturedIo("/", { words: ["run", "counts"] });
    const ended = untilForced(captured.io, never, 100);
    captured.interrupt();
    assert.equal(await Promise.race([ended, sleep(150, "on its way")]), "on its way");
    captured.interrupt();
    assert.equal(await ended, 130);
    assert.equal(captured.err(), "stopped by force; to go on: spotfold run counts\n");
  });

  it("leaves a command its own end", async () => {
    const captured = capturedIo("/");
    const ended = untilForced(captured.io, async () => await sleep(50, 7), 100);
    captured.interrupt();
    captured.interrupt();
    assert.equal(await ended, 7);
    await assert.rejects(
      untilForced(captured.io, async () => await Promise.reject(new Error("its own")), 100),
      /its own/,
    );
    await sleep(150);
    assert.equal(captured.err(), "");
  });

  it("ends the wait for what goes on, and is told as what it is", async () => {
    const captured = capturedIo("/", { words: ["run", "counts"] });
    const { second } = captured.io.interrupts;
    assert.equal(await unlessAborted(second, async () => await sleep(1, "done")), "done");
    captured.interrupt();
    const waiting = unlessAborted(second, never);
    captured.interrupt();
    const error: unknown = await waiting.catch((reason: unknown) => reason);
    assert.equal(await reportFailure(captured.io, false, error), 130);
    assert.equal(captured.err(), "stopped at once; to go on: spotfold run counts\n");
  });
});

/** A child whose parent goes while it starts notices later: up to 20 s. */
const childrenMsMax = 30_000;
/** Long enough that a command hears two signals as two. */
const betweenSignalsMs = 600;
const startMsMax = 30_000;
/** The end by force, and a busy machine. */
const endMsMax = 15_000;

describe("spotfold run, stopped outside of its work", function stopSuite() {
  this.timeout(90_000);
  needs("linux");

  /** One block of one record, and an analysis that hangs in one place. */
  async function started(hangsIn: "map" | "render"): Promise<{ command: Started; folder: string }> {
    const folder = tempDir(`stopped-in-${hangsIn}`);
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "logs/a.json"), '{"x":1}\n');
    const hang = "for (;;);";
    writeFileSync(
      join(folder, "hangs.ts"),
      `import { defineAnalysis } from "spotfold";
export default defineAnalysis<number>({
  name: "hangs",
  key: ["x"],
  map(record, emit) { ${hangsIn === "map" ? hang : 'emit(["x"], 1);'} },
  merge: (a, b) => a + b,
  publish: {
    by: 0,
    pointer: "latest.json",
    label: () => "all",
    folder: (_unit, stamp, suffix) => stamp + "-" + suffix,
    render() { ${hangsIn === "render" ? hang : ""} },
  },
});
`,
    );
    const bin = join(repositoryRoot, "bin/spotfold.cjs");
    const args = [bin, "run", "./hangs.ts", "--data", "./logs", "--layout", "{rest}", "--slots", "1"];
    return { command: await start(process.execPath, args, { cwd: folder }), folder };
  }

  /** Processes that name the folder: children of ours, wherever they hang. */
  function processesOf(folder: string): string[] {
    return readdirSync("/proc").filter((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
      } catch {
        return false;
      }
    });
  }

  async function untilTrue(what: string, holds: () => boolean): Promise<void> {
    for (const until = performance.now() + childrenMsMax; !holds(); await sleep(20)) {
      assert.ok(performance.now() < until, what);
    }
  }

  /** Children watch their parent: they are gone a moment after it. */
  async function checkEnd(command: Started, folder: string, code: number): Promise<void> {
    const ended = await command.waitForEnd(endMsMax);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, /to go on: \S*spotfold(?:\.cjs)? run \.\/hangs\.ts/);
    await untilTrue("its children have ended", () => processesOf(folder).length === 0);
  }

  it("ends at the first signal while an analysis is checked", async () => {
    const { command, folder } = await started("map");
    await untilTrue("an executor works", () => processesOf(folder).length > 0);
    await sleep(1_500);
    command.kill("SIGTERM");
    await checkEnd(command, folder, 143);
    assert.deepEqual(readdirSync(join(folder, ".spotfold")).includes("store"), false, "nothing was stored");
  });

  it("ends at the second signal while results are published", async () => {
    const { command, folder } = await started("render");
    await command.waitFor(/1 block to do/, startMsMax);
    const aggregates = join(folder, ".spotfold/store/aggregates");
    await untilTrue("the block is covered", () =>
      readdirSync(aggregates, { recursive: true }).some((path) => /\/coverage\/./.test(String(path))),
    );
    await sleep(1_000);
    command.kill("SIGINT");
    await command.waitFor(/stopping when it is published/, startMsMax);
    await sleep(betweenSignalsMs);
    command.kill("SIGINT");
    await checkEnd(command, folder, 130);
  });
});
