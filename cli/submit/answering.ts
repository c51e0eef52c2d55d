/**
 * Whether the store answers while a look at it is in hand. A look may be long where there is much to read, and the ports try
 * again for minutes: so when one has not ended for a while, a small read is asked beside it, and the store is silent when that
 * does not come back either.
 *
 *   looking --ended--> its result, or its error
 *           --not ended for `silentMs`--> asking --answered, or refused--> looking
 *                                                --nothing for `silentMs`--> silent: said once
 *                                         silent --answered--> looking: said
 *                                                --for `heldMs` since it was asked--> held
 *   any     --interrupted--> interrupted
 *
 * What is in hand then is left alone: the command ends, and it with it.
 */
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import type { Hold } from "../../shared/formats/hold.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Clock, Random } from "../../shared/ports/clock.ts";
import { overloadedHint } from "../../shared/unanswered.ts";
import { Trouble } from "../run/trouble.ts";

/** Before scaling. A small read takes milliseconds, with a try or two of the port's again a second. */
const silentMs = 5_000;

/** Why nothing is asked any more. */
const looked = new Error("the look came through");

export interface AnsweringOptions {
  readonly store: BlobStore;
  /** A small read. */
  readonly ask: () => Promise<unknown>;
  readonly timing: { readonly heldMs: number; readonly scale: number };
  readonly interrupted: AbortSignal;
  readonly say: (line: string) => void;
  readonly clock: Clock;
  readonly random: Random;
}

export type Answered<Result> =
  | { readonly how: "looked"; readonly result: Result }
  | { readonly how: "held"; readonly hold: Hold }
  | { readonly how: "interrupted" };

/** `run`: whom a hold is about. Rejects with what `look` rejects with. */
export async function whileAnswering<Result>(
  options: AnsweringOptions,
  run: string,
  look: () => Promise<Result>,
): Promise<Answered<Result>> {
  const over = new AbortController();
  const stop = AbortSignal.any([over.signal, options.interrupted]);
  const looking = look().then((result): Answered<Result> => {
    over.abort(looked);
    return { how: "looked", result };
  });
  const watching = untilHeld(options, run, stop);
  try {
    return await Promise.race([looking, watching]);
  } finally {
    over.abort();
  }
}

async function untilHeld(
  options: AnsweringOptions,
  run: string,
  stop: AbortSignal,
): Promise<{ readonly how: "held"; readonly hold: Hold } | { readonly how: "interrupted" }> {
  const { clock, timing } = options;
  while (!stop.aborted) {
    await clock.sleep(silentMs * timing.scale, stop);
    if (stop.aborted) break;
    const hold = await silence(options, run, stop);
    if (hold !== null) return { how: "held", hold };
  }
  return { how: "interrupted" };
}

/** Asks. Null when that is answered, or it was stopped; else the hold, when it was silent for `heldMs`. */
async function silence(options: AnsweringOptions, run: string, stop: AbortSignal): Promise<Hold | null> {
  const { store, clock, random, timing, say } = options;
  const since = clock.monotonic();
  const answered = new AbortController();
  const ended = AbortSignal.any([answered.signal, stop]);
  void untilAnswered(options, ended).then(() => answered.abort());
  await clock.sleep(Math.min(silentMs * timing.scale, timing.heldMs), ended);
  if (ended.aborted) return null;
  const trouble = new Trouble({ store, clock, random, scale: timing.scale, say });
  const silent = { hint: overloadedHint, retryable: true };
  trouble.note(new SpotfoldError("timeout", `${store.name} does not answer`, silent), since);
  await clock.sleep(since + timing.heldMs - clock.monotonic(), ended);
  if (!ended.aborted) return trouble.hold(run, timing.heldMs);
  if (answered.signal.aborted || stop.reason === looked) say(`${store.name} answers again; going on`);
  return null;
}

/** A refusal is an answer; that the port gave up waiting for one is none. */
async function untilAnswered({ ask, clock, timing }: AnsweringOptions, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    try {
      await ask();
      return;
    } catch (error) {
      if (codeOf(error) !== "timeout") return;
      await clock.sleep(silentMs * timing.scale, ended);
    }
  }
}
