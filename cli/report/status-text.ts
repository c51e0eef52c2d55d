/** What `status` tells, in words: open runs and those that ended last, what waits and for what, who works. */
import type { HoldLine } from "../../dashboard/status/document.ts";
import { outputsMax } from "../../master/passes/awaited.ts";
import { inCallersWords } from "../caller-command.ts";
import { commandLine } from "../io.ts";
import { visibleLine } from "../visible.ts";
import type { LeaderStatus } from "./leader.ts";
import { counted, countText, timeText, whenText } from "./lines.ts";
import type { InboxLine } from "./inbox.ts";
import { recordsText } from "./rejected.ts";
import type { AggregateStatus, RunStatus, StatusReport, WorkerLine } from "./status.ts";

/** Of an aggregate, the ones that ended last; older ones are counted, not listed. */
const closedShownMax = 5;

/** How whoever asked calls us, for hints. */
export interface Caller {
  readonly command: readonly string[];
  /** With which another command finds the same stores. */
  readonly flags: readonly string[];
}

export function statusText(report: StatusReport, caller: Caller): string {
  const { aggregates, inbox, refused, leader, workers, unreadable } = report;
  const lines = aggregates.flatMap((aggregate) => aggregateLines(aggregate, workers, caller));
  for (const { what, why } of unreadable) lines.push(visibleLine(`${what}: ${why}`));
  for (const line of inbox) lines.push(...inboxLines(line, caller));
  if (refused !== null) lines.push(...heldLines(refused, "the run was refused", caller));
  if (lines.length === 0) lines.push("no runs yet");
  lines.push(leaderText(leader));
  if (leader?.state !== "leads" && waitsForMaster(report)) {
    lines.push(`  to start one, unless a spotfold run is its own: ${commandLine(caller, ["master", ...caller.flags])}`);
  }
  lines.push(workers.length === 0 ? "no worker is alive" : `${counted(workers.length, "worker")}:`);
  if (workers.length === 0 && aggregates.some(({ runs }) => runs.some(waitsForWorker))) {
    lines.push(`  to start one: ${commandLine(caller, ["worker", ...caller.flags])}`);
  }
  lines.push(...workers.map(workerText));
  return `${lines.join("\n")}\n`;
}

/** Open ones first, then closed ones, the last one first. */
function aggregateLines(
  { aggregate, analysis, snapshot, records, rejected, runs }: AggregateStatus,
  workers: readonly WorkerLine[],
  caller: Caller,
): string[] {
  const closed = runs.filter(({ state }) => state !== "open").toReversed();
  const hidden = Math.max(0, closed.length - closedShownMax);
  const open = runs.filter(({ state }) => state === "open");
  return [
    `${aggregate}  (${analysis}, snapshot ${snapshot}, ${visibleLine(recordsText(records, rejected))})`,
    ...open.flatMap((run) => [...runLines(run, caller), ...idleLines(run, workers)]),
    ...closed.slice(0, closedShownMax).flatMap((run) => runLines(run, caller)),
    ...(hidden > 0 ? [`  ${counted(hidden, "earlier run")}`] : []),
  ];
}

function runLines(run: RunStatus, caller: Caller): string[] {
  const { state, blocks, covered, missing, jobs, held, records, rejected } = run;
  if (state === "cancelled" && blocks === 0)
    return [`  ${run.run}  cancelled before a master admitted it${timesText(run)}`];
  const atItsEnd = state === "open" || missing === 0 ? "" : " at its end";
  const done = `${countText(covered)} of ${counted(blocks, "block")} covered, ${countText(missing)} missing${atItsEnd}`;
  const work = jobs === null ? "" : `, ${countText(jobs.done)} of ${counted(jobs.all, "job")} done`;
  const lines = [`  ${run.run}  ${state}: ${done}${work}${timesText(run)}`];
  if (rejected.length > 0) lines.push(`    ${visibleLine(recordsText(records, rejected))}`);
  if (held !== null) lines.push(...heldLines(held, `held (${held.kind})`, caller));
  return [...lines, ...awaitedLines(run)];
}

/** Ids of the command line say when they were made; of other runs it is not known here. */
function timesText({ submittedAt, closedAt }: RunStatus): string {
  const times = [
    ...(submittedAt === null ? [] : [`submitted ${whenText(submittedAt)}`]),
    ...(closedAt === null ? [] : [`closed ${whenText(closedAt)}`]),
  ];
  return times.length === 0 ? "" : `; ${times.join(", ")}`;
}

function heldLines({ what, where, hint }: HoldLine, said: string, { command }: Caller): string[] {
  // What ended a run (somebody, its deadline), and some refusals, have no cure.
  const cure = hint === "" ? "" : `. ${inCallersWords(visibleLine(hint), command)}`;
  return [`    ${said}: ${visibleLine(what)}`, `    ${visibleLine(where)}${cure}`];
}

function inboxLines({ run, aggregate, analysis, submittedAt, held }: InboxLine, caller: Caller): string[] {
  const since = submittedAt === null ? "" : `; submitted ${whenText(submittedAt)}`;
  const line = `${run}  waits for a master, for ${aggregate}${since}`;
  if (held === null) return [line];
  const why = heldLines(held, "a master could not admit it", caller);
  // Of a newer version: this one cannot cancel it.
  if (analysis === null) return [line, ...why];
  return [line, ...why, `    to give it up: ${commandLine(caller, ["cancel", run, ...caller.flags])}`];
}

/** Of an open run where no master leads. */
function awaitedLines({ awaits, jobs }: RunStatus): string[] {
  if (awaits === null || jobs === null) return [];
  const { outputs, unsent } = awaits;
  const more = outputs >= outputsMax ? " or more" : "";
  return [
    ...(outputs > 0 ? [`    outputs of ${counted(outputs, "job")}${more} wait for a master to enter them`] : []),
    ...(unsent > 0 ? [`    ${counted(unsent, "job waits", "jobs wait")} for a master to send them`] : []),
    ...(jobs.done >= jobs.all ? ["    all is entered: it waits for a master to close it"] : []),
  ];
}

/** Something that only a master moves. */
function waitsForMaster({ aggregates, inbox }: StatusReport): boolean {
  return inbox.length > 0 || aggregates.some(({ runs }) => runs.some(({ state }) => state === "open"));
}

function waitsForWorker({ jobs, held, awaits }: RunStatus): boolean {
  return jobs !== null && held === null && jobs.done + (awaits?.outputs ?? 0) + (awaits?.unsent ?? 0) < jobs.all;
}

/**
 * Of an open run that nothing holds, and that nobody works on though workers are alive. Their jobs are `<plan>/<job>`, and a plan's
 * name begins with its run's.
 */
function idleLines({ run, jobs, held, awaits }: RunStatus, workers: readonly WorkerLine[]): string[] {
  const waits = jobs !== null && held === null && jobs.done < jobs.all && workers.length > 0;
  if (!waits || workers.some((worker) => worker.jobs.some((job) => job.startsWith(`${run}.`)))) return [];
  if (awaits !== null && awaits.outputs + awaits.unsent > 0) return [];
  return ["    no worker has one of its jobs in hand: they wait in the queue, or for a master to send or enter them"];
}

function leaderText(leader: LeaderStatus | null): string {
  if (leader === null) return "no master leads";
  const { master, state, ageMs } = leader;
  const heard = `${timeText(ageMs)} ago`;
  return state === "leads"
    ? `master ${master} leads (${heard})`
    : `master ${master} led, and was last heard of ${heard}`;
}

function workerText({ worker, slots, jobs, draining, resolved, failed, ageMs }: WorkerLine): string {
  const inHand = jobs.map((job) => (draining.includes(job) ? `${job} (draining)` : job));
  const now = inHand.length === 0 ? "idle" : inHand.join(" ");
  const ends = `${counted(resolved, "job")} done, ${counted(failed, "attempt")} failed`;
  return `  ${worker}  ${counted(slots, "slot")}, ${ends}, ${now} (${timeText(ageMs)} ago)`;
}
