/** What `--plan` says is what a master does: the same blocks and jobs, and the same refusal. */
import assert from "node:assert/strict";
import { planOf } from "../../../cli/submit/plan.ts";
import { admitRun } from "../../../master/passes/admit.ts";
import type { RunPlan } from "../../../dashboard/status/action-document.ts";
import { messageOf } from "../../../shared/errors.ts";
import { blocksNamed, manyBlocks, MasterSetting, specOf } from "../../master/setting.ts";

const spec = specOf("one");
const slots = 3;

describe("a plan of a run", () => {
  const planned = async (setting: MasterSetting): Promise<RunPlan> => {
    const { store, rules } = setting.context();
    const selected = setting.catalog;
    return await planOf({
      store,
      rules,
      manifest: null,
      spec,
      selected,
      slots: async () => await Promise.resolve(slots),
    });
  };
  const admitted = async (setting: MasterSetting): ReturnType<typeof admitRun> =>
    await admitRun(setting.context({ liveSlots: async () => await Promise.resolve(slots) }), spec);
  const failureOf = async (act: Promise<unknown>): Promise<string> =>
    await act.then(
      () => assert.fail("it was to be refused"),
      (error: unknown) => messageOf(error),
    );

  it("has the blocks and jobs that a master admits", async () => {
    const setting = new MasterSetting();
    setting.catalog = manyBlocks(50, 3);
    const { blocks, jobs, leftOut } = await planned(setting);
    assert.deepEqual(leftOut, []);
    assert.deepEqual(await admitted(setting), { admitted: true, blocks, jobs });
  });

  for (const [what, change, words] of [
    ["a block that takes too long", { size: 1e12 }, /a block must be done within/],
    ["a block that is there twice", { key: "d=20260101/a.gz" }, /twice/],
  ] as const) {
    it(`is refused as by a master: ${what}`, async () => {
      const setting = new MasterSetting();
      const [first, second] = blocksNamed("d=20260101/a.gz", "d=20260101/b.gz");
      assert.ok(first !== undefined && second !== undefined);
      setting.catalog = [first, { ...second, ...change }];
      const refused = await failureOf(planned(setting));
      assert.match(refused, words);
      assert.equal(refused, await failureOf(admitted(setting)));
    });
  }
});
