/** What a newer version wrote is left to newer masters, and said once; everything else goes on. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { Master } from "../../master/master.ts";
import { NewerFormats } from "../../master/newer-formats.ts";
import { enterJobsMax } from "../../master/passes/enter.ts";
import type { MasterEvent } from "../../master/context.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { encodeManifest, type Manifest, type OpenRun } from "../../shared/formats/ledger.ts";
import { encodeStored, UnknownFormat } from "../../shared/formats/stored.ts";
import { headKey, holdKey, jobId, manifestKey, planKey, resolutionKey, runKey } from "../../shared/names.ts";
import { encodePlan, readPlan } from "../../shared/plan-file.ts";
import { FOOTER_BYTES, SEGMENT_FORMAT } from "../../shared/segment/format.ts";
import { SKIPPABLE_HEAD_BYTES } from "../../shared/segment/zstd.ts";
import { aggregate, manyBlocks, MasterSetting, specOf } from "./setting.ts";

const newer = Buffer.from('{"format":3}');

function masterOf(setting: MasterSetting, only: string | null = null): Master {
  return new Master(setting.context({ liveSlots: async () => 400 }), {
    only,
    placeOf: (name) => ({ aggregate: name, prefix: `${name}/` }),
  });
}

async function everyPass(master: Master): Promise<void> {
  for (let passes = 0; await master.work(); passes++) assert.ok(passes < 50, "the passes come to no end");
  await master.publish(true);
  await master.compact();
  await master.collect();
}

async function resolveAll(setting: MasterSetting, run: string, isNewer: (job: string) => boolean): Promise<OpenRun> {
  const open = await setting.open(run);
  for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
    if (isNewer(job)) await setting.store.put(resolutionKey(aggregate, open.plan, job), newer);
    else await setting.resolve(open, job, blocks);
  }
  return open;
}

/** A segment whose footer states the next format, and is whole. */
function laterSegment(): Uint8Array {
  const bytes = Buffer.from(encodePlan([[]]));
  const content = bytes.subarray(bytes.length - FOOTER_BYTES + SKIPPABLE_HEAD_BYTES);
  content.writeUInt32LE(SEGMENT_FORMAT + 1, 0);
  content.writeUInt32LE(crc32(content.subarray(0, 20)), 20);
  return bytes;
}

/** `[run, where]` of what was said. */
const said = (setting: MasterSetting): (readonly [string | null, string])[] =>
  setting.of("left-alone").map(({ run, where }) => [run, where]);

describe("a master beside a newer version", () => {
  const manifest = manifestKey("aaa", 7, "00");
  const head = encodeStored({ format: 1, number: 7, manifest, epoch: 0 });
  const heads: readonly (readonly [string, string, (setting: MasterSetting) => Promise<unknown>])[] = [
    ["head", headKey("aaa"), async ({ store }) => await store.put(headKey("aaa"), newer)],
    [
      "manifest",
      manifest,
      async ({ store }) => {
        await store.put(manifest, encodeManifest({ format: 2 } as unknown as Manifest));
        await store.put(headKey("aaa"), head);
      },
    ],
  ];
  for (const [what, where, write] of heads) {
    it(`leaves an aggregate whose ${what} it does not know alone, says so once, and serves the others`, async () => {
      const setting = new MasterSetting();
      setting.catalog = manyBlocks(3);
      await write(setting);
      const before = await setting.keys("aggregates/aaa/");
      await setting.submit(specOf("r1"));
      await setting.submit(specOf("r2", { aggregate: "aaa" }));
      const master = masterOf(setting);
      await everyPass(master);
      await resolveAll(setting, "r1", () => false);
      for (let passes = 0; passes < 15; passes++) await everyPass(master);
      assert.equal((await setting.manifest()).closed[0]?.totals.covered, 3);
      assert.notEqual(await setting.web.head(`${aggregate}/versions.json`), null);
      assert.deepEqual(await setting.keys("aggregates/aaa/"), before);
      assert.deepEqual(said(setting), [[null, where]]);
      assert.match(setting.of("left-alone")[0]?.hint ?? "", /^Upgrade this master:/);
      assert.deepEqual(
        setting.of("run-refused").map(({ run }) => run),
        ["r2"],
        "the run into it stays in the inbox, which is said once",
      );
      await assert.rejects(
        masterOf(setting, "aaa").work(),
        { name: "UnknownFormat" },
        "a master of it has no other work",
      );
    });
  }

  it("says it again when it was readable in between", async () => {
    const setting = new MasterSetting();
    setting.catalog = manyBlocks(1);
    await setting.submit(specOf("r1"));
    const master = masterOf(setting);
    await everyPass(master);
    const bytes = encodeStored((await setting.read()).head);
    for (const content of [newer, bytes, newer]) {
      await setting.store.put(headKey(aggregate), content);
      await everyPass(master);
      await everyPass(master);
    }
    assert.deepEqual(said(setting), [
      [null, headKey(aggregate)],
      [null, headKey(aggregate)],
    ]);
  });

  it("leaves jobs alone whose resolutions it does not know, however many come first, and enters all others", async () => {
    const setting = new MasterSetting();
    const jobs = enterJobsMax + 30;
    setting.catalog = manyBlocks(jobs);
    await setting.submit(specOf("r1"));
    const master = masterOf(setting);
    await everyPass(master);
    const isNewer = (job: string): boolean => Number(job) <= enterJobsMax;
    const { plan } = await resolveAll(setting, "r1", isNewer);
    for (let passes = 0; passes < 3; passes++) {
      await everyPass(master);
      await setting.clock.advance(60_000);
    }
    assert.equal((await setting.open("r1")).foldedJobs, jobs - enterJobsMax - 1);
    assert.deepEqual(said(setting), [["r1", resolutionKey(aggregate, plan, jobId(0))]]);
  });

  it("sends jobs of a newer resolution not again, and leaves a run with one open past its deadline", async () => {
    const setting = new MasterSetting();
    setting.catalog = manyBlocks(4);
    await setting.submit(specOf("r1", { deadlineMs: 1000 }));
    const master = masterOf(setting);
    await everyPass(master);
    await resolveAll(setting, "r1", (job) => job === jobId(1));
    const leases = await setting.jobs.lease(10, { leaseMs: 1000, waitMs: 0 });
    await setting.jobs.acknowledge(leases.map(({ handle }) => handle));
    for (let passes = 0; passes < 4; passes++) {
      await setting.clock.advance(60_000);
      await everyPass(master);
    }
    assert.equal((await setting.open("r1")).foldedJobs, 3);
    assert.equal((await setting.jobs.counts()).visible, 0);
    assert.equal(said(setting).length, 1);
  });

  for (const [what, key] of [
    ["record", runKey("r1")],
    ["hold", holdKey("r1")],
    ["plan", ""],
  ] as const) {
    it(`leaves a run whose ${what} it does not know alone, and goes on with another of the same aggregate`, async () => {
      const setting = new MasterSetting();
      setting.catalog = manyBlocks(2);
      await setting.submit(specOf("r1"));
      await everyPass(masterOf(setting));
      const { plan } = await setting.open("r1");
      await setting.submit(specOf("r2", { reprocess: true, dataset: { ...specOf("r2").dataset, name: "other" } }));
      await everyPass(masterOf(setting));
      // A master that has sent nothing yet.
      const master = masterOf(setting);
      await setting.store.delete(["runs/r1/sent.json", "runs/r2/sent.json"]);
      if (what === "plan") await setting.store.put(planKey(aggregate, plan), laterSegment());
      else await setting.store.put(key, newer);
      const before = (await setting.jobs.counts()).visible;
      await master.work();
      await master.work();
      const resent = (await setting.jobs.counts()).visible - before;
      assert.equal(resent, what === "hold" ? 4 : 2, "jobs of the other run are sent");
      assert.deepEqual(
        said(setting).map(([run]) => run),
        ["r1"],
      );
      await resolveAll(setting, "r2", () => false);
      await master.work();
      assert.equal((await setting.manifest()).closed[0]?.run, "r2");
    });
  }
});

describe("what is left to newer masters", () => {
  const part = { aggregate: "a", part: "work", run: null };

  it("is said once for all passes that meet it, and is nothing else than formats", async () => {
    const events: MasterEvent[] = [];
    const formats = new NewerFormats((event) => events.push(event));
    const fail = async (): Promise<never> => {
      throw new UnknownFormat("aggregates/a/head", 2);
    };
    for (const pass of ["work", "publish", "work", "collect"]) {
      assert.equal(await formats.guard({ ...part, part: pass }, fail), undefined);
    }
    assert.equal(events.length, 1);
    assert.equal(await formats.guard({ ...part, aggregate: "b" }, fail), undefined);
    assert.equal(events.length, 2, "of another aggregate it is news");
    const outage = new SpotfoldError("store-unavailable", "away");
    await assert.rejects(
      formats.guard(part, async () => {
        throw outage;
      }),
      outage,
    );
  });

  it("is forgotten with its run", () => {
    const events: MasterEvent[] = [];
    const formats = new NewerFormats((event) => events.push(event));
    const job = { aggregate: "a", part: "resolutions", run: "r", plan: "p", job: "000000" };
    const error = new UnknownFormat("x", 2);
    formats.leaveJob(job, error);
    formats.leaveJob({ ...job, job: "000001" }, error);
    assert.ok(formats.isLeft("p", "000000") && formats.isLeft("p", "000001") && !formats.isLeft("p", "000002"));
    formats.forget({ aggregate: "a", run: "r", plan: "p" });
    assert.ok(!formats.isLeft("p", "000000"));
    formats.leaveJob(job, error);
    assert.equal(events.length, 2);
  });
});
