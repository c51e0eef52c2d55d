/** The chart of the queue where there is little room: its labels are whole. */
import assert from "node:assert/strict";
import { depthGeometry } from "../../../dashboard/status/depth-geometry.ts";

describe("labels of the queue's chart", () => {
  it("are cut at no end, and there is one at the highest depth", () => {
    const at = Date.UTC(2026, 0, 1, 12);
    const box = { left: 48, right: 298, top: 20, bottom: 158 };
    const width = 310;
    for (let minute = 0; minute < 60; minute++) {
      const from = at + minute * 60_000 + 1_000;
      for (const spanMs of [20_000, 600_000, 7_200_000, 400_000_000]) {
        const samples = [
          [from, 0, 0, 0],
          [from + spanMs, 62, 0, 0],
        ] as const;
        const { times = [], depths = [] } = depthGeometry(samples, from + spanMs, box, width) ?? {};
        for (const { at: place, label } of times) {
          const half = label.length * 3;
          assert.ok(place - half >= 0 && place + half <= width, `${label} at ${place}`);
        }
        assert.equal(Math.min(...depths.map((tick) => tick.at)), box.top, JSON.stringify(depths));
      }
    }
  });
});
