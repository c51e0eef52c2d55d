/** `spotfold status [RUN|AGGREGATE] [--watch]`: what is going on, and why something is not. */
import { systemClock } from "../../shared/clock.ts";
import { aggregatesOf, findTarget, openLook } from "../compose/look.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { readStatus, statusText } from "../report/status.ts";

export interface StatusOptions extends StoreOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** As often as somebody who waits looks. */
const watchMs = 1000;

/** Bytes, not text: the terminal is to obey it. */
const clearScreen = Buffer.from("\u001b[H\u001b[J");

export async function status(name: string | undefined, options: StatusOptions, io: Io): Promise<number> {
  return await withScope(async (scope) => {
    const settings = settingsOf(options, io);
    const look = await openLook(settings, scope);
    const target = name === undefined ? null : await findTarget(look.store, name);
    for (;;) {
      const aggregates = target === null ? await aggregatesOf(look.store) : [target.aggregate];
      const report = await readStatus(look, aggregates, target?.run ?? null, settings.timing.statusMs);
      const text = options.json === true ? `${JSON.stringify(report)}\n` : statusText(report, io.command);
      const isScreen = options.watch === true && io.out.isTerminal && options.json !== true;
      if (isScreen) await io.out.write(clearScreen);
      await io.out.write(text);
      if (options.watch !== true) return exitCodes.done;
      await systemClock.sleep(watchMs, io.interrupts.first);
      if (io.interrupts.first.aborted) return exitCodes.done;
    }
  });
}
