/**
 * What a run would admit if a master planned it now, by the rules that masters plan by: blocks, bytes, jobs, and what is left
 * out, why. Nothing is stored. Until a master plans it, other runs may take blocks, and workers may come and go.
 */
import type { LeftOut, RunPlan } from "../../dashboard/status/action-document.ts";
import { cutPoints, jobCount } from "../../master/plan/cut.ts";
import { isAsked, planned } from "../../master/plan/select.ts";
import { eachStanding } from "../../master/plan/standings.ts";
import type { LedgerRules } from "../../master/ledger/rules.ts";
import type { PartitionedBlock } from "../../master/context.ts";
import { describeAllowed } from "../../shared/dataset/filter.ts";
import { BlockRows } from "../../shared/formats/block-rows.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { shownPlace } from "../compose/ports.ts";
import type { Io } from "../io.ts";
import { counted, sizeText } from "../report/lines.ts";
import { visibleLine } from "../visible.ts";

export interface PlanInput {
  readonly store: BlobStore;
  readonly rules: Pick<LedgerRules, "standing">;
  readonly manifest: Manifest | null;
  readonly spec: RunSpec;
  readonly blocks: Iterable<PartitionedBlock>;
  /** Of workers that are alive. */
  readonly slots: number;
  /** Of a run that retries: how many blocks are missing, there or not. */
  readonly wanted?: number;
}

export async function planOf({ store, rules, manifest, spec, blocks, slots, wanted }: PlanInput): Promise<RunPlan> {
  const { retry, reprocess, dataset, aggregate, analysis, bundle, params, filter } = spec;
  const rows = new BlockRows();
  const left = new Map<LeftOut, number>();
  let found = 0;
  const input = { store, manifest, dataset: dataset.name, reprocess, blocks, rule: rules.standing };
  await eachStanding(input, (block, row, standing) => {
    if (!isAsked(retry, row)) return;
    found++;
    if (standing === "free") rows.add(planned(block, block.partition, row));
    else left.set(standing, (left.get(standing) ?? 0) + 1);
  });
  if (wanted !== undefined && wanted > found) left.set("gone", wanted - found);
  const { sizes } = rows;
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const jobs = cutPoints(rows, jobCount(sizes.length, bytes, slots)).length;
  return {
    aggregate,
    analysis: analysis.name,
    bundle,
    params,
    dataset: dataset.name,
    place: shownPlace(dataset.place),
    where: Object.entries(filter).map(([name, allowed]) => `${name}=${describeAllowed(allowed)}`),
    retry: retry ?? null,
    blocks: sizes.length,
    bytes,
    jobs,
    leftOut: [...left].map(([why, some]) => ({ why, blocks: some })),
  };
}

const leftOutTexts: Readonly<Record<LeftOut, string>> = {
  covered: "covered already",
  stale: "replaced since they were covered; their old records are in the answer",
  missing: "missing, and tried again only with --reprocess",
  claimed: "held by an open run",
  gone: "missing, and no longer in the dataset",
};

/** `2 blocks held by an open run`. */
export function leftOutText({ why, blocks }: RunPlan["leftOut"][number]): string {
  return `${counted(blocks, "block")} ${leftOutTexts[why]}`;
}

/** For people. */
function planText(plan: RunPlan): string {
  const { aggregate, analysis, bundle, dataset, place, where, retry, blocks, bytes, jobs, leftOut } = plan;
  const only = retry === null ? "" : `  only what is missing by ${retry.join(", ")}\n`;
  const lines = leftOut.map((line) => `  left out: ${leftOutText(line)}\n`);
  return (
    `${analysis} (bundle ${bundle.slice(0, bundleDigits)}) over ${dataset}, ${visibleLine(place)}, into ${aggregate}\n` +
    (where.length === 0 ? "" : `  where ${visibleLine(where.map(shortened).join(" "))}\n`) +
    only +
    `  ${counted(blocks, "block")}, ${sizeText(bytes)}, in ${counted(jobs, "job")}\n` +
    `${lines.join("")}nothing was stored\n`
  );
}

function shortened(text: string): string {
  return text.length <= whereCharsMax ? text : `${text.slice(0, whereCharsMax)}…`;
}

/** Of one dimension's values, for people: a retry may name hundreds. */
const whereCharsMax = 160;

/** Of a bundle's SHA-256, for people: no two of a store begin alike. */
export const bundleDigits = 12;

/** The answer of `--plan`. */
export async function tellPlan(io: Io, json: boolean, plan: RunPlan): Promise<void> {
  await io.out.write(json ? `${JSON.stringify({ format: 1, plan })}\n` : planText(plan));
}
