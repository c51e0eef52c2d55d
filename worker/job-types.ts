/** One leased job in hand, and what it is handled with. */
import type { JobMessage } from "../shared/formats/message.ts";
import type { AttemptRecord } from "../shared/formats/attempt.ts";
import type { PlannedBlock } from "../shared/formats/plan.ts";
import type { RunSpec } from "../shared/formats/run.ts";
import type { Lease } from "../shared/ports/job-queue.ts";
import type { WorkerContext } from "./context.ts";
import type { HeldLease, LeaseKeeper } from "./leases.ts";
import type { Room } from "./room.ts";
import type { RunRecords } from "./run-records.ts";
import type { StatusWriter } from "./status.ts";

/**
 * How the handling of a lease ended. `lost`: another attempt resolved the job before this one could, which worked all the same.
 * `lease-lost`: the lease ended before the job did, which says nothing about this machine, neither way.
 * `failed-here` counts towards the end of a worker that fails again and again. `away`: the
 * work store did not answer, so that nothing could be written down; that uses up nobody's budget, and says nothing about this
 * machine, whose jobs all end so in the same moment when its network does. `refused`: the work store let this worker not even
 * hold the run; others may be let.
 */
export type JobEnd =
  "resolved" | "dropped" | "released" | "held" | "newer" | "lost" | "lease-lost" | "away" | "refused" | "failed-here";

export interface JobServices {
  readonly context: WorkerContext;
  readonly keeper: LeaseKeeper;
  readonly room: Room;
  readonly runs: RunRecords;
  /** Aborts when the worker drains; its reason is what ended it. */
  readonly drain: AbortSignal;
  readonly status: Pick<StatusWriter, "started" | "read" | "failed" | "ended">;
  /** The job's blocks are all read: another job may begin beside it. */
  readonly read: () => void;
}

export interface Job {
  readonly message: JobMessage;
  readonly spec: RunSpec;
  readonly blocks: readonly PlannedBlock[];
  readonly lease: Lease;
  readonly held: HeldLease;
  readonly records: readonly AttemptRecord[];
}
