/**
 * kill -9 at seeded moments of a real run: of the command itself, of its worker, of an executor, of a decoder; of a master
 * and workers. Whatever dies, the same command again (or the daemons started again) ends with the undisturbed bytes, and
 * nobody is left behind. `ROUNDS=100` tries more moments; a failure names its round, which is its seed.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../../jobs/testing/orders.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { definitionsFile, makeMixed, smallSource } from "./data.ts";
import { Family, type Member, type Role } from "./family.ts";
import { assertSamePublished, readPublished, type Published } from "./published.ts";
import { Site, withJson } from "./site.ts";

const rounds = Number(process.env["ROUNDS"] ?? 10);
const firstRound = Number(process.env["ROUND"] ?? 1);
const roundMsMax = 200_000;

const blocksPerCodec = 2;
const recordsPerBlock = 10;

/** Until it is killed: an executor works for some tenths of a second, the others for some seconds. */
const executorMsMax = 200;
const runMsMax = 2_500;
/** Each run starts about a dozen executors (the check's, one or more for each job, merges, renders), and a decoder for the check and each slot. */
const appearancesMax: Readonly<Record<Role, number>> = { executor: 10, decoder: 3, run: 1, worker: 1, master: 1 };

/** Daemons that are killed and started again; a round takes longer, as leases must run out. */
const daemonRounds = Math.max(2, Math.round(rounds / 5));
const daemonMsMax = 4_000;

const roles: readonly Role[] = ["executor", "worker", "run", "decoder"];

describe("a run whose processes are killed", function killedRuns() {
  this.timeout(roundMsMax * Math.max(1, rounds));
  needs("data", "linux", "xz", "gzip", "zstd");
  let root: string;
  let args: string[];
  let expected: Published;

  before(async () => {
    root = tempDir("kills");
    const data = join(root, "blocks");
    makeMixed({ folder: data, blocks: blocksPerCodec, records: recordsPerBlock, seed: 11, source: smallSource(root) });
    args = ["histograms", "--data", data, "--definitions", definitionsFile(), "--out", "out", "--slots", "2"];
    const undisturbed = site("undisturbed");
    await undisturbed.runWhole(args);
    expected = readPublished(join(undisturbed.folder, "out"));
  });

  function site(name: string): Site {
    const folder = join(root, name);
    mkdirSync(folder);
    return new Site(folder);
  }

  /** Kills what the round says, at its moment; null when it was over before. */
  async function kill(family: Family, role: Role, float: () => number): Promise<Member | null> {
    const victim = await family.appearance(role, 1 + Math.floor(float() * appearancesMax[role]));
    if (victim === null) return null;
    await sleep(float() * (role === "executor" ? executorMsMax : runMsMax));
    return family.signal(victim, "SIGKILL") ? victim : null;
  }

  it(`publishes the undisturbed bytes, in each of ${rounds} rounds`, async () => {
    const hit = new Map<Role, number>();
    for (let round = firstRound; round < firstRound + rounds; round++) {
      const float = seeded(round);
      const role = roles[round % roles.length] ?? "run";
      const here = site(`round-${round}`);
      const command = await here.start(["run", ...args, "--json"]);
      const family = new Family(command.pid);
      const victim = await kill(family, role, float);
      const end = await command.waitForEnd(roundMsMax);
      const what = `ROUND=${round} ROUNDS=1: ${role} ${victim === null ? "not met" : "killed"}`;
      if (victim !== null) hit.set(role, (hit.get(role) ?? 0) + 1);
      // Only the command itself, and what it started for its own steps, take it down.
      const ofWorker = victim !== null && victim.parent !== command.pid;
      if (victim === null || role === "worker" || (role !== "run" && ofWorker)) {
        assert.equal(end.code, 0, `${what}\n${end.stderr}${end.stdout}`);
      } else if (end.signal === null && end.code !== 0) {
        assert.match(withJson(end).json.error?.message ?? "", /./, what);
      }
      if (end.code !== 0) await here.runWhole(args);
      try {
        assertSamePublished(readPublished(join(here.folder, "out")), expected);
      } catch (error) {
        throw new Error(`${what}: other bytes were published`, { cause: error });
      }
      await family.assertGone();
    }
    console.log(`      killed: ${[...hit].map(([role, count]) => `${role} ${count}`).join(", ")}`);
    assert.ok([...hit.values()].reduce((sum, count) => sum + count, 0) * 2 >= rounds, "most rounds meet their victim");
  });

  it(`as daemons, one killed and started again, publishes the undisturbed bytes, in each of ${daemonRounds} rounds`, async () => {
    const [analysis = "", ...rest] = args.slice(0, args.indexOf("--out"));
    for (let round = firstRound; round < firstRound + daemonRounds; round++) {
      const float = seeded(round);
      const here = site(`daemons-${round}`);
      const submitted = await here.call(["submit", analysis, ...rest, "--json"]);
      assert.equal(submitted.code, 0, submitted.stderr);
      const { aggregate } = JSON.parse(submitted.stdout) as { aggregate: string };
      const commands = [["master"], ["worker", "--slots", "1"], ["worker", "--slots", "1"]];
      const daemons = await Promise.all(commands.map(async (words) => await here.start(words)));
      const families = daemons.map(({ pid }) => new Family(pid));
      // The master in every other round.
      const victim = round % 2;
      await sleep(float() * daemonMsMax);
      for (const family of families) family.look();
      daemons[victim]?.kill("SIGKILL");
      await daemons[victim]?.ended;
      const again = await here.start(commands[victim] ?? []);
      families.push(new Family(again.pid));
      const waited = await here.call(["submit", analysis, ...rest, "--wait", "--json"]);
      assert.equal(waited.code, 0, `ROUND=${round}: ${waited.stderr}${waited.stdout}`);
      for (const daemon of [...daemons.filter((_, i) => i !== victim), again]) {
        daemon.kill("SIGTERM");
        assert.equal((await daemon.waitForEnd(roundMsMax)).code, 0, daemon.stderr().slice(-2_000));
      }
      const published = await here.call(["master", "--once"]);
      assert.equal(published.code, 0, published.stderr.slice(-2_000));
      assertSamePublished(readPublished(join(here.folder, ".spotfold/web", aggregate)), expected);
      for (const family of families) await family.assertGone();
    }
  });
});
