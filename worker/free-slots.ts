/**
 * How many jobs a worker may begin. Each slot has one job whose blocks are read, and beside it at most one whose decoder is through with
 * them: its executor drains, its output is put away, it is resolved. Else the decoder would stand still meanwhile. (Should that executor
 * fail at what it still had in its hands, the job reads again what is not checkpointed, beside the other one.)
 *
 * A job is leased only when it can be read at once, so none waits here that another worker could do. What it costs is memory for a second
 * executor, which is looked at before a job says that it is read (executor/launch/beside.ts).
 */

/** `inHand`: leases, all of them; `read`: those among them whose blocks are all read. */
export function freeSlots(slots: number, inHand: number, read: number): number {
  return slots - (inHand - Math.min(slots, read));
}
