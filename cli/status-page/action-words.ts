/**
 * What the page may ask for, and the words of the command line that do it. Everything is checked before it becomes a word: ids
 * are ids, names are those that were offered, texts are short and can be seen; and a value is joined to its
 * flag by `=`, so that none can be taken for a flag.
 */
import * as v from "valibot";
import { SHIPPED_ANALYSES } from "../../jobs/shipped.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { missingReasonSchema } from "../../shared/formats/resolution.ts";
import { idSchema } from "../../shared/formats/run.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import type { Choices } from "./choices.ts";

/** Of one text: what a person types into a field. */
const textCharsMax = 4_000;
const nameCharsMax = 100;
/** Of parts of a filter, and of parameters. */
const partsMax = 40;

/** Neither control characters nor others that nobody sees: what is shown is to be what is done. */
const printable = v.regex(/^\P{C}*$/u, "characters that cannot be seen");
const textSchema = v.pipe(v.string(), v.maxLength(textCharsMax, `longer than ${textCharsMax} characters`), printable);
const paramNameSchema = v.pipe(v.string(), v.maxLength(nameCharsMax), v.regex(/^[^=\s]+$/), printable);
const dimensionSchema = v.pipe(v.string(), v.maxLength(nameCharsMax), v.regex(/^[^=\s]+$/), printable);
const analysisSchema = v.pipe(
  v.string(),
  v.check(
    (text) => SHIPPED_ANALYSES.has(text) || /^bundle:[0-9a-f]{64}$/.test(text),
    "no analysis that ships or is stored",
  ),
);

export const actionSchema = v.variant("action", [
  v.strictObject({ action: v.literal("cancel"), run: idSchema }),
  v.strictObject({
    action: v.literal("retry"),
    aggregate: idSchema,
    dataset: idSchema,
    reasons: v.pipe(v.array(missingReasonSchema), v.maxLength(partsMax)),
  }),
  v.strictObject({
    action: v.literal("submit"),
    analysis: analysisSchema,
    dataset: idSchema,
    where: v.pipe(v.array(v.strictObject({ dimension: dimensionSchema, values: textSchema })), v.maxLength(partsMax)),
    params: v.pipe(v.array(v.strictObject({ name: paramNameSchema, value: textSchema })), v.maxLength(partsMax)),
    inputsOf: v.nullable(idSchema),
    into: v.nullable(idSchema),
    reprocess: v.boolean(),
  }),
]);

export type Action = v.InferOutput<typeof actionSchema>;

/** The words after `spotfold`. Throws `usage` for a dataset or dimension that was not offered. */
export function wordsOf(action: Action, choices: Choices | null): readonly string[] {
  if (action.action === "cancel") return ["cancel", action.run];
  if (action.action === "retry") {
    const { aggregate, dataset, reasons } = action;
    return [
      "retry",
      aggregate,
      `--dataset=${dataset}`,
      ...(reasons.length === 0 ? [] : [`--reason=${reasons.join(",")}`]),
    ];
  }
  const { analysis, dataset, where, params, inputsOf, into, reprocess } = action;
  const named = choices?.datasets.get(dataset);
  if (named === undefined) {
    throw new SpotfoldError("usage", `${dataset} is no dataset that is known here`, {
      hint: "Known are those in the configuration, and those that runs were over.",
    });
  }
  const { dimensions } = compileLayout(named.spec.layout);
  const unknown = where.find(({ dimension }) => !dimensions.includes(dimension));
  if (unknown !== undefined) {
    throw new SpotfoldError("usage", `${dataset} has no dimension ${JSON.stringify(unknown.dimension)}`, {
      hint: `It has ${dimensions.join(", ")}.`,
    });
  }
  return [
    "submit",
    analysis,
    ...named.flags,
    ...where.map(({ dimension, values }) => `--where=${dimension}=${values}`),
    ...params.map(({ name, value }) => `--param=${name}=${value}`),
    ...(inputsOf === null ? [] : [`--inputs-of=${inputsOf}`]),
    ...(into === null ? [] : [`--into=${into}`]),
    ...(reprocess ? ["--reprocess"] : []),
  ];
}
