/** What is wrong with settings is gathered and told at once: nobody should have to start five times to learn five things. */
import { SpotfoldError } from "../errors.ts";
import { editDistance } from "../dataset/explain.ts";

export interface Problem {
  /** As in the file, e.g. `timing.leaseMs`. */
  readonly field: string;
  readonly value: unknown;
  /** What it has to be. */
  readonly rule: string;
  /** Where it was set: the file, the variable, the flag. */
  readonly source: string;
}

/** A value in a message is cut to this. */
const valueCharsMax = 80;

/** The name that was probably meant, as the end of a sentence; empty when none is near. */
export function nearest(name: string, names: readonly string[]): string {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best === undefined ? "" : `; did you mean ${best}?`;
}

function lineOf({ field, value, rule, source }: Problem): string {
  const text = withoutCredentials(JSON.stringify(value) ?? "nothing");
  return `  ${field} = ${text.length > valueCharsMax ? `${text.slice(0, valueCharsMax)}…` : text} (${source}): ${rule}`;
}

/** `scheme://user:password@` without the two. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/gi, "$1…@");
}

/** Throws SpotfoldError `invalid-config` that lists all of them, when there are any. */
export function throwProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const what = problems.length === 1 ? "One setting is wrong" : `${problems.length} settings are wrong`;
  throw new SpotfoldError("invalid-config", `${what}:\n${problems.map(lineOf).join("\n")}`, {
    hint: "Correct what is listed; every setting that is left out has a default.",
    context: { problems: problems.map(({ field, rule, source }) => ({ field, rule, source })) },
  });
}
