/**
 * What a screen reader is told when it changes: the connection, runs that begin and end, holds that come and go, workers and the master
 * that go silent and come back. Nothing else is news, and what was told is not told again: also not when it is away for an answer.
 */
import type { Connection } from "./connection.ts";
import type { InboxLine, RunLine, StatusDocument, WorkerLine } from "./document.ts";
import { runOutcome } from "./outcome.ts";
import { count as countText } from "../parts/words.ts";

type RunNews = Pick<RunLine, "run" | "state" | "blocks" | "covered" | "missing" | "held">;
type WaitingNews = Pick<InboxLine, "run" | "held">;

/** What the reader has been told, or saw when the page came. */
export interface Told {
  readonly connection: "fresh" | "answers" | "away" | "refused";
  /** By run: as it was told last. Null: no document came yet. */
  readonly runs: ReadonlyMap<string, string> | null;
  readonly workers: ReadonlyMap<string, WorkerLine["state"]>;
  readonly isMasterSilent: boolean;
}

export const nothingTold: Told = { connection: "fresh", runs: null, workers: new Map(), isMasterSilent: false };

/** Names in one sentence; a fleet that goes silent is one piece of news. */
const namesMax = 3;

/** `news` is empty when there is nothing that anybody waits for. */
export function newsAfter(told: Told, connection: Connection): { readonly told: Told; readonly news: string } {
  const { phase, trouble, document } = connection;
  const news: string[] = [];
  const now = phase === "refused" ? "refused" : trouble !== null ? "away" : phase === "live" ? "answers" : "fresh";
  if (now !== told.connection) {
    if (now === "away")
      news.push(document === null ? (trouble?.message ?? "") : "The server is away. What is shown is old.");
    if (now === "answers" && told.connection === "away") news.push("The server answers again.");
    if (now === "answers" && told.connection === "refused") news.push("The token was taken.");
    if (now === "refused") news.push("A token is needed.");
  }
  if (document === null || now === "away") return { told: { ...told, connection: now }, news: news.join(" ") };
  const isMasterSilent = (document.leader?.silentSince ?? null) !== null;
  const lines: readonly (RunNews | WaitingNews)[] = [...document.inbox, ...document.runs];
  const runs = new Map([...(told.runs ?? []), ...lines.map((run) => [run.run, stateOf(run)] as const)]);
  const workers = new Map([...told.workers, ...document.workers.map(({ worker, state }) => [worker, state] as const)]);
  if (told.runs !== null) {
    news.push(...lines.flatMap((run) => runNews(told.runs?.get(run.run), run)), ...workerNews(told, document));
    if (isMasterSilent && !told.isMasterSilent) news.push("The master is silent.");
    if (!isMasterSilent && told.isMasterSilent && document.leader !== null) news.push("A master leads again.");
  }
  return { told: { connection: now, runs, workers, isMasterSilent }, news: news.join(" ") };
}

function stateOf(run: RunNews | WaitingNews): string {
  return run.held !== null ? "held" : "state" in run ? run.state : "waiting";
}

function runNews(before: string | undefined, run: RunNews | WaitingNews): string[] {
  const after = stateOf(run);
  if (before === after) return [];
  const isWaiting = !("state" in run);
  if (run.held !== null) return [`Run ${run.run} is ${isWaiting ? "not admitted" : "held"}: ${run.held.what}`];
  // Who submitted it knows that.
  if (isWaiting) return before === "held" ? [`Run ${run.run} waits for a master again.`] : [];
  if (after !== "open") return [`Run ${run.run} is ${after}: ${runOutcome(run).text}.`];
  return [`Run ${run.run} ${before === undefined || before === "waiting" ? "began" : "goes on"}.`];
}

function workerNews({ workers: before }: Told, { workers }: StatusDocument): string[] {
  const changed = (state: WorkerLine["state"], from: (known: string | undefined) => boolean): string[] =>
    workers.filter((line) => line.state === state && from(before.get(line.worker))).map(({ worker }) => worker);
  const silent = changed("silent", (known) => known !== "silent");
  const back = changed("alive", (known) => known === "silent");
  return [...sentence(silent, "silent"), ...sentence(back, "alive again")];
}

function sentence(names: readonly string[], state: string): string[] {
  if (names.length === 0) return [];
  if (names.length === 1) return [`Worker ${names.join("")} is ${state}.`];
  const more = names.length > namesMax ? ` and ${countText(names.length - namesMax)} more` : "";
  return [`${countText(names.length)} workers are ${state}: ${names.slice(0, namesMax).join(", ")}${more}.`];
}
