/**
 * When an open run will be done, in words; or why nobody can say: at its beginning one quick job would promise too much, at its end
 * there is nothing left to guess, and a run that stands still has no end. Pure, but for the reader's time zone.
 */
import type { RunLine } from "./document.ts";
import { clockText, durationText } from "./words.ts";

type RunToEnd = Pick<RunLine, "blocks" | "covered" | "missing" | "held" | "pace">;

export interface ExpectedEnd {
  /** `about 3 min left (13:05)`; null: unknown. */
  readonly text: string | null;
  /** What the time is reckoned by, or why there is none. */
  readonly why: string;
}

/**
 * Blocks that are covered or missing, before anything is guessed; jobs do not count, since one is done, too, that handed its blocks on.
 * One block says nothing of the next. Below a share of all of them it may have been one quick job; and a thousand are those of several
 * jobs, also of a run of millions, which would else go for hours without a guess.
 */
const settledMin = 2;
const shareMin = 0.05;
const settledEnough = 1_000;
/** Later than this is a guess at a pace that nobody keeps. */
const farMs = 30 * 86_400_000;
const dayMs = 86_400_000;
/** Below this a time of day tells no more than what is left. */
const soonMs = 60_000;

/** `now`: the store's clock, ms. `isAnybodyAlive`: of the workers. */
export function expectedEnd(run: RunToEnd, now: number, isAnybodyAlive: boolean): ExpectedEnd {
  const { blocks, covered, missing, held, pace } = run;
  const done = covered + missing;
  if (held !== null) return unknown("it is held");
  if (done >= blocks) return unknown("all blocks are done: a master closes it next");
  if (!isAnybodyAlive) return unknown("no worker is alive");
  if (done === 0) return unknown("no block is done yet");
  const needed = Math.max(settledMin, Math.min(blocks * shareMin, settledEnough));
  if (done < needed) return unknown("too little is done yet");
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
