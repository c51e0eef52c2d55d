/** Ids of runs that the command line makes: they say when it was. */
import type { Random } from "../../shared/ports/clock.ts";

/** Time first, so that lists are in the order of submission; random, so that no two are the same. */
export function newRunId(nowMs: number, random: Random): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:T]|\..*$/g, "");
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-${random.hex(8)}`;
}

const idPattern = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})-[0-9a-f]{8}$/;

/** When the run of that id was submitted, ms, to the second: what its ledger does not say. Null for an id that somebody chose. */
export function submittedAtOf(run: string): number | null {
  const [, year, month, day, hour, minute, second] = idPattern.exec(run) ?? [];
  if (year === undefined) return null;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? null : at;
}
