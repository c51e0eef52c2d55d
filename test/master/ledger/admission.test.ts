/** How runs come into a manifest: of one lineage, once, or cancelled before they began. */
import assert from "node:assert/strict";
import { admissible, admit, closeUnadmitted, type EarlyEnd } from "../../../master/ledger/admission.ts";
import { close } from "../../../master/ledger/operations.ts";
import type { Manifest } from "../../../shared/formats/ledger.ts";
import { specOf } from "../setting.ts";

const planOf = (run: string): string => `${run}.0123456789ab`;
const early = (run: string): EarlyEnd => ({ spec: specOf(run), plan: planOf(run), closedAt: 6 });

/** As the commit loop numbers it. */
function after(outcome: { readonly outcome: string; readonly manifest?: Manifest }): Manifest {
  const { manifest } = outcome;
  return manifest === undefined ? assert.fail(outcome.outcome) : { ...manifest, number: manifest.number + 1 };
}

function admitted(base: Manifest | null, run: string, jobs: number): Manifest {
  return after(admit(base, { spec: specOf(run), plan: planOf(run), jobs, blocks: jobs, admittedAt: 5 }));
}

describe("admission", () => {
  it("refuses another lineage and says which field differs", () => {
    const base = admitted(null, "r0", 1);
    const { analysis } = specOf("r1");
    const others = {
      analysis: specOf("r1", { analysis: { ...analysis, name: "other" } }),
      state: specOf("r1", { analysis: { ...analysis, state: 2 } }),
      key: specOf("r1", { analysis: { ...analysis, key: ["kind"] } }),
      params: specOf("r1", { params: { a: 1 } }),
      partitionBy: specOf("r1", { partitionBy: null }),
    };
    for (const [field, spec] of Object.entries(others)) {
      const answer = admissible(base, spec);
      assert.ok(typeof answer === "object" && answer.differs.startsWith(`${field} is `), field);
      const admission = { spec, plan: planOf("r1"), jobs: 1, blocks: 1, admittedAt: 5 };
      assert.equal(admit(base, admission).outcome, "refused");
    }
  });

  it("refuses another layout of a dataset that it knows: its blocks' partitions might be others", () => {
    const base = admitted(admitted(null, "r0", 1), "r1", 0);
    const { dataset } = specOf("r2");
    const other = specOf("r2", { dataset: { ...dataset, layout: "d={date:yyyyMM}{x}/" } });
    const answer = admissible(base, other);
    assert.match(typeof answer === "object" ? answer.differs : answer, /^the layout of dataset data is "d=/);
    const admission = { spec: other, plan: planOf("r2"), jobs: 1, blocks: 1, admittedAt: 5 };
    assert.equal(admit(base, admission).outcome, "refused");
    for (const name of ["another", "constructor"]) {
      assert.equal(admissible(base, specOf("r2", { dataset: { ...other.dataset, name } })), "yes");
    }
  });

  it("does not mind the order of parameters", () => {
    const one = admit(null, {
      spec: specOf("r0", { params: { a: 1, b: { c: 1, d: 2 } } }),
      plan: planOf("r0"),
      jobs: 1,
      blocks: 1,
      admittedAt: 5,
    });
    assert.ok(one.outcome === "changed");
    assert.equal(admissible(one.manifest, specOf("r1", { params: { b: { d: 2, c: 1 }, a: 1 } })), "yes");
  });

  it("makes the run's bundle the one that merges and renders, also when there is nothing to do", () => {
    const base = admitted(null, "r0", 1);
    const spec = specOf("r1", { bundle: "1".repeat(64) });
    const outcome = admit(base, { spec, plan: planOf("r1"), jobs: 0, blocks: 0, admittedAt: 5 });
    assert.ok(outcome.outcome === "changed");
    assert.equal(outcome.manifest.renderer.bundle, "1".repeat(64));
    assert.deepEqual(
      outcome.manifest.closed.map(({ run, state, admission }) => ({ run, state, admission })),
      [{ run: "r1", state: "finished", admission: 2 }],
    );
  });

  it("notes the number of the manifest that it makes", () => {
    assert.equal(admitted(null, "r0", 1).open[0]?.admission, 1);
    assert.equal(admitted({ ...admitted(null, "r0", 1), number: 41 }, "r1", 1).open[1]?.admission, 42);
  });

  it("lets any lineage into an aggregate that holds nothing, and from then on only that", () => {
    const other = specOf("r1", { analysis: { ...specOf("r1").analysis, key: ["kind"], publishBy: 0 } });
    const blanks = {
      "cancelled before it began": after(closeUnadmitted(null, early("r0"))),
      "nothing selected": admitted(null, "r0", 0),
      "cancelled with nothing covered": after(close(admitted(null, "r0", 1), "r0", "cancelled", 6)),
    };
    for (const [name, blank] of Object.entries(blanks)) {
      assert.equal(admissible(blank, other), "yes", name);
      const admission = { spec: other, plan: planOf("r1"), jobs: 1, blocks: 1, admittedAt: 7 };
      const { lineage, lineageSince, renderer, closed, number } = after(admit(blank, admission));
      assert.deepEqual([lineage.key, lineage.publishBy, renderer.run], [["kind"], 0, "r1"], name);
      assert.equal(lineageSince, number, "what was published before is of another lineage");
      assert.deepEqual(closed, blank.closed, "ids stay used up");
      assert.equal(typeof admissible(after(admit(blank, admission)), specOf("r2")), "object", name);
      assert.equal(admitted(blank, "r3", 1).lineageSince, undefined, "the same lineage goes on");
    }
    const { dataset } = specOf("r1");
    const laidOut = specOf("r1", { dataset: { ...dataset, layout: "d={date:yyyyMM}{x}/" } });
    const blank = admitted(null, "r0", 0);
    assert.equal(admissible(blank, laidOut), "yes");
    const admission = { spec: laidOut, plan: planOf("r1"), jobs: 1, blocks: 1, admittedAt: 7 };
    assert.deepEqual(after(admit(blank, admission)).layouts, { data: laidOut.dataset.layout });
  });

  it("keeps its lineage as soon as a block is covered or missing, whoever ended", () => {
    const coverage = [{ key: "c", bytes: 1, entries: 1, level: 0 }];
    const base = { ...after(close(admitted(null, "r0", 1), "r0", "cancelled", 6)), coverage };
    assert.equal(typeof admissible(base, specOf("r1", { params: { a: 1 } })), "object");
  });
});

describe("cancelling a run that was not admitted", () => {
  it("uses its id up, whatever its lineage, and changes nothing else", () => {
    const base = admitted(null, "r0", 1);
    const spec = specOf("r1", { params: { a: 1 }, dataset: { ...specOf("r1").dataset, layout: "{x}" } });
    const closed = after(closeUnadmitted(base, { ...early("r1"), spec }));
    const totals = { covered: 0, missing: 0, records: 0, rejected: {} };
    const line = { run: "r1", plan: planOf("r1"), admission: 2, state: "cancelled", closedAt: 6, blocks: 0, totals };
    assert.deepEqual(closed, { ...base, number: 2, closed: [line] });
    assert.equal(admissible(closed, spec), "closed");
    assert.equal(admit(closed, { spec, plan: "p", jobs: 1, blocks: 1, admittedAt: 7 }).outcome, "done");
  });

  it("leaves a run alone that was admitted or closed, its own first try included", () => {
    const open = admitted(null, "r0", 1);
    const first = after(closeUnadmitted(open, early("r1")));
    for (const base of [open, after(close(open, "r0", "expired", 6)), admitted(null, "r0", 0)]) {
      assert.equal(closeUnadmitted(base, early("r0")).outcome, "done");
    }
    assert.equal(closeUnadmitted(first, early("r1")).outcome, "done");
  });
});
