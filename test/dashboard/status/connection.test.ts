/** What the page knows and says, without a page. */
import assert from "node:assert/strict";
import { askStatus } from "../../../dashboard/status/ask.ts";
import { afterAnswer, connecting, isOld, nextAskMs } from "../../../dashboard/status/connection.ts";
import { depthGeometry } from "../../../dashboard/status/depth-geometry.ts";
import type { StatusDocument } from "../../../dashboard/status/document.ts";
import { awaitedText, durationText, percentText, rateText, slotsText } from "../../../dashboard/status/words.ts";

const empty = { format: 1, runs: [], refreshMs: 2_000 } as unknown as StatusDocument;

describe("the status page's connection", () => {
  it("keeps what it knew while the server is away, and says since when", () => {
    const live = afterAnswer(connecting, { kind: "document", document: empty, storeTime: 500 }, 100);
    assert.deepEqual([live.phase, live.clockAheadMs], ["live", 400]);
    const stale = afterAnswer(live, { kind: "trouble", message: "away", hint: null }, 200);
    assert.deepEqual([stale.phase, stale.answeredAt, stale.document], ["stale", 100, empty]);
    const back = afterAnswer(stale, { kind: "unchanged", storeTime: 700 }, 300);
    assert.deepEqual([back.phase, back.document, back.trouble], ["live", empty, null]);
    assert.deepEqual(
      [isOld(live, 20_000), isOld(live, 21_000), isOld(stale, 201), isOld(back, 301)],
      [false, true, true, false],
    );
  });

  it("forgets what it knew when it is refused", () => {
    const live = afterAnswer(connecting, { kind: "document", document: empty, storeTime: 0 }, 0);
    const refused = afterAnswer(live, { kind: "token" }, 1);
    assert.deepEqual([refused.phase, refused.document], ["refused", null]);
  });

  it("asks a server that is away less often", () => {
    assert.deepEqual(
      [0, 1, 2, 5, 50].map((failures) => nextAskMs(2_000, failures)),
      [2_000, 2_000, 2_000, 15_000, 15_000],
    );
  });

  it("understands every answer, and none", async () => {
    const kindOf = async (response: Response): Promise<string> =>
      (await askStatus(async () => await Promise.resolve(response), '"e"')).answer.kind;
    assert.equal(await kindOf(new Response(null, { status: 304 })), "unchanged");
    assert.equal(await kindOf(new Response("{}", { status: 401 })), "token");
    assert.equal(await kindOf(new Response("<html>", { status: 502 })), "trouble");
    assert.equal(await kindOf(new Response("not json")), "trouble");
    assert.equal(await kindOf(Response.json({ format: 2 })), "trouble");
    assert.equal(await kindOf(Response.json(empty)), "document");
    const away = await askStatus(async () => await Promise.reject(new TypeError("refused")), null);
    assert.equal(away.answer.kind, "trouble");
  });
});

describe("the status page's words and lines", () => {
  it("never say all before it is all", () => {
    assert.deepEqual([percentText(999, 1000), percentText(1, 1000), percentText(5, 5)], ["99 %", "< 1 %", "100 %"]);
    assert.deepEqual([rateText(0.01), rateText(0.0001), rateText(12.34)], ["36/h", "0.36/h", "12.3/s"]);
    assert.deepEqual([durationText(59_400), durationText(3_900_000)], ["59 s", "1 h 5 min"]);
  });

  it("leave a gap where nobody looked", () => {
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

  it("label whole messages and times of day, as many as there is room for", () => {
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

type WorkerSlots = Parameters<typeof slotsText>[0][number];

describe("what the status page says of slots, and of what waits for a master", () => {
  it("never has more busy slots than there are", () => {
    const worker = (slots: number, jobs: number, draining: number): WorkerSlots => {
      const names = Array.from({ length: jobs }, (_, index) => `p/${index}`);
      return { slots, jobs: names, draining: names.slice(0, draining) };
    };
    assert.equal(slotsText([worker(1, 2, 1)]), "1 of 1 slot busy, 1 draining");
    assert.equal(slotsText([worker(1, 2, 2)]), "1 of 1 slot busy, 1 draining", "the next one is read, too");
    assert.equal(slotsText([worker(1, 2, 0)]), "1 of 1 slot busy, 1 draining", "an older worker does not say");
    assert.equal(slotsText([worker(2, 1, 1), worker(1, 1, 0)]), "1 of 3 slots busy, 1 draining");
    assert.equal(slotsText([worker(2, 1, 0)]), "1 of 2 slots busy");
  });

  it("says it where none leads, and nothing otherwise", () => {
    const jobs = { all: 3, done: 0, inHand: 0, waiting: 3, failed: 0 };
    assert.equal(awaitedText({ jobs, awaits: null }), null);
    assert.equal(awaitedText({ jobs, awaits: { outputs: 0, unsent: 0 } }), null);
    const text = (outputs: number, unsent: number, done = 0): string | null =>
      awaitedText({ jobs: { ...jobs, done }, awaits: { outputs, unsent } });
    assert.match(
      text(1, 2) ?? "",
      /^Outputs of 1 job wait for a master to enter them; 2 jobs wait for a master to send them\./,
    );
    assert.match(text(1000, 0) ?? "", /^Outputs of 1,000 jobs or more wait/);
    assert.match(text(0, 0, 3) ?? "", /^All is entered, and waits for a master to close it/);
  });
});
