/**
 * The page in one line, and what of it need not be seen at once: with many runs, what is wrong must not stand below all that went well.
 * Pure.
 */
import type { MissingBlock, RunLine, StatusDocument } from "./document.ts";
import { count as countText, counted } from "../parts/words.ts";

/** One piece of the summary, and the heading of what it sums up. */
export interface SummaryPart {
  readonly text: string;
  readonly heading: "runs" | "missing" | "workers" | "unreadable";
  readonly isBad: boolean;
}

type Summed = Pick<StatusDocument, "inbox" | "leader" | "missing" | "runs" | "unreadable" | "workers">;

/** Most urgent to know first: runs, what is missing, who is silent. What nothing is to be said of is left out, but for the first two. */
export function summaryOf({ inbox, leader, missing, runs, unreadable, workers }: Summed): readonly SummaryPart[] {
  const open = runs.filter(({ state }) => state === "open").length;
  const held = [...inbox, ...runs].filter((line) => line.held !== null).length;
  const silent = workers.filter(({ state }) => state === "silent").length;
  const ofRuns = [
    open === 0 ? "no run open" : `${counted(open, "run")} open`,
    ...(inbox.length > 0 ? [`${countText(inbox.length)} waiting`] : []),
    ...(held > 0 ? [`${countText(held)} held`] : []),
  ];
  const isMasterSilent = leader !== null && leader.silentSince !== null;
  const whoIsSilent = [...(isMasterSilent ? ["master"] : []), ...(silent > 0 ? [counted(silent, "worker")] : [])];
  return [
    { text: ofRuns.join(", "), heading: "runs", isBad: held > 0 },
    {
      text: missing.count === 0 ? "nothing missing" : `${counted(missing.count, "block")} missing`,
      heading: "missing",
      isBad: missing.count > 0,
    },
    ...(whoIsSilent.length > 0
      ? [{ text: `${whoIsSilent.join(" and ")} silent`, heading: "workers", isBad: true } as const]
      : []),
    ...(unreadable.length > 0
      ? [{ text: `${countText(unreadable.length)} cannot be read`, heading: "unreadable", isBad: true } as const]
      : []),
  ];
}

/** Of the runs that finished with all covered, those that are shown at once. */
const finishedShownMax = 3;

/** Ids of those that are folded. One that holds something, or left something, never is. */
export function foldedRuns(
  runs: readonly Pick<RunLine, "run" | "state" | "blocks" | "covered" | "held">[],
): ReadonlySet<string> {
  const whole = runs.filter(
    ({ state, blocks, covered, held }) => state === "finished" && covered >= blocks && held === null,
  );
  const folded = whole.slice(finishedShownMax).map(({ run }) => run);
  // To fold a single one saves nothing.
  return new Set(folded.length > 1 ? folded : []);
}

/** Missing blocks of one reason that are shown at once: one stands for the others, and each takes a screen's quarter on a telephone. */
const perReasonMax = 20;

/** The first ones of each reason, in their order. */
export function firstOfReasons<Block extends Pick<MissingBlock, "reason">>(blocks: readonly Block[]): readonly Block[] {
  const seen = new Map<string, number>();
  return blocks.filter(({ reason }) => {
    const before = seen.get(reason) ?? 0;
    seen.set(reason, before + 1);
    return before < perReasonMax;
  });
}
