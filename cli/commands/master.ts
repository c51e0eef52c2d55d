/**
 * `spotfold master`: moves the runs of all aggregates forward until it is told to stop, while it leads; a second one stands
 * by. `--once` does every due thing and ends, so that it may be started by cron. Loops live and die together.
 */
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { printable } from "../../shared/config/settings.ts";
import { Daemon } from "../../shared/daemon.ts";
import { daemonLog } from "../compose/log.ts";
import { loopsOnce, loopsWhileLeading, openLease } from "../compose/master-loops.ts";
import { openMaster } from "../compose/open-master.ts";
import { newProcessName } from "../compose/process-id.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { keepYoungGenerationSmall } from "../compose/young-generation.ts";
import { interruptDaemon } from "../interrupt-daemon.ts";
import type { Io } from "../io.ts";

export interface MasterOptions extends StoreOptions {
  readonly once?: boolean;
}

export async function master(options: MasterOptions, io: Io): Promise<number> {
  keepYoungGenerationSmall();
  const settings = settingsOf(options, io);
  const id = newProcessName(systemRandom);
  const log = daemonLog({ master: id }, (line) => void io.err.write(line));
  const once = options.once ?? false;
  log({ event: "settings", settings: printable(settings) });
  const daemon = new Daemon({
    name: "master",
    open: async (scope) => {
      const context = await openMaster({ settings, id, log, probe: true }, scope);
      const loops = {
        context,
        log,
        draining: scope.stop.drain,
        watch: async <Result>(_loop: string, pass: () => Promise<Result>): Promise<Result> => await pass(),
        onMaster: (): void => undefined,
      };
      return once ? loopsOnce(loops) : loopsWhileLeading(loops, openLease(context, log));
    },
    once,
    drainMs: settings.timing.drainMs,
    clock: systemClock,
    log,
  });
  interruptDaemon(daemon, io.interrupts);
  return (await daemon.start()).status;
}
