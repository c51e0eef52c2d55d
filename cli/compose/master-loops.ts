/**
 * The loops of a master. A daemon's run while it leads (master/lease.ts) and are made anew with each lead, since what a
 * master remembers of its queue and its runs is old by then. `--once` runs them in a row and asks nobody who leads: a pass is
 * safe beside any other, and the lease of a master that died must not keep cron from its work.
 */
import { Master } from "../../master/master.ts";
import { MasterLease } from "../../master/lease.ts";
import type { MasterContext } from "../../master/context.ts";
import type { DaemonLoop } from "../../shared/daemon.ts";
import type { Log } from "../../shared/log.ts";
import { Loop, type LoopOptions } from "../../shared/loop.ts";
import { waitMsMax } from "../../shared/ports/job-queue-limits.ts";
import type { AnyEvent } from "./log.ts";
import { WakeUps } from "./wake-ups.ts";

/**
 * What is away for so many passes in a row (with back-off, about half an hour) needs a person. A lead whose `work` fails ends
 * before (master/fitness.ts).
 */
const failuresMax = 12;
const backOffMs = 1000;
const backOffMsMax = 300_000;

/** Compaction and publication of a large aggregate take minutes; a pass that takes an hour hangs. */
export const passMsMax = 3_600_000;

/** Looks on at passes, without the time in which a loop waits for something to do. Gives what the pass gives. */
export type WatchPass = <Result>(loop: string, pass: () => Promise<Result>) => Promise<Result>;

export interface MasterLoops {
  readonly context: MasterContext;
  readonly log: Log<AnyEvent>;
  /** The first signal: a wait for messages ends at once. */
  readonly draining: AbortSignal;
  readonly watch: WatchPass;
  /** Told of each master that begins to lead. */
  readonly onMaster: (master: Master) => void;
}

/** Every due thing in a row. */
export function loopsOnce(input: MasterLoops): DaemonLoop[] {
  return loopsOf(newMaster(input), input, { once: true, draining: input.draining });
}

/** The lease's own loop, and the others while it is ours. */
export function loopsWhileLeading(input: MasterLoops, lease: MasterLease): DaemonLoop[] {
  const watch: WatchPass = async (loop, pass) =>
    await input.watch(loop, loop === "work" ? async () => await lease.watchWork(pass) : pass);
  const made = new WeakMap<AbortSignal, DaemonLoop[]>();
  const ofLead = (lost: AbortSignal): DaemonLoop[] => {
    const known = made.get(lost);
    if (known !== undefined) return known;
    const draining = AbortSignal.any([input.draining, lost]);
    const loops = loopsOf(newMaster(input), { ...input, watch }, { once: false, draining });
    made.set(lost, loops);
    return loops;
  };
  const whileLeading = (name: (typeof loopNames)[number]): DaemonLoop =>
    lease.whileLeading(name, (lost) => ofLead(lost).find((loop) => loop.name === name) as DaemonLoop);
  return [lease, ...loopNames.map(whileLeading)];
}

export function openLease({ id, store, timing, clock }: MasterContext, log: Log<AnyEvent>): MasterLease {
  return new MasterLease({ id, store, standbyMs: timing.standbyMs, scale: timing.scale, clock, log });
}

function newMaster({ context, onMaster }: MasterLoops): Master {
  const master = new Master(context, {
    only: null,
    placeOf: (aggregate) => ({ aggregate, prefix: `${aggregate}/` }),
  });
  onMaster(master);
  return master;
}

/** In the order in which `--once` runs them. */
export const loopNames = ["work", "compact", "publish", "collect"] as const;

/** A run that closed is seen by those who wait for it so much sooner than the next fold; a pass with nothing due costs nothing. */
const publishLooksPerFold = 10;

interface Mode {
  readonly once: boolean;
  readonly draining: AbortSignal;
}

function loopsOf(master: Master, { context, log, watch }: MasterLoops, { once, draining }: Mode): DaemonLoop[] {
  const { timing, clock, random } = context;
  const wakeUps = new WakeUps({ master, context });
  const pass: Readonly<Record<(typeof loopNames)[number], LoopOptions["pass"]>> = {
    work: async (signal) => {
      if (await watch("work", async () => await master.work())) return "again";
      if (!once) await wakeUps.wait(Math.min(timing.foldMs, waitMsMax), AbortSignal.any([signal, draining]));
      return;
    },
    compact: async () => await watch("compact", async () => await master.compact()),
    publish: async () => await watch("publish", async () => await master.publish(once)),
    collect: async () => await watch("collect", async () => await master.collect()),
  };
  const everyMs = {
    work: 0,
    compact: timing.compactMs,
    publish: timing.foldMs / publishLooksPerFold,
    collect: timing.collectMs,
  };
  const limits = { passMsMax, failuresMax, backOffMs, backOffMsMax };
  return loopNames.map(
    (name) => new Loop({ name, pass: pass[name], everyMs: everyMs[name], ...limits, clock, random, log }),
  );
}
