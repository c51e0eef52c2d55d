/** What is published now: the pointer and coverage.json, as the next publication needs them. */
import * as v from "valibot";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { UnknownFormat } from "../../shared/formats/stored.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import { readAll } from "../../shared/read-all.ts";

export interface PublishedUnit {
  /** Encoded key columns. */
  readonly unit: string;
  readonly label: string;
  readonly folder: string;
  readonly notes: Readonly<Record<string, unknown>>;
}

export interface Published {
  readonly pointerEtag: string | null;
  readonly coverageEtag: string | null;
  /** The run that coverage.json was published for; null when there is none. */
  readonly run: string | null;
  /** Number of the snapshot that coverage.json tells of; null when there is none. */
  readonly snapshot: number | null;
  /** Units that pointer and coverage.json agree on, by encoded key. */
  readonly units: ReadonlyMap<string, PublishedUnit>;
}

const coverageSchema = v.object({
  format: v.literal(1),
  pointer: v.string(),
  run: v.string(),
  snapshot: v.number(),
  units: v.record(
    v.string(),
    v.object({ key: v.string(), folder: v.string(), notes: v.record(v.string(), v.unknown()) }),
  ),
});

/** What a newer version published, as far as any version can tell. */
const newerSchema = v.object({
  format: v.pipe(v.number(), v.minValue(2)),
  aggregate: v.string(),
  snapshot: v.number(),
});

const noUnits: ReadonlyMap<string, PublishedUnit> = new Map();

/**
 * Reads both, etags first: a head that is read afterwards is at least as new as what they show. A file that is not ours, or
 * not whole, counts as not there: everything is published again. Throws `UnknownFormat` for what a newer version published:
 * in its place the two would put each other's files for ever.
 */
export async function readPublished(web: BlobStore, prefix: string, pointerName: string): Promise<Published> {
  const pointer = await readAll(web, prefix + pointerName);
  const coverage = await readAll(web, `${prefix}coverage.json`);
  const etags = { pointerEtag: pointer?.etag ?? null, coverageEtag: coverage?.etag ?? null };
  const content = coverage === null ? null : parseJson(coverage.bytes);
  const newer = v.safeParse(newerSchema, content);
  if (newer.success) throw new UnknownFormat(`${web.name}: ${prefix}coverage.json`, newer.output.format);
  const parsed = v.safeParse(coverageSchema, content);
  const folders = foldersOf(pointer === null ? null : parseJson(pointer.bytes));
  if (!parsed.success || parsed.output.pointer !== pointerName)
    return { ...etags, run: null, snapshot: null, units: noUnits };
  const units = new Map<string, PublishedUnit>();
  for (const [label, { key, folder, notes }] of Object.entries(parsed.output.units)) {
    if (folders.has(folder)) units.set(key, { unit: key, label, folder, notes });
  }
  return { ...etags, run: parsed.output.run, snapshot: parsed.output.snapshot, units };
}

/**
 * What is published, as far as it is of this manifest's aggregate: another one may have used the folder, or one of the same
 * name whose store was deleted since; or this one was of another lineage then, and held nothing. Its numbers mean nothing here, so
 * all is published again. A manifest that was read after `published` knows every run that its aggregate ever had.
 */
export function ofAggregate(
  published: Published,
  { open, closed, lineageSince = 0 }: Pick<Manifest, "open" | "closed" | "lineageSince">,
): Published {
  const isOfLineage = (published.snapshot ?? 0) >= lineageSince;
  if (isOfLineage && [...open, ...closed].some(({ run }) => run === published.run)) return published;
  return { ...published, run: null, snapshot: null, units: noUnits };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  } catch {
    return null;
  }
}

/** A pointer is a map from label to folder, or has one `folder`. */
function foldersOf(pointer: unknown): ReadonlySet<string> {
  if (typeof pointer !== "object" || pointer === null) return new Set();
  return new Set(Object.values(pointer).filter((value) => typeof value === "string"));
}

/** The snapshot that a folder was rendered from: its name ends with `<number>-<8 hex>`. */
export function folderNumber(folder: string): number | null {
  const match = /(\d+)-[0-9a-f]{8}$/.exec(folder);
  return match === null ? null : Number(match[1]);
}

/** The pointer's bytes: label -> folder for an analysis that publishes units, else the one folder and what it is of. */
export function encodePointer(manifest: Manifest, units: ReadonlyMap<string, PublishedUnit>): Uint8Array {
  const only = manifest.renderer.publishBy === 0 ? units.get("") : undefined;
  const content =
    only === undefined
      ? Object.fromEntries(
          [...units.values()]
            .toSorted((a, b) => compareTexts(a.label, b.label))
            .map(({ label, folder }) => [label, folder]),
        )
      : { format: 1, aggregate: manifest.aggregate, snapshot: folderNumber(only.folder), folder: only.folder };
  return Buffer.from(`${JSON.stringify(content, null, 1)}\n`, "utf8");
}
