/**
 * The simulator's seeds. `SPOTFOLD_TEST_SEEDS=N` runs more than the usual 1,000, `SPOTFOLD_TEST_FIRST_SEED` others.
 */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runNode } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";
import { emptyTables, faultKinds, count, type FaultKind, type FaultTables } from "./process.ts";
import { plantedBugs } from "./bugs.ts";
import { runSeed } from "./seed.ts";

const seeds = Number(process.env["SPOTFOLD_TEST_SEEDS"] ?? 1000);
const firstSeed = Number(process.env["SPOTFOLD_TEST_FIRST_SEED"] ?? 1);
const processes = Math.min(4, availableParallelism());

/** A world makes much garbage that lives for some events, and thousands of errors that nobody prints: both cost a tenth of the time. */
const engine: readonly string[] = ["--max-semi-space-size=32", "--stack-trace-limit=0"];

/** Of every kind of fault among 1,000 seeds. */
const faultsMin = 200;
/** Within which a planted bug must be caught. */
const bugSeeds = 100;

interface Answer {
  readonly failures: readonly string[];
  readonly tables: Record<keyof FaultTables, [string, number][]>;
}

async function runSeeds(first: number, total: number): Promise<Answer> {
  const child = join(repositoryRoot, "test/sim/seeds-child.ts");
  const ended = await runNode([...engine, child, String(first), String(total)], { waitMs: 3_600_000 });
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Answer;
}

describe("the simulator", () => {
  const tables = emptyTables();

  it(`${seeds} seeds end with the sequential answer`, async function () {
    this.timeout(3_600_000);
    const share = Math.ceil(seeds / processes);
    const parts = Array.from({ length: processes }, (_, i) => ({
      first: firstSeed + i * share,
      total: Math.min(share, seeds - i * share),
    }));
    const answers = await Promise.all(parts.map(async ({ first, total }) => await runSeeds(first, total)));
    for (const answer of answers) {
      for (const [kind, number] of answer.tables.faults) count(tables.faults, kind as FaultKind, number);
      for (const name of ["calls", "killedBefore", "killedAfter"] as const) {
        for (const [site, number] of answer.tables[name]) count(tables[name], site, number);
      }
    }
    assert.deepEqual(
      answers.flatMap((answer) => answer.failures),
      [],
    );
  });

  // Fewer seeds are for looking closer, and strike fewer places.
  if (seeds >= 1000) describeCoverage(tables);

  describe("objects to a planted bug:", () => {
    for (const [name, planted] of Object.entries(plantedBugs)) {
      it(name, async function () {
        this.timeout(180_000);
        for (let seed = 1; seed <= bugSeeds; seed++) {
          const objection = await runSeed(seed, emptyTables(), planted).then(() => null, String);
          if (objection !== null) return;
        }
        assert.fail(`no objection within ${bugSeeds} seeds`);
      });
    }
  });
});

function describeCoverage(tables: FaultTables): void {
  it("every kind of fault fired often enough", () => {
    console.log(
      table(
        ["fault", "times"],
        faultKinds.map((kind) => [kind, tables.faults.get(kind) ?? 0]),
      ),
    );
    const rare = faultKinds.filter((kind) => (tables.faults.get(kind) ?? 0) < faultsMin);
    assert.deepEqual(rare, []);
  });

  it("every call of a port or the local disk was a kill point, before its effect and before its reply", () => {
    const sites = [...tables.calls.keys()].filter((site) => !site.startsWith("submitter")).toSorted();
    const rows = sites.map((site) => [
      site,
      tables.calls.get(site) ?? 0,
      tables.killedBefore.get(site) ?? 0,
      tables.killedAfter.get(site) ?? 0,
    ]);
    console.log(table(["call", "times", "killed before", "killed after"], rows));
    const spared = sites.filter((site) => !tables.killedBefore.has(site) || !tables.killedAfter.has(site));
    assert.deepEqual(spared, []);
  });
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return all.map((row) => `      ${line(row)}`).join("\n");
}
