/** `spotfold bundles`: the analyses that the store has, which `submit bundle:ID` runs again without their source. */
import { openLook } from "../compose/look.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { counted } from "../report/lines.ts";
import { bundlesOf, lastRuns, type BundleLine } from "../submit/bundle-list.ts";
import { bundleDigits } from "../../dashboard/status/plan-words.ts";
import { visibleLine } from "../visible.ts";
import { impatient } from "./status.ts";

export interface BundlesOptions extends StoreOptions {
  readonly json?: boolean;
}

export async function bundles(options: BundlesOptions, io: Io): Promise<number> {
  return await withScope(async (scope) => {
    const { store } = await openLook(impatient(settingsOf(options, io)), scope);
    const lines = bundlesOf(await lastRuns(store));
    const text = lines.length === 0 ? "no bundle was submitted yet\n" : lines.map(textOf).join("");
    await io.out.write(options.json === true ? `${JSON.stringify({ format: 1, bundles: lines })}\n` : text);
    return exitCodes.done;
  });
}

function textOf({ bundle, analysis, key, run, params, inputs, aggregates, runs }: BundleLine): string {
  const given = JSON.stringify(params);
  return (
    `bundle:${bundle.slice(0, bundleDigits)}  ${analysis}, by ${visibleLine(key.join(", "))}\n` +
    `  last in ${run}${given === "{}" ? "" : `, with ${visibleLine(given)}`}` +
    `${inputs.length === 0 ? "" : `, with ${counted(inputs.length, "side file")}`}\n` +
    `  ${counted(runs, "run")}, into ${aggregates.join(", ")}\n`
  );
}
