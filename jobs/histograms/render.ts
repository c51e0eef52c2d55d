/**
 * One channel/version as the files that a client of the original reads:
 *
 *   <MEASURE>-by-build-date.json, <MEASURE>-by-submission-date.json   see measure-files.ts
 *   histograms.json    measure -> definition of the newest build, {} without one
 *   filter-tree.json   what filter ids mean
 *
 * Entries come in key order (see keys.ts), so one measure at a time is in memory. Members are written as text: any name is
 * right then, `__proto__` too, and their order is that of the keys.
 */
import type { Key, Site } from "../analysis.ts";
import type { Definitions } from "./definitions.ts";
import { FilterTree } from "./filter-tree.ts";
import { COUNTERS, NEWEST, PATHS, PINGS, keyParts } from "./keys.ts";
import type { LeftOut } from "./measure-files.ts";
import { MeasureFiles } from "./measure-files.ts";
import { isSimpleMeasure, simpleDefinition, SIMPLE_BOUNDS } from "./simple-measures.ts";
import type { Newest, Value } from "./value.ts";
import { isNewest, isSums } from "./value.ts";

export function renderUnit(entries: Iterable<readonly [Key, Value]>, site: Site, definitions: Definitions): void {
  const tree = new FilterTree();
  const counters: Record<string, number> = {};
  const described: string[] = [];
  const withoutDefinition: string[] = [];
  const leftOut: LeftOut[] = [];
  let files: MeasureFiles | undefined;
  const endMeasure = (): void => {
    files?.write(site);
    leftOut.push(...(files?.leftOut() ?? []));
    files = undefined;
  };
  for (const [key, value] of entries) {
    const parts = keyParts(key);
    if (parts.measure === COUNTERS && typeof value === "number") counters[parts.dateType] = value;
    else if (parts.measure === PATHS) tree.add(parts.path);
    else if (parts.dateType === NEWEST && isNewest(value)) {
      endMeasure();
      files = new MeasureFiles(parts.measure, value.definition, tree);
      const definition = publishedDefinition(parts.measure, value, definitions);
      if (definition === undefined) withoutDefinition.push(parts.measure);
      described.push(`${JSON.stringify(parts.measure)}:${JSON.stringify(definition ?? {})}`);
    } else if (files !== undefined && isSums(value)) files.add(parts, value);
    else throw new Error(`an entry that no ping gives: ${key.join(" ")}`);
  }
  endMeasure();
  site.write("histograms.json", `{${described.join(",")}}`);
  site.write("filter-tree.json", tree.json());
  const { [PINGS]: pings = 0, ...dropped } = counters;
  site.note("pings", pings);
  site.note("dropped", dropped);
  site.note("definitionsLeftOut", leftOut);
  site.note("withoutDefinition", withoutDefinition);
}

/** As its file has it. One that says another number of buckets than the newest build's arrays have does not describe them. */
function publishedDefinition(measure: string, newest: Newest, definitions: Definitions): unknown {
  const definition = definitions.forRevision(newest.revision)?.get(measure);
  if (definition !== undefined) {
    const fits = definition.bounds === undefined || definition.bounds.length === newest.length;
    return fits ? definition.json : undefined;
  }
  const simple = isSimpleMeasure(measure) && newest.length === SIMPLE_BOUNDS.length;
  return simple ? simpleDefinition(measure) : undefined;
}
