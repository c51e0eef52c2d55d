/** What `import … from "spotfold"` gives. */
export * from "./analysis.ts";
