/** One thing that a run needs, tried. */
import { withoutCredentials } from "../../shared/config/problems.ts";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";

export interface Check {
  readonly name: string;
  /** Tries it, cleans up, and answers what was found, in a few words. Throws what is wrong. */
  readonly run: () => Promise<string>;
}

export type Outcome =
  | { readonly name: string; readonly state: "ok"; readonly detail: string }
  | { readonly name: string; readonly state: "failed"; readonly detail: string; readonly hint?: string }
  | { readonly name: string; readonly state: "skipped"; readonly detail: string };

export async function outcomeOf({ name, run }: Check): Promise<Outcome> {
  try {
    return { name, state: "ok", detail: await run() };
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
const margin = " ".repeat("failed".length + nameChars + 4);

/** `ok      store      file:/data/store`, and below it the hint. */
export function outcomeText(outcome: Outcome): string {
  const { name, state, detail } = outcome;
  const lines = [
    `${state.padEnd("skipped".length)} ${name.padEnd(nameChars)}  ${detail.replaceAll("\n", `\n${margin}`)}`,
  ];
  if (outcome.state === "failed" && outcome.hint !== undefined) lines.push(`${margin}${outcome.hint}`);
  return `${lines.join("\n")}\n`;
}

/** What is tried did something else than it must. */
export function wrong(what: string, hint: string): SpotfoldError {
  return new SpotfoldError("store-unfit", what, { hint });
}
