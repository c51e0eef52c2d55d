/** Puts what the page needs beside really published histograms: the description of the site, that of its measures, and the page. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPage } from "../../../dashboard/build.ts";
import { boundsOf } from "../../../jobs/histograms/bounds.ts";

type Json = Record<string, unknown>;

export const siteDescription = {
  format: 1,
  title: "Telemetry histograms",
  pointer: "versions.json",
  unit: ["channel", "version"],
  dimensions: ["reason", "appName", "OS", "osVersion", "arch"],
  dates: [
    { name: "build-date", title: "Builds" },
    { name: "submission-date", title: "Submission dates" },
  ],
  submissions: "pings",
};

/** `folder`: what `run histograms --out` published into. */
export function completeSite(folder: string): void {
  writeJson(join(folder, "site.json"), siteDescription);
  const versions = readJson(join(folder, "versions.json"));
  for (const unit of Object.values(versions).map(String)) writeMeasures(join(folder, unit));
  for (const { name, bytes } of buildPage("page")) writeFileSync(join(folder, name), bytes);
}

function writeMeasures(folder: string): void {
  const path = join(folder, "measures.json");
  if (existsSync(path)) return;
  const definitions = readJson(join(folder, "histograms.json"));
  const measures = readdirSync(folder)
    .filter((name) => name.endsWith("-by-build-date.json"))
    .map((name) => {
      const measure = name.replace(/-by-build-date\.json$/, "");
      const definition = (definitions[measure] ?? {}) as Json;
      const [row = []] = Object.values(readJson(join(folder, name)) as Record<string, number[][]>).flat();
      const buckets = Math.max(1, row.length - 7);
      const bounds = boundsOf(definition);
      const known = bounds?.length === buckets;
      const numbered = Array.from({ length: buckets }, (_, i) => i);
      const kind = known ? definition["kind"] : "unknown";
      return [measure, { kind, description: definition["description"] ?? "", bounds: known ? bounds : numbered }];
    });
  writeJson(path, { format: 1, measures: Object.fromEntries(measures) as Json });
}

export function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, "utf8")) as Json;
}

export function writeJson(path: string, content: unknown): void {
  writeFileSync(path, JSON.stringify(content));
}
