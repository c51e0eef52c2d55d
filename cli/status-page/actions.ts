/**
 * What the page may do when it was started with `--allow-actions`: commands of this command line, as a person would type them.
 * A command runs as a process of its own, its words as a list, no shell between; what it printed and its exit code are told.
 * One at a time: who asks meanwhile is told so.
 */
import { spawn } from "node:child_process";
import * as v from "valibot";
import type { ActionResult } from "../../dashboard/status/document.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { idSchema } from "../../shared/formats/run.ts";
import { commandPath } from "../../shared/package-root.ts";
import { commandLine } from "../io.ts";

/** Of a command's output; the rest of it is cut. */
const outputCharsMax = 64 * 1024;
/** A command that has not ended by then is stopped: it waits for a store, and whoever asked has gone. */
const commandMsMax = 120_000;

/** What the page asks for. Ids are checked, so none can be taken for a flag. */
export const actionSchema = v.variant("action", [v.object({ action: v.literal("cancel"), run: idSchema })]);

export type Action = v.InferOutput<typeof actionSchema>;

/** The words after `spotfold`. */
export function wordsOf({ action, run }: Action): readonly string[] {
  return [action, run];
}

export class Actions {
  readonly #flags: readonly string[];
  readonly #command: readonly string[];
  readonly #folder: string;
  #isBusy = false;

  /** `flags`: where the stores are. `command`: how the caller calls us, for what is shown. `folder`: where paths belong. */
  constructor(flags: readonly string[], command: readonly string[], folder: string) {
    this.#flags = flags;
    this.#command = command;
    this.#folder = folder;
  }

  /** The command as it is shown before it is done, and as it is executed. */
  shown(action: Action): string {
    return commandLine({ command: this.#command }, [...wordsOf(action), ...this.#flags]);
  }

  /** Throws `limit` while another one runs. */
  async run(action: Action): Promise<ActionResult> {
    if (this.#isBusy) throw new SpotfoldError("limit", "another command of this page runs; wait until it has ended");
    this.#isBusy = true;
    try {
      const words = [...wordsOf(action), ...this.#flags];
      return { format: 1, command: this.shown(action), ...(await runCommand(words, this.#folder)) };
    } finally {
      this.#isBusy = false;
    }
  }
}

async function runCommand(words: readonly string[], cwd: string): Promise<Omit<ActionResult, "format" | "command">> {
  const child = spawn(process.execPath, [commandPath, ...words], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: commandMsMax,
  });
  let output = "";
  const take = (text: string): void => void (output = (output + text).slice(0, outputCharsMax));
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", take);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, output };
}
