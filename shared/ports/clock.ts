/** Time and randomness, passed in so that one seed replays a whole run. */

export interface Clock {
  /** Wall clock, ms since the epoch: for stamps and logs only. Clocks of two machines are never compared. */
  now(): number;
  /** Monotonic ms of this process: for leases, time-outs and intervals. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects: the caller looks at the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** `digits` random lower-case hex digits. */
  hex(digits: number): string;
  /** Uniform in [0, 1). */
  float(): number;
}
