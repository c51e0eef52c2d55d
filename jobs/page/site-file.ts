/** `site.json`: by what the page can show a unit, and its measures (docs/formats/site.md). */
import type { Site } from "../analysis.ts";

export interface PageMeasure {
  readonly kind: "exponential" | "linear" | "enumerated" | "boolean" | "flag" | "count" | "counter" | "unknown";
  readonly description?: string;
  /** Lower bounds of the buckets, ascending. None of a counter. */
  readonly bounds?: readonly number[];
}

export interface PageDescription {
  readonly title: string;
  /** What the parts of a unit's label are called. */
  readonly unit: readonly string[];
  readonly dimensions: readonly string[];
  readonly dates: readonly { readonly name: string; readonly title: string }[];
  /** What one submission is called, in the plural. */
  readonly submissions: string;
  readonly measures: ReadonlyMap<string, PageMeasure>;
}

/** Members are written as text: any name is right then, and their order is that of the map. */
export function writeSiteFile(site: Site, { measures, ...description }: PageDescription): void {
  const head = JSON.stringify({ format: 1, ...description });
  const members = [...measures].map(([name, measure]) => `${JSON.stringify(name)}:${JSON.stringify(measure)}`);
  site.write("site.json", `${head.slice(0, -1)},"measures":{${members.join(",")}}}`);
}
