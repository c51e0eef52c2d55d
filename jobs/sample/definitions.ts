/**
 * Histogram definitions of the synthetic pings, in the form of a Histograms.json. Areas of an imagined program, each with the
 * same kinds of measurement: names, kinds and bounds are made up.
 */

export interface SampleDefinition {
  readonly kind: "exponential" | "linear" | "enumerated" | "boolean" | "flag" | "count";
  readonly description: string;
  readonly low?: number;
  readonly high?: number | string;
  readonly n_buckets?: number;
  readonly n_values?: number;
}

const AREAS =
  "AUDIO BOOKMARK CACHE CLIPBOARD COMPOSITOR DATABASE DISK DOWNLOAD FONT FORM GPU HEAP IMAGE INDEX JOURNAL LAYOUT LINK MENU NETWORK PAGE PARSER PLUGIN PREFETCH PRINT SCRIPT SCROLL SEARCH SESSION SOCKET STORE STYLE SYNC TAB THREAD TIMER UPDATE VIDEO WINDOW WORKER ZOOM".split(
    " ",
  );

const MEASUREMENTS: readonly (readonly [string, Omit<SampleDefinition, "description">, string])[] = [
  ["WAIT_MS", { kind: "exponential", high: 10_000, n_buckets: 50 }, "time spent waiting (ms)"],
  ["WORK_MS", { kind: "exponential", high: "60 * 1000", n_buckets: 60 }, "time spent working (ms)"],
  ["LATENCY_US", { kind: "exponential", high: "16 * 1024 * 1024", n_buckets: 80 }, "time until the first answer (us)"],
  ["SIZE_KB", { kind: "exponential", low: 4, high: "64 * 1024", n_buckets: 40 }, "memory in use (KB)"],
  ["QUEUE_LENGTH", { kind: "linear", low: 1, high: 100, n_buckets: 25 }, "requests in the queue"],
  ["STATE", { kind: "enumerated", n_values: 8 }, "state at the end of the session"],
  ["HIT", { kind: "boolean" }, "whether it was found at the first look"],
  ["RETRIED", { kind: "count" }, "how often it was tried again"],
  ["FAILED", { kind: "flag" }, "set when it failed in this session"],
];

/** The measure whose number of buckets changed between builds: what definitions that differ are shown with. */
export const CHANGED_MEASURE = "CACHE_QUEUE_LENGTH";
/** As builds before the change had it. */
export const CHANGED_MEASURE_BEFORE: SampleDefinition = {
  kind: "linear",
  low: 1,
  high: 100,
  n_buckets: 20,
  description: "CACHE: requests in the queue",
};

/** Name -> definition, of the newest builds. */
export function sampleDefinitions(): Record<string, SampleDefinition> {
  return Object.fromEntries(
    AREAS.flatMap((area) =>
      MEASUREMENTS.map(([name, definition, what]) => [
        `${area}_${name}`,
        { ...definition, description: `${area}: ${what}` },
      ]),
    ),
  );
}
