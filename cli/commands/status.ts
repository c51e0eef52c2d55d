/** `spotfold status [RUN|AGGREGATE] [--watch]`: what is going on, and why something is not. */
import { systemClock } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { aggregatesOf, findTarget, openLook } from "../compose/look.ts";
import { shownPlace } from "../compose/ports.ts";
import { withScope } from "../compose/scope.ts";
import { flagsOf, settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { readStatus } from "../report/status.ts";
import { statusText } from "../report/status-text.ts";

export interface StatusOptions extends StoreOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** As often as somebody who waits looks. */
const watchMs = 1000;

/** Bytes, not text: the terminal is to obey it. */
const clearScreen = Buffer.from("\u001b[H\u001b[J");

/** Before scaling. Somebody looks on: who reads for longer, or waits for an answer, says so. */
const silentMs = 5_000;

/** Who only looks may ask again: two tries of 20 s instead of six of a minute. All that is read is small. */
const attemptsMax = 2;
const requestMsMax = 20_000;

export async function status(name: string | undefined, options: StatusOptions, io: Io): Promise<number> {
  return await withScope(async (scope) => {
    const settings = impatient(settingsOf(options, io));
    const { scale } = settings.timing;
    const sayingSo = async <Result>(act: () => Promise<Result>): Promise<Result> =>
      await saying(io, `waiting for ${shownPlace(settings.store)} to answer`, silentMs * scale, act);
    const { look, target } = await sayingSo(async () => {
      const opened = await openLook(settings, scope);
      return { look: opened, target: name === undefined ? null : await findTarget(opened.store, name) };
    });
    const caller = { command: io.command, flags: flagsOf(options) };
    for (;;) {
      const aggregates = async (): Promise<readonly string[]> =>
        target === null ? await aggregatesOf(look.store) : [target.aggregate];
      const report = await sayingSo(async () => await readStatus(look, aggregates, target, settings.timing));
      const text = options.json === true ? `${JSON.stringify(report)}\n` : statusText(report, caller);
      const isScreen = options.watch === true && io.out.isTerminal && options.json !== true;
      if (isScreen) await io.out.write(clearScreen);
      await io.out.write(text);
      if (options.watch !== true) return exitCodes.done;
      await systemClock.sleep(watchMs, io.interrupts.first);
      if (io.interrupts.first.aborted) return exitCodes.done;
    }
  });
}

/** Of whoever only looks, and will look again. */
export function impatient(settings: Settings): Settings {
  const aws = { ...settings.aws, attemptsMax, requestMsMax: requestMsMax * settings.timing.scale };
  return { ...settings, aws };
}

/** Says `line` on stderr when `act` has not ended for `ms`. Gives what it gives. */
async function saying<Result>(io: Io, line: string, ms: number, act: () => Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  void systemClock.sleep(ms, ended.signal).then(async () => {
    if (!ended.signal.aborted) await io.err.write(`${line}\n`);
  });
  try {
    return await act();
  } finally {
    ended.abort();
  }
}
