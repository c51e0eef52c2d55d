/** Rates, expected ends and the queue's depth: what is kept, and what follows from it. */
import assert from "node:assert/strict";
import { DepthRing, samplesMax } from "../../../cli/status-page/depth.ts";
import { Paces, type Progress } from "../../../cli/status-page/pace.ts";

const at = (done: number): ReadonlyMap<string, Progress> =>
  new Map([["r", { admittedAt: 0, blocks: 100, done, records: done * 10 }]]);

describe("the pace of runs", () => {
  it("is that since admission at first, and of the last minutes then", () => {
    const paces = new Paces(1);
    assert.equal(paces.note(10_000, at(0)).get("r"), undefined);
    const first = paces.note(20_000, at(10)).get("r");
    assert.deepEqual(first, { blocksPerSecond: 0.5, recordsPerSecond: 5, over: "admission", endsAt: 200_000 });
    const later = paces.note(110_000, at(60)).get("r");
    assert.deepEqual([later?.over, later?.blocksPerSecond, later?.endsAt], ["recent", 0.6, 177_000]);
  });

  it("has no expected end while nothing is done", () => {
    const paces = new Paces(1);
    paces.note(0, at(50));
    assert.deepEqual(paces.note(100_000, at(50)).get("r"), {
      blocksPerSecond: 0,
      recordsPerSecond: 0,
      over: "recent",
      endsAt: null,
    });
  });
});

describe("the queue's depth", () => {
  it("is noted when it changes, else now and then, and bounded", () => {
    const ring = new DepthRing();
    const counts = { visible: 1, leased: 0, delayed: 0 };
    for (const ms of [0, 2_000, 4_000, 10_000]) ring.note(ms, counts);
    ring.note(10_001, { ...counts, leased: 1 });
    assert.deepEqual(
      ring.samples.map(([ms]) => ms),
      [0, 10_000, 10_001],
    );
    for (let i = 0; i < samplesMax; i++) ring.note(20_000 + i, { ...counts, visible: i });
    assert.equal(ring.samples.length, samplesMax);
  });
});
