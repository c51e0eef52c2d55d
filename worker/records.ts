/** Attempt records and holds: what a worker reads and writes in the store beside a job's output. */
import { codeOf, hintOf, isEnvironmental, messageOf, SpotfoldError } from "../shared/errors.ts";
import { attemptSchema, type AttemptRecord } from "../shared/formats/attempt.ts";
import type { Hold } from "../shared/formats/hold.ts";
import { encodeStored, parseIfKnown } from "../shared/formats/stored.ts";
import { attemptKey, attemptsPrefix, holdKey, runKey } from "../shared/names.ts";
import type { BlobStore } from "../shared/ports/blob-store.ts";
import { readAll } from "../shared/read-all.ts";
import { readHold } from "../shared/read-hold.ts";

export function recordKeyOf(aggregate: string, record: AttemptRecord): string {
  return attemptKey(aggregate, record.plan, record.job, record.attempt, "record");
}

/** Records of all attempts of one job. One that we cannot read (a newer worker's) is left out: it speaks against nobody. */
export async function readAttempts(
  store: BlobStore,
  aggregate: string,
  plan: string,
  job: string,
): Promise<AttemptRecord[]> {
  const keys: string[] = [];
  for await (const page of store.list(attemptsPrefix(aggregate, plan, job))) {
    keys.push(...page.blobs.map((blob) => blob.key).filter((key) => key.endsWith("/record")));
  }
  const blobs = await Promise.all(keys.map(async (key) => ({ key, blob: await readAll(store, key) })));
  return blobs
    .flatMap(({ key, blob }) => (blob === null ? [] : (parseIfKnown(key, blob.bytes, attemptSchema) ?? [])))
    .toSorted((a, b) => a.startedAt - b.startedAt);
}

/** An environment hold lasts so long at first, and doubles up to the largest while nothing is cured. */
const holdMs = 15_000;
const holdMsMax = 300_000;

export interface HoldReason {
  readonly kind: "environment" | "bundle" | "failures";
  readonly what: string;
  readonly where: string;
  readonly code?: string;
  readonly hint: string;
}

/**
 * Holds a run. An environment hold that follows another within its own length counts as repeated and lasts longer. Somebody
 * else's hold in the same moment is as good as ours. Answers for how long the environment holds it from now on, ms; null
 * when something else does.
 */
export async function holdRun(
  store: BlobStore,
  run: string,
  reason: HoldReason,
  scale: number,
): Promise<number | null> {
  const before = await readHold(store, run);
  const previous = before?.hold ?? null;
  if (previous !== null && previous.kind !== "none" && previous.kind !== "environment") return null;
  const now = before?.storeTime ?? (await store.head(runKey(run)))?.storeTime ?? 0;
  if (previous?.kind === "environment" && now < previous.until) return previous.until - now;
  const hold = nextHold(run, previous, reason, now, scale);
  await store.swap(holdKey(run), encodeStored(hold), before?.etag ?? null);
  return hold.kind === "environment" ? hold.until - now : null;
}

/** Pure: the hold that follows `previous` (of kind `environment` or `none`, and over) at the store's time `now`. */
export function nextHold(run: string, previous: Hold | null, reason: HoldReason, now: number, scale: number): Hold {
  const lengthOf = (times: number): number => Math.min(holdMsMax, holdMs * 2 ** (times - 1)) * scale;
  const repeated = previous?.kind === "environment" && now - previous.until <= lengthOf(previous.times + 1);
  const times = repeated ? previous.times + 1 : 1;
  return {
    format: 1,
    run,
    ...reason,
    since: repeated ? previous.since : now,
    until: reason.kind === "environment" ? now + lengthOf(times) : 0,
    times,
    heldMs: (previous?.heldMs ?? 0) + (reason.kind === "environment" ? lengthOf(times) : 0),
  };
}

/** The port could not be reached, or did not answer: another try may get through. */
export function isAway(error: unknown): boolean {
  return error instanceof SpotfoldError && error.retryable;
}

/** What an error of a port says about where the fault lies, and what to do about it where the error knows. */
export function causeOf(error: unknown): {
  cause: "environment" | "infrastructure";
  reason: string;
  message: string;
  hint?: string;
} {
  const code = codeOf(error);
  const cause = isEnvironmental(code) ? "environment" : "infrastructure";
  return { cause, reason: code ?? "error", message: messageOf(error), ...hintOf(error) };
}
