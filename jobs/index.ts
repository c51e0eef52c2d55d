/** What `import … from "spotfold"` gives. */
export * from "./analysis.ts";
export { collect } from "./collect.ts";
export type { Exact } from "./exact-sum.ts";
export { addExact, nearest } from "./exact-sum.ts";
