/** The command line: commands, flags and help. What a command does is loaded when it is called. */
import { Command } from "commander";
import { packageVersion } from "../shared/package-root.ts";
import { exitCodeTable } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { addDaemons } from "./program/daemons.ts";
import { addData } from "./program/data.ts";
import { storeFlagTexts, type Act } from "./program/flags.ts";
import { addLooking } from "./program/looking.ts";
import { addRunning } from "./program/running.ts";
import { untilForced } from "./second-signal.ts";

/** `ended` is given the exit code of the command that ran. */
export function createProgram(io: Io, ended: (code: number) => void): Command {
  const program = new Command("spotfold");
  program
    .description(
      "Runs your analysis over folders of compressed logs; every block is counted exactly once, or listed as missing.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .showSuggestionAfterError(true)
    .showHelpAfterError("  --help shows what there is")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.out.write(text),
      writeErr: (text) => void io.err.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "spotfold: ")),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", epilogue());
  const act: Act = async (action) => ended(await untilForced(io, action));
  const daemonAct: Act = async (action) => ended(await action(io));
  addRunning(program, act);
  addLooking(program, act);
  addData(program, act);
  addDaemons(program, daemonAct);
  return program;
}

function epilogue(): string {
  const codes = exitCodeTable.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  const flags = storeFlagTexts.map(([name, what]) => `  --${name} <place>`.padEnd(20) + what);
  return [
    "",
    "Examples:",
    "  spotfold demo",
    "  spotfold run histograms --data ./pings --out ./site",
    "",
    "Exit codes:",
    ...codes,
    "",
    "Settings: flags, then SPOTFOLD_* variables, then spotfold.config.json, then defaults. By default everything",
    "is kept in ./.spotfold/; every command that needs it can be told where else:",
    ...flags,
  ].join("\n");
}
