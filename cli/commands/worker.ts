/**
 * `spotfold worker`: leases jobs and executes them until it is told to stop. The first signal drains: what is checkpointed is
 * handed on, the rest is released; the second aborts. With `--attached` (how `run` starts it) it tells its parent how far it is,
 * and drains when the parent is gone.
 */
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { printable, type Settings } from "../../shared/config/settings.ts";
import { Daemon, type DaemonLoop, type DaemonScope } from "../../shared/daemon.ts";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { Log } from "../../shared/log.ts";
import type { StopSignals } from "../../shared/loop.ts";
import type { WorkerContext } from "../../worker/context.ts";
import { Worker } from "../../worker/worker.ts";
import { daemonLog, type AnyEvent } from "../compose/log.ts";
import { newProcessName } from "../compose/process-id.ts";
import { keepYoungGenerationSmall } from "../compose/young-generation.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { openWorker } from "../compose/worker.ts";
import { loggingFailure } from "../daemon-failure.ts";
import type { Io } from "../io.ts";
import { interruptDaemon } from "../interrupt-daemon.ts";
import { watchedQueue } from "../metrics/watched-queue.ts";
import { untilEmpty } from "../run/until-empty.ts";
import { telling, tellingQueue, type WorkerMessage } from "../run/worker-messages.ts";

export interface WorkerOptions extends StoreOptions {
  readonly slots?: string;
  readonly once?: boolean;
  readonly attached?: boolean;
  readonly metricsPort?: string;
}

export async function worker(options: WorkerOptions, io: Io): Promise<number> {
  keepYoungGenerationSmall();
  const settings = settingsOf(options, io);
  const id = newProcessName(systemRandom);
  const log = daemonLog({ worker: id }, (line) => void io.err.write(line));
  log({ event: "settings", settings: printable(settings) });
  const given = { settings, id, options, io };
  // What `run` starts is part of that command, and what runs once is gone before anybody looks.
  if (options.attached === true || options.once === true)
    return await live(given, { log, watch: (context) => context });
  return await loggingFailure("worker", log, async () => await watched(given, log));
}

interface WorkerProcess {
  readonly settings: Settings;
  readonly id: string;
  readonly options: WorkerOptions;
  readonly io: Io;
}

/** What looks on while it works. */
interface Watching {
  readonly log: Log<AnyEvent>;
  readonly watch: (context: WorkerContext) => WorkerContext;
}

async function watched(given: WorkerProcess, log: Log<AnyEvent>): Promise<number> {
  const [{ workerMetrics }, { monitored }] = await Promise.all([
    import("../metrics/worker-metrics.ts"),
    import("../metrics/monitor.ts"),
  ]);
  const { settings, id } = given;
  const looks = { slots: settings.slots, monotonicSeconds: () => systemClock.monotonic() / 1000 };
  const input = {
    daemon: "worker",
    id,
    settings,
    log,
    metrics: (version: string) => workerMetrics(version, looks),
  } as const;
  return await monitored(input, async ({ log: counted, health, metrics }) => {
    const watch = (context: WorkerContext): WorkerContext => ({
      ...context,
      jobs: watchedQueue(context.jobs, health, metrics, settings.timing),
      runner: metrics.watch(context.runner),
    });
    return await live(given, { log: counted, watch });
  });
}

async function live({ settings, id, options, io }: WorkerProcess, watching: Watching): Promise<number> {
  const { watch } = watching;
  const tell = options.attached === true ? tellParent : (): void => undefined;
  const log = options.attached === true ? tellingQueue(watching.log, tell) : watching.log;
  const daemon = new Daemon({
    name: "worker",
    open: async (scope) => [
      await openLoop(
        { settings, id, log, tell, watch, once: options.once === true, probed: options.attached === true },
        scope,
      ),
    ],
    drainMs: settings.timing.drainMs,
    clock: systemClock,
    log,
  });
  interruptDaemon(daemon, io.interrupts);
  if (options.attached === true) drainWithParent(daemon);
  const { status, error } = await daemon.start();
  if (codeOf(error) !== undefined) {
    const { code, hint } = error instanceof SpotfoldError ? error : { code: "internal" as const, hint: undefined };
    tell({ say: "failed", code, message: messageOf(error), hint });
  }
  return status;
}

/** A parent that was killed while this process started is gone already, and says so no second time. */
function drainWithParent(daemon: Daemon): void {
  const gone = (): void => daemon.interrupt("the process that started it is gone");
  process.once("disconnect", gone);
  if (!process.connected) gone();
}

function tellParent(message: WorkerMessage): void {
  // A parent that is gone is noticed by the channel's end.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

interface WorkerLoop {
  readonly settings: Settings;
  readonly id: string;
  readonly log: Log<AnyEvent>;
  readonly tell: (message: WorkerMessage) => void;
  readonly watch: (context: WorkerContext) => WorkerContext;
  readonly once: boolean;
  readonly probed: boolean;
}

async function openLoop(
  { settings, id, log, tell, watch, once, probed }: WorkerLoop,
  scope: DaemonScope,
): Promise<DaemonLoop> {
  const context = await openWorker(
    { settings, id, slots: settings.slots, log, probed, watch: (runner) => telling(runner, tell) },
    scope,
  );
  const run = async (stop: StopSignals): Promise<void> => await work(watch(context), stop, tell, once);
  return { name: "worker", run, runOnce: run };
}

async function work(
  context: WorkerContext,
  stop: StopSignals,
  tell: (message: WorkerMessage) => void,
  once: boolean,
): Promise<void> {
  let drain = (reason: string): void => void reason;
  const jobs = once ? untilEmpty(context.jobs, context.slots, () => drain("nothing is left to do")) : context.jobs;
  const worker = new Worker({ ...context, jobs });
  drain = (reason) => worker.drain(reason);
  const aborted = new Promise<null>((resolve) =>
    stop.abort.addEventListener("abort", () => resolve(null), { once: true }),
  );
  stop.drain.addEventListener("abort", () => worker.drain(messageOf(stop.drain.reason)), { once: true });
  if (stop.drain.aborted) worker.drain(messageOf(stop.drain.reason));
  const end = await Promise.race([worker.run(), aborted]);
  if (end?.how !== "gave-up") return;
  tell({ say: "gave-up", why: end.why });
  throw new Error(end.why);
}
