/** The analyses that ship, by the names that the command line knows: module specifiers relative to this file. */
export const SHIPPED_ANALYSES: ReadonlyMap<string, string> = new Map([
  ["counts", "./counts/index.ts"],
  ["histograms", "./histograms/index.ts"],
  ["os-distribution", "./os-distribution.ts"],
]);

/** The parameters that each takes, the needed ones first: a schema checks values, and tells no names. */
export const SHIPPED_PARAMS: ReadonlyMap<string, readonly string[]> = new Map([["counts", ["by", "date"]]]);
