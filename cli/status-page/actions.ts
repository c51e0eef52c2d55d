/**
 * What the page may do when it was started with `--allow-actions`: commands of this command line, as a person would type them.
 * What a command printed and its exit code are told. Before it is done it is shown, with what it would do, by the same command
 * with `--plan`. One at a time, but for cancelling.
 */
import type { ActionPlan, ActionResult, RunPlan } from "../../dashboard/status/action-document.ts";
import type { StatusError } from "../../dashboard/status/document.ts";
import { commandPath } from "../../shared/package-root.ts";
import { wordsOf, type Action } from "./action-words.ts";
import type { Choices } from "./choices.ts";
import { Commands } from "./commands.ts";
import { inFieldWords } from "./field-words.ts";
import { shownCommand } from "./shown-command.ts";

/** Runs that are cancelled at the same time: whatever else takes its time, this is not to wait for it. */
const cancelsMax = 4;

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

export class Actions {
  readonly #input: ActionsInput;
  readonly #commands: Commands;
  readonly #cancels: Commands;

  constructor(input: ActionsInput) {
    const { folder } = input;
    this.#input = input;
    this.#commands = new Commands({ script: commandPath, folder, atOnceMax: 1 });
    this.#cancels = new Commands({ script: commandPath, folder, atOnceMax: cancelsMax });
  }

  /**
   * The command, and what it would do. Ends when nobody waits for it any more (`left`). Throws `usage` for what was not
   * offered, `limit` while another one runs.
   */
  async plan(action: Action, left: AbortSignal): Promise<ActionPlan> {
    const words = await this.#words(action);
    const command = this.#shown(words);
    if (action.action === "cancel") return { format: 1, command, plan: null, refusal: null };
    const { out, output, code } = await this.#commands.run([...words, "--plan", "--json"], left);
    const told = answerOf(out);
    if (told !== null && "plan" in told) return { format: 1, command, plan: told.plan, refusal: null };
    const message = output === "" ? `The command ended with ${code ?? "force"} and said nothing.` : output;
    const said = told?.error ?? { code: "internal", message, hint: null };
    const refusal = action.action === "submit" ? inFieldWords(said) : said;
    return { format: 1, command, plan: null, refusal };
  }

  /** To its end, whoever waits for it. Throws as `plan` does. */
  async run(action: Action): Promise<ActionResult> {
    const words = await this.#words(action);
    const { code, output } = await (action.action === "cancel" ? this.#cancels : this.#commands).run(words);
    return { format: 1, command: this.#shown(words), code, output };
  }

  async #words(action: Action): Promise<readonly string[]> {
    const choices = action.action === "submit" ? await this.#input.choices() : null;
    return [...wordsOf(action, choices), ...this.#input.flags];
  }

  /** As it is shown before it is done, and as it is executed. */
  #shown(words: readonly string[]): string {
    return shownCommand(this.#input, words);
  }

  /** Commands that still run are ended. */
  async stop(): Promise<void> {
    await Promise.all([this.#commands.stop(), this.#cancels.stop()]);
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
