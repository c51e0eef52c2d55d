/** `spotfold/client`: reads what Spotfold published, in a browser or in Node. docs/formats/site.md says what lies where. */
export { openSite, Site, type BrokenVersion, type SiteOptions } from "./site.ts";
export { Evolution, type DatedDistribution } from "./evolution.ts";
export { Distribution, type Bucket, type Row } from "./distribution.ts";
export type { Coverage, MissingBlock } from "./coverage.ts";
export type { Fetch } from "./files.ts";
export type { Picks } from "./filter-tree.ts";
export type { Measure, MeasureKind } from "./measure.ts";
export type { DateKind, SiteDescription } from "./site-description.ts";
export { SiteFault, type SiteFaultCode } from "./site-fault.ts";
export type { Percentile, Scale } from "./statistics.ts";
