/** One thing that a run needs, tried. */
import { withoutCredentials } from "../../shared/config/problems.ts";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";

/** In a few words; with a hint it is a warning: a run works, and something should be done nevertheless. */
export type Finding = string | { readonly detail: string; readonly hint: string };

export interface Check {
  readonly name: string;
  /** Tries it, cleans up, and answers what was found. Throws what is wrong. */
  readonly run: () => Promise<Finding>;
}

export type Outcome =
  | { readonly name: string; readonly state: "ok"; readonly detail: string }
  | { readonly name: string; readonly state: "warning"; readonly detail: string; readonly hint: string }
  | { readonly name: string; readonly state: "failed"; readonly detail: string; readonly hint?: string }
  | { readonly name: string; readonly state: "skipped"; readonly detail: string };

export async function outcomeOf({ name, run }: Check): Promise<Outcome> {
  try {
    const found = await run();
    return typeof found === "string" ? { name, state: "ok", detail: found } : { name, state: "warning", ...found };
  } catch (error) {
    const hint = error instanceof SpotfoldError ? error.hint : undefined;
    return {
      name,
      state: "failed",
      detail: withoutCredentials(messageOf(error)),
      ...(hint === undefined ? {} : { hint }),
    };
  }
}

const nameChars = 10;
const stateChars = "skipped".length;
const margin = " ".repeat(stateChars + nameChars + 3);

/** `ok      store      file:/data/store`, and below it the hint. */
export function outcomeText(outcome: Outcome): string {
  const { name, state, detail } = outcome;
  const lines = [`${state.padEnd(stateChars)} ${name.padEnd(nameChars)}  ${detail.replaceAll("\n", `\n${margin}`)}`];
  const hint = "hint" in outcome ? outcome.hint : undefined;
  if (hint !== undefined) lines.push(`${margin}${hint.replaceAll("\n", `\n${margin}`)}`);
  return `${lines.join("\n")}\n`;
}

/** What is tried did something else than it must. */
export function wrong(what: string, hint: string): SpotfoldError {
  return new SpotfoldError("store-unfit", what, { hint });
}
