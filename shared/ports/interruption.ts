/** Where the news comes from that this machine will be taken away: nowhere, a simulation, a cloud's metadata service. */

export interface Interruption {
  /** For people: `spot notice`, `simulated`, … */
  readonly reason: string;
  /** How long until the machine is gone, ms. */
  readonly inMs: number;
}

export interface InterruptionSource {
  /** Resolves once, with the first notice; stays pending for ever when none comes. Resolves null when `signal` aborts. */
  next(signal: AbortSignal): Promise<Interruption | null>;
}
