/** The chart of the queue: its line, and its labels, which are whole also where there is little room. */
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
        assert.ok(times.length > 0, `${minute} min, ${spanMs} ms`);
        for (const { at: place, label } of times) {
          const half = label.length * 3;
          assert.ok(place - half >= 0 && place + half <= width, `${label} at ${place}`);
        }
        assert.equal(Math.min(...depths.map((tick) => tick.at)), box.top, JSON.stringify(depths));
      }
    }
  });
});

describe("the queue's chart", () => {
  it("leaves a gap where nobody looked", () => {
    const box = { left: 0, right: 100, top: 0, bottom: 10 };
    assert.equal(depthGeometry([], 0, box), null);
    const drawn = depthGeometry(
      [
        [0, 1, 0, 0],
        [10_000, 2, 0, 0],
        [100_000, 0, 0, 0],
      ],
      100_000,
      box,
    );
    assert.equal(drawn?.path, "M0.0 5.0H10.0V0.0M100.0 10.0H100.0");
  });

  it("labels whole messages and times of day, as many as there is room for", () => {
    const at = Date.UTC(2026, 0, 1, 12);
    const drawn = (ms: number, messages: number, right = 600): ReturnType<typeof depthGeometry> => {
      const box = { left: 40, right, top: 20, bottom: 140 };
      return depthGeometry(
        [
          [at, 0, 0, 0],
          [at + ms, messages, 0, 0],
        ],
        at + ms,
        box,
      );
    };
    for (const [ms, messages] of [
      [1_000, 0],
      [30_000, 1],
      [3_600_000, 3],
      [7_200_000, 1_234_567],
      [200_000_000, 12],
    ] as const) {
      for (const right of [120, 320, 1_800]) {
        const { times = [], depths = [] } = drawn(ms, messages, right) ?? {};
        assert.ok(
          depths.length > 0 && depths.every(({ label }) => /^[\d.]+[KM]?$/.test(label)),
          JSON.stringify(depths),
        );
        assert.equal(new Set(depths.map(({ label }) => label)).size, depths.length);
        assert.ok(times.length > 0 || right === 120, `${ms} ms in ${right} px`);
        const places = times.map((tick) => tick.at);
        assert.ok(
          places.every((place, i) => i === 0 || place - (places[i - 1] ?? 0) > 60),
          "labels overlap",
        );
        assert.equal(new Set(times.map(({ label }) => label)).size, times.length, JSON.stringify(times));
        assert.ok(
          times.every(
            ({ at: place, label }) => place >= 40 && place <= right && /^(\d\d? \w+, )?\d\d:\d\d(:\d\d)?$/.test(label),
          ),
        );
      }
    }
  });
});
