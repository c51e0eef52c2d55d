/** Commands of the status page as processes: each ends, whatever it does and whoever leaves, and none stays behind. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Commands, type CommandsInput } from "../../../cli/status-page/commands.ts";
import { codeOf } from "../../../shared/errors.ts";
import { commandPath, modulePath } from "../../../shared/package-root.ts";
import { atEnd } from "../../support/cleanup.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import { start } from "../../support/processes.ts";
import { useTestCredentials } from "../../support/s3-on-moto.ts";
import { tempDir } from "../../support/temp.ts";

/** Says that it is there, and whose process it is; `stubborn` does not end when it is told to, `parent` leaves one behind. */
const script = `import { spawn } from "node:child_process";
const [how] = process.argv.slice(2);
if (how === "quick") { console.log("done"); process.exit(3); }
if (how === "stubborn") process.on("SIGTERM", () => {});
const left = how === "parent" ? spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: ["ignore", "inherit", "inherit", 3] }).pid : 0;
console.log(process.pid, left, "is there");
setTimeout(() => {}, 60_000);
`;

describe("commands of the status page", function commandsSuite() {
  this.timeout(60_000);

  const commandsOf = (change: Partial<CommandsInput> = {}): Commands => {
    const folder = tempDir("page-commands");
    const path = join(folder, "command.mjs");
    writeFileSync(path, script);
    const commands = new Commands({ script: path, folder, atOnceMax: 1, patienceMs: 500, ...change });
    atEnd(async () => await commands.stop());
    return commands;
  };
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  const pidsOf = (out: string): readonly number[] => out.split(" ").slice(0, 2).map(Number);

  it("tell what they printed, and how they ended", async () => {
    assert.deepEqual(await commandsOf().run(["quick"]), { code: 3, out: "done\n", output: "done\n" });
  });

  for (const how of ["patient", "stubborn"]) {
    it(`end when they take too long: one that is ${how}`, async () => {
      const { code, out } = await commandsOf({ msMax: 4_000 }).run([how]);
      assert.equal(code, null);
      assert.match(out, /is there/);
      assert.equal(isAlive(pidsOf(out)[0] ?? 0), false);
    });
  }

  it("end although a process that one left behind holds its output and the pipe to the server", async () => {
    const { out } = await commandsOf({ msMax: 4_000 }).run(["parent"]);
    const [, left = 0] = pidsOf(out);
    atEnd(() => void (isAlive(left) && process.kill(left, "SIGKILL")));
    assert.equal(isAlive(left), true, "it did not wait for that");
  });

  it("run one at a time, and make room when nobody waits for one any more", async () => {
    const commands = commandsOf();
    const left = new AbortController();
    const first = commands.run(["stubborn"], left.signal);
    await assert.rejects(commands.run(["quick"]), (error) => codeOf(error) === "limit");
    // So that it is there to be told.
    await sleep(2_000);
    left.abort();
    const { out, code } = await first;
    assert.equal(code, null);
    assert.equal(isAlive(pidsOf(out)[0] ?? 0), false);
    assert.equal((await commands.run(["quick"])).code, 3);
  });

  /** Kills the server of a command by force, once `isThere`: its words hold `word`. Resolves when the command has ended. */
  const killServerOf = async (
    words: readonly string[],
    word: string,
    isThere: () => boolean | Promise<boolean>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const folder = tempDir("page-killed");
    const server = join(folder, "server.mjs");
    writeFileSync(
      server,
      `import { Commands } from ${JSON.stringify(pathToFileURL(modulePath("cli/status-page/commands")).href)};
const input = { script: ${JSON.stringify(commandPath)}, folder: ${JSON.stringify(folder)}, atOnceMax: 1, patienceMs: 1_000 };
await new Commands(input).run(${JSON.stringify(words)});`,
    );
    const started = await start(process.execPath, [server], { cwd: folder, env });
    const commandPids = (): readonly number[] =>
      execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter(([, parent, ...args]) => parent === String(started.pid) && args.includes(word))
        .map(([child]) => Number(child));
    const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
      for (const end = performance.now() + 30_000; !(await isSo()); await sleep(50))
        assert.ok(performance.now() < end, what);
    };
    await until("the command is there", () => commandPids().length === 1);
    const [command = 0] = commandPids();
    atEnd(() => void (isAlive(command) && process.kill(command, "SIGKILL")));
    await until("the command is at its work", isThere);
    assert.ok(isAlive(command));
    started.kill("SIGKILL");
    await started.waitForEnd();
    await until("the command has ended", () => !isAlive(command));
  };

  it("end when their server is killed by force", async () => {
    // A command that writes nothing more once it is there: no reader that has gone ends it.
    await killServerOf(["serve", "--status", "--port", "0"], "--status", async () => {
      // So that it listens to signals by then.
      await sleep(2_000);
      return true;
    });
  });

  it("end when their server is killed by force and their store does not answer", async () => {
    useTestCredentials();
    const { endpoint, asked } = await startFaultServer("", () => "silence");
    const env = { AWS_ENDPOINT_URL: endpoint, AWS_REGION: "us-east-1" };
    const words = ["cancel", "r1", "--store", "s3://bucket/work", "--queue", "q.db"];
    await killServerOf(words, "cancel", () => asked.length > 0, env);
  });

  it("end with their server", async () => {
    const commands = commandsOf({ atOnceMax: 2 });
    const running = [commands.run(["stubborn"]), commands.run(["patient"])];
    await sleep(2_000);
    await commands.stop();
    for (const { out, code } of await Promise.all(running)) {
      assert.equal(code, null);
      assert.equal(isAlive(pidsOf(out)[0] ?? 0), false);
    }
    await assert.rejects(commands.run(["quick"]), /this server ends/);
  });
});
