/** What a screen reader is told when it changes: the connection, runs that end, holds that come and go. Nothing else is news. */
import type { Connection } from "./connection.ts";
import type { RunLine } from "./document.ts";
import { count as countText } from "../parts/words.ts";

/** Empty: nothing that anybody waits for. */
export function newsBetween(before: Connection, after: Connection): string {
  const news: string[] = [];
  if (before.phase !== after.phase) {
    if (after.phase === "stale") news.push("The server is away. What is shown is old.");
    if (after.phase === "live" && before.phase === "stale") news.push("The server is back.");
    if (after.phase === "refused") news.push("A token is needed.");
  }
  if (before.document === null || after.document === null) return news.join(" ");
  const known = new Map(before.document.runs.map((run) => [run.run, run]));
  for (const run of after.document.runs) news.push(...runNews(known.get(run.run), run));
  return news.join(" ");
}

function runNews(before: RunLine | undefined, { run, state, covered, missing, held }: RunLine): string[] {
  if (before === undefined) return [`Run ${run} began.`];
  if (before.state !== state)
    return [`Run ${run} is ${state}: ${countText(covered)} covered, ${countText(missing)} missing.`];
  if (before.held === null && held !== null) return [`Run ${run} is held: ${held.what}`];
  if (before.held !== null && held === null) return [`Run ${run} goes on.`];
  return [];
}
