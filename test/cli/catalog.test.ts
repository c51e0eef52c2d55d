import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  catalogList,
  catalogStatistics,
  catalogSync,
  type CatalogOptions,
  type CatalogSyncOptions,
} from "../../cli/commands/catalog.ts";
import type { Io } from "../../cli/io.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

type Command = (options: CatalogSyncOptions, io: Io) => Promise<number>;

interface Said {
  readonly code: number;
  readonly out: string;
}

async function call(command: Command, folder: string, options: CatalogOptions): Promise<Said> {
  const captured = capturedIo(folder);
  return { code: await command(options, captured.io), out: captured.out() };
}

/** The one object that `--json` prints, on one line. */
async function callJson(command: Command, folder: string, options: CatalogOptions): Promise<unknown> {
  const { code, out } = await call(command, folder, { ...options, json: true });
  assert.equal(code, 0);
  assert.equal(out.indexOf("\n"), out.length - 1);
  return JSON.parse(out) as unknown;
}

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const layout = "{channel}/dt={date:yyyy-MM-dd}/{name}.ndjson";
const at = { data: "./logs", layout };
const logs = {
  "logs/beta/dt=2026-01-01/a.ndjson": "12345",
  "logs/beta/dt=2026-01-02/b.ndjson": "1",
  "logs/nightly/dt=2026-01-01/c.ndjson": "123",
  "logs/README": "",
  "logs/beta/notes.txt": "",
  "logs/beta/old/x/y": "",
  "logs/zzz/z": "",
};

function withLogs(): string {
  const folder = tempDir("catalog");
  put(folder, logs);
  return folder;
}

const keysOf = (json: unknown): unknown =>
  (json as { datasets: { blocks: { key: string; state: string }[] }[] }).datasets.map(({ blocks }) =>
    blocks.map(({ key, state }) => `${state} ${key}`),
  );

describe("spotfold catalog", () => {
  it("sync says how it listed, what is new, and which keys match no layout: how many and three of them", async () => {
    const folder = withLogs();
    const { code, out } = await call(catalogSync, folder, at);
    assert.equal(code, 0);
    assert.match(out, /^logs-[0-9a-f]{8} {2}file:/);
    assert.match(out, /listing +in full/);
    assert.match(out, /3 listed: 3 new/);
    assert.match(out, /4 keys do not match the layout/);
    const shown = out.split("\n").filter((line) => /^ {10,}\S+$/.test(line));
    assert.deepEqual(
      shown.map((line) => line.trim()),
      ["README", "beta/notes.txt", "beta/old/x/y"],
    );
    const json = (await callJson(catalogSync, folder, at)) as { format: number; datasets: Record<string, unknown>[] };
    assert.equal(json.format, 1);
    const [dataset] = json.datasets;
    assert.deepEqual(
      [dataset?.["place"], dataset?.["layout"], dataset?.["records"], dataset?.["selected"]],
      [`file:${folder}/logs`, layout, "ndjson", 3],
    );
    const sync = dataset?.["sync"] as { unmatched: unknown } | undefined;
    assert.deepEqual(sync?.unmatched, {
      keys: 4,
      more: false,
      examples: ["README", "beta/notes.txt", "beta/old/x/y"],
    });
  });

  it("marks what changed and what vanished, and list shows both", async () => {
    const folder = withLogs();
    await call(catalogSync, folder, at);
    rmSync(join(folder, "logs/nightly"), { recursive: true });
    put(folder, { "logs/beta/dt=2026-01-02/b.ndjson": "22" });
    const { out } = await call(catalogSync, folder, at);
    assert.match(out, /0 new, 1 changed, 1 vanished/);
    assert.match(out, /selected +2\n/);
    assert.deepEqual(keysOf(await callJson(catalogList, folder, at)), [
      [
        "present beta/dt=2026-01-01/a.ndjson",
        "vanished nightly/dt=2026-01-01/c.ndjson",
        "changed beta/dt=2026-01-02/b.ndjson",
      ],
    ]);
    const listed = await call(catalogList, folder, at);
    assert.match(listed.out, /5 B {2}present {3}beta\/dt=2026-01-01\/a\.ndjson\n/);
    assert.match(listed.out, /2 blocks, 7 B, and 1 vanished\n$/);
    const { out: stats } = await call(catalogStatistics, folder, at);
    assert.match(stats, /2 blocks, 7 B compressed; 1 of them changed since they were first listed; 1 vanished/);
  });

  it("selects by --where and --last, in list and stats alike", async () => {
    const folder = withLogs();
    await call(catalogSync, folder, at);
    const where = ["channel=beta", "date=20260101..20260101"];
    assert.deepEqual(keysOf(await callJson(catalogList, folder, { ...at, where })), [
      ["present beta/dt=2026-01-01/a.ndjson"],
    ]);
    const json = (await callJson(catalogStatistics, folder, { ...at, where: ["channel=beta"] })) as {
      datasets: { stats: { blocks: number; bytes: number; dimensions: unknown } }[];
    };
    const { stats } = json.datasets[0] ?? assert.fail();
    assert.deepEqual([stats.blocks, stats.bytes], [2, 6]);
    assert.deepEqual((stats.dimensions as Record<string, unknown>)["date"], [
      { value: "20260101", blocks: 1, bytes: 5 },
      { value: "20260102", blocks: 1, bytes: 1 },
    ]);
    await assert.rejects(call(catalogList, folder, { ...at, last: "7 days" }), { code: "invalid-filter" });
  });

  it("says which values come nearest when a filter selects nothing, and which dimensions there are", async () => {
    const folder = withLogs();
    await call(catalogSync, folder, at);
    for (const command of [catalogSync, catalogList, catalogStatistics]) {
      for (const json of [true, false]) {
        const captured = capturedIo(folder);
        const nothing = { ...at, where: ["channel=nightli"], json };
        await assert.rejects(command(nothing, captured.io), {
          code: "nothing-selected",
          message: /channel=nightli; the nearest are nightly, beta/,
        });
        if (json) assert.equal(captured.out(), "", "nothing comes before the error");
      }
      await assert.rejects(call(command, folder, { ...at, where: ["canal=x"] }), (error: Error & { hint?: string }) => {
        assert.match(error.message, /no dimension "canal"/);
        assert.match(error.hint ?? "", /channel, date, name/);
        return true;
      });
    }
  });

  it("is about all configured datasets without --data, about one with its name", async () => {
    const folder = withLogs();
    put(folder, { "more/2026/x.txt": "123" });
    const datasets = { one: { place: "logs", layout }, two: { place: "more", layout: "{year}/", records: "text" } };
    put(folder, { "spotfold.config.json": JSON.stringify({ datasets }) });
    const { out } = await call(catalogSync, folder, {});
    assert.match(out, /^one {2}file:.*\n[^]*\ntwo {2}file:/);
    const json = (await callJson(catalogStatistics, folder, {})) as { datasets: { dataset: string }[] };
    assert.deepEqual(
      json.datasets.map(({ dataset }) => dataset),
      ["one", "two"],
    );
    assert.deepEqual(keysOf(await callJson(catalogList, folder, { data: "two" })), [["present 2026/x.txt"]]);
    await assert.rejects(call(catalogList, folder, { data: "three" }), { code: "usage" });
    await assert.rejects(call(catalogList, folder, { data: "two", layout }), { code: "usage" });
  });

  it("refuses what it cannot be about", async () => {
    const folder = tempDir("catalog");
    await assert.rejects(call(catalogSync, folder, {}), { code: "usage", message: /--data is missing/ });
    await assert.rejects(call(catalogSync, folder, { layout }), { code: "usage" });
    await assert.rejects(call(catalogSync, folder, { data: "./gone" }), { code: "no-such-store" });
    mkdirSync(join(folder, "empty"));
    await assert.rejects(call(catalogSync, folder, { data: "./empty" }), {
      code: "nothing-selected",
      message: /^There is no key at all in file:.*\/empty\.$/,
    });
    writeFileSync(join(folder, "empty/x"), "");
    await assert.rejects(call(catalogSync, folder, { data: "./empty" }), {
      code: "nothing-selected",
      message: /^No block of the dataset empty-/,
    });
    await assert.rejects(call(catalogList, folder, { data: "./never-listed" }), { code: "nothing-selected" });
  });

  it("stops at Ctrl-C with the command that goes on", async () => {
    const folder = withLogs();
    const captured = capturedIo(folder, { words: ["catalog", "sync", "--data", "./my logs"] });
    captured.interrupt();
    assert.equal(await catalogSync(at, captured.io), 130);
    assert.match(captured.err(), /to go on: spotfold catalog sync --data '\.\/my logs'\n$/);
    assert.equal((await call(catalogSync, folder, at)).code, 0);
  });
});
