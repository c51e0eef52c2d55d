/**
 * kill -9 at seeded moments over S3 and SQS: two masters, four workers, and a victim in each round: a master, a worker, a
 * decoder or an executor, sometimes a second daemon. What was killed is started again; the published bytes are those of one
 * process on a folder. `ROUNDS=100` tries more moments; a failure names its round, which is its seed (`ROUND=7 ROUNDS=1`).
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../../jobs/testing/orders.ts";
import { needs } from "../support/requirements.ts";
import { Cloud, datasetName, renamed } from "./cloud.ts";
import { Crew, type Daemon } from "./crew-aws.ts";
import { definitionsFile } from "./data.ts";
import type { Role } from "./family.ts";
import { assertSamePublished, type Published } from "./published.ts";
import { undisturbed } from "./undisturbed.ts";

const rounds = Number(process.env["ROUNDS"] ?? 10);
const firstRound = Number(process.env["ROUND"] ?? 1);
/** Masters look at every aggregate in every pass, and each round has one: so many rounds share a site. */
const roundsPerSite = 10;
const roundMsMax = 240_000;

const blocksPerCodec = 1;
const recordsPerBlock = 10;
const masters = 2;
const workers = 4;

/** A child lives for some tenths of a second; a run takes some seconds. */
const childMsMax = 200;
const momentMsMax = 3_000;
const appearsMsMax = 60_000;
/** In every third round another daemon is killed after the first victim. */
const secondEvery = 3;
const pauseMsMax = 1_000;

const roles: readonly Role[] = ["master", "worker", "decoder", "executor"];
const request = ["histograms", "--data", datasetName, "--definitions", definitionsFile()];
/** Whoever closed a run may die before it publishes: whoever led before looks again this often. */
const times = { SPOTFOLD_TIMING_PUBLISH_MS: "40000" };

describe("over S3 and SQS, processes that are killed", function killed() {
  this.timeout(roundMsMax * rounds);
  needs("moto", "data", "linux", "xz", "gzip", "zstd");
  let cloud: Cloud;
  let data: string;
  let blocks: number;
  let expected: Published;

  before(async () => {
    const sizes = { blocks: blocksPerCodec, records: recordsPerBlock, seed: 13 };
    const prepared = await undisturbed({ name: "kills-aws", ...sizes, request });
    ({ blocks, expected } = prepared);
    cloud = await Cloud.start();
    data = await cloud.upload(prepared.folder);
  });

  async function killDaemon(daemon: Daemon | undefined): Promise<void> {
    // A child that is started in this moment is found by its parent: both are seen before.
    daemon?.family.look();
    daemon?.signal("SIGKILL");
    await daemon?.startAgain();
  }

  /** Whether somebody was met. */
  async function kill(crew: Crew, role: Role, float: () => number): Promise<boolean> {
    if (role === "master" || role === "worker") {
      await sleep(float() * momentMsMax);
      const daemons = crew.of(role);
      await killDaemon(daemons[Math.floor(float() * daemons.length)]);
      return true;
    }
    const found = await crew.child(role, appearsMsMax, crew.of("worker"));
    if (found === null) return false;
    await sleep(float() * childMsMax);
    return found.daemon.family.signal(found.member, "SIGKILL");
  }

  it(`leave the bytes of an undisturbed run, in each of ${rounds} rounds`, async () => {
    const hit = new Map<Role, number>();
    let crew: Crew | null = null;
    for (let round = firstRound; round < firstRound + rounds; round++) {
      const float = seeded(round);
      const role = roles[round % roles.length] ?? "worker";
      if (crew === null || (round - firstRound) % roundsPerSite === 0) {
        await crew?.drain();
        crew = await Crew.start(await cloud.site(data, times), request, { masters, workers });
      }
      const here: Crew = crew;
      const aggregate = `round-${round}`;
      await here.watched(async () => {
        await here.submit(aggregate);
        if (await kill(here, role, float)) hit.set(role, (hit.get(role) ?? 0) + 1);
        if (round % secondEvery === 0) {
          await sleep(float() * pauseMsMax);
          await killDaemon(here.daemons[Math.floor(float() * here.daemons.length)]);
        }
        try {
          assertSamePublished(await here.site.published(aggregate, blocks), renamed(expected, aggregate));
        } catch (error) {
          throw new Error(`ROUND=${round} ROUNDS=1: ${role}: not the undisturbed bytes`, { cause: error });
        }
      });
    }
    await crew?.drain();
    console.log(`      killed: ${[...hit].map(([role, count]) => `${role} ${count}`).join(", ")}`);
    assert.ok([...hit.values()].reduce((sum, count) => sum + count, 0) * 2 >= rounds, "most rounds meet their victim");
  });
});
