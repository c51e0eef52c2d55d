/** Whoever reads what a command prints may go before it ends: a log is lost, and the work goes on; results end quietly. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { modulePath } from "../../shared/package-root.ts";
import { atEnd } from "../support/cleanup.ts";
import { cleanEnv } from "../support/processes.ts";
import { tempDir } from "../support/temp.ts";

/** A worker, or a command, of a few hundred ms on a machine that does other things, too. */
const waitMsMax = 60_000;

interface Command {
  readonly child: ChildProcess;
  /** What it has written on stderr, while it is read. */
  readonly told: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

function command(words: readonly string[], cwd: string): Command {
  const child = spawn(process.execPath, [modulePath("cli/main"), ...words], {
    cwd,
    env: cleanEnv(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  atEnd(() => void child.kill("SIGKILL"));
  let told = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (told += text));
  const ended = new Promise<Awaited<Command["ended"]>>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  return { child, told: () => told, ended };
}

async function untilTold({ told }: Command, pattern: RegExp): Promise<void> {
  for (const until = performance.now() + waitMsMax; !pattern.test(told()); await sleep(10)) {
    assert.ok(performance.now() < until, `${String(pattern)} is told:\n${told()}`);
  }
}

describe("readers that go", function lostSuite() {
  this.timeout(2 * waitMsMax);

  for (const name of ["worker", "master"] as const) {
    it(`do not keep a ${name} from draining, whichever stream they read`, async () => {
      const daemon = command([name], tempDir(`unread-${name}`));
      await untilTold(daemon, /"daemon-started"/);
      daemon.child.stdout?.destroy();
      daemon.child.stderr?.destroy();
      daemon.child.kill("SIGINT");
      assert.deepEqual(await daemon.ended, { code: 0, signal: null });
    });
  }

  it("do not end a run, whose progress they read", async () => {
    const folder = tempDir("unread-run");
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "logs/a.json"), '{"x":1}\n');
    const run = command(["run", "counts", "--by", "$.x", "--data", "./logs", "--layout", "{rest}", "--json"], folder);
    run.child.stderr?.destroy();
    let out = "";
    run.child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    assert.deepEqual(await run.ended, { code: 0, signal: null }, out);
    assert.match(out, /^\{"format":1,"run":.*\}\n$/);
  });

  it("end a command quietly whose results they read", async () => {
    const help = command(["--help"], tempDir("unread-help"));
    help.child.stdout?.destroy();
    assert.deepEqual(await help.ended, { code: 1, signal: null });
    assert.equal(help.told(), "");
  });
});
