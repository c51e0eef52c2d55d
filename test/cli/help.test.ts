/** Help: every command has examples, every exit code is told, and it comes at once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Command } from "commander";
import { exitCodes, exitCodeTable } from "../../cli/exit-codes.ts";
import { createProgram } from "../../cli/program.ts";
import { runNode } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";
import { capturedIo } from "./captured-io.ts";

/** 200 ms on an idle machine; tests share theirs with others. */
const helpMsMax = 200;
const busyFactor = 5;

describe("help", () => {
  const program = createProgram(capturedIo(repositoryRoot).io, () => undefined);

  const leaves = (command: Command): readonly Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

  it("lists the commands that there are", () => {
    const names = program.commands.map((command) => command.name()).toSorted();
    assert.deepEqual(
      names,
      "bundles cancel catalog demo doctor init logs master results retry run sample serve status submit worker".split(
        " ",
      ),
    );
  });

  for (const command of leaves(program)) {
    it(`has an example for ${command.name()}`, () => {
      let text = "";
      command.configureOutput({ writeOut: (written) => (text += written) });
      command.outputHelp();
      assert.match(text, new RegExp(`Examples?:\\n {2}spotfold (catalog )?${command.name()}`));
    });
  }

  it("tells every exit code, once", () => {
    assert.deepEqual(
      exitCodeTable.map(([code]) => code),
      Object.values(exitCodes),
    );
  });

  it("comes within 200 ms", async () => {
    const bin = join(repositoryRoot, "bin/spotfold.cjs");
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const startedAt = performance.now();
      const ended = await runNode([bin, "--help"]);
      times.push(performance.now() - startedAt);
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stdout, /Exit codes:/);
    }
    // The best of them: what it costs, not what else the machine does.
    assert.ok(Math.min(...times) < helpMsMax * busyFactor, `${times.map(Math.round).join(", ")} ms`);
  });
});
