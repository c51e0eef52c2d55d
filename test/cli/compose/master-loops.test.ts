/** Two masters in memory, of which one cannot work: the lease goes to the one that can, and a lone one goes on. */
import assert from "node:assert/strict";
import { allEvents, type AnyEvent } from "../../../cli/compose/log.ts";
import { loopsWhileLeading, openLease } from "../../../cli/compose/master-loops.ts";
import type { MasterLease } from "../../../master/lease.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { inboxKey, masterLeaseKey } from "../../../shared/names.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";
import { intercepted, MasterSetting } from "../../master/setting.ts";
import { recordLog, type RecordingLog } from "../../support/recording-log.ts";

const standbyMs = 20_000;
/** From the first failure: a minute, then the next renewal. */
const unfitWithinMs = 60_000 + standbyMs / 4;

const hint = "Allow s3:ListBucket.";
const denied = new SpotfoldError("access-denied", "the inbox may not be listed", { hint });

interface Running {
  readonly lease: MasterLease;
  readonly log: RecordingLog<AnyEvent>;
  /** Rejects when the lease's loop does. */
  readonly ended: Promise<unknown>;
  readonly drain: () => void;
}

describe("a master that cannot work", () => {
  let setting: MasterSetting;
  let isDenied: boolean;

  beforeEach(() => {
    setting = new MasterSetting();
    isDenied = true;
  });

  function startMaster(id: string, store: BlobStore = setting.store): Running {
    const log = recordLog<AnyEvent>(allEvents);
    const context = setting.context({ id, store, log: log.log });
    const [drain, abort] = [new AbortController(), new AbortController()];
    const lease = openLease(context, log.log);
    const loops = loopsWhileLeading(
      {
        context,
        log: log.log,
        draining: drain.signal,
        watch: async (_loop, pass) => await pass(),
        onMaster: () => undefined,
      },
      lease,
    );
    const stop = { drain: drain.signal, abort: abort.signal };
    const ended = Promise.all(loops.map(async (loop) => await loop.run(stop)));
    return { lease, log, ended, drain: () => drain.abort(new Error("SIGTERM")) };
  }

  /** The store as a master sees it that may not list the inbox. */
  function withoutInbox(): BlobStore {
    return intercepted(setting.store, (method, key) => {
      if (isDenied && method === "list" && inboxKey("").startsWith(key)) throw denied;
    });
  }

  const roles = (...masters: readonly Running[]): string[] => masters.map(({ lease }) => lease.role);

  it("gives the lease up after a minute, with why, and the one that stands by leads from then on", async () => {
    const { clock } = setting;
    const a = startMaster("a", withoutInbox());
    await clock.settle();
    const b = startMaster("b");
    await clock.advance(55_000);
    assert.deepEqual(roles(a, b), ["leading", "standby"], "a moment is no reason");
    await clock.advance(unfitWithinMs - 55_000 + standbyMs / 4 + 1);
    assert.deepEqual(roles(a, b), ["standby", "leading"]);
    const [told, ...more] = a.log.of("master-unfit");
    assert.deepEqual([told?.message, told?.hint, more], [denied.message, hint, []]);
    assert.ok((told?.failures ?? 0) >= 3 && (told?.afterMs ?? 0) >= 60_000, JSON.stringify(told));
    assert.deepEqual(b.log.of("master-leading"), [{ event: "master-leading", because: "given-up", before: "a" }]);
    await clock.advance(600_000);
    assert.deepEqual(roles(a, b), ["standby", "leading"]);
    assert.deepEqual([a.lease.isUnfit, a.log.of("master-standby").at(-1)?.leader], [false, "b"]);
    a.drain();
    b.drain();
    await clock.settle();
    await Promise.all([a.ended, b.ended]);
  });

  it("that is alone rests for a standby's time and takes the lease again; what was cured meanwhile works", async () => {
    const { clock } = setting;
    const a = startMaster("a", withoutInbox());
    await clock.advance(unfitWithinMs + 1);
    assert.deepEqual([a.lease.role, a.lease.isUnfit], ["standby", true]);
    isDenied = false;
    await clock.advance(standbyMs - standbyMs / 4);
    assert.equal(a.lease.role, "standby", "others have the time to find it");
    await clock.advance(standbyMs / 2 + 1);
    assert.deepEqual([a.lease.role, a.lease.isUnfit], ["leading", false]);
    await clock.advance(600_000);
    assert.equal(a.log.of("master-unfit").length, 1);
    a.drain();
    await clock.settle();
    await a.ended;
  });

  it("and not even give the lease up still lets it go: it runs out", async () => {
    const { clock } = setting;
    const full = intercepted(withoutInbox(), (method, key) => {
      if (method === "swap" && key === masterLeaseKey && a?.lease.isUnfit === true) throw new Error("disk full");
    });
    let a: Running | null = null;
    a = startMaster("a", full);
    await clock.settle();
    const b = startMaster("b");
    await clock.advance(unfitWithinMs + standbyMs + standbyMs / 2);
    assert.deepEqual(roles(a, b), ["standby", "leading"]);
    assert.equal(b.log.of("master-leading")[0]?.because, "expired");
    assert.equal(a.log.of("lease-failed").length, 1);
    a.drain();
    b.drain();
    await clock.settle();
    await Promise.all([a.ended, b.ended]);
  });

  it("ends when it has led in vain for half an hour in all, and not before", async () => {
    const { clock } = setting;
    const a = startMaster("a", withoutInbox());
    const refused = assert.rejects(a.ended, /the inbox may not be listed/);
    await clock.advance(1_800_000);
    assert.ok(a.log.of("master-unfit").length > 15);
    assert.deepEqual(a.log.of("loop-failed"), []);
    await clock.advance(1_200_000);
    await refused;
  });
});
