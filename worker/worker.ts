/**
 * The worker: a control plane that touches no record, so that a heartbeat is never late. It leases jobs for its free slots,
 * keeps their leases, and ends when it is drained, or when it fails three times in a row in ways that speak of its machine, or
 * understands no message. A store or a queue that it does not reach it waits for (reach.ts).
 *
 *   working --drain (signal, notice, three failures)--> draining: nothing is leased, jobs end with what is checkpointed
 *           --abort--> over at once: children are killed, leases run out by themselves
 */
import type { InterruptionSource } from "../shared/ports/interruption.ts";
import type { Lease } from "../shared/ports/job-queue.ts";
import type { WorkerContext } from "./context.ts";
import { handleLease } from "./job.ts";
import type { JobEnd } from "./job-types.ts";
import { LeaseKeeper } from "./leases.ts";
import { Reach } from "./reach.ts";
import { Room } from "./room.ts";
import { RunRecords } from "./run-records.ts";
import { StatusWriter } from "./status.ts";

/** Failures in a row by infrastructure, time-out or a vanished executor, without a success between: the machine is bad. */
export const failuresInRowMax = 3;

/** So many messages in a row that only a newer version understands: this worker is of no use here. */
export const newerInRowMax = 10;

/** After an empty receive that came back at once. */
const idleMs = 1000;

export type WorkerEnd = { readonly how: "drained" } | { readonly how: "gave-up"; readonly why: string };

export class Worker {
  readonly #context: WorkerContext;
  readonly #keeper: LeaseKeeper;
  readonly #status: StatusWriter;
  readonly #reach: Reach;
  readonly #room = new Room();
  readonly #runs: RunRecords;
  readonly #drain = new AbortController();
  readonly #inHand = new Set<Promise<void>>();
  /** Leases in hand whose blocks are all read: what they still do, they do beside the next jobs. */
  readonly #read = new Set<Lease>();
  /** Ends the wait for a free slot. */
  #wake: () => void = () => {};
  #failures = 0;
  #newer = 0;
  #givenUp: string | null = null;
  #ended: Promise<WorkerEnd> | null = null;

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#reach = new Reach(context);
    this.#keeper = new LeaseKeeper(context, this.#reach);
    this.#status = new StatusWriter(context, this.#reach);
    this.#runs = new RunRecords(context.store);
  }

  /** Works until drained. A second call answers the same promise. */
  run(interruptions?: InterruptionSource): Promise<WorkerEnd> {
    this.#ended ??= this.#run(interruptions);
    return this.#ended;
  }

  /** Stops leasing; jobs in hand end with what is checkpointed. */
  drain(reason: string): void {
    if (!this.#drain.signal.aborted) this.#drain.abort(new Error(reason));
    this.#wake();
  }

  async #run(interruptions?: InterruptionSource): Promise<WorkerEnd> {
    const over = new AbortController();
    const background = [
      this.#keeper.beat(over.signal),
      this.#keeper.watch(over.signal),
      this.#status.loop(over.signal),
      this.#watchInterruptions(interruptions, over.signal),
    ];
    await this.#leaseJobs();
    await Promise.all(this.#inHand);
    over.abort();
    await Promise.all(background);
    return this.#givenUp === null ? { how: "drained" } : { how: "gave-up", why: this.#givenUp };
  }

  async #watchInterruptions(interruptions: InterruptionSource | undefined, signal: AbortSignal): Promise<void> {
    const notice = (await interruptions?.next(signal)) ?? null;
    if (notice !== null) this.drain(notice.reason);
  }

  async #leaseJobs(): Promise<void> {
    const { clock, timing, slots } = this.#context;
    const drained = this.#drain.signal;
    while (!drained.aborted) {
      await this.#reach.store(drained);
      if (drained.aborted) return;
      const free = this.#context.rules.freeSlots(slots, this.#inHand.size, this.#read.size);
      if (free <= 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      // A message waits as well in the queue as here, and there others may take it.
      const able = (await this.#context.runner.ready?.(free, drained)) ?? free;
      if (drained.aborted) return;
      const start = clock.monotonic();
      const leases = await this.#lease(able);
      for (const lease of leases) this.#take(lease, start);
      // A server that answers at once without a message must not be asked in a tight loop.
      const early = leases.length === 0 && clock.monotonic() - start < idleMs * timing.scale;
      if (early) await clock.sleep(idleMs * timing.scale, drained);
    }
  }

  async #lease(free: number): Promise<Lease[]> {
    const { jobs, timing } = this.#context;
    const { signal } = this.#drain;
    try {
      const options = { leaseMs: timing.leaseMs, waitMs: timing.waitMs, signal };
      const leases = await this.#reach.askQueue("lease", async () => await jobs.lease(free, options));
      this.#reach.queueAnswered();
      return leases;
    } catch (error) {
      if (!signal.aborted) {
        this.#reach.queueFailed("lease", error);
        await this.#reach.queueRest(signal);
      }
      return [];
    }
  }

  #take(lease: Lease, leasedAt: number): void {
    const services = {
      context: this.#context,
      keeper: this.#keeper,
      room: this.#room,
      runs: this.#runs,
      drain: this.#drain.signal,
      status: this.#status,
      read: () => {
        this.#read.add(lease);
        this.#wake();
      },
    };
    const job = handleLease(services, lease, leasedAt)
      .then((end) => this.#count(end))
      .finally(() => {
        this.#inHand.delete(job);
        this.#read.delete(lease);
        this.#wake();
      });
    this.#inHand.add(job);
  }

  #count(end: JobEnd): void {
    this.#context.log({ event: "lease-ended", how: end });
    if (end === "resolved") this.#status.resolved();
    this.#newer = end === "newer" ? this.#newer + 1 : 0;
    if (this.#newer >= newerInRowMax) {
      this.#giveUp(`${newerInRowMax} messages in a row are of a newer version of Spotfold: update this one`);
    }
    if (end === "resolved" || end === "lost") this.#failures = 0;
    if (end === "away") this.#reach.doubtStore();
    else if (end === "refused") this.#reach.storeRefused();
    else this.#reach.storeServed();
    if (end !== "failed-here") return;
    this.#failures++;
    if (this.#failures < failuresInRowMax) return;
    this.#giveUp(`${failuresInRowMax} jobs in a row failed by infrastructure or time-out, and none succeeded between`);
  }

  #giveUp(why: string): void {
    if (this.#givenUp !== null) return;
    this.#givenUp = why;
    this.#context.log({ event: "worker-gives-up", why });
    this.drain(why);
  }
}
