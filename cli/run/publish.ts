/**
 * The last step of `run`: all is counted, and is to be seen. A first signal waits for it, a second leaves it to the next call.
 * What the environment keeps from being published is tried again for as long as it may hold a run.
 */
import type { Master } from "../../master/master.ts";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { HeldError } from "../held-error.ts";
import { commandLine, type Io } from "../io.ts";
import type { Progress } from "../progress/progress.ts";
import { unlessAborted } from "../second-signal.ts";
import { curableCodes } from "./trouble.ts";

export interface PublishInput {
  readonly master: Pick<Master, "compact" | "publish" | "collect">;
  readonly run: string;
  /** How long the environment may keep it from being published. */
  readonly heldMs: number;
  readonly clock: Clock;
  readonly io: Io;
  readonly progress: Progress;
}

/** Between two tries: soon enough to notice a cure. */
const againMs = 1000;

/** Throws `HeldError` after `heldMs` of trouble, the second signal's reason, or what failed. */
export async function publishAtEnd(input: PublishInput): Promise<void> {
  const { master, io, progress } = input;
  const { first, second } = io.interrupts;
  const done = new AbortController();
  const tell = (): void => progress.say("stopping when it is published (once more to stop at once)");
  first.addEventListener("abort", tell, { once: true, signal: done.signal });
  progress.show("publishing");
  try {
    await unlessAborted(second, async () => {
      await publishPatiently(input);
      if (!first.aborted) await master.collect();
    });
  } finally {
    done.abort();
  }
}

async function publishPatiently({ master, run, heldMs, clock, io, progress }: PublishInput): Promise<void> {
  const { first } = io.interrupts;
  const since = clock.monotonic();
  let said = "";
  for (;;) {
    try {
      await master.compact();
      await master.publish(true);
      return;
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || !curableCodes.has(code) || first.aborted) throw error;
      if (clock.monotonic() - since >= heldMs) {
        const hint = error instanceof SpotfoldError ? (error.hint ?? "") : "";
        const what = `everything is counted, and cannot be published: ${messageOf(error)}`;
        const hold = { run, kind: "environment", what, where: "this machine", code } as const;
        throw new HeldError(hold, `${hint} To publish it: ${commandLine(io, io.words)}`.trim());
      }
      if (messageOf(error) !== said) progress.say(`${messageOf(error)}; waiting until that is cured`);
      said = messageOf(error);
      await clock.sleep(againMs, first);
    }
  }
}
