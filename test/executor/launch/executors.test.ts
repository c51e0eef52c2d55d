import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { bundleAnalysis } from "../../../executor/bundle.ts";
import { ChildExecutors } from "../../../executor/launch/executors.ts";
import { FAN_IN_MAX } from "../../../shared/segment/merge-plan.ts";
import type { BundleRef, SegmentSlice } from "../../../executor/types.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { encodeKey } from "../../../shared/segment/key.ts";
import { sortTexts } from "../../../shared/segment/order.ts";
import { syncFileSource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { keyOf, valueOf } from "../../../shared/segment/entry.ts";
import { SegmentWriter } from "../../../shared/segment/writer.ts";
import { setting } from "./setting.ts";
import type { Setting } from "./setting.ts";

const limits = { heapBytesMax: 256 * 2 ** 20, rssBytesMax: 400 * 2 ** 20, stallMs: 10_000 };

const source = `export default { name: "sums", key: ["os", "version"], merge(a, b, key) {
    if (key[0] === "bad") throw new Error("no merge of bad");
    if (key.length !== 2) throw new Error("the partition showed");
    return a + b;
  },
  map() {}, finish: (key, value) => value * 10 };`;

const publishing = source.replace(
  "map() {},",
  `map() {}, publish: { by: 1, pointer: "latest.json",
    label: (unit) => unit.key.join("/"),
    folder: (unit, stamp, suffix) => stamp + "-" + unit.key[0] + "-" + suffix,
    render(unit, entries, site) {
      let lines = "";
      for (const [key, value] of entries) { if (value === 13) throw new Error("unlucky"); lines += key.join(" ") + " " + value + ";"; }
      site.write("all.txt", lines);
      site.write("a-count.txt", String(lines.length));
      site.note("lines", lines.length);
      if (unit.key[0] === "escape") site.write("../escape", "");
      if (unit.key[0] === "pointer") site.write("latest.json", "");
    } },`,
);

interface Bench extends Setting {
  readonly executors: ChildExecutors;
  /** A segment file of `[partition, os, version] -> value`, and its slices. */
  segment(name: string, entries: readonly (readonly [string, string, string, number])[]): Promise<SegmentSlice[]>;
}

function bench(): Bench {
  const s = setting();
  return {
    ...s,
    executors: new ChildExecutors({ scratch: s.scratch, limits }),
    async segment(name, entries) {
      const parts: Uint8Array[] = [];
      const writer = new SegmentWriter((bytes) => void parts.push(bytes), { columns: 3 });
      const texts = new Map(
        entries.map(([partition, os, version, value]) => [encodeKey([partition, os, version]), String(value)]),
      );
      for (const key of sortTexts(texts.keys())) writer.addText(key, texts.get(key) ?? "");
      writer.finish();
      const bytes = Buffer.concat(parts);
      const store = await FolderBlobStore.open(s.folder, { foreign: true });
      writeFileSync(join(s.folder, name), bytes);
      const partitions = [...new Set(entries.map(([partition]) => partition))];
      return partitions.map((partition) => ({ store, key: name, size: bytes.length, partition }));
    },
  };
}

const task = (bundle: BundleRef, slices: readonly SegmentSlice[]) => ({ bundle, columns: 2, publishBy: 1, slices });

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
}

describe("executors", function executors() {
  this.timeout(30_000);

  it("merge slices, whole keys with their partitions, and say what is in them", async () => {
    const b = bench();
    const slices = [
      ...(await b.segment("one", [
        ["p1", "WINNT", "6.1", 1],
        ["p2", "Linux", "3", 2],
      ])),
      ...(await b.segment("two", [
        ["p1", "WINNT", "6.1", 5],
        ["p1", "Darwin", "9", 7],
      ])),
    ];
    const merged = await b.executors.merge(task(b.bundle(source), slices));
    const source_ = syncFileSource(merged.path);
    const cursor = SyncSegmentReader.open(source_).cursor();
    const entries: string[] = [];
    while (cursor.next())
      entries.push(`${Buffer.from(keyOf(cursor)).toString()}=${Buffer.from(valueOf(cursor)).toString()}`);
    source_.close();
    assert.deepEqual(entries, ["p1\tDarwin\t9=7", "p1\tWINNT\t6.1=6", "p2\tLinux\t3=2"]);
    assert.deepEqual(
      [merged.partitions, merged.units, merged.entries],
      [["p1", "p2"], ["Darwin", "Linux", "WINNT"], 3],
    );
    await merged.release();
    assert.deepEqual(readdirSync(b.scratch), []);
  });

  it("say of a check that stalls how long, where, and what may be behind it", async () => {
    const b = bench();
    const block = b.block("a.ndjson", "1\n");
    const bundle = b.bundle(
      'export default { name: "loops", key: ["k"], merge: (a, b) => a + b, map() { for (;;); } };',
    );
    const executors = new ChildExecutors({ scratch: b.scratch, limits: { ...limits, stallMs: 1_500 } });
    const sample = { records: "ndjson", block, lent: { kind: "path", path: join(b.folder, block.key) } } as const;
    await assert.rejects(executors.check({ bundle, sample }), {
      code: "analysis-failed",
      message: "the analysis showed no progress for 1.5 s in the first records of a.ndjson",
      hint: /endless loop[^]*timing\.stallMs/,
    });
  });

  it("merge only the slices that they are given", async () => {
    const b = bench();
    const [, second] = await b.segment("one", [
      ["p1", "a", "1", 1],
      ["p2", "b", "2", 2],
    ]);
    assert.ok(second !== undefined);
    const merged = await b.executors.merge(task(b.bundle(source), [second]));
    assert.deepEqual([merged.partitions, merged.entries], [["p2"], 1]);
    const none = await b.executors.merge(task(b.bundle(source), []));
    assert.deepEqual([none.entries, none.partitions, existsSync(none.path)], [0, [], true]);
  });

  it("merge more slices than may be open at a time", async () => {
    const b = bench();
    const slices: SegmentSlice[] = [];
    for (let i = 0; i <= FAN_IN_MAX; i++)
      slices.push(
        ...(await b.segment(`one${i}`, [
          ["p1", "a", "1", i],
          ["p1", `k${i}`, "1", 1],
        ])),
      );
    const merged = await b.executors.merge(task(b.bundle(source), slices));
    assert.equal(merged.entries, slices.length + 1);
    const file = syncFileSource(merged.path);
    const sum = SyncSegmentReader.open(file).get(Buffer.from("p1\ta\t1"));
    assert.equal(Buffer.from(sum ?? []).toString(), String((FAN_IN_MAX * (FAN_IN_MAX + 1)) / 2));
    file.close();
    await merged.release();
    assert.deepEqual(readdirSync(b.scratch), []);
    assert.equal(readdirSync(b.folder).filter((name) => name.startsWith("one")).length, slices.length);
  });

  it("name the key that merge threw at, and leave nothing behind", async () => {
    const b = bench();
    const slices = [
      ...(await b.segment("one", [["p1", "bad", "1", 1]])),
      ...(await b.segment("two", [["p1", "bad", "1", 1]])),
    ];
    await assert.rejects(b.executors.merge(task(b.bundle(source), slices)), (error: Error & { code?: string }) => {
      assert.equal(error.code, "analysis-failed");
      assert.match(error.message, /"p1\\tbad\\t1".*no merge of bad/);
      return true;
    });
    assert.deepEqual(readdirSync(b.scratch), []);
  });

  it("render one unit across partitions, in key order, without the partition", async () => {
    const b = bench();
    const slices = [
      ...(await b.segment("one", [
        ["p1", "WINNT", "6.2", 1],
        ["p2", "Linux", "3", 2],
      ])),
      ...(await b.segment("two", [
        ["p2", "WINNT", "6.1", 5],
        ["p2", "WINNT", "6.2", 3],
        ["p2", "WINNTX", "1", 1],
      ])),
    ];
    const answer = await b.executors.render({
      ...task(b.bundle(publishing), slices),
      units: ["WINNT", "Linux", "none"].map((unit, i) => ({ unit: [unit], suffix: `${7 + i}-aabbccdd` })),
      stamp: "20260101000000",
    });
    // Their names are in another order than they were written in.
    const texts = await Promise.all(
      answer.units.map(
        async ({ files }) =>
          await Promise.all(
            files.map(async (file) => [file.name, Buffer.from((await file.read()) as Uint8Array).toString()]),
          ),
      ),
    );
    assert.deepEqual(
      texts.map((files) => Object.fromEntries(files)),
      [
        { "all.txt": "WINNT 6.1 5;WINNT 6.2 4;", "a-count.txt": "24" },
        { "all.txt": "Linux 3 2;", "a-count.txt": "10" },
        { "all.txt": "", "a-count.txt": "0" },
      ],
    );
    assert.deepEqual(
      answer.units.map(({ folder }) => folder),
      ["20260101000000-WINNT-7-aabbccdd", "20260101000000-Linux-8-aabbccdd", "20260101000000-none-9-aabbccdd"],
    );
    const [rendered] = answer.units;
    if (rendered === undefined) assert.fail("nothing was rendered");
    assert.deepEqual(
      [rendered.label, rendered.folder, rendered.entries, rendered.notes],
      ["WINNT", "20260101000000-WINNT-7-aabbccdd", 2, { lines: 24 }],
    );
    assert.deepEqual(
      rendered.files.map(({ name, bytes }) => [name, bytes]),
      [
        ["a-count.txt", 2],
        ["all.txt", 24],
      ],
    );
    await answer.release();
    assert.deepEqual(readdirSync(b.scratch), []);
  });

  it("refuse file names that leave the folder or are the pointer's, and name the key when render throws", async () => {
    const b = bench();
    const slices = await b.segment("one", [
      ["p1", "escape", "1", 1],
      ["p1", "pointer", "1", 1],
      ["p1", "throws", "1", 13],
    ]);
    const render = (unit: string) =>
      b.executors.render({
        ...task(b.bundle(publishing), slices),
        units: [{ unit: [unit], suffix: "7-aabbccdd" }],
        stamp: "20260101000000",
      });
    await assert.rejects(render("escape"), { code: "analysis-failed", message: /plain file name/ });
    await assert.rejects(render("pointer"), { code: "analysis-failed", message: /written by the publisher/ });
    await assert.rejects(render("throws"), { code: "analysis-failed", message: /"throws\\t1".*unlucky/ });
    assert.deepEqual(readdirSync(b.scratch), []);
  });

  it("publish results.ndjson for an analysis that says nothing of publishing", async () => {
    const b = bench();
    const slices = await b.segment("one", [
      ["p1", "WINNT", "6.2", 1],
      ["p2", "WINNT", "6.2", 2],
    ]);
    const answer = await b.executors.render({
      ...task(b.bundle(source), slices),
      publishBy: 0,
      units: [{ unit: [], suffix: "7-aabbccdd" }],
      stamp: "20260101000000",
    });
    const [rendered] = answer.units;
    assert.deepEqual(
      [rendered?.folder, rendered?.files.map(({ name }) => name)],
      ["20260101000000-7-aabbccdd", ["results.ndjson"]],
    );
    const text = Buffer.from((await rendered?.files[0]?.read()) as Uint8Array).toString();
    assert.equal(text, '{"key": ["WINNT","6.2"], "value": 30}\n');
    await answer.release();
  });

  it("stream results in key order, finished, as ndjson and CSV", async () => {
    const b = bench();
    const slices = [
      ...(await b.segment("one", [
        ["p1", 'a "quoted", one', "1", 1],
        ["p2", "b", "2", 2],
      ])),
      ...(await b.segment("two", [["p1", "b", "2", 3]])),
    ];
    const results = (format: "ndjson" | "csv", prefix: readonly string[] = []) =>
      textOf(b.executors.results({ ...task(b.bundle(source), slices), format, prefix }));
    assert.equal(
      await results("ndjson"),
      '{"key": ["a \\"quoted\\", one","1"], "value": 10}\n{"key": ["b","2"], "value": 50}\n',
    );
    assert.equal(await results("csv"), 'os,version,value\n"a ""quoted"", one",1,10\nb,2,50\n');
    assert.equal(await results("csv", ["b"]), "os,version,value\nb,2,50\n");
    assert.deepEqual(readdirSync(b.scratch), []);
  });

  it("stop when nobody wants more results", async () => {
    const b = bench();
    const slices = await b.segment(
      "one",
      Array.from({ length: 200_000 }, (_, i) => ["p1", `k${i}`, "1", i] as const),
    );
    for await (const chunk of b.executors.results({ ...task(b.bundle(source), slices), format: "csv", prefix: [] })) {
      assert.ok(chunk.length > 0);
      break;
    }
    assert.deepEqual(readdirSync(b.scratch), []);
  });

  it("describe a bundle, its parameters checked", async () => {
    const b = bench();
    const withParams = `export default { name: "p", key: (params) => params.by, map() {}, merge: (a) => a, inputs: ["definitions"],
      params: { "~standard": { version: 1, vendor: "test", validate: (value) => Array.isArray(value.by) ? { value } : { issues: [{ message: "must be a list", path: ["by"] }] } } } };`;
    const bundle = b.bundle(withParams);
    const described = await b.executors.describe({ ...bundle, params: { by: ["x", "$.info.OS"] } });
    assert.deepEqual(described, {
      name: "p",
      state: 1,
      key: ["x", "$.info.OS"],
      inputs: ["definitions"],
      publishBy: 0,
      pointer: "latest.json",
      params: { by: ["x", "$.info.OS"] },
    });
    await assert.rejects(b.executors.describe(bundle), { code: "usage", message: /by: must be a list/ });
    await assert.rejects(b.executors.describe(b.bundle("export default { name: 'x' }")), {
      code: "invalid-bundle",
      message: /`key`/,
    });
  });

  it("map the first records of a block, and name the author's file and line", async () => {
    const b = bench();
    const file = join(b.folder, "analysis.ts");
    writeFileSync(
      file,
      `import { defineAnalysis } from "spotfold";\ninterface Info { OS: string }\n\nexport default defineAnalysis<number>({\n  name: "throws",\n  key: ["os"],\n  map(record, emit) {\n    const { info } = record.json() as { info: Info };\n    emit([info.OS.toUpperCase()], 1);\n  },\n  merge: (a, b) => a + b,\n});\n`,
    );
    const { bytes } = await bundleAnalysis(file);
    const bundle = b.bundle(Buffer.from(bytes).toString());
    const block = b.block("a.zst", '{"info":{"OS":"x"}}\n{"info":{}}\n');
    const lent = { kind: "path", path: join(b.folder, "a.zst") } as const;
    const result = await b.executors.check({ bundle, sample: { records: "ndjson", block, lent } });
    assert.deepEqual([result.description.name, result.unread, result.mapped?.records], ["throws", null, 2]);
    assert.deepEqual(result.mapped?.rejected, { "map-threw": 1 });
    assert.match(result.mapped?.firstRejection ?? "", /TypeError: .* \(at \S+ \(analysis\.ts:9:\d+\)\)$/);
    const unread = await b.executors.check({
      bundle,
      sample: { records: "ndjson", block: { ...block, size: 1 }, lent },
    });
    assert.deepEqual([unread.mapped, unread.unread?.cause], [null, "replaced"]);
  });
});
