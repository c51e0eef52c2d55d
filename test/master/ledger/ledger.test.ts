/** Commits on a head: racing, with replies lost and processes dead half-way, each change is there exactly once. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { Ledger, type Base, type Change } from "../../../master/ledger/ledger.ts";
import { admit } from "../../../master/ledger/admission.ts";
import { codeOf } from "../../../shared/errors.ts";
import { encodeHead, encodeManifest, type Manifest } from "../../../shared/formats/ledger.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { headKey, manifestKey } from "../../../shared/names.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";
import { aggregate, intercepted, specOf } from "../setting.ts";

/** Admits a run of no jobs: a line that must be there once. */
function admitting(run: string): (base: Base) => Change<boolean> {
  return ({ manifest: base }) => {
    const admission = { spec: specOf(run), plan: `${run}.0123456789ab`, jobs: 0, blocks: 0, admittedAt: 1 };
    const outcome = admit(base, admission);
    return outcome.outcome === "changed"
      ? { manifest: outcome.manifest, result: true }
      : { manifest: null, result: false };
  };
}

const newStore = (): MemoryBlobStore => new MemoryBlobStore({ clock: new ManualClock() });

async function manifestOf(store: BlobStore): Promise<Manifest> {
  const { manifest } = await new Ledger(store, seededRandom(99)).read(aggregate);
  return manifest ?? assert.fail("no manifest");
}

describe("the ledger", () => {
  it("is empty before the first commit, and knows the store's time", async () => {
    const clock = new ManualClock();
    const store = new MemoryBlobStore({ clock });
    assert.deepEqual(await new Ledger(store, seededRandom()).read(aggregate), {
      head: null,
      etag: null,
      manifest: null,
      storeTime: clock.now(),
    });
  });

  it("writes nothing when there is nothing to change", async () => {
    const store = newStore();
    const ledger = new Ledger(store, seededRandom());
    assert.equal(await ledger.commit(aggregate, () => ({ manifest: null, result: "as it is" })), "as it is");
    for await (const page of store.list("")) assert.deepEqual(page.blobs, []);
  });

  it("keeps every change of racing masters once, numbered without a gap", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }), async (masters, each) => {
        const store = newStore();
        const turns = intercepted(store, async (_, key) => {
          // Gives way before each call, a number of turns that depends on the key.
          for (let i = 0; i < key.length % 5; i++) await Promise.resolve();
        });
        await Promise.all(
          Array.from({ length: masters }, async (_, master) => {
            const ledger = new Ledger(turns, seededRandom(master + 1));
            for (let i = 0; i < each; i++) await ledger.commit(aggregate, admitting(`run-${master}-${i}`));
          }),
        );
        const { closed, number } = await manifestOf(store);
        assert.equal(closed.length, masters * each);
        assert.equal(new Set(closed.map(({ run }) => run)).size, masters * each);
        assert.equal(number, masters * each);
        assert.deepEqual(
          closed.map(({ admission }) => admission),
          closed.map((_, index) => index + 1),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("takes its own commit for done when the reply was lost and another came on top", async () => {
    const store = newStore();
    const other = new Ledger(store, seededRandom(2));
    let lost = false;
    const lossy: BlobStore = {
      ...intercepted(store, () => {}),
      async swap(key, bytes, expected) {
        const result = await store.swap(key, bytes, expected);
        if (lost || !result.swapped) return result;
        lost = true;
        await other.commit(aggregate, admitting("on-top"));
        return { swapped: false, storeTime: result.storeTime };
      },
    };
    assert.equal(await new Ledger(lossy, seededRandom(1)).commit(aggregate, admitting("mine")), false);
    assert.deepEqual(
      (await manifestOf(store)).closed.map(({ run }) => run),
      ["mine", "on-top"],
    );
  });

  it("is as before or as after when a process dies at any step of a commit", async () => {
    for (let step = 0; step < 6; step++) {
      for (const when of ["before", "after"] as const) {
        const store = newStore();
        await new Ledger(store, seededRandom(1)).commit(aggregate, admitting("first"));
        let calls = 0;
        const die = (at: typeof when) => (): void => {
          if (at === when && calls++ === step) throw new Error("killed");
        };
        const dying = new Ledger(intercepted(store, die("before"), die("after")), seededRandom(2));
        await dying.commit(aggregate, admitting("second")).catch((error: unknown) => {
          assert.match(String(error), /killed/);
        });
        const runs = (await manifestOf(store)).closed.map(({ run }) => run);
        assert.ok(runs[0] === "first" && runs.length <= 2, runs.join());
        await new Ledger(store, seededRandom(3)).commit(aggregate, admitting("second"));
        assert.deepEqual(
          (await manifestOf(store)).closed.map(({ run }) => run),
          ["first", "second"],
        );
      }
    }
  });

  it("sees what others committed, although it remembers what it read", async () => {
    const store = newStore();
    const one = new Ledger(store, seededRandom(1));
    const two = new Ledger(store, seededRandom(2));
    await one.commit(aggregate, admitting("a"));
    await two.commit(aggregate, admitting("b"));
    assert.equal((await one.read(aggregate)).manifest?.closed.length, 2);
    await one.commit(aggregate, admitting("c"));
    assert.equal((await two.read(aggregate)).manifest?.closed.length, 3);
  });

  it("leaves the head alone when the manifest would be too large", async () => {
    const store = newStore();
    const ledger = new Ledger(store, seededRandom(1));
    await ledger.commit(aggregate, admitting("a"));
    // Random, so that it does not compress: 9 MB.
    const units = { [randomBytes(9 * 1024 * 1024).toString("hex")]: 1 };
    await assert.rejects(
      ledger.commit(aggregate, ({ manifest }) => ({
        manifest: { ...(manifest ?? assert.fail()), units },
        result: null,
      })),
      (error) => codeOf(error) === "limit",
    );
    assert.equal((await manifestOf(store)).number, 1);
  });

  it("says which manifest is gone, and does not begin anew without it", async () => {
    const store = newStore();
    await new Ledger(store, seededRandom(1)).commit(aggregate, admitting("a"));
    const { head } = await new Ledger(store, seededRandom(1)).read(aggregate);
    await store.delete([head?.manifest ?? ""]);
    await assert.rejects(
      new Ledger(store, seededRandom(2)).commit(aggregate, admitting("b")),
      (error) => codeOf(error) === "absent",
    );
  });

  it("leaves a head and a manifest of newer formats alone", async () => {
    const store = newStore();
    const key = manifestKey(aggregate, 1, "0123456789abcdef");
    await store.put(headKey(aggregate), encodeHead({ format: 1, number: 1, manifest: key, epoch: 0 }));
    await store.put(key, encodeManifest({ format: 2 } as unknown as Manifest));
    const newer = { name: "UnknownFormat" };
    await assert.rejects(new Ledger(store, seededRandom(1)).commit(aggregate, admitting("b")), newer);
    await store.put(headKey(aggregate), Buffer.from('{"format":2}'));
    await assert.rejects(new Ledger(store, seededRandom(1)).commit(aggregate, admitting("b")), newer);
  });
});
