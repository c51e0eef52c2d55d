/**
 * `spotfold master`: moves the runs of all aggregates forward until it is told to stop; `--once` does every due thing and
 * ends, so that it may be started by cron. Loops live and die together.
 */
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { printable } from "../../shared/config/settings.ts";
import type { Timing } from "../../shared/config/timing.ts";
import { Daemon, type DaemonLoop } from "../../shared/daemon.ts";
import { waitMsMax } from "../../shared/ports/job-queue-limits.ts";
import { Loop, type LoopOptions } from "../../shared/loop.ts";
import { Master } from "../../master/master.ts";
import { daemonLog } from "../compose/log.ts";
import { openMaster } from "../compose/open-master.ts";
import { newProcessName } from "../compose/process-id.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { keepYoungGenerationSmall } from "../compose/young-generation.ts";
import { interruptDaemon } from "../interrupt-daemon.ts";
import type { Io } from "../io.ts";

export interface MasterOptions extends StoreOptions {
  readonly once?: boolean;
}

/** A store that is away for so many passes in a row (with back-off, about half an hour) needs a person. */
const failuresMax = 12;
const backOffMs = 1000;
const backOffMsMax = 300_000;

/** Compaction and publication of a large aggregate take minutes; a pass that takes an hour hangs. */
const passMsMax = 3_600_000;

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
      const work = new Master(context, {
        only: null,
        placeOf: (aggregate) => ({ aggregate, prefix: `${aggregate}/` }),
      });
      return loopsOf(work, settings.timing, once, log, io.interrupts.first);
    },
    once,
    drainMs: settings.timing.drainMs,
    clock: systemClock,
    log,
  });
  interruptDaemon(daemon, io.interrupts);
  return (await daemon.start()).status;
}

function loopsOf(
  master: Master,
  timing: Timing,
  once: boolean,
  log: LoopOptions["log"],
  draining: AbortSignal,
): DaemonLoop[] {
  const loop = (name: string, everyMs: number, pass: LoopOptions["pass"]): Loop =>
    new Loop({
      name,
      pass,
      everyMs,
      passMsMax,
      failuresMax,
      backOffMs,
      backOffMsMax,
      clock: systemClock,
      random: systemRandom,
      log,
    });
  return [
    loop("work", 0, async (signal) => {
      if (await master.work()) return "again";
      if (!once) await waitForReady(master, Math.min(timing.foldMs, waitMsMax), AbortSignal.any([signal, draining]));
      return;
    }),
    loop("compact", timing.compactMs, async () => await master.compact()),
    loop("publish", timing.foldMs, async () => await master.publish(once)),
    loop("collect", timing.collectMs, async () => await master.collect()),
  ];
}

async function waitForReady(master: Master, waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await master.waitForReady(waitMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
