/**
 * `spotfold master`: moves the runs of all aggregates forward until it is told to stop, while it leads; a second one stands
 * by. `--once` does every due thing and ends, so that it may be started by cron. Loops live and die together.
 */
import type { MasterLease } from "../../master/lease.ts";
import type { Master } from "../../master/master.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { printable, type Settings } from "../../shared/config/settings.ts";
import { Daemon } from "../../shared/daemon.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Log } from "../../shared/log.ts";
import { daemonLog, type AnyEvent } from "../compose/log.ts";
import { loopsOnce, loopsWhileLeading, openLease, passMsMax, type WatchPass } from "../compose/master-loops.ts";
import { openMaster } from "../compose/open-master.ts";
import { newProcessName } from "../compose/process-id.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { keepYoungGenerationSmall } from "../compose/young-generation.ts";
import { loggingFailure } from "../daemon-failure.ts";
import { interruptDaemon } from "../interrupt-daemon.ts";
import type { Io } from "../io.ts";
import { isLoopback } from "../serve/hosts.ts";
import { addressOf } from "../status-page/address.ts";
import type { DaemonPage } from "../status-page/daemon.ts";
import { pageToken, refuseWithoutPage, tokenText } from "../status-page/token.ts";

export interface MasterOptions extends StoreOptions {
  readonly once?: boolean;
  readonly metricsPort?: string;
  /** `[host:]port` of the status page. */
  readonly http?: string;
  readonly tokenFile?: string;
  readonly allowActions?: boolean;
}

/** What looks on while it works. */
interface Watching {
  readonly log: Log<AnyEvent>;
  readonly watch: WatchPass;
  readonly onMaster: (master: Master) => void;
  readonly onLease: (lease: MasterLease) => void;
}

interface Process {
  readonly settings: Settings;
  readonly id: string;
  readonly once: boolean;
  readonly io: Io;
}

export async function master(options: MasterOptions, io: Io): Promise<number> {
  keepYoungGenerationSmall();
  const settings = settingsOf(options, io);
  const page = pageOptions(options, settings, io);
  const id = newProcessName(systemRandom);
  const once = options.once ?? false;
  const log = daemonLog({ master: id }, (line) => void io.err.write(line));
  log({ event: "settings", settings: printable(settings) });
  if (once) {
    const unwatched: WatchPass = async (_loop, pass) => await pass();
    return await live({ settings, id, once, io }, { log, watch: unwatched, onMaster: ignore, onLease: ignore });
  }
  return await loggingFailure("master", log, async () => await watched({ settings, id, once, io }, log, page));
}

/** Null: none is wanted. Throws `usage`, before anything is logged. */
function pageOptions(
  { http, tokenFile, once, allowActions }: MasterOptions,
  { folder }: Settings,
  { command, out }: Io,
): DaemonPage | null {
  if (once === true && (http !== undefined || tokenFile !== undefined || allowActions === true)) {
    throw new SpotfoldError("usage", "the status page is of a master that stays, and --once is one that ends", {
      hint: "Leave --once out, or --http, --token-file and --allow-actions.",
    });
  }
  if (http === undefined) {
    refuseWithoutPage({ tokenFile, allowActions }, "--http [HOST:]PORT");
    return null;
  }
  const acts = allowActions === true;
  const address = addressOf(http);
  const { token, isMade } = pageToken(tokenFile, folder, acts && isLoopback(address.host));
  const tell = async (url: string): Promise<void> => {
    // To stdout, which is no log.
    if (isMade && token !== null) await out.write(tokenText(url, token));
  };
  return { ...address, token, command, actions: acts, tell };
}

function ignore(): void {}

async function watched(given: Process, log: Log<AnyEvent>, page: DaemonPage | null): Promise<number> {
  const [{ masterMetrics }, { monitored }] = await Promise.all([
    import("../metrics/master-metrics.ts"),
    import("../metrics/monitor.ts"),
  ]);
  const { settings, id } = given;
  let [lease, leading]: [MasterLease | null, Master | null] = [null, null];
  const isLeading = (): boolean => lease?.role === "leading";
  const looks = {
    isLeading,
    open: () => (isLeading() ? (leading?.open ?? []) : []),
    nowSeconds: () => systemClock.now() / 1000,
    monotonicSeconds: () => systemClock.monotonic() / 1000,
  };
  const input = {
    daemon: "master",
    id,
    settings,
    log,
    metrics: (version: string) => masterMetrics(version, looks),
  } as const;
  return await monitored(input, async ({ log: counted, health, metrics }) => {
    const daemon = { settings, log: counted, health, registry: metrics.registry };
    const lived = async (): Promise<number> =>
      await live(given, {
        log: counted,
        watch: async (loop, pass) => await metrics.watch(loop, async () => await health.watch(loop, passMsMax, pass)),
        onMaster: (now) => (leading = now),
        onLease: (own) => {
          lease = own;
          health.watchLease(own);
        },
      });
    if (page === null) return await lived();
    const { withStatusPage } = await import("../status-page/daemon.ts");
    return await withStatusPage(page, daemon, lived);
  });
}

async function live({ settings, id, once, io }: Process, { log, watch, onMaster, onLease }: Watching): Promise<number> {
  const daemon = new Daemon({
    name: "master",
    open: async (scope) => {
      const context = await openMaster({ settings, id, log, probe: true }, scope);
      const loops = { context, log, draining: scope.stop.drain, watch, onMaster };
      if (once) return loopsOnce(loops);
      const lease = openLease(context, log);
      onLease(lease);
      return loopsWhileLeading(loops, lease);
    },
    once,
    drainMs: settings.timing.drainMs,
    clock: systemClock,
    log,
  });
  interruptDaemon(daemon, io.interrupts);
  return (await daemon.start()).status;
}
