/**
 * Publishing: a snapshot is rendered to files in the web store, pointers move last. Readers see whole snapshots, and never an
 * older one after a newer one:
 *
 *   pointer and coverage.json read, with etags -> head read -> touched units rendered into fresh folders -> pointer swapped
 *   if unchanged -> coverage.json swapped if unchanged -> on failure begin again
 *
 * The unit of publication is declared by the analysis; the manifest says which snapshot touched it last, and a folder's name
 * ends with the number that it was rendered from, so untouched folders stay.
 */
import pLimit from "p-limit";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { decodeKeyText } from "../../shared/segment/key.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import type { MasterContext } from "../context.ts";
import type { Snapshot } from "../ledger/ledger.ts";
import { describedBy, publishPage } from "./page.ts";
import { describeCoverage } from "./published-coverage.ts";
import {
  encodePointer,
  folderNumber,
  ofAggregate,
  readPublished,
  type Published,
  type PublishedUnit,
} from "./published.ts";

/** Each time another master published meanwhile. */
const publishTriesMax = 100;

/** One renders while another's files are written; each may take an executor's memory. */
const childrenAtOnce = 2;

/** Units of one child: its start is shared by so many, and so many may be on this machine's disk at a time. */
export const unitsPerChildMax = 8;

/** Files written at once. */
const putsAtOnce = 64;

export interface PublishPlace {
  readonly aggregate: string;
  /** Before every key in the web store: `<aggregate>/`, or nothing when the store is the aggregate's own folder. */
  readonly prefix: string;
}

export interface PublishResult {
  readonly published: boolean;
  readonly number: number;
  readonly units: number;
}

/** Publishes the current snapshot, if it is not published already. */
export async function publishPass(context: MasterContext, place: PublishPlace): Promise<PublishResult> {
  for (let tries = 0; tries < publishTriesMax; tries++) {
    // Which file the pointer is, only the ledger knows; the etags are read after this look, and before the one that counts.
    const known = await context.ledger.read(place.aggregate);
    if (known.manifest === null) return { published: false, number: 0, units: 0 };
    const found = await readPublished(context.web, place.prefix, known.manifest.renderer.pointer);
    const base = await context.ledger.read(place.aggregate);
    if (base.manifest === null) return { published: false, number: 0, units: 0 };
    if (base.manifest.renderer.pointer !== known.manifest.renderer.pointer) continue;
    const { number } = base.manifest;
    const published = ofAggregate(found, base.manifest);
    const touched = touchedUnits(base.manifest, published);
    const isThere = published.pointerEtag !== null;
    if (isThere && touched.length === 0 && published.snapshot === number) return { published: false, number, units: 0 };
    const result = await publishSnapshot(context, place, base, published, touched);
    if (result) {
      context.log({ event: "published", aggregate: place.aggregate, number, units: touched.length });
      return { published: true, number, units: touched.length };
    }
  }
  throw new SpotfoldError("internal", `publishing ${place.aggregate} started over ${publishTriesMax} times`);
}

/**
 * Units whose folder is not there, or was rendered before they were touched. Without `publishBy` the whole aggregate is one
 * unit, "", which is published even when no job emitted anything.
 */
function touchedUnits(manifest: Manifest, published: Published): string[] {
  const units = manifest.renderer.publishBy === 0 ? { "": manifest.units[""] ?? 0 } : manifest.units;
  return Object.entries(units)
    .filter(([unit, number]) => {
      const current = published.units.get(unit);
      return current === undefined || (folderNumber(current.folder) ?? -1) < number;
    })
    .map(([unit]) => unit)
    .toSorted(compareTexts);
}

/** False when somebody else published meanwhile. */
async function publishSnapshot(
  context: MasterContext,
  place: PublishPlace,
  base: Snapshot,
  published: Published,
  touched: readonly string[],
): Promise<boolean> {
  const { manifest } = base;
  const { pointer } = manifest.renderer;
  const units = new Map(published.units);
  const limit = pLimit(childrenAtOnce);
  let described = false;
  const publish = async (group: readonly string[]): Promise<void> => {
    for (const { isDescribed, ...unit } of await publishUnits(context, place, base, group)) {
      units.set(unit.unit, unit);
      described ||= isDescribed;
    }
  };
  await allEnded(unitGroups(touched).map(async (group) => await limit(async () => await publish(group))));
  if (described) await publishPage(context, place.prefix);
  // Of an aggregate without units there is an empty pointer: whoever asks learns that nothing is in it, and not that it is
  // unknown. One that names another aggregate's folders goes, also when there is nothing to put in their place.
  const isOurs = published.run !== null && published.pointerEtag !== null;
  if (touched.length > 0 || !isOurs) {
    const bytes = encodePointer(manifest, units);
    const swap = await context.web.swap(place.prefix + pointer, bytes, published.pointerEtag);
    if (!swap.swapped) return false;
  }
  const coverage = await describeCoverage(context.store, base, units);
  const bytes = Buffer.from(`${JSON.stringify(coverage, null, 1)}\n`, "utf8");
  const swap = await context.web.swap(`${place.prefix}coverage.json`, bytes, published.coverageEtag);
  return swap.swapped;
}

/** All have ended before the first failure is told: nothing of this pass goes on behind the next one. */
async function allEnded(work: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(work)) if (end.status === "rejected") throw end.reason;
}

/** Units that one child renders: few enough that both children have something to do. */
export function unitGroups(touched: readonly string[]): string[][] {
  const size = Math.min(unitsPerChildMax, Math.ceil(touched.length / childrenAtOnce));
  const groups: string[][] = [];
  for (let start = 0; start < touched.length; start += size) groups.push(touched.slice(start, start + size));
  return groups;
}

interface RenderedIntoFolder extends PublishedUnit {
  /** The page can show it. */
  readonly isDescribed: boolean;
}

/** Renders units into folders of their own. Nothing names the folders yet. */
async function publishUnits(
  context: MasterContext,
  place: PublishPlace,
  base: Snapshot,
  group: readonly string[],
): Promise<RenderedIntoFolder[]> {
  const { manifest } = base;
  const { renderer } = manifest;
  const slices = manifest.data.flatMap(({ key, bytes, partitions }) =>
    partitions.map((partition) => ({ store: context.store, key, size: bytes, partition })),
  );
  const rendered = await context.executors
    .render({
      bundle: await context.bundleOf(renderer),
      columns: renderer.columns,
      publishBy: renderer.publishBy,
      slices,
      units: group.map((unit) => ({
        unit: unit === "" ? [] : decodeKeyText(unit),
        suffix: `${manifest.number}-${context.random.hex(8)}`,
      })),
      stamp: stampOf(base.storeTime),
    })
    .catch((error: unknown) => {
      context.log({ event: "publish-failed", aggregate: place.aggregate, message: messageOf(error) });
      throw error;
    });
  try {
    const files = rendered.units.flatMap(({ folder, files: own }) => own.map((file) => ({ folder, file })));
    for (let start = 0; start < files.length; start += putsAtOnce) {
      const batch = files.slice(start, start + putsAtOnce);
      await allEnded(
        batch.map(async ({ folder, file }) => {
          await context.web.put(`${place.prefix}${folder}/${file.name}`, await file.read());
        }),
      );
    }
    return rendered.units.map(({ label, folder, notes, files: own }, i) => {
      const isDescribed = own.some(({ name }) => name === describedBy);
      return { unit: group[i] ?? "", label, folder, notes, isDescribed };
    });
  } finally {
    await rendered.release();
  }
}

/** YYYYMMDDHHMMSS in UTC. */
export function stampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:T]|\..*$/g, "");
}
