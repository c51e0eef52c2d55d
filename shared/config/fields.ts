/**
 * Every setting that a user may make, but `datasets`: its name in the file, its rule, its default. The names of variables and
 * flags follow: `timing.leaseMs` is `SPOTFOLD_TIMING_LEASE_MS` and `--timing-lease-ms`.
 */
import { availableParallelism } from "node:os";
import * as v from "valibot";
import { batchBytesDefault, batchBytesMost } from "../aws/sqs/batches.ts";
import { scaleMax, scaleMin, timingDefaults } from "./timing.ts";

export type FieldValue = string | number;

export interface Field {
  /** Paths and places are made absolute, with the folder that they belong to; text is taken as it is. */
  readonly kind: "path" | "place" | "text" | "number";
  readonly schema: v.GenericSchema<unknown, FieldValue>;
  /** Without one, a setting that nobody makes is absent. */
  readonly default?: FieldValue;
}

const mebibyte = 1_048_576;
/** As many as the largest machines have cores, with room. */
const slotsMax = 1_024;
/** Ten years: a later look at all the data is `--full`. */
const recentDaysMax = 3_650;
const portMax = 65_535;
/** Node itself takes some 40 MiB. */
const executorBytesMin = 64 * mebibyte;
const checkpointBytesMin = 1 * mebibyte;
const limitBytesMax = 1_024 * 1_024 * mebibyte;
/** A year; a time beyond is a slip of the keyboard. */
const timeMsMax = 366 * 24 * 3_600_000;

function text(kind: "path" | "place", fallback: string): Field {
  const schema = v.pipe(
    v.string("must be a string"),
    v.nonEmpty("must not be empty"),
    v.check((value) => !value.includes("\0"), "must not hold a NUL character"),
  );
  return { kind, schema, default: fallback };
}

function number(min: number, max: number, fallback: number, whole = true): Field {
  const rule = `must be a ${whole ? "whole " : ""}number from ${min} to ${max}`;
  const check = v.check((value: number) => value >= min && value <= max && (!whole || Number.isInteger(value)), rule);
  return { kind: "number", schema: v.pipe(v.number(rule), check), default: fallback };
}

/** It travels in a header. Which keys there are, and how they are called, is the server's to say. */
export const kmsKeySchema: v.GenericSchema<unknown, string> = v.pipe(
  v.string("must be a string"),
  v.regex(/^[!-~]{1,2048}$/, "must be the id, the ARN or the alias (alias/NAME) of a key, without spaces"),
);
const kmsKey: Field = { kind: "text", schema: kmsKeySchema };

const times = Object.entries(timingDefaults).map(([name, ms]) => [`timing.${name}`, number(1, timeMsMax, ms)] as const);

export const fields: ReadonlyMap<string, Field> = new Map<string, Field>([
  ["store", text("place", ".spotfold/store")],
  ["queue", text("path", ".spotfold/queue.db")],
  ["catalog", text("path", ".spotfold/catalog.db")],
  ["web", text("place", ".spotfold/web")],
  ["work", text("path", ".spotfold/work")],
  ["storeKmsKeyId", kmsKey],
  ["webKmsKeyId", kmsKey],
  ["slots", number(1, slotsMax, availableParallelism())],
  ["recentDays", number(0, recentDaysMax, 3)],
  ["metricsPort", number(0, portMax, 0)],
  ["queueBatchBytes", number(batchBytesDefault, batchBytesMost, batchBytesDefault)],
  ["limits.executorHeapBytes", number(executorBytesMin, limitBytesMax, 512 * mebibyte)],
  ["limits.executorRssBytes", number(executorBytesMin, limitBytesMax, 1_024 * mebibyte)],
  ["limits.checkpointStateBytes", number(checkpointBytesMin, limitBytesMax, 128 * mebibyte)],
  ["timing.scale", number(scaleMin, scaleMax, 1, false)],
  ...times,
]);

/** Parts of names before a dot. */
export const groups: ReadonlySet<string> = new Set(["limits", "timing"]);

export function variableOf(field: string): string {
  return `SPOTFOLD_${field.replaceAll(".", "_").replaceAll(/[A-Z]/g, "_$&").toUpperCase()}`;
}

export function flagOf(field: string): string {
  return `--${field.replaceAll(".", "-").replaceAll(/[A-Z]/g, "-$&").toLowerCase()}`;
}
