/** Operations on a manifest: any sequence of them, repeated and out of turn, enters each job once and loses none. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { admit } from "../../../master/ledger/admission.ts";
import {
  close,
  collect,
  enter,
  isComplete,
  isEnterable,
  namedObjects,
  replaceCoverage,
  replaceSlices,
  type Entry,
} from "../../../master/ledger/operations.ts";
import type { ClosedState, Manifest, OpenRun } from "../../../shared/formats/ledger.ts";
import { jobId, successorIds } from "../../../shared/names.ts";
import { specOf } from "../setting.ts";

const partitions = ["p0", "p1"] as const;
const runs = ["r0", "r1", "r2"] as const;
const jobsMax = 3;

const planOf = (run: string): string => `${run}.0123456789ab`;

function entryOf(plan: string, job: string, groups: number): Entry {
  return {
    job,
    segment: { key: `segment of ${plan}/${job}`, bytes: 1, entries: 1, level: 0, partitions: [...partitions] },
    units: [job],
    groups,
    failed: groups > 0,
    totals: { covered: 1, missing: groups, records: 2, rejected: { "no-os": 1 } },
  };
}

function admitted(base: Manifest | null, run: string, jobs: number): Manifest {
  const outcome = admit(base, { spec: specOf(run), plan: planOf(run), jobs, blocks: jobs, admittedAt: 5 });
  assert.equal(outcome.outcome, "changed");
  return outcome.outcome === "changed" ? numbered(outcome.manifest) : assert.fail();
}

const numbered = (manifest: Manifest): Manifest => ({ ...manifest, number: manifest.number + 1 });

function after(outcome: ReturnType<typeof enter> | ReturnType<typeof close>): Manifest {
  return outcome.outcome === "changed" ? numbered(outcome.manifest) : assert.fail(outcome.outcome);
}

type Step =
  | { readonly do: "admit"; readonly run: string; readonly jobs: number }
  | { readonly do: "enter"; readonly run: string; readonly picks: readonly number[]; readonly groups: number }
  | { readonly do: "enter again"; readonly run: string; readonly picks: readonly number[] }
  | { readonly do: "close"; readonly run: string; readonly state: ClosedState }
  | { readonly do: "merge"; readonly partition: string; readonly picks: readonly number[] }
  | { readonly do: "merge coverage"; readonly picks: readonly number[] }
  | { readonly do: "collect" };

const run = fc.constantFrom(...runs);
const picks = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("admit"), run, jobs: fc.nat(jobsMax) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("enter"), run, picks, groups: fc.nat(2) }) },
  fc.record({ do: fc.constant("enter again"), run, picks }),
  fc.record({ do: fc.constant("close"), run, state: fc.constantFrom<ClosedState>("finished", "cancelled", "expired") }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant("merge"), partition: fc.constantFrom(...partitions), picks }) },
  fc.record({ do: fc.constant("merge coverage"), picks }),
  fc.record({ do: fc.constant("collect") }),
);

/** What must be so, told in sets. */
class Model {
  readonly open = new Map<string, { enterable: Set<string>; entered: string[] }>();
  readonly closed = new Set<string>();
  /** `<plan>/<job>` of every job that was ever entered. */
  readonly entered: string[] = [];
  /** What a merged segment is made of. */
  readonly made = new Map<string, readonly string[]>();
  #number = 0;

  name(): string {
    return `merged ${this.#number++}`;
  }

  contents(key: string): readonly string[] {
    return this.made.get(key) ?? [key];
  }

  check(manifest: Manifest): void {
    assert.deepEqual(manifest.open.map((open) => open.run).toSorted(), [...this.open.keys()].toSorted());
    assert.deepEqual(manifest.closed.map((closed) => closed.run).toSorted(), [...this.closed].toSorted());
    const expected = this.entered.map((id) => `segment of ${id}`).toSorted();
    for (const partition of partitions) {
      const slices = manifest.data.filter((segment) => segment.partitions.includes(partition));
      assert.deepEqual(slices.flatMap(({ key }) => this.contents(key)).toSorted(), expected, `slices of ${partition}`);
    }
    const rows = manifest.coverage.flatMap(({ key }) => this.contents(key)).toSorted();
    assert.deepEqual(rows, this.entered.map((id) => `coverage of ${id}`).toSorted());
    for (const open of manifest.open) {
      const known = this.open.get(open.run);
      assert.equal(isComplete(open), known?.enterable.size === 0);
      assert.equal(open.totals.covered, known?.entered.length);
      assert.equal(open.totals.rejected["no-os"] ?? 0, known?.entered.length);
    }
  }
}

function take(base: Manifest | null, model: Model, step: Step): Manifest | null {
  if (step.do === "admit") {
    const { run, jobs } = step;
    const spec = specOf(run);
    const outcome = admit(base, { spec, plan: planOf(run), jobs, blocks: jobs, admittedAt: 5 });
    const known = model.open.has(run) || model.closed.has(run);
    assert.equal(outcome.outcome, known ? "done" : "changed");
    if (outcome.outcome !== "changed") return base;
    if (jobs === 0) model.closed.add(run);
    else model.open.set(run, { enterable: new Set(Array.from({ length: jobs }, (_, i) => jobId(i))), entered: [] });
    assert.notEqual(
      admit(outcome.manifest, { spec, plan: planOf(run), jobs, blocks: jobs, admittedAt: 6 }).outcome,
      "changed",
    );
    return outcome.manifest;
  }
  if (base === null) return null;
  switch (step.do) {
    case "enter": {
      const known = model.open.get(step.run);
      const plan = planOf(step.run);
      const all = [...(known?.enterable ?? ["000000"])];
      const jobs = [...new Set(step.picks.map((pick) => all[pick % all.length] ?? "000000"))];
      const entries = jobs.map((job) => entryOf(plan, job, step.groups));
      const coverage = jobs.map((job) => `coverage of ${plan}/${job}`);
      const made = { key: model.name(), bytes: 1, entries: 1, level: 0 };
      model.made.set(made.key, coverage);
      const outcome = enter(base, plan, entries, made);
      const possible = known !== undefined && known.enterable.size > 0;
      assert.equal(outcome.outcome, possible ? "changed" : "conflict");
      if (outcome.outcome !== "changed" || known === undefined) return base;
      for (const job of jobs) {
        known.enterable.delete(job);
        known.entered.push(job);
        model.entered.push(`${plan}/${job}`);
        for (const successor of successorIds(job, step.groups)) known.enterable.add(successor);
      }
      assert.notEqual(enter(outcome.manifest, plan, entries, made).outcome, "changed");
      return outcome.manifest;
    }
    case "enter again": {
      // Jobs that are in, or that nobody handed on to, and a job twice in one batch.
      const plan = planOf(step.run);
      const known = model.open.get(step.run);
      const fresh = [...(known?.enterable ?? [])][0];
      for (const job of [...(known?.entered ?? []), "000000.9", jobId(jobsMax), "000001.1.1"]) {
        if (known?.enterable.has(job) === true) continue;
        const held: OpenRun | undefined = base.open.find((open) => open.run === step.run);
        if (held !== undefined) assert.equal(isEnterable(held, job), false, job);
        const batch = [job, ...(fresh === undefined ? [] : [fresh])].map((id) => entryOf(plan, id, 0));
        assert.equal(enter(base, plan, batch, null).outcome, "conflict", job);
      }
      if (fresh !== undefined) {
        const twice = [entryOf(plan, fresh, 0), entryOf(plan, fresh, 0)];
        assert.equal(enter(base, plan, twice, null).outcome, "conflict");
      }
      return base;
    }
    case "close": {
      const { run, state } = step;
      const outcome = close(base, run, state);
      const known = model.open.get(run);
      if (known === undefined) {
        assert.equal(outcome.outcome, model.closed.has(run) ? "done" : "unknown");
        return base;
      }
      if (state === "finished" && known.enterable.size > 0) {
        assert.equal(outcome.outcome, "incomplete");
        return base;
      }
      const manifest = outcome.outcome === "changed" ? outcome.manifest : assert.fail(outcome.outcome);
      model.open.delete(run);
      model.closed.add(run);
      assert.equal(close(manifest, run, state).outcome, "done");
      assert.equal(enter(manifest, planOf(run), [entryOf(planOf(run), "000000", 0)], null).outcome, "conflict");
      return manifest;
    }
    case "merge": {
      const { partition, picks } = step;
      const slices = base.data.filter((segment) => segment.partitions.includes(partition));
      if (slices.length === 0) return base;
      const inputs = [...new Set(picks.map((pick) => slices[pick % slices.length]?.key ?? ""))];
      const key = model.name();
      model.made.set(
        key,
        inputs.flatMap((input) => model.contents(input)),
      );
      const output = { key, bytes: 1, entries: 1, level: 1, partitions: [partition] };
      const outcome = replaceSlices(base, partition, inputs, output);
      const manifest = outcome.outcome === "changed" ? outcome.manifest : assert.fail(outcome.outcome);
      assert.equal(replaceSlices(manifest, partition, inputs, output).outcome, "done");
      const other = { ...output, key: "made by another master" };
      assert.equal(replaceSlices(manifest, partition, inputs, other).outcome, "conflict");
      return manifest;
    }
    case "merge coverage": {
      if (base.coverage.length === 0) return base;
      const inputs = [...new Set(step.picks.map((pick) => base.coverage[pick % base.coverage.length]?.key ?? ""))];
      const key = model.name();
      model.made.set(
        key,
        inputs.flatMap((input) => model.contents(input)),
      );
      const outcome = replaceCoverage(base, inputs, { key, bytes: 1, entries: 1, level: 1 });
      const manifest = outcome.outcome === "changed" ? outcome.manifest : assert.fail(outcome.outcome);
      assert.equal(replaceCoverage(manifest, inputs, { key, bytes: 1, entries: 1, level: 1 }).outcome, "done");
      assert.equal(
        replaceCoverage(manifest, inputs, { key: "other", bytes: 1, entries: 1, level: 1 }).outcome,
        "conflict",
      );
      return manifest;
    }
    case "collect": {
      const { manifest } = collect(base);
      assert.deepEqual({ ...manifest, epoch: base.epoch }, base);
      assert.equal(manifest.epoch, base.epoch + 1);
      return manifest;
    }
  }
}

describe("operations on a manifest", () => {
  it("in any order, out of turn and repeated, enter each job once and change no answer", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const model = new Model();
        let manifest: Manifest | null = null;
        for (const step of steps) {
          const next: Manifest | null = take(manifest, model, step);
          manifest = next === null || next === manifest ? manifest : numbered(next);
          if (manifest !== null) model.check(manifest);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("entering", () => {
  it("marks the units with the number of the manifest that it makes", () => {
    const base = admitted(null, "r0", 2);
    const plan = planOf("r0");
    const one = after(enter(base, plan, [{ ...entryOf(plan, "000000", 0), units: ["a", "b"] }], null));
    const two = after(enter(one, plan, [{ ...entryOf(plan, "000001", 0), units: ["b"] }], null));
    assert.deepEqual(two.units, { a: 2, b: 3 });
  });

  it("counts rejections under any name that an author may choose", () => {
    const names = ["constructor", "toString", "__proto__", "hasOwnProperty"];
    let manifest = admitted(null, "r0", 2);
    const plan = planOf("r0");
    for (const job of ["000000", "000001"]) {
      const rejected = Object.fromEntries(names.map((name) => [name, 2]));
      const totals = { covered: 1, missing: 0, records: 8, rejected };
      manifest = after(enter(manifest, plan, [{ ...entryOf(plan, job, 0), units: names, totals }], null));
    }
    assert.deepEqual(
      Object.entries(manifest.open[0]?.totals.rejected ?? {}),
      names.map((name) => [name, 4]),
    );
    assert.deepEqual(
      Object.entries(manifest.units),
      names.map((name) => [name, 3]),
    );
  });
});

describe("what a manifest names", () => {
  it("is its segments and its coverage", () => {
    const plan = planOf("r0");
    const coverage = { key: "c", bytes: 1, entries: 1, level: 0 };
    const manifest = after(enter(admitted(null, "r0", 1), plan, [entryOf(plan, "000000", 0)], coverage));
    assert.deepEqual([...namedObjects(manifest)], [`segment of ${plan}/000000`, "c"]);
  });

  it("is nothing of a segment whose last slice was merged", () => {
    const plan = planOf("r0");
    let manifest = after(enter(admitted(null, "r0", 1), plan, [entryOf(plan, "000000", 0)], null));
    const key = `segment of ${plan}/000000`;
    for (const partition of partitions) {
      assert.ok(namedObjects(manifest).has(key));
      const output = { key: `new ${partition}`, bytes: 1, entries: 1, level: 1, partitions: [partition] };
      manifest = after(replaceSlices(manifest, partition, [key], output));
    }
    assert.deepEqual([...namedObjects(manifest)], ["new p0", "new p1"]);
  });
});
