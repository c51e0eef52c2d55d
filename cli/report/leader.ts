/** Which master leads, by its lease. `run` and `master --once` ask nobody: that none leads does not say that nothing is done. */
import { masterLeaseSchema } from "../../shared/formats/lease.ts";
import { parseIfKnown } from "../../shared/formats/stored.ts";
import { masterLeaseKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";

export interface LeaderStatus {
  readonly master: string;
  /** `silent`: it has not renewed its lease for as long as another one would wait before it takes over. */
  readonly state: "leads" | "silent";
  /** Since it renewed its lease. */
  readonly ageMs: number;
}

/** Null where none does: there never was one, or the last one gave the lease up. What a newer version wrote says nothing. */
export async function readLeader(
  store: BlobStore,
  standbyMs: number,
): Promise<(LeaderStatus & { readonly seenAt: number }) | null> {
  const blob = await readAll(store, masterLeaseKey);
  const lease = blob === null ? null : parseIfKnown(masterLeaseKey, blob.bytes, masterLeaseSchema);
  if (blob === null || lease === null || lease.givenUp) return null;
  const ageMs = Math.max(0, blob.storeTime - blob.lastModified);
  return { master: lease.master, state: ageMs > standbyMs ? "silent" : "leads", ageMs, seenAt: blob.lastModified };
}
