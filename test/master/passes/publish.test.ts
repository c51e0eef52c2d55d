/** Publication: touched units only, pointers that never go back, and what coverage.json says of exactly that snapshot. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { admitRun } from "../../../master/passes/admit.ts";
import { closePass } from "../../../master/passes/close.ts";
import { enterPass } from "../../../master/passes/enter.ts";
import { publishPass, stampOf, unitGroups } from "../../../master/passes/publish.ts";
import type { PublishedCoverage } from "../../../master/passes/published-coverage.ts";
import {
  encodePointer,
  folderNumber,
  ofAggregate,
  readPublished,
  type PublishedUnit,
} from "../../../master/passes/published.ts";
import type { MasterContext } from "../../../master/context.ts";
import { codeOf, SpotfoldError } from "../../../shared/errors.ts";
import type { Manifest } from "../../../shared/formats/ledger.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { readAll } from "../../../shared/read-all.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";
import { aggregate, blocksNamed, intercepted, MasterSetting, specOf, type Told } from "../setting.ts";

const place = { aggregate, prefix: "a/" };

async function json(store: BlobStore, key: string): Promise<unknown> {
  const blob = await readAll(store, key);
  return blob === null ? null : (JSON.parse(Buffer.from(blob.bytes).toString()) as unknown);
}

const pointerOf = async (setting: MasterSetting): Promise<Record<string, string>> =>
  (await json(setting.web, "a/versions.json")) as Record<string, string>;
const coverageOf = async (setting: MasterSetting): Promise<PublishedCoverage> =>
  (await json(setting.web, "a/coverage.json")) as PublishedCoverage;

class Publishing {
  readonly setting = new MasterSetting();
  context: MasterContext = this.setting.context({ liveSlots: async () => 1000 });
  #run = 0;

  /** A run over one more block, whose job touches these units. */
  async fold(block: string, units: readonly string[], told: Told = {}): Promise<void> {
    const { setting } = this;
    setting.catalog = [...setting.catalog, ...blocksNamed(block)];
    const run = `run${++this.#run}`;
    await admitRun(this.context, specOf(run));
    const open = await setting.open(run);
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      const [key, partition] = [blocks[0]?.key ?? "", blocks[0]?.partition ?? ""];
      const name = await setting.resolve(open, job, blocks, told);
      if ((told.missing ?? []).length > 0) continue;
      const stored = (await json(setting.store, name)) as { segment: object };
      const changed = { ...stored, segment: { ...stored.segment, units, partitions: [partition] } };
      await setting.store.put(name, Buffer.from(JSON.stringify(changed)));
      assert.equal(key, block);
    }
    await enterPass(this.context, await setting.read());
    await closePass(this.context, await setting.read());
  }
}

describe("publishing", () => {
  it("renders what was touched, once, and leaves the other folders where they are", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    await publishing.fold("d=20260101/a", ["nightly", "beta"]);
    assert.equal((await publishPass(context, place)).units, 2);
    const first = await pointerOf(setting);
    assert.deepEqual(Object.keys(first), ["beta", "nightly"]);
    assert.deepEqual(await publishPass(context, place), {
      published: false,
      number: (await setting.manifest()).number,
      units: 0,
    });
    await publishing.fold("d=20260101/b", ["beta"]);
    assert.equal((await publishPass(context, place)).units, 1);
    const second = await pointerOf(setting);
    assert.equal(second["nightly"], first["nightly"]);
    assert.notEqual(second["beta"], first["beta"]);
    assert.equal(folderNumber(second["beta"] ?? ""), (await setting.manifest()).number);
    for (const folder of [...Object.values(first), ...Object.values(second)]) {
      assert.notEqual(await setting.web.head(`a/${folder}/data.tsv`), null, "old folders stay for those who read them");
    }
  });

  it("renders many units in few children, each into its own folder", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    const names = Array.from({ length: 20 }, (_, i) => `unit${String(i).padStart(2, "0")}`);
    await publishing.fold("d=20260101/a", names);
    const groups: number[] = [];
    const counting: MasterContext = {
      ...context,
      executors: {
        merge: async (task) => await context.executors.merge(task),
        render: async (task) => (groups.push(task.units.length), await context.executors.render(task)),
      },
    };
    assert.equal((await publishPass(counting, place)).units, names.length);
    assert.deepEqual(
      groups.toSorted((a, b) => a - b),
      [4, 8, 8],
    );
    const pointer = await pointerOf(setting);
    assert.deepEqual(Object.keys(pointer), names);
    const { units } = await coverageOf(setting);
    for (const name of names) {
      assert.deepEqual(units[name], { key: name, folder: pointer[name], notes: {} });
      assert.ok(pointer[name]?.includes(`-${name}-`), pointer[name]);
      assert.notEqual(await setting.web.head(`a/${pointer[name] ?? ""}/data.tsv`), null);
    }
  });

  it("shares units out to two children, up to eight to each", () => {
    const sizes = (count: number): number[] =>
      unitGroups(Array.from({ length: count }, (_, i) => `${i}`)).map((group) => group.length);
    assert.deepEqual(sizes(0), []);
    assert.deepEqual(sizes(1), [1]);
    assert.deepEqual(sizes(3), [2, 1]);
    assert.deepEqual(sizes(16), [8, 8]);
    assert.deepEqual(sizes(17), [8, 8, 1]);
  });

  it("renders nothing for a commit that changed no answer, but tells of the new snapshot", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    await publishing.fold("d=20260101/a", ["u"]);
    await publishPass(context, place);
    const before = await pointerOf(setting);
    await admitRun(context, specOf("nothing-new"));
    assert.deepEqual(await publishPass(context, place), {
      published: true,
      number: (await setting.manifest()).number,
      units: 0,
    });
    assert.deepEqual(await pointerOf(setting), before);
    assert.equal((await coverageOf(setting)).snapshot, (await setting.manifest()).number);
  });

  it("says in coverage.json what is covered, missing and open, of covered records how many were refused", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    const rejected = { "no-os": 2, constructor: 1 };
    await publishing.fold("d=20260101/a", ["u"], {
      change: { covered: [{ block: 0, records: 10, rawBytes: 5, rejected: { "no-os": 2 } }] },
    });
    await publishing.fold("d=20260102/b", [], {
      missing: [{ block: 0, reason: "corrupt", detail: "no checksum", records: 4, rejected }],
    });
    setting.catalog = [...setting.catalog, ...blocksNamed("d=20260103/c", "d=20260103/d")];
    await admitRun(context, specOf("open"));
    await publishPass(context, place);
    const { units, asOf, ...rest } = await coverageOf(setting);
    assert.deepEqual(rest, {
      format: 1,
      aggregate,
      pointer: "versions.json",
      run: "open",
      snapshot: (await setting.manifest()).number,
      pings: 8,
      records: { read: 10, rejected: { "no-os": 2 } },
      blocks: { covered: 1, missing: 1, open: 2 },
      missing: [{ dataset: "data", key: "d=20260102/b", reason: "corrupt", class: "content", detail: "no checksum" }],
    });
    assert.deepEqual(units, { u: { key: "u", folder: (await pointerOf(setting))["u"], notes: {} } });
    assert.equal(asOf, new Date(setting.clock.now()).toISOString());
  });

  it("counts a block once that is missing and tried again", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    const corrupt = { block: 0, reason: "corrupt", detail: "", records: 0, rejected: {} } as const;
    await publishing.fold("d=20260101/a", [], { missing: [corrupt] });
    setting.catalog = [...setting.catalog, ...blocksNamed("d=20260103/c")];
    await admitRun(context, specOf("again", { reprocess: true }));
    assert.equal((await setting.open("again")).blocks, 2);
    await publishPass(context, place);
    assert.deepEqual((await coverageOf(setting)).blocks, { covered: 0, missing: 1, open: 1 });
  });

  it("never goes back: who was overtaken while it rendered begins again with the newer head", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    await publishing.fold("d=20260101/a", ["u"]);
    let overtaken = false;
    const slow: MasterContext = {
      ...context,
      executors: {
        merge: async (task) => await context.executors.merge(task),
        render: async (task) => {
          const rendered = await context.executors.render(task);
          if (!overtaken) {
            overtaken = true;
            await publishing.fold("d=20260101/b", ["u"]);
            await publishPass(context, place);
          }
          return rendered;
        },
      },
    };
    const result = await publishPass(slow, place);
    const { number } = await setting.manifest();
    assert.deepEqual([result.published, result.number], [false, number]);
    assert.equal(folderNumber((await pointerOf(setting))["u"] ?? ""), number);
    assert.equal((await coverageOf(setting)).snapshot, number);
  });

  it("shows pointers and coverage that agree at last, wherever a publisher was killed", async () => {
    for (let step = 0; step < 8; step++) {
      const publishing = new Publishing();
      const { setting, context } = publishing;
      await publishing.fold("d=20260101/a", ["u", "v"]);
      await publishPass(context, place);
      await publishing.fold("d=20260101/b", ["v"]);
      let calls = 0;
      const web = intercepted(setting.web, (method) => {
        if (method !== "get" && calls++ === step) throw new Error("killed");
      });
      await publishPass({ ...context, web }, place).catch(() => {});
      for (const folder of Object.values(await pointerOf(setting))) {
        assert.notEqual(
          await setting.web.head(`a/${folder}/data.tsv`),
          null,
          "no pointer to a folder that is not whole",
        );
      }
      await publishPass(context, place);
      const [pointer, coverage] = [await pointerOf(setting), await coverageOf(setting)];
      assert.deepEqual(
        Object.fromEntries(Object.entries(coverage.units).map(([label, { folder }]) => [label, folder])),
        pointer,
      );
      assert.equal(coverage.snapshot, (await setting.manifest()).number);
      const touched = (await setting.manifest()).units["v"] ?? Infinity;
      assert.ok((folderNumber(pointer["v"] ?? "") ?? 0) >= touched, "v shows the last entering");
    }
  });

  it("leaves the last pointer when a render throws, and no file of this aggregate's is broken", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    await publishing.fold("d=20260101/a", ["u"]);
    await publishPass(context, place);
    const before = await pointerOf(setting);
    await publishing.fold("d=20260101/b", ["u"]);
    const failing: MasterContext = {
      ...context,
      executors: {
        merge: async (task) => await context.executors.merge(task),
        render: async () => {
          throw new SpotfoldError("analysis-failed", "render threw at K");
        },
      },
    };
    await assert.rejects(publishPass(failing, place), (error) => codeOf(error) === "analysis-failed");
    assert.deepEqual(await pointerOf(setting), before);
    assert.equal(setting.of("publish-failed").length, 1);
  });

  it("has an empty pointer as long as no job touched a unit, and puts it there again when it is gone", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    const corrupt = { block: 0, reason: "corrupt", detail: "", records: 0, rejected: {} } as const;
    await publishing.fold("d=20260101/a", [], { missing: [corrupt] });
    assert.equal((await publishPass(context, place)).published, true);
    assert.deepEqual(await pointerOf(setting), {});
    assert.equal((await coverageOf(setting)).blocks.missing, 1);
    assert.equal((await publishPass(context, place)).published, false);
    await setting.web.delete(["a/versions.json"]);
    assert.equal((await publishPass(context, place)).published, true);
    assert.deepEqual(await pointerOf(setting), {});
    await publishing.fold("d=20260101/b", ["beta"]);
    await publishPass(context, place);
    assert.deepEqual(Object.keys(await pointerOf(setting)), ["beta"]);
    assert.equal((await coverageOf(setting)).snapshot, (await setting.manifest()).number);
  });

  it("names nothing of another lineage that it had while nothing was in it", async () => {
    const publishing = new Publishing();
    const { setting, context } = publishing;
    const { analysis } = specOf("run1");
    await admitRun(context, specOf("empty", { analysis: { ...analysis, publishBy: 0 } }));
    assert.equal((await publishPass(context, place)).units, 1);
    await publishing.fold("d=20260101/a", ["nightly"]);
    await publishPass(context, place);
    assert.deepEqual(Object.keys(await pointerOf(setting)), ["nightly"]);
    assert.deepEqual(Object.keys((await coverageOf(setting)).units), ["nightly"]);
  });

  it("does nothing for an aggregate that is not there", async () => {
    const { setting } = new Publishing();
    assert.deepEqual(await publishPass(setting.context(), place), { published: false, number: 0, units: 0 });
  });
});

describe("what is published already", () => {
  const unit = (name: string, folder: string): PublishedUnit => ({ unit: name, label: name, folder, notes: {} });
  const coverage = (units: Record<string, unknown>, pointer = "versions.json"): Buffer =>
    Buffer.from(JSON.stringify({ format: 1, pointer, run: "r1", snapshot: 7, units }));

  it("is what pointer and coverage.json agree on; files that are not ours or not whole count for nothing", async () => {
    const { web } = new MasterSetting();
    const read = async (): Promise<string[]> => [...(await readPublished(web, "a/", "versions.json")).units.keys()];
    assert.deepEqual(await readPublished(web, "a/", "versions.json"), {
      pointerEtag: null,
      coverageEtag: null,
      run: null,
      snapshot: null,
      units: new Map(),
    });
    const both = { x: { key: "ux", folder: "fx", notes: {} }, y: { key: "uy", folder: "fy", notes: {} } };
    await web.put("a/versions.json", Buffer.from('{"x":"fx","y":"other"}'));
    await web.put("a/coverage.json", coverage(both));
    assert.deepEqual(await read(), ["ux"]);
    await web.put("a/coverage.json", coverage(both, "another.json"));
    assert.deepEqual(await read(), []);
    await web.put("a/coverage.json", Buffer.from('{"format":1,"poin'));
    assert.deepEqual(await read(), []);
    await web.put("a/coverage.json", Buffer.from('{"format":2,"total":{"lines":1}}'));
    assert.deepEqual(await read(), [], "somebody else's");
    await web.put("a/coverage.json", coverage(both));
    await web.put("a/versions.json", Buffer.from("[1"));
    assert.deepEqual(await read(), []);
  });

  it("is left alone when a newer version published it", async () => {
    const publishing = new Publishing();
    const { web } = publishing.setting;
    const content = { format: 2, aggregate, snapshot: 9 };
    await web.put("a/coverage.json", Buffer.from(JSON.stringify(content)));
    await publishing.fold("d=20260101/a", ["beta"]);
    await assert.rejects(publishPass(publishing.context, place), { name: "UnknownFormat" });
    assert.deepEqual(await json(web, "a/coverage.json"), content);
    assert.equal(await web.head("a/versions.json"), null);
  });

  it("counts for nothing when another aggregate, or one of another store, has published there", () => {
    const units = new Map([["x", unit("x", "20260101000000-7-0123abcd")]]);
    const published = { pointerEtag: "p", coverageEtag: "c", run: "r1", snapshot: 7, units };
    const line = { run: "r1" } as Manifest["closed"][number];
    assert.equal(ofAggregate(published, { open: [], closed: [line] }), published);
    const foreign = ofAggregate(published, { open: [], closed: [{ ...line, run: "r2" }] });
    assert.deepEqual(foreign, { ...published, run: null, snapshot: null, units: new Map() });
  });

  it("counts for nothing when the aggregate was of another lineage then", () => {
    const units = new Map([["", unit("", "f-7-0123abcd")]]);
    const published = { pointerEtag: "p", coverageEtag: "c", run: "r1", snapshot: 7, units };
    const manifest = { open: [], closed: [{ run: "r1" } as Manifest["closed"][number]] };
    assert.equal(ofAggregate(published, { ...manifest, lineageSince: 7 }), published);
    const before = ofAggregate(published, { ...manifest, lineageSince: 8 });
    assert.deepEqual([before.run, before.snapshot, before.units.size, before.pointerEtag], [null, null, 0, "p"]);
  });

  it("has its number at the end of a folder's name", () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: "grapheme" }), (number, label) => {
        assert.equal(folderNumber(`20260101000000-${label}-${number}-0123abcd`), number);
      }),
    );
    for (const folder of ["", "latest", "12-0123abc", "x-0123abcd"]) assert.equal(folderNumber(folder), null, folder);
  });

  it("is pointed to by label, in byte order, or by the one folder and what it is of", () => {
    const manifest = (publishBy: number): Manifest => ({ aggregate, renderer: { publishBy } }) as unknown as Manifest;
    const bytes = encodePointer(
      manifest(1),
      new Map([
        ["b", unit("b", "fb")],
        ["a", unit("a", "fa")],
      ]),
    );
    assert.equal(Buffer.from(bytes).toString(), '{\n "a": "fa",\n "b": "fb"\n}\n');
    const one = encodePointer(manifest(0), new Map([["", unit("", "f-12-0123abcd")]]));
    assert.deepEqual(JSON.parse(Buffer.from(one).toString()), {
      format: 1,
      aggregate,
      snapshot: 12,
      folder: "f-12-0123abcd",
    });
  });

  it("is stamped in UTC", () => {
    assert.equal(stampOf(Date.UTC(2026, 0, 2, 3, 4, 5, 678)), "20260102030405");
  });
});
