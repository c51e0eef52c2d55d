/** Whether the kernel can be told to end a child with its parent: not where the executed file gives rights. */
import assert from "node:assert/strict";
import { mayHaveGained } from "../../../executor/launch/kernel-watch.ts";

const status = (uid: number, rights: string): string =>
  `Name:\tnode\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapInh:\t0000000000000000\nCapPrm:\t${rights}\nCapEff:\t${rights}\n`;

describe("the kernel's watch over a child", () => {
  it("is not relied on where a user who is not root has rights", () => {
    assert.equal(mayHaveGained(status(1000, "0000000000000400")), true);
    assert.equal(mayHaveGained(status(1000, "0000000000000000")), false);
    assert.equal(mayHaveGained(status(0, "000001ffffffffff")), false);
  });

  it("is not relied on where nothing is said of rights", () => {
    assert.equal(mayHaveGained("Name:\tnode\n"), true);
  });
});
