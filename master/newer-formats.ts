/**
 * What a newer version wrote is left to newer masters: this one goes on with everything else, and says once what it leaves
 * and why. It may be an aggregate (its head or manifest, or what a pass over it needs), a run (its record, its hold, its
 * plan) or jobs of a run (their resolutions).
 *
 *   readable --a record of another format--> left, said --the same again--> left --readable again--> readable, forgotten
 *
 * A record that is not even JSON counts as such a one, except where its reader knows better: no master can do anything
 * about it by trying again, and it must not end the daemon that serves all others.
 */
import { codeOf, messageOf, SpotfoldError } from "../shared/errors.ts";
import { UnknownFormat } from "../shared/formats/stored.ts";
import { aggregatePrefix } from "../shared/names.ts";
import type { MasterEvent } from "./context.ts";

/** Trying again changes nothing about it, as long as this version runs. */
export function isOtherFormat(error: unknown): boolean {
  return codeOf(error) === "invalid-format";
}

/** A part of an aggregate that is left alone by itself: what belongs to it is under way in other passes as before. */
export interface LeftPart {
  readonly aggregate: string;
  /** Whose turn it was: a pass, a run, a run's jobs. */
  readonly part: string;
  /** The run that stands still; null when all of the aggregate do. */
  readonly run: string | null;
}

export class NewerFormats {
  readonly #log: (event: MasterEvent) => void;
  /** What is left alone, and the message that was said for it. */
  readonly #left = new Map<string, string>();
  /** Jobs whose resolutions cannot be read, by plan. They never change, so they are read once. */
  readonly #jobs = new Map<string, Set<string>>();

  constructor(log: (event: MasterEvent) => void) {
    this.#log = log;
  }

  /** Runs one part of a pass. What is of another format is left alone and answered as undefined; all else is thrown. */
  async guard<T>(part: LeftPart, act: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await act();
      this.#left.delete(idOf(part));
      return result;
    } catch (error) {
      this.leave(part, error);
      return undefined;
    }
  }

  /** Throws what is no matter of formats. */
  leave(part: LeftPart, error: unknown): void {
    if (!isOtherFormat(error)) throw error;
    const what = messageOf(error);
    const isSaid = [...this.#left].some(([id, said]) => said === what && id.startsWith(`${part.aggregate} `));
    this.#left.set(idOf(part), what);
    if (isSaid) return;
    this.#log({
      event: "left-alone",
      aggregate: part.aggregate,
      run: part.run,
      what,
      where: whereOf(part, error),
      hint: hintOf(error),
    });
  }

  /** Said once for all such jobs of a run. */
  leaveJob(part: LeftPart & { readonly plan: string; readonly job: string }, error: unknown): void {
    const jobs = this.#jobs.get(part.plan) ?? new Set();
    if (jobs.size === 0) this.leave(part, error);
    jobs.add(part.job);
    this.#jobs.set(part.plan, jobs);
  }

  isLeft(plan: string, job: string): boolean {
    return this.#jobs.get(plan)?.has(job) ?? false;
  }

  /** A plan whose run is closed needs no memory. */
  forget({ aggregate, run, plan }: { aggregate: string; run: string; plan: string }): void {
    this.#jobs.delete(plan);
    for (const id of this.#left.keys())
      if (id.endsWith(` ${run}`) && id.startsWith(`${aggregate} `)) this.#left.delete(id);
  }
}

function idOf({ aggregate, part, run }: LeftPart): string {
  return `${aggregate} ${part} ${run ?? "*"}`;
}

function hintOf(error: unknown): string {
  const leaves = "it leaves this alone and goes on with everything else.";
  if (error instanceof UnknownFormat) return `Upgrade this master: ${leaves}`;
  return `Upgrade this master if a newer version wrote it, else restore it or delete it by hand: ${leaves}`;
}

/** Where the record lies, when its reader said so. */
function whereOf({ aggregate }: LeftPart, error: unknown): string {
  const record = error instanceof SpotfoldError ? error.context["record"] : undefined;
  return typeof record === "string" ? record : aggregatePrefix(aggregate);
}
