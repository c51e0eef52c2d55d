/** `spotfold bundles`, and `submit` of what it lists: without the source, with the side files of a run, planned before it is stored. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundles } from "../../../cli/commands/bundles.ts";
import { submit, type SubmitOptions } from "../../../cli/commands/submit.ts";
import type { BundleLine } from "../../../cli/submit/bundle-list.ts";
import type { RunPlan } from "../../../dashboard/status/action-document.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { runKey } from "../../../shared/names.ts";
import { readAll } from "../../../shared/read-all.ts";
import type { RunSpec } from "../../../shared/formats/run.ts";
import { tempDir } from "../../support/temp.ts";
import { capturedIo } from "../captured-io.ts";
import { gzipped, layout, moduleText, writeLog } from "../retry/missing-logs.ts";

describe("bundles in the store", function storedSuite() {
  this.timeout(60_000);

  let folder: string;

  beforeEach(() => {
    folder = tempDir("stored-code");
    for (const day of ["01", "02"]) writeLog(folder, `dt=2026-01-${day}/a.json.gz`, gzipped({ name: "x", n: 1 }));
    writeFileSync(join(folder, "sums.ts"), moduleText);
    writeFileSync(join(folder, "Histograms.json"), "{}");
  });

  const call = async (
    analysis: string,
    options: SubmitOptions,
  ): Promise<{ code: number; out: string; err: string }> => {
    const captured = capturedIo(folder);
    const code = await submit(analysis, { data: "./logs", layout, json: true, ...options }, captured.io);
    return { code, out: captured.out(), err: captured.err() };
  };
  const stored = async (analysis: string, options: SubmitOptions): Promise<RunSpec> => {
    const { code, out, err } = await call(analysis, options);
    assert.equal(code, 0, err);
    const { run } = JSON.parse(out) as { run: string };
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"), {});
    const blob = await readAll(store, runKey(run));
    await store.close();
    return JSON.parse(Buffer.from(blob?.bytes ?? []).toString()) as RunSpec;
  };
  const listed = async (): Promise<readonly BundleLine[]> => {
    const captured = capturedIo(folder);
    assert.equal(await bundles({ json: true }, captured.io), 0);
    return (JSON.parse(captured.out()) as { bundles: BundleLine[] }).bundles;
  };

  it("are listed by their last use, and submitted again without their source", async () => {
    const first = await stored("sums.ts", { into: "sums" });
    await stored("counts", { by: "$.name", into: "counts" });
    rmSync(join(folder, "sums.ts"));
    const lines = await listed();
    assert.deepEqual(
      lines.map(({ analysis, params, aggregates, runs }) => ({ analysis, params, aggregates, runs })),
      [
        { analysis: "counts", params: { by: "$.name" }, aggregates: ["counts"], runs: 1 },
        { analysis: "sums", params: {}, aggregates: ["sums"], runs: 1 },
      ],
    );
    const text = capturedIo(folder);
    assert.equal(await bundles({}, text.io), 0);
    assert.match(text.out(), new RegExp(`^bundle:${first.bundle.slice(0, 12)} {2}sums, by name$`, "m"));
    const again = await stored(`bundle:${first.bundle.slice(0, 12)}`, { into: "again", where: ["date=20260102"] });
    assert.equal(again.bundle, first.bundle);
    assert.deepEqual(again.analysis, first.analysis);
    assert.deepEqual((await listed()).find(({ analysis }) => analysis === "sums")?.aggregates.toSorted(), [
      "again",
      "sums",
    ]);
  });

  it("take the side files of a run that is there", async () => {
    writeFileSync(
      join(folder, "sums.ts"),
      moduleText.replace('name: "sums",', 'name: "sums", inputs: ["definitions"],'),
    );
    const first = await stored("sums.ts", { into: "one", definitions: "Histograms.json" });
    assert.equal(first.inputs.length, 1);
    rmSync(join(folder, "Histograms.json"));
    const again = await stored(`bundle:${first.bundle}`, { into: "two", inputsOf: first.run });
    assert.deepEqual(again.inputs, first.inputs);
    const [line] = await listed();
    assert.deepEqual(line?.inputs, ["definitions/Histograms.json"]);
    // Before the place is looked at, which is not there.
    const both = await call("sums.ts", { data: "./none", definitions: "Histograms.json", inputsOf: first.run });
    assert.match(both.out, /--definitions and --inputs-of both say which side files/);
    assert.match((await call("sums.ts", { inputsOf: "nothing" })).out, /there is no run nothing/);
    assert.match((await call("sums.ts", { inputsOf: "../x" })).out, /is no run/);
  });

  it("are refused in words when they are not there", async () => {
    const digits = await call("bundle:xyz", {});
    assert.match(digits.out, /bundle:xyz.* is no bundle: 8 or more/, "although there is no store");
    await stored("sums.ts", { into: "sums" });
    for (const [name, words] of [
      ["bundle:00000000", /there is no bundle 00000000 in/],
      ["bundle:abc", /8 or more hex digits of its SHA-256 are expected/],
      ["bundle:../../../../etc/passwd", /is no bundle/],
      ["bundle:", /is no bundle/],
    ] as const) {
      const { code, out } = await call(name, {});
      assert.equal(code, 2);
      assert.match(out, words);
    }
  });

  it("are planned before they are stored: blocks, bytes, jobs, and what is left out", async () => {
    const planOf = async (options: SubmitOptions): Promise<RunPlan> => {
      const { code, out, err } = await call("sums.ts", { into: "sums", plan: true, ...options });
      assert.equal(code, 0, err);
      return (JSON.parse(out) as { plan: RunPlan }).plan;
    };
    const all = await planOf({});
    assert.deepEqual([all.blocks, all.jobs, all.leftOut, all.retry], [2, 2, [], null]);
    assert.ok(all.bytes > 0);
    assert.deepEqual((await planOf({ where: ["date=20260101"] })).where, ["date=20260101"]);
    assert.equal(existsSync(join(folder, ".spotfold/store")), false, "no store is made");
    const waits = await call("sums.ts", { plan: true, wait: true });
    assert.deepEqual([waits.code, /--plan stores nothing that --wait could wait for/.test(waits.out)], [2, true]);
    const { out } = await call("sums.ts", { into: "sums", plan: true, json: false });
    assert.match(
      out,
      /^sums \(bundle [0-9a-f]{12}\) over logs-[0-9a-f]{8}, .*\/logs, into sums\n {2}2 blocks, .* in 2 jobs\nnothing was stored\n$/,
    );
    assert.deepEqual(readdirSync(folder).includes("site"), false);
  });
});
