/**
 * The attempts at a run's jobs, as the store has them: records and logs, job after job in the order of keys, each job's
 * attempts in the order in which they began. Read several at once: in a bucket each is a request.
 */
import pLimit from "p-limit";
import { attemptSchema, type AttemptEnd, type AttemptRecord } from "../../shared/formats/attempt.ts";
import { resolutionSchema } from "../../shared/formats/resolution.ts";
import { parseIfKnown, parseStored } from "../../shared/formats/stored.ts";
import { aggregatePrefix, resolutionKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";

/**
 * What became of an attempt that wrote no end down, by the resolution of its job:
 *
 *   resolved  it is its own; it may have handed blocks on
 *   lost      there is output of it, and another attempt resolved the job first
 *   vanished  there is none, and the job is resolved without it: whoever worked on it was killed
 *   open      there is no resolution: it runs, or its worker has vanished
 *   unknown   there is one that only a newer version understands
 */
export type Fate = "resolved" | "lost" | "vanished" | "open" | "unknown";

export interface LoggedAttempt {
  readonly record: AttemptRecord;
  /** Null when it logged nothing. */
  readonly log: Uint8Array | null;
  /** The record's, or what became of it without one. */
  readonly end: AttemptEnd | Fate;
}

/** Jobs in hand; what they logged is in memory until it is told, 1 MiB of each attempt at most. */
const jobsAtOnce = 32;
const requestsAtOnce = 16;

/** The keys of one job's attempts. */
export interface JobKeys {
  readonly plan: string;
  readonly job: string;
  readonly keys: string[];
}

/** `prefix`: of the keys of one aggregate's attempts, of a plan or of a job. */
export async function* loggedAttempts(
  store: BlobStore,
  aggregate: string,
  prefix: string,
): AsyncGenerator<LoggedAttempt, void, undefined> {
  const limit = pLimit(requestsAtOnce);
  let waiting: JobKeys[] = [];
  for await (const job of jobsBelow(store, aggregate, prefix)) {
    waiting.push(job);
    if (waiting.length < jobsAtOnce) continue;
    yield* await readJobs(store, aggregate, waiting, limit);
    waiting = [];
  }
  yield* await readJobs(store, aggregate, waiting, limit);
}

/** Job after job; a request for each thousand keys. */
export async function* jobsBelow(
  store: BlobStore,
  aggregate: string,
  prefix: string,
): AsyncGenerator<JobKeys, void, undefined> {
  let current = null as JobKeys | null;
  for await (const page of store.list(prefix)) {
    for (const { key } of page.blobs) {
      // `attempts/<plan>/<job>/…`
      const [, plan = "", job = ""] = key.slice(aggregatePrefix(aggregate).length).split("/");
      if (current?.plan !== plan || current.job !== job) {
        if (current !== null) yield current;
        current = { plan, job, keys: [] };
      }
      current.keys.push(key);
    }
  }
  if (current !== null) yield current;
}

/** The attempts of these jobs: a request for each job, each record and each log. */
export async function readJobs(
  store: BlobStore,
  aggregate: string,
  jobs: readonly JobKeys[],
  limit: ReturnType<typeof pLimit> = pLimit(requestsAtOnce),
): Promise<LoggedAttempt[]> {
  const read = jobs.map(async ({ plan, job, keys }) => {
    const resolver = await limit(async () => await readResolver(store, resolutionKey(aggregate, plan, job)));
    const attempts = keys
      .filter((key) => key.endsWith("/record"))
      .map(async (key) => await readAttempt(store, key, keys, resolver, limit));
    const found = (await Promise.all(attempts)).filter((attempt) => attempt !== null);
    return found.toSorted((a, b) => a.record.startedAt - b.record.startedAt);
  });
  return (await Promise.all(read)).flat();
}

/** Null: the job is not resolved. */
type Resolver = { readonly attempt: string } | "unknown" | null;

async function readResolver(store: BlobStore, key: string): Promise<Resolver> {
  const blob = await readAll(store, key);
  if (blob === null) return null;
  return parseIfKnown(key, blob.bytes, resolutionSchema) ?? "unknown";
}

function fateOf({ attempt }: AttemptRecord, resolver: Resolver, hasOutput: boolean): Fate {
  if (resolver === null) return "open";
  if (resolver === "unknown") return "unknown";
  if (resolver.attempt === attempt) return "resolved";
  return hasOutput ? "lost" : "vanished";
}

async function readAttempt(
  store: BlobStore,
  key: string,
  keys: readonly string[],
  resolver: Resolver,
  limit: ReturnType<typeof pLimit>,
): Promise<LoggedAttempt | null> {
  const blob = await limit(async () => await readAll(store, key));
  // Collected since it was listed.
  if (blob === null) return null;
  const record = parseStored(key, blob.bytes, attemptSchema);
  const end = record.end ?? fateOf(record, resolver, keys.includes(key.replace(/record$/, "segment")));
  const logKey = key.replace(/record$/, "log");
  const log = keys.includes(logKey) ? await limit(async () => await readAll(store, logKey)) : null;
  return { record, log: log === null || log.bytes.length === 0 ? null : log.bytes, end };
}
