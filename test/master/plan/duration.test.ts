/** What a block is predicted to take, and that a hopeless one is refused at plan time, by its key. */
import assert from "node:assert/strict";
import { Master } from "../../../master/master.ts";
import { admitRun } from "../../../master/passes/admit.ts";
import { attemptMsMax, predictedMs } from "../../../master/plan/duration.ts";
import { checkDurations } from "../../../master/plan/refused.ts";
import { planned } from "../../../master/plan/select.ts";
import { holdSchema } from "../../../shared/formats/hold.ts";
import { parseStored } from "../../../shared/formats/stored.ts";
import { holdKey } from "../../../shared/names.ts";
import { readAll } from "../../../shared/read-all.ts";
import { blocksNamed, MasterSetting, specOf } from "../setting.ts";

const tb = 1e12;

describe("how long a block takes", () => {
  it("follows its size, and what is packed is longer than it looks", () => {
    const size = 60_000_000;
    assert.equal(predictedMs({ key: "a", size }), 1000);
    assert.equal(predictedMs({ key: "a.json", size: 2 * size }), 2000);
    for (const suffix of ["lzma", "xz", "gz", "zst"]) assert.equal(predictedMs({ key: `a.${suffix}`, size }), 7000);
  });

  it("is no matter for the largest files that anybody has logs in", () => {
    assert.ok(predictedMs({ key: "a", size: tb }) < attemptMsMax);
    assert.ok(predictedMs({ key: "a.gz", size: tb / 10 }) < attemptMsMax);
    assert.ok(predictedMs({ key: "a.gz", size: tb }) > attemptMsMax);
  });

  it("names three of those that take too long, and how many there are", () => {
    const blocks = (count: number) =>
      Array.from({ length: count }, (_, i) => planned({ key: `b${i}.xz`, size: tb, etag: "e" }, "p", undefined));
    const few = { code: "limit", message: /within 6\.0 h, and would not: b0\.xz \(about 32\.4 h\), b1\.xz \(.*\)$/ };
    assert.throws(() => checkDurations(blocks(2)), few);
    assert.throws(() => checkDurations(blocks(9)), { message: /b2\.xz \(about 32\.4 h\), and 6 more$/ });
    checkDurations([]);
  });
});

describe("a run with a block that takes too long", () => {
  const large = (setting: MasterSetting): void => {
    setting.catalog = blocksNamed("d=20260101/a.gz", "d=20260101/b.gz").map((block, i) =>
      i === 1 ? { ...block, size: tb } : block,
    );
  };

  it("is refused by whoever admits it: the reason is in its hold, and no master looks at it again", async () => {
    for (const byMaster of [true, false]) {
      const setting = new MasterSetting();
      large(setting);
      await setting.submit(specOf("r1"));
      const context = setting.context();
      if (!byMaster) await assert.rejects(admitRun(context, specOf("r1")), { code: "limit", message: /b\.gz/ });
      const master = new Master(context, { only: null, placeOf: (aggregate) => ({ aggregate, prefix: "" }) });
      for (let passes = 0; passes < 3; passes++) await master.work();
      assert.deepEqual(await setting.keys("inbox/"), []);
      assert.deepEqual(await setting.keys("aggregates/"), []);
      assert.equal(setting.of("run-refused").length, 1);
      const blob = await readAll(setting.store, holdKey("r1"));
      const hold = parseStored("hold", blob?.bytes ?? "", holdSchema);
      assert.deepEqual([hold.kind, /d=20260101\/b\.gz/.test(hold.what)], ["closed", true]);
      assert.match(hold.hint, /^Split such files/);
    }
  });

  it("is admitted when the block is covered, or left out", async () => {
    const setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a.gz");
    assert.deepEqual(await admitRun(setting.context(), specOf("r1")), { admitted: true, jobs: 1, blocks: 1 });
    setting.catalog = setting.catalog.map((block) => ({ ...block, size: tb }));
    assert.deepEqual(await admitRun(setting.context(), specOf("r2")), { admitted: true, jobs: 0, blocks: 0 });
  });
});
