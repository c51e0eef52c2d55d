/** Several rights of one place, each tried: one line when all are there, else which are not, why, and what would allow them. */
import { codeOf, messageOf, SpotfoldError, type ErrorCode } from "../../shared/errors.ts";

export interface Step {
  /** What is tried, in a word: `put`. */
  readonly name: string;
  readonly run: () => Promise<void>;
  /** Steps without which this one says nothing: not tried when one of them failed. */
  readonly after?: readonly string[];
}

/** The names, `put, get, list`. Throws one error for all that failed, of the first one's code. */
export async function tryEach(place: string, steps: readonly Step[]): Promise<string> {
  const well: string[] = [];
  const lines: string[] = [];
  const hints = new Set<string>();
  let code: ErrorCode | undefined;
  for (const { name, run, after = [] } of steps) {
    if (after.some((other) => !well.includes(other))) {
      lines.push(`${name}: not tried`);
      continue;
    }
    try {
      await run();
      well.push(name);
    } catch (error) {
      lines.push(`${name}: ${messageOf(error)}`);
      if (error instanceof SpotfoldError && error.hint !== undefined) hints.add(error.hint);
      code ??= (codeOf(error) as ErrorCode | undefined) ?? "internal";
    }
  }
  if (code === undefined) return well.join(", ");
  const first = well.length === 0 ? `${place}: nothing went well` : `${place}: ${well.join(", ")} went well`;
  const hint = hints.size === 0 ? {} : { hint: [...hints].join("\n") };
  throw new SpotfoldError(code, [first, ...lines].join("\n"), hint);
}
