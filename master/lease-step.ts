/** What a look at the masters' lease means for one of them. Pure; lease.ts acts on it. */

export interface FoundLease {
  readonly etag: string;
  /** Null: not to be read by this version. */
  readonly master: string | null;
  readonly givenUp: boolean;
}

/** An etag, and since when (monotonic ms, the end of the read) it has been the same. */
export interface WatchedLease {
  readonly etag: string;
  readonly since: number;
}

/** Why a lease is there to be taken. */
export type LeaseReason = "free" | "given-up" | "expired";

export type LeaseStep =
  | { readonly do: "lead"; readonly etag: string }
  | {
      readonly do: "take";
      /** Null: there is none. */
      readonly expected: string | null;
      readonly because: LeaseReason;
    }
  | { readonly do: "watch"; readonly watched: WatchedLease };

export interface LeaseLook {
  readonly id: string;
  readonly watched: WatchedLease | null;
  readonly found: FoundLease | null;
  /** Monotonic: when the read that found it was begun, and when it had ended. */
  readonly begunAt: number;
  readonly endedAt: number;
  readonly standbyMs: number;
}

/** For the master `id`. */
export function decideLease({ id, watched, found, begunAt, endedAt, standbyMs }: LeaseLook): LeaseStep {
  if (found === null) return { do: "take", expected: null, because: "free" };
  if (found.givenUp) return { do: "take", expected: found.etag, because: "given-up" };
  if (found.master === id) return { do: "lead", etag: found.etag };
  if (watched?.etag !== found.etag) return { do: "watch", watched: { etag: found.etag, since: endedAt } };
  // From the end of one read to the begin of another: a pause of our own within a read adds nothing.
  if (begunAt - watched.since >= standbyMs) return { do: "take", expected: found.etag, because: "expired" };
  return { do: "watch", watched };
}
