/** `submit --wait` ends when what it waited for is to be seen: not before, and not never. */
import assert from "node:assert/strict";
import { isAsFar, waitUntilPublished } from "../../../cli/submit/published.ts";
import { Ledger } from "../../../master/ledger/ledger.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { Manifest } from "../../../shared/formats/ledger.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";
import { admitted, specOf } from "../work-store.ts";

const waitMs = 60_000;

describe("what submit --wait waits for at its end", () => {
  let clock: ManualClock;
  let web: MemoryBlobStore;
  let manifest: Manifest;
  let opened: number;
  let fault: SpotfoldError | null;

  beforeEach(async () => {
    clock = new ManualClock();
    const store = new MemoryBlobStore({ clock });
    web = new MemoryBlobStore({ clock });
    [opened, fault] = [0, null];
    await admitted(store, specOf("r1"), 3);
    const read = await new Ledger(store, seededRandom()).read("a");
    assert.ok(read.manifest !== null);
    ({ manifest } = read);
  });

  const shown = (run: string, snapshot: number, open: number): string =>
    JSON.stringify({ format: 1, aggregate: "a", run, snapshot, blocks: { covered: 0, missing: 0, open } });

  function waiting(signal = new AbortController().signal): { readonly end: () => boolean | null } {
    let end: boolean | null = null;
    const open = async (): Promise<MemoryBlobStore> => {
      opened++;
      if (fault !== null) throw fault;
      return await Promise.resolve(web);
    };
    void waitUntilPublished({ open, manifest, waitMs, clock, signal }).then((is) => (end = is));
    return { end: () => end };
  }

  it("is a snapshot as far as the ledger was", () => {
    const [closed, run] = [{ ...manifest, number: 7, open: [] }, manifest.renderer.run];
    assert.equal(isAsFar(shown(run, 7, 0), closed), true);
    assert.equal(isAsFar(shown(run, 5, 0), closed), true, "merges since then change no answer");
    assert.equal(isAsFar(shown(run, 5, 1), closed), false);
    assert.equal(isAsFar(shown("r0", 6, 0), closed), false, "published before the run was admitted");
    assert.equal(isAsFar(shown("r2", 8, 4), closed), true, "another run came meanwhile");
    assert.equal(isAsFar(shown(run, 7, 0).replace('"a"', '"b"'), closed), false);
    assert.equal(isAsFar("half a fi", closed), false);
  });

  it("is waited for, also before there is a web store", async () => {
    fault = new SpotfoldError("no-such-store", "none yet");
    const wait = waiting();
    await clock.advance(5_000);
    assert.ok(opened > 5);
    fault = null;
    await clock.advance(5_000);
    assert.equal(wait.end(), null);
    await web.put("a/coverage.json", Buffer.from(shown("r1", manifest.number, 0)));
    await clock.advance(1_000);
    assert.equal(wait.end(), true);
  });

  it("is given up after a while, or at Ctrl-C", async () => {
    const [stop, wait] = [new AbortController(), waiting()];
    const stopped = waiting(stop.signal);
    await clock.advance(waitMs - 2_000);
    assert.equal(wait.end(), null);
    stop.abort();
    await clock.settle();
    assert.equal(stopped.end(), false);
    await clock.advance(4_000);
    assert.equal(wait.end(), false);
  });

  it("is not waited for where it may not be seen", async () => {
    fault = new SpotfoldError("access-denied", "no");
    const wait = waiting();
    await clock.settle();
    assert.equal(wait.end(), false);
    assert.equal(opened, 1);
  });
});
