/** `runs/<run>/run.json`: one submission, written once by the submitter; and the lineage that an aggregate remembers. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { isId, isSha256, runKey } from "../names.ts";
import { parseIfKnown, parseStored } from "./stored.ts";

export const idSchema = v.pipe(v.string(), v.check(isId, "not a valid name"));
export const sha256Schema = v.pipe(v.string(), v.check(isSha256, "not a SHA-256"));
export const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const allowedSchema = v.union([
  v.literal("*"),
  v.array(v.string()),
  v.strictObject({ min: v.exactOptional(v.string()), max: v.exactOptional(v.string()) }),
]);

/**
 * 2: it has `retry`. A version that does not know that member would leave it out, and admit all that the run selects; so it is
 * to leave such a run alone.
 */
const runFormats = [1, 2] as const;

export const runSchema = v.object({
  format: v.picklist(runFormats),
  run: idSchema,
  aggregate: idSchema,
  /** The submitter's clock, ms: for people. */
  submittedAt: v.number(),
  bundle: sha256Schema,
  analysis: v.object({
    name: idSchema,
    state: v.pipe(v.number(), v.safeInteger()),
    key: v.array(v.string()),
    publishBy: countSchema,
    pointer: v.string(),
  }),
  params: v.unknown(),
  inputs: v.array(v.object({ name: v.string(), sha256: sha256Schema, bytes: countSchema })),
  dataset: v.object({
    name: idSchema,
    place: v.string(),
    layout: v.string(),
    records: v.string(),
    requesterPays: v.exactOptional(v.literal(true)),
    kmsKeyId: v.exactOptional(v.string()),
  }),
  /** Resolved: no relative dates. */
  filter: v.record(v.string(), allowedSchema),
  /** The dimension whose values are the partitions; null: one partition. */
  partitionBy: v.nullable(v.string()),
  /** Admit blocks again whose absence was settled by their content. */
  reprocess: v.boolean(),
  /**
   * Of the selection, only blocks that are missing by one of these reasons when the run is planned. Absent: whatever is free.
   * Texts: a reason that this version does not know is a reason of no block that it knows.
   */
  retry: v.exactOptional(v.array(v.string())),
  /** From admission; stopped while held. */
  deadlineMs: countSchema,
});

export type RunSpec = v.InferOutput<typeof runSchema>;

/** `runs/<run>/run.json`. Throws `invalid-format`, for a newer version's as `UnknownFormat`. */
export function parseRun(run: string, bytes: Uint8Array): RunSpec {
  return parseStored(runKey(run), bytes, runSchema, runFormats);
}

/** The same, and null for what cannot be read. */
export function parseRunIfKnown(run: string, bytes: Uint8Array): RunSpec | null {
  return parseIfKnown(runKey(run), bytes, runSchema, runFormats);
}

/** What must stay the same for two runs to be folded into one aggregate. */
export interface Lineage {
  readonly analysis: string;
  readonly state: number;
  readonly key: readonly string[];
  /** Digest of the parameters. */
  readonly params: string;
  readonly partitionBy: string | null;
  /** Units of publication of another width would never meet. */
  readonly publishBy: number;
}

export function lineageOf(run: RunSpec): Lineage {
  return {
    analysis: run.analysis.name,
    state: run.analysis.state,
    key: run.analysis.key,
    params: digestOf(run.params),
    partitionBy: run.partitionBy,
    publishBy: run.analysis.publishBy,
  };
}

/** The first field in which two lineages differ, for the refusal; null when they are the same. */
export function lineageDifference(
  a: Lineage,
  b: Lineage,
): { field: keyof Lineage; ours: unknown; theirs: unknown } | null {
  for (const field of ["analysis", "state", "key", "params", "partitionBy", "publishBy"] as const) {
    if (JSON.stringify(a[field]) !== JSON.stringify(b[field])) return { field, ours: a[field], theirs: b[field] };
  }
  return null;
}

/** 16 hex digits that stand for a JSON value, whatever the order of its keys. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 16);
}

/** JSON with the keys of every object in code unit order. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => {
      if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    }) ?? "null"
  );
}
