/**
 * The attempts at a run's jobs, as the store has them: records and logs, job after job in the order of keys, each job's
 * attempts in the order in which they began. Read several at once: in a bucket each is a request.
 */
import pLimit from "p-limit";
import { attemptSchema, type AttemptRecord } from "../../shared/formats/attempt.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { aggregatePrefix, resolutionKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";

export interface LoggedAttempt {
  readonly record: AttemptRecord;
  /** Null when it logged nothing. */
  readonly log: Uint8Array | null;
  /** Its job is resolved, by whichever attempt. */
  readonly resolved: boolean;
}

/** Jobs in hand; what they logged is in memory until it is told, 1 MiB of each attempt at most. */
const jobsAtOnce = 32;
const requestsAtOnce = 16;

/** The keys of one job's attempts. */
interface JobKeys {
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

async function* jobsBelow(
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

async function readJobs(
  store: BlobStore,
  aggregate: string,
  jobs: readonly JobKeys[],
  limit: ReturnType<typeof pLimit>,
): Promise<LoggedAttempt[]> {
  const read = jobs.map(async ({ plan, job, keys }) => {
    const isThere = await limit(async () => await store.head(resolutionKey(aggregate, plan, job)));
    const attempts = keys
      .filter((key) => key.endsWith("/record"))
      .map(async (key) => await readAttempt(store, key, keys, isThere !== null, limit));
    const found = (await Promise.all(attempts)).filter((attempt) => attempt !== null);
    return found.toSorted((a, b) => a.record.startedAt - b.record.startedAt);
  });
  return (await Promise.all(read)).flat();
}

async function readAttempt(
  store: BlobStore,
  key: string,
  keys: readonly string[],
  resolved: boolean,
  limit: ReturnType<typeof pLimit>,
): Promise<LoggedAttempt | null> {
  const blob = await limit(async () => await readAll(store, key));
  // Collected since it was listed.
  if (blob === null) return null;
  const record = parseStored(key, blob.bytes, attemptSchema);
  const logKey = key.replace(/record$/, "log");
  const log = keys.includes(logKey) ? await limit(async () => await readAll(store, logKey)) : null;
  return { record, log: log === null || log.bytes.length === 0 ? null : log.bytes, resolved };
}
