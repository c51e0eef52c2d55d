/** A run that cannot be planned, however often it is tried: it is refused with the reason, and nothing of it is admitted. */
import { SpotfoldError } from "../../shared/errors.ts";
import type { PlannedBlock } from "../../shared/formats/plan.ts";
import { attemptMsMax, mayTakeTooLong, predictedMs } from "./duration.ts";

const hourMs = 3_600_000;

/** So many keys are named; how many there are is said. */
const keysShown = 3;

export class RunRefused extends SpotfoldError {
  constructor(message: string, hint: string, cause?: unknown) {
    super("limit", message, { hint, cause });
    this.name = "RunRefused";
  }
}

/** Whether a block would take longer than an attempt may. */
function isHopeless(block: Pick<PlannedBlock, "key" | "size">): boolean {
  return mayTakeTooLong(block.size) && predictedMs(block) > attemptMsMax;
}

/** Throws when a block would take longer than an attempt may: its job would be tried in vain for days. */
export function checkDurations(blocks: readonly PlannedBlock[]): void {
  const hours = (ms: number): string => `${(ms / hourMs).toFixed(1)} h`;
  const tooLong = blocks.filter(isHopeless);
  if (tooLong.length === 0) return;
  const shown = tooLong.slice(0, keysShown).map((block) => `${block.key} (about ${hours(predictedMs(block))})`);
  const others = tooLong.length > keysShown ? `, and ${tooLong.length - keysShown} more` : "";
  throw new RunRefused(
    `a block must be done within ${hours(attemptMsMax)}, and would not: ${shown.join(", ")}${others}`,
    "Split such files into smaller ones, or leave them out with --where.",
  );
}
