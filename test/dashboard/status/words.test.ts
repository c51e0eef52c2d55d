/** Rates, times, slots and what waits for a master, in words. */
import assert from "node:assert/strict";
import { awaitedText, durationText, percentText, rateText, slotsText } from "../../../dashboard/status/words.ts";

describe("the status page's words", () => {
  it("never say all before it is all", () => {
    assert.deepEqual([percentText(999, 1000), percentText(1, 1000), percentText(5, 5)], ["99 %", "< 1 %", "100 %"]);
    assert.deepEqual([rateText(0.01), rateText(0.0001), rateText(12.34)], ["36/h", "0.36/h", "12.3/s"]);
    assert.deepEqual([durationText(59_400), durationText(3_900_000)], ["59 s", "1 h 5 min"]);
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
