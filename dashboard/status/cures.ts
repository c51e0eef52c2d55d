/**
 * What each reason of a missing block means, and what cures it, in words. Reasons are those of docs/formats/store.md; one that a
 * newer server sends has the words of its class. Numbers are budgets of the workers: a test holds them to be theirs.
 */

export interface Cure {
  /** What happened to the block. */
  readonly what: string;
  readonly cure: string;
}

const retry = "then retry";
const resubmit = "spotfold submit with --reprocess and --into the same aggregate";

const cures: ReadonlyMap<string, Cure> = new Map([
  ["corrupt", { what: "damaged, found twice", cure: `Write or fetch its file again, ${retry}.` }],
  [
    "code",
    {
      what: "the analysis failed on it, twice",
      cure: `Mend the analysis, then: ${resubmit}. A retry runs the same code.`,
    },
  ],
  [
    "bad-input",
    {
      what: "more of its records were rejected than the analysis tolerates",
      cure: `Mend its file, ${retry}. Or tolerate more (rejectedPerBlockMax), then: ${resubmit}.`,
    },
  ],
  [
    "no-record-accepted",
    {
      what: "all of its records were rejected",
      cure: `The run's logs say why. Mend its file, ${retry}. Or mend the analysis, then: ${resubmit}.`,
    },
  ],
  [
    "out-of-memory",
    {
      what: "too large for the memory, also with twice as much",
      cure: `Raise limits.executorHeapBytes and start the workers again, ${retry}. Or let the analysis keep less.`,
    },
  ],
  ["gone", { what: "its file is not there", cure: `Put it back, ${retry}. Without its file no run cures it.` }],
  ["replaced", { what: "its file changed after it was planned", cure: "Retry: it is planned as it is now." }],
  ["archived", { what: "its file is in an archive", cure: `Restore it from the archive, ${retry}.` }],
  [
    "timeout",
    {
      what: "gave up after 2 attempts that took too long",
      cure: "Retry with workers that are less busy. Where the analysis stands still on it: mend the analysis.",
    },
  ],
  [
    "vanished",
    {
      what: "gave up after 5 attempts whose workers were killed",
      cure: `See why workers die: memory, their supervisor, their machines; ${retry}.`,
    },
  ],
  [
    "lost-lease",
    {
      what: "gave up after 5 attempts that were not renewed in time",
      cure: `See why workers stand still, or do not reach the queue; ${retry}.`,
    },
  ],
  [
    "infrastructure",
    {
      what: "gave up after 8 attempts: store, network or disk failed",
      cure: "Retry when they answer: spotfold doctor tries each.",
    },
  ],
  ["hand-ons", { what: "gave up after it was handed on 32 times", cure: "Retry, with workers that live longer." }],
  ["invalid-resolution", { what: "how its job ended cannot be read", cure: "Retry: it is worked on anew." }],
]);

const byClass: ReadonlyMap<string, Cure> = new Map([
  ["content", { what: "missing by its content", cure: `Mend its file, ${retry}; or the analysis, then: ${resubmit}.` }],
  ["circumstance", { what: "missing by circumstance", cure: "Retry; the next run that selects it tries it, too." }],
]);

export function cureOf(reason: string, className: string): Cure {
  const unknown = { what: "a reason that this page does not know", cure: "Retry, or ask a newer version." };
  return cures.get(reason) ?? byClass.get(className) ?? unknown;
}
