/**
 * Collection: deletes what nothing names. In two passes, so that no clock decides and no writer in flight is hurt:
 *
 *   mark:  list the aggregate's objects -> those that the head does not name are candidates -> commit a new epoch, against
 *          that head -> write the candidates down. A commit that was begun before the new epoch starts over under new names,
 *          so no candidate can be named again.
 *   sweep: when the mark is `retainMs` old (readers of older manifests are done by then), delete it.
 *
 * Attempt outputs are candidates only when another attempt resolved the job, or the run is closed.
 */
import * as v from "valibot";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { planNameSchema } from "../../shared/formats/message.ts";
import { encodeStored, parseStored } from "../../shared/formats/stored.ts";
import { aggregatePrefix, garbageKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { MasterContext } from "../context.ts";
import { namedObjects } from "../ledger/operations.ts";
import { isOtherFormat } from "../newer-formats.ts";
import { readResolution } from "./job-blocks.ts";

/** Objects marked at once: bounds the mark to about 10 MB. The rest is for the next time. */
const markObjectsMax = 50_000;

/** One request of S3 deletes so many. */
const deleteBatch = 1000;

const garbageSchema = v.object({
  format: v.literal(1),
  /** The epoch that was begun when these were marked. */
  epoch: v.number(),
  /** The store's clock, ms. */
  markedAt: v.number(),
  keys: v.array(v.string()),
});

/** Sweeps an old mark, or makes a new one. Answers what it did. */
export async function collectPass(
  context: MasterContext,
  aggregate: string,
): Promise<{ readonly deleted: number; readonly marked: number }> {
  const key = garbageKey(aggregate);
  const blob = await readAll(context.store, key);
  let deleted = 0;
  if (blob !== null) {
    const mark = parseStored(key, blob.bytes, garbageSchema);
    if (blob.storeTime - mark.markedAt < context.timing.retainMs) return { deleted: 0, marked: 0 };
    deleted = await sweep(context, aggregate, mark.keys);
    const empty = encodeStored({ format: 1, epoch: mark.epoch, markedAt: mark.markedAt, keys: [] });
    await context.store.swap(key, empty, blob.etag);
  }
  const marked = await markUnnamed(context, aggregate);
  if (deleted > 0 || marked > 0) context.log({ event: "collected", aggregate, deleted, marked });
  return { deleted, marked };
}

async function sweep(context: MasterContext, aggregate: string, keys: readonly string[]): Promise<number> {
  const { manifest, head } = await context.ledger.read(aggregate);
  const named = manifest === null ? new Set<string>() : namedObjects(manifest);
  const doomed = keys.filter((key) => !named.has(key) && key !== head?.manifest);
  for (let start = 0; start < doomed.length; start += deleteBatch) {
    await context.store.delete(doomed.slice(start, start + deleteBatch));
  }
  return doomed.length;
}

async function markUnnamed(context: MasterContext, aggregate: string): Promise<number> {
  const before = await context.ledger.read(aggregate);
  if (before.manifest === null) return 0;
  const keys: string[] = [];
  for await (const page of context.store.list(aggregatePrefix(aggregate), { etags: false })) {
    for (const blob of page.blobs) keys.push(blob.key);
  }
  const resolvers = new Resolvers(context, aggregate, keys);
  const candidates: string[] = [];
  for (const key of keys) {
    if (candidates.length >= markObjectsMax) break;
    if (await isCandidate(key, aggregate, before.manifest, resolvers)) candidates.push(key);
  }
  const committed = await context.ledger.commit(aggregate, (base) => {
    if (base.manifest === null) return { manifest: null, result: null };
    const current = base.manifest;
    const named = namedObjects(current);
    const unnamed = candidates.filter(
      (key) =>
        !named.has(key) &&
        key !== base.head.manifest &&
        !isNewer(key, before.head.number) &&
        !wasAdmittedSince(placeOf(aggregate, key).plan, before.manifest, current),
    );
    if (unnamed.length === 0) return { manifest: null, result: null };
    const { manifest } = context.rules.collect(current);
    return { manifest, result: { keys: unnamed, epoch: manifest.epoch, at: base.storeTime } };
  });
  if (committed === null) return 0;
  const mark = { format: 1, epoch: committed.epoch, markedAt: committed.at, keys: committed.keys };
  await context.store.put(garbageKey(aggregate), encodeStored(mark));
  return committed.keys.length;
}

/** Manifests of commits that came after our look are not ours to judge. */
function isNewer(key: string, number: number): boolean {
  const match = /\/manifests\/(\d{10})-/.exec(key);
  return match !== null && Number(match[1]) >= number;
}

/** Which attempt resolved a job: looked up once for a job, and only where several attempts left something. */
class Resolvers {
  readonly #context: MasterContext;
  readonly #aggregate: string;
  readonly #attempts = new Map<string, Set<string>>();
  readonly #known = new Map<string, string | null>();

  /** `keys`: of all objects of the aggregate. */
  constructor(context: MasterContext, aggregate: string, keys: readonly string[]) {
    this.#context = context;
    this.#aggregate = aggregate;
    for (const key of keys) {
      const { kind, plan, job, attempt } = placeOf(aggregate, key);
      if (kind !== "attempts") continue;
      const attempts = this.#attempts.get(`${plan}/${job}`);
      if (attempts === undefined) this.#attempts.set(`${plan}/${job}`, new Set([attempt]));
      else attempts.add(attempt);
    }
  }

  /** Another attempt than this one resolved the job. */
  async isLoser(plan: string, job: string, attempt: string): Promise<boolean> {
    const id = `${plan}/${job}`;
    if ((this.#attempts.get(id)?.size ?? 0) < 2) return false;
    if (!this.#known.has(id)) {
      this.#known.set(id, await this.#winner(plan, job));
    }
    const winner = this.#known.get(id) ?? null;
    return winner !== null && winner !== attempt;
  }

  /** Null when nobody resolved it yet; or we cannot read who: then nothing of the job is garbage before its run is closed. */
  async #winner(plan: string, job: string): Promise<string | null> {
    try {
      return (await readResolution(this.#context.store, this.#aggregate, plan, job))?.attempt ?? null;
    } catch (error) {
      if (isOtherFormat(error)) return null;
      throw error;
    }
  }
}

/** What an object of an aggregate is, by its key. */
function placeOf(aggregate: string, key: string): { kind: string; plan: string; job: string; attempt: string } {
  const [kind = "", plan = "", job = "", attempt = ""] = key.slice(aggregatePrefix(aggregate).length).split("/");
  return { kind, plan, job, attempt };
}

async function isCandidate(key: string, aggregate: string, manifest: Manifest, resolvers: Resolvers): Promise<boolean> {
  const { kind, plan, job, attempt } = placeOf(aggregate, key);
  if (kind === "manifests" || kind === "data" || kind === "coverage") return true;
  if (!v.is(planNameSchema, plan)) return false;
  // Of a run that is not open: it is closed, or its admission is in flight and starts over with a fresh plan (new epoch).
  if (!isOpen(manifest, plan)) return kind === "plans" || kind === "resolutions" || kind === "attempts";
  if (kind !== "attempts") return false;
  return await resolvers.isLoser(plan, job, attempt);
}

/** We looked before the run was admitted, and listed after: what we saw of it is not garbage. */
function wasAdmittedSince(plan: string, before: Manifest, now: Manifest): boolean {
  return isOpen(now, plan) && !isOpen(before, plan);
}

function isOpen(manifest: Manifest, plan: string): boolean {
  return manifest.open.some((run) => run.plan === plan);
}
