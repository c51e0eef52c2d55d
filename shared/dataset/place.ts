/**
 * Places: where a dataset's blocks lie. `file:/absolute/folder` or `s3://bucket/prefix`, as text; nothing is looked up here,
 * so two names of one folder (a symbolic link) are two places.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { parseS3Place } from "../aws/keys.ts";
import { SpotfoldError } from "../errors.ts";
import { isId } from "../names.ts";
import { compileLayout } from "./layout.ts";
import { telemetryName } from "./layout-telemetry.ts";
import type { DatasetSpec } from "./types.ts";

/** Room for `-` and eight hex digits in a name of 63 characters. */
const stemCharsMax = 54;

/** Whether the text of `--data` is a place (it has a `/`, a `.`, so a `://` as well) rather than the name of a configured dataset. */
export function isPlace(text: string): boolean {
  return text.includes("/") || text.includes(".");
}

/**
 * One spelling for one place: absolute, no `/` at the end. `folder` is the one that relative paths belong to. Throws `usage`,
 * and `store-unfit` for buckets that cannot be used.
 */
export function normalisePlace(text: string, folder: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return `file:${resolve(folder, text)}`;
  if (scheme === "file") return `file:${resolve(folder, text.slice("file:".length).replace(/^\/{2,}/, "/") || ".")}`;
  if (scheme === "s3") return parseS3Place(text).name;
  throw new SpotfoldError("usage", `${JSON.stringify(text)} is no place: its scheme is not known.`, {
    hint: "Give a folder, such as ./logs or file:/data/logs, or s3://bucket/prefix; a folder with a colon in its name as ./name.",
  });
}

/**
 * As `normalisePlace`, for what we write to. Prefixes there are ours to choose: an empty one, `.` and `..` are slips, and S3
 * would take them for names, so that `s3://b/x/../y` were another store than `s3://b/y`. A dataset's may be so. Throws `usage`.
 */
export function normaliseStorePlace(text: string, folder: string): string {
  const place = normalisePlace(text, folder);
  const prefix = /^s3:\/\/[^/]+\/(.*)$/s.exec(place)?.[1];
  const slip = prefix?.split("/").find((segment) => ["", ".", ".."].includes(segment));
  if (slip === undefined) return place;
  const what = slip === "" ? "two slashes in a row" : `the segment ${slip}, which S3 takes for a name`;
  throw new SpotfoldError("usage", `${JSON.stringify(text)} has ${what}.`, { hint: "Write s3://BUCKET/PREFIX." });
}

/**
 * A dataset that nobody configured: named `<last component>-<8 hex of the place's SHA-256>`, so the same place is the same
 * dataset everywhere. The layout is `telemetry` unless given; records are `telemetry` for that layout, else `ndjson`.
 */
export function datasetFromPlace(text: string, folder: string, layout?: string, records?: string): DatasetSpec {
  const place = normalisePlace(text, folder);
  const layoutName = compileLayout(layout ?? telemetryName).name;
  const hash = createHash("sha256").update(place).digest("hex").slice(0, 8);
  const stem = place
    .slice(place.lastIndexOf("/") + 1)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, stemCharsMax)
    .replaceAll(/^-+|-+$/g, "");
  return {
    name: `${stem === "" ? "data" : stem}-${hash}`,
    place,
    layout: layoutName,
    records: records ?? (layoutName === telemetryName ? "telemetry" : "ndjson"),
  };
}

/** Whether a block could lie in both: one place is the other, or is above it. Both normalised. */
export function placesOverlap(a: string, b: string): boolean {
  const [x, y] = [`${a.replace(/\/+$/, "")}/`, `${b.replace(/\/+$/, "")}/`];
  return x.startsWith(y) || y.startsWith(x);
}

/**
 * Refuses datasets that would feed one block into an aggregate twice: their places overlap, or two of one name lie in
 * different places. Throws `invalid-config`, naming both.
 */
export function checkDatasets(datasets: readonly DatasetSpec[]): void {
  for (const [index, dataset] of datasets.entries()) {
    if (!isId(dataset.name)) {
      throw new SpotfoldError("invalid-config", `${JSON.stringify(dataset.name)} is no name for a dataset.`, {
        hint: "Use 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit.",
      });
    }
    compileLayout(dataset.layout);
    for (const other of datasets.slice(0, index)) {
      if (other.name === dataset.name) {
        throw new SpotfoldError("invalid-config", `The dataset ${dataset.name} is there twice.`, {
          hint: "Give each dataset a name of its own: blocks are known by it.",
          context: { places: [other.place, dataset.place] },
        });
      }
      if (!placesOverlap(other.place, dataset.place)) continue;
      throw new SpotfoldError(
        "invalid-config",
        `The datasets ${other.name} and ${dataset.name} overlap: ${other.place} and ${dataset.place} hold the same blocks.`,
        {
          hint: "Keep one of them, or let each have a folder of its own: a block that two datasets name would be counted twice.",
          context: { datasets: [other.name, dataset.name] },
        },
      );
    }
  }
}
