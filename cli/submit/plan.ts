/**
 * What a run would admit if a master planned it now, as masters plan: blocks, bytes, jobs, and what is left
 * out, why. Nothing is stored. Until a master plans it, other runs may take blocks, and workers may come and go.
 */
import type { LeftOut, RunPlan } from "../../dashboard/status/action-document.ts";
import { bundleDigits, shortened } from "../../dashboard/status/plan-words.ts";
import { planRows, type PlanRowsInput } from "../../master/plan/rows.ts";
import { describeAllowed } from "../../shared/dataset/filter.ts";
import { shownPlace } from "../compose/ports.ts";
import type { Io } from "../io.ts";
import { counted, sizeText } from "../report/lines.ts";
import { visibleLine } from "../visible.ts";
import { waitingTexts } from "./inbox.ts";

export interface PlanInput extends Omit<PlanRowsInput, "onLeftOut"> {
  /** Of a run that retries: how many blocks are missing, there or not. */
  readonly wanted?: number;
  /** Values of the filter that select nothing, a text for each; whoever looked for them has said them. */
  readonly unmatched?: readonly string[];
}

/** Throws `limit` for what masters refuse. */
export async function planOf({ wanted, unmatched = [], ...input }: PlanInput): Promise<RunPlan> {
  const { retry, dataset, aggregate, analysis, bundle, params, filter } = input.spec;
  const left = new Map<LeftOut, number>();
  const leave = (why: LeftOut, some: number): void => void left.set(why, (left.get(why) ?? 0) + some);
  const { blocks, bytes, jobs } = await planRows({ ...input, onLeftOut: (standing) => leave(standing, 1) });
  const found = [...left.values()].reduce((sum, some) => sum + some, blocks);
  if (wanted !== undefined && wanted > found) leave("gone", wanted - found);
  return {
    aggregate,
    analysis: analysis.name,
    bundle,
    params,
    dataset: dataset.name,
    place: shownPlace(dataset.place),
    where: Object.entries(filter).map(([name, allowed]) => `${name}=${describeAllowed(allowed)}`),
    retry: retry ?? null,
    blocks,
    bytes,
    jobs,
    unmatched,
    waiting: await waitingTexts(input.store, input.spec),
    leftOut: [...left].map(([why, some]) => ({
      why,
      blocks: some,
      text: `${counted(some, "block")} ${leftOutTexts[why]}`,
    })),
  };
}

const leftOutTexts: Readonly<Record<LeftOut, string>> = {
  covered: "covered already",
  stale: "replaced since they were covered; their old records are in the answer",
  missing: "missing, and tried again only with --reprocess",
  claimed: "held by an open run",
  gone: "missing, and no longer in the dataset",
};

/** For people. */
function planText(plan: RunPlan): string {
  const { aggregate, analysis, bundle, dataset, place, where, retry, blocks, bytes, jobs, waiting, leftOut } = plan;
  const only = retry === null ? "" : `  only what is missing by ${retry.join(", ")}\n`;
  const lines = leftOut.map(({ text }) => `  left out: ${text}\n`);
  const beside = waiting.map((text) => `  ${text}\n`);
  return (
    `${analysis} (bundle ${bundle.slice(0, bundleDigits)}) over ${dataset}, ${visibleLine(place)}, into ${aggregate}\n` +
    (where.length === 0 ? "" : `  where ${visibleLine(where.map(shortened).join(" "))}\n`) +
    only +
    `  ${counted(blocks, "block")}, ${sizeText(bytes)}, in ${counted(jobs, "job")}\n` +
    `${lines.join("")}${beside.join("")}nothing was stored\n`
  );
}

/** The answer of `--plan`. */
export async function tellPlan(io: Io, json: boolean, plan: RunPlan): Promise<void> {
  await io.out.write(json ? `${JSON.stringify({ format: 1, plan })}\n` : planText(plan));
}
