/**
 * What the page may do when it was started with `--allow-actions`: commands of this command line, as a person would type them.
 * A command runs as a process of its own, its words as a list, no shell between; what it printed and its exit code are told.
 * Before it is done it is shown, with what it would do, by the same command with `--plan`. One at a time: who asks meanwhile
 * is told so.
 */
import { spawn } from "node:child_process";
import type { ActionPlan, ActionResult, RunPlan } from "../../dashboard/status/action-document.ts";
import type { StatusError } from "../../dashboard/status/document.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { commandPath } from "../../shared/package-root.ts";
import { commandLine } from "../io.ts";
import { wordsOf, type Action } from "./action-words.ts";
import type { Choices } from "./choices.ts";

/** Of a command's output; the rest of it is cut. */
const outputCharsMax = 64 * 1024;
/** Of a plan: hundreds of values for each dimension of a filter. */
const planCharsMax = 4 * 1024 * 1024;
/** A command that has not ended by then is stopped: it waits for a store, and whoever asked has gone. */
const commandMsMax = 120_000;

/** The last line of `--plan --json`; of this version, as the page is. */
type PlanAnswer = { readonly plan: RunPlan } | StatusError;

export interface ActionsInput {
  /** Where the stores are. */
  readonly flags: readonly string[];
  /** How the caller calls us, for what is shown. */
  readonly command: readonly string[];
  /** Where relative paths belong. */
  readonly folder: string;
  readonly choices: () => Promise<Choices>;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  /** Both streams. */
  readonly output: string;
}

export class Actions {
  readonly #input: ActionsInput;
  #isBusy = false;

  constructor(input: ActionsInput) {
    this.#input = input;
  }

  /** The command, and what it would do. Throws `usage` for what was not offered, `limit` while another one runs. */
  async plan(action: Action): Promise<ActionPlan> {
    const words = await this.#words(action);
    const command = this.#shown(words);
    if (action.action === "cancel") return { format: 1, command, plan: null, refusal: null };
    const { out, output, code } = await this.#alone([...words, "--plan", "--json"]);
    const told = answerOf(out);
    if (told !== null && "plan" in told) return { format: 1, command, plan: told.plan, refusal: null };
    const message = output === "" ? `The command ended with ${code ?? "force"} and said nothing.` : output;
    const refusal = told?.error ?? { code: "internal", message, hint: null };
    return { format: 1, command, plan: null, refusal };
  }

  /** Throws as `plan` does. */
  async run(action: Action): Promise<ActionResult> {
    const words = await this.#words(action);
    const { code, output } = await this.#alone(words);
    return { format: 1, command: this.#shown(words), code, output };
  }

  async #words(action: Action): Promise<readonly string[]> {
    const choices = action.action === "submit" ? await this.#input.choices() : null;
    return [...wordsOf(action, choices), ...this.#input.flags];
  }

  /** As it is shown before it is done, and as it is executed. */
  #shown(words: readonly string[]): string {
    return commandLine({ command: this.#input.command }, words);
  }

  async #alone(words: readonly string[]): Promise<Ended> {
    if (this.#isBusy) throw new SpotfoldError("limit", "another command of this page runs; wait until it has ended");
    this.#isBusy = true;
    try {
      return await runCommand(words, this.#input.folder);
    } finally {
      this.#isBusy = false;
    }
  }
}

/** Null for what is no line of `--json`. */
function answerOf(out: string): PlanAnswer | null {
  try {
    const value: unknown = JSON.parse(out);
    return typeof value === "object" && value !== null && ("plan" in value || "error" in value)
      ? (value as PlanAnswer)
      : null;
  } catch {
    return null;
  }
}

async function runCommand(words: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(process.execPath, [commandPath, ...words], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: commandMsMax,
  });
  const texts = { out: "", output: "" };
  const take = (text: string): void => void (texts.output = (texts.output + text).slice(0, outputCharsMax));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    texts.out = (texts.out + text).slice(0, planCharsMax);
    take(text);
  });
  child.stderr.setEncoding("utf8").on("data", take);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, ...texts };
}
