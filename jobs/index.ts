/** What `import … from "spotfold"` gives. */
export * from "./analysis.ts";
export { collect } from "./collect.ts";
export type { Exact } from "./exact-sum.ts";
export { addExact, nearest } from "./exact-sum.ts";
export { JsonCursor, type JsonKind } from "../shared/records/json-cursor.ts";
export { NO_MEMBER, NameTable, UNKNOWN_NAME, hashOf } from "../shared/records/name-table.ts";
export { PathReader, type Path } from "../shared/records/path-reader.ts";
export { SparseNumbers } from "../shared/records/sparse-numbers.ts";
export { Surprise, surprise } from "../shared/records/surprise.ts";
