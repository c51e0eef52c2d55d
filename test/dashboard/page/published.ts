/** What the pages are tested on: sites of both kinds that the real pipeline published, of a small sample and of access logs. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { smallSample, spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { atEnd } from "../../support/cleanup.ts";
import { hostileName } from "./made-site.ts";

/** Blocks of the sample. */
export const histogramBlocks = 4;

/** Histograms of a sample of pings, below `folder`; gives the published folder. */
export async function publishHistograms(folder: string, blocks = histogramBlocks): Promise<string> {
  const sample = await smallSample(join(folder, "sample"), blocks, blocks / 2);
  const data = ["--data", sample.data, "--definitions", sample.definitions];
  return await published(folder, "histograms", data);
}

/** Requests by date, status and agent; one agent means harm. */
export const accessLog = [
  { date: "2026-01-01", statuses: [200, 200, 404] },
  { date: "2026-01-02", statuses: [200, 500, 200, 200] },
] as const;

/** Counts of plain access logs, below `folder`; gives the published folder. */
export async function publishCounts(folder: string): Promise<string> {
  for (const { date, statuses } of accessLog) {
    const lines = statuses.map((status) => JSON.stringify({ status, agent: status === 404 ? hostileName : "curl" }));
    mkdirSync(join(folder, "logs", `dt=${date}`), { recursive: true });
    writeFileSync(join(folder, "logs", `dt=${date}`, "access.ndjson"), lines.join("\n"));
  }
  const layout = ["--layout", "dt={date:yyyy-MM-dd}/", "--records", "ndjson"];
  return await published(folder, "counts", [
    "--data",
    join(folder, "logs"),
    ...layout,
    "--by",
    "date,$.status,$.agent",
  ]);
}

async function published(folder: string, analysis: string, args: readonly string[]): Promise<string> {
  const out = join(folder, "out");
  const ended = await spotfold(folder, ["run", analysis, ...args, "--out", out]);
  assert.equal(ended.code, 0, ended.stderr);
  return out;
}

/** As `serve` says where it listens. */
const servedAt = /http:\/\/127\.0\.0\.1:\d+\//;

/** The address of a folder that `spotfold serve` shows, until the end of the test. */
export async function served(folder: string): Promise<string> {
  const server = await startSpotfold(folder, ["serve", folder, "--port", "0"]);
  atEnd(async () => await server.stop());
  const [address] = await server.waitFor(servedAt);
  return address;
}
