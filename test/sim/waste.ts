/**
 * Wasted work: blocks that were executed and did not come to count. Each must have an excuse: a worker that died, was paused or
 * sent away with them in hand; a message that was delivered twice; an attempt that failed; a call that went wrong.
 */
import type { MasterEvent } from "../../master/context.ts";
import type { WorkerEvent } from "../../worker/context.ts";
import type { FaultKind, FaultTables } from "./process.ts";
import { jobsOfWorker } from "./world.ts";

/** Faults that may make one more attempt each lose its race, or never end. */
const singles: readonly FaultKind[] = ["message duplicated", "request lost", "request late", "reply lost"];
/** Faults that take a worker with all that it has in hand. */
const machines: readonly FaultKind[] = [
  "worker killed before an effect",
  "worker killed after an effect",
  "process frozen",
  "spot notice",
  "store outage",
];

export class Waste {
  #lost = 0;
  #again = 0;
  #workersLost = 0;

  see(event: WorkerEvent | MasterEvent): void {
    if (event.event === "job-ended" && event.how === "lost") this.#lost++;
    if (event.event === "jobs-sent" && event.again) this.#again += event.jobs;
  }

  /** All machines at once, or all messages at once: whatever they had in hand is done again. */
  seeLoss(jobsInHand: number): void {
    this.#workersLost += jobsInHand;
  }

  /** Throws when more attempts lost their race than there are excuses. `tables` are of this world alone. */
  check(tables: FaultTables): void {
    const times = (kinds: readonly FaultKind[]): number =>
      kinds.reduce((sum, kind) => sum + (tables.faults.get(kind) ?? 0), 0);
    const excuses = times(singles) + jobsOfWorker * times(machines) + this.#again + this.#workersLost;
    if (this.#lost > excuses) {
      throw new Error(
        `${this.#lost} attempts executed a job that another one resolved; there are excuses for ${excuses}`,
      );
    }
  }
}
