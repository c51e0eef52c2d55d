/**
 * When an open run will be done, in words; or why nobody can say: at its beginning one quick job would promise too much, at its end
 * there is nothing left to guess, and a run that stands still has no end. Pure, but for the reader's time zone.
 */
import type { RunLine } from "./document.ts";
import { clockText, durationText } from "./words.ts";

type RunToEnd = Pick<RunLine, "blocks" | "covered" | "missing" | "held" | "jobs" | "pace">;

export interface ExpectedEnd {
  /** `about 3 min left (13:05)`; null: unknown. */
  readonly text: string | null;
  /** What the time is reckoned by, or why there is none. */
  readonly why: string;
}

/** Fewer jobs that are done say nothing of the others, unless so much of the blocks is. */
const jobsMin = 2;
const shareMin = 0.05;
/** Later than this is a guess at a pace that nobody keeps. */
const farMs = 30 * 86_400_000;
const dayMs = 86_400_000;
/** Below this a time of day tells no more than what is left. */
const soonMs = 60_000;

/** `now`: the store's clock, ms. `isAnybodyAlive`: of the workers. */
export function expectedEnd(run: RunToEnd, now: number, isAnybodyAlive: boolean): ExpectedEnd {
  const { blocks, covered, missing, held, jobs, pace } = run;
  const done = covered + missing;
  if (held !== null) return unknown("it is held");
  if (done >= blocks) return unknown("all blocks are done: a master closes it next");
  if (!isAnybodyAlive) return unknown("no worker is alive");
  if (done === 0) return unknown("no block is done yet");
  if ((jobs?.done ?? 0) < jobsMin && done < blocks * shareMin) return unknown("too little is done yet");
  if (pace === null || pace.endsAt === null) return unknown("no block was done in the last minutes");
  const left = pace.endsAt - now;
  if (left > farMs) return unknown("at this pace in more than a month");
  const over = pace.over === "recent" ? "over the last minutes" : "since it was admitted";
  const why = `By its pace ${over}.`;
  if (left <= 0) return { text: "any moment now", why };
  if (left < soonMs) return { text: "less than a minute left", why };
  return { text: `about ${durationText(left)} left (${timeText(pace.endsAt, now)})`, why };
}

function unknown(why: string): ExpectedEnd {
  return { text: null, why };
}

/** To the minute, since it is a guess; with the day where that is another one, and the day alone where it is far. */
function timeText(atMs: number, nowMs: number): string {
  const whole = clockText(atMs, nowMs);
  return atMs - nowMs > 3 * dayMs ? whole.replace(/, .*$/, "") : whole.slice(0, -":00".length);
}
