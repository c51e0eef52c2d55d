/** The analyses that ship, by the names that the command line knows: module specifiers relative to this file. */
export const SHIPPED_ANALYSES: ReadonlyMap<string, string> = new Map([
  ["counts", "./counts/index.ts"],
  ["histograms", "./histograms/index.ts"],
  ["os-distribution", "./os-distribution.ts"],
]);
