import assert from "node:assert/strict";
import { loggedAttempts, type LoggedAttempt } from "../../../cli/report/attempt-logs.ts";
import type { AttemptRecord } from "../../../shared/formats/attempt.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { aggregatePrefix, attemptKey, attemptsPrefix, resolutionKey } from "../../../shared/names.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const plan = "run.0123456789ab";
const jobs = 70;

function recordOf(job: string, attempt: string, startedAt: number): AttemptRecord {
  const end = null;
  return { format: 1, run: "run", plan, job, attempt, worker: "w", handle: "h", startedAt, memory: 1, end };
}

describe("loggedAttempts", () => {
  let store: MemoryBlobStore;

  beforeEach(async () => {
    store = new MemoryBlobStore({ clock: new ManualClock(), pageEntriesMax: 7 });
    for (let index = 0; index < jobs; index++) {
      const job = String(index).padStart(6, "0");
      // Ids are random: the later attempt has the lower one.
      for (const [attempt, startedAt] of [
        ["f000000000000000", 1],
        ["0000000000000000", 2],
      ] as const) {
        await store.put(attemptKey("a", plan, job, attempt, "record"), encodeStored(recordOf(job, attempt, startedAt)));
      }
      await store.put(attemptKey("a", plan, job, "0000000000000000", "segment"), Buffer.from("x"));
    }
    await store.put(attemptKey("a", plan, "000003", "f000000000000000", "log"), Buffer.from('{"printed":"x"}\n'));
    await store.put(attemptKey("a", plan, "000003", "0000000000000000", "log"), new Uint8Array());
    await store.put(resolutionKey("a", plan, "000004"), Buffer.from("{}"));
  });

  async function all(prefix: string): Promise<LoggedAttempt[]> {
    const found: LoggedAttempt[] = [];
    for await (const attempt of loggedAttempts(store, "a", prefix)) found.push(attempt);
    return found;
  }

  it("tells of each attempt once, by job, the earlier ones first", async () => {
    const found = await all(`${aggregatePrefix("a")}attempts/${plan}/`);
    const expected = Array.from({ length: jobs }, (_, i) => [`${i}`.padStart(6, "0"), 1, `${i}`.padStart(6, "0"), 2]);
    assert.deepEqual(
      found.flatMap(({ record }) => [record.job, record.startedAt]),
      expected.flat(),
    );
    assert.deepEqual(
      found.filter(({ end }) => end !== "open").map(({ record, end }) => [record.job, end]),
      [
        ["000004", "unknown"],
        ["000004", "unknown"],
      ],
    );
  });

  it("says what became of an attempt without an end, by the resolution of its job", async () => {
    const [job, other] = ["000005", "000006"];
    const resolution = { format: 1, run: "run", plan, worker: "w", digest: "", covered: [], missing: [] };
    const rest = { remaining: [], handedOn: null, segment: null };
    const by = (id: string, attempt: string): object => ({ ...resolution, ...rest, job: id, attempt });
    await store.put(resolutionKey("a", plan, job), encodeStored(by(job, "0000000000000000")));
    await store.put(resolutionKey("a", plan, other), encodeStored(by(other, "f000000000000000")));
    const failed = {
      at: 3,
      cause: "code",
      reason: "code",
      message: "",
      block: null,
      beforeFirstRecord: false,
    } as const;
    const ended = { ...recordOf(job, "e000000000000000", 3), end: failed };
    await store.put(attemptKey("a", plan, job, ended.attempt, "record"), encodeStored(ended));
    const ends = async (id: string): Promise<unknown[]> =>
      (await all(attemptsPrefix("a", plan, id))).map(({ end }) => end);
    assert.deepEqual(await ends(job), ["vanished", "resolved", failed]);
    assert.deepEqual(await ends(other), ["resolved", "lost"], "the later one has output");
  });

  it("gives what an attempt logged, and nothing for one that logged nothing", async () => {
    const found = await all(attemptsPrefix("a", plan, "000003"));
    assert.deepEqual(
      found.map(({ log }) => (log === null ? null : Buffer.from(log).toString())),
      ['{"printed":"x"}\n', null],
    );
  });
});
