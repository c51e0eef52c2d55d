/** One run: how far it is, what holds it and what would cure that, what was tried. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { ActionButton } from "./action.tsx";
import { Attempts } from "./attempts.tsx";
import type { HoldLine, InboxLine, Pace, RunLine, StatusDocument } from "./document.ts";
import { expectedEnd, type ExpectedEnd } from "./expected-end.ts";
import { OutcomeMark } from "./outcome-mark.tsx";
import { isUnadmitted, retryText, runOutcome } from "./outcome.ts";
import { cancelSentence } from "./plan-words.ts";
import { rejectedText } from "./rejected.ts";
import { RunBar } from "./run-bar.tsx";
import { counted, count as countText } from "../parts/words.ts";
import { agoText, awaitedText, clockText, durationText, inText, rateText, waitsForWorker } from "./words.ts";

interface CardInput {
  readonly line: InboxLine | RunLine;
  readonly storeNow: number;
  readonly document: StatusDocument;
  /** It is kept, with all that is open in it, and not shown. */
  readonly isFolded: boolean;
}

/** One run, before it is admitted and after: what its action said stays when it becomes another. */
export function RunCard({ line, storeNow, document, isFolded }: CardInput): VNode {
  const [isOpen, setIsOpen] = useState(false);
  const { run } = line;
  const state = "state" in line ? line.state : "waiting";
  const badge = line.held === null ? state : "held";
  const outcome = "state" in line ? runOutcome(line) : null;
  const isTold = "state" in line && (line.missing > 0 || line.state !== "open");
  return (
    <li class={`card ${badge} has-${outcome?.tone ?? "none"}`} hidden={isFolded}>
      <h3>
        <span class="name">{run}</span>{" "}
        <span class={`badge ${badge}`}>{badge === "waiting" ? "waits for a master" : badge}</span>{" "}
        {outcome !== null && isTold && <OutcomeMark outcome={outcome} />}
      </h3>
      <p class="sub">{headText(line, storeNow)}</p>
      {"state" in line ? <Run run={line} storeNow={storeNow} document={document} /> : <Waiting document={document} />}
      {line.held !== null && <Hold held={line.held} storeNow={storeNow} />}
      {document.actions && (
        <ActionButton
          title="Cancel run"
          action={{ action: "cancel", run }}
          says={cancelSentence(state === "open")}
          isOffered={mayCancel(line)}
        />
      )}
      {"state" in line && (
        <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
          <summary>Attempts and logs</summary>
          {isOpen && <Attempts run={run} isEnded={state !== "open"} logs={document.commands.logs} />}
        </details>
      )}
    </li>
  );
}

/** What only a newer version can read, only that can cancel. */
function mayCancel(line: InboxLine | RunLine): boolean {
  return "state" in line ? line.state === "open" : line.analysis !== null;
}

/** What it is of, and when: ages while it goes on, times when it has ended. */
function headText(line: InboxLine | RunLine, storeNow: number): string {
  const { analysis, aggregate, submittedAt } = line;
  const closedAt = "state" in line ? line.closedAt : null;
  const admittedAt = "state" in line ? line.admittedAt : null;
  const isEnded = "state" in line && line.state !== "open";
  const whenText = (at: number): string => (isEnded ? clockText(at, storeNow) : agoText(storeNow - at));
  return [
    `${analysis === null ? "" : `${analysis} `}into ${aggregate}`,
    ...("state" in line ? [retryText(line)].filter((text) => text !== null) : []),
    ...(submittedAt === null ? [] : [`submitted ${whenText(submittedAt)}`]),
    ...(admittedAt === null ? [] : [`admitted ${whenText(admittedAt)}`]),
    ...(closedAt === null ? [] : [`closed ${whenText(closedAt)}`]),
  ].join(", ");
}

function Waiting({ document: { leader } }: { readonly document: StatusDocument }): VNode {
  return (
    <p class="sub">
      {leader?.silentSince === null ? "A master leads, and tries." : "A master admits it, when one leads."}
    </p>
  );
}

interface RunInput {
  readonly run: RunLine;
  readonly storeNow: number;
  readonly document: StatusDocument;
}

function Run({ run, storeNow, document: { workers } }: RunInput): VNode {
  const { state, jobs, covered, missing, blocks, records } = run;
  const isAnybodyAlive = workers.some((worker) => worker.state === "alive");
  const awaited = awaitedText(run);
  const rejected = rejectedText(run.rejected);
  if (isUnadmitted(run)) return <p class="sub">Cancelled before a master admitted it.</p>;
  return (
    <>
      <RunBar run={run} />
      <dl class="facts">
        <Fact name="Covered" value={`${countText(covered)} of ${countText(blocks)}`} />
        <Fact
          name={state === "open" ? "Missing" : "Missing at its end"}
          value={countText(missing)}
          tone={missing > 0 ? "warning" : ""}
        />
        <Fact name="Records" value={countText(records)} />
        {state === "open" && <PaceFacts pace={run.pace} end={expectedEnd(run, storeNow, isAnybodyAlive)} />}
      </dl>
      {rejected !== null && <p class="sub">{`Of its records ${rejected}.`}</p>}
      {jobs !== null && (
        <p class="jobs">
          {counted(jobs.all, "job")}: {countText(jobs.done)} done, {countText(jobs.inHand)} in hand,{" "}
          {countText(jobs.waiting)} waiting
          {jobs.failed > 0 && `; ${countText(jobs.failed)} failed and handed their blocks on`}
        </p>
      )}
      {awaited !== null && <p class="said">{awaited}</p>}
      {waitsForWorker(run) && !isAnybodyAlive && <p class="said">No worker is alive: its jobs wait.</p>}
    </>
  );
}

function Fact({
  name,
  value,
  tone = "",
}: {
  readonly name: string;
  readonly value: string;
  readonly tone?: string;
}): VNode {
  return (
    <div class={tone}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface PaceInput {
  readonly pace: Pace | null;
  readonly end: ExpectedEnd;
}

function PaceFacts({ pace, end }: PaceInput): VNode {
  const over = pace?.over === "recent" ? "over the last minutes" : "since it was admitted";
  return (
    <>
      <div title={over}>
        <dt>Block rate</dt>
        <dd>{pace === null ? "–" : rateText(pace.blocksPerSecond)}</dd>
      </div>
      <div title={over}>
        <dt>Record rate</dt>
        <dd>{pace === null ? "–" : rateText(pace.recordsPerSecond)}</dd>
      </div>
      <div class="end" title={end.why}>
        <dt>Expected end</dt>
        <dd>{end.text ?? <span class="sub">unknown: {end.why}</span>}</dd>
      </div>
    </>
  );
}

function Hold({ held, storeNow }: { readonly held: HoldLine; readonly storeNow: number }): VNode {
  const { kind, what, where, hint, since, until, times } = held;
  return (
    <div class="hold">
      <p>
        <strong>{kind === "admission" ? "Not admitted" : `Held (${kind})`}</strong>
        {since !== null && ` for ${durationText(storeNow - since)}`}
        {times > 1 && `, ${countText(times)} times in a row`}: {what}
      </p>
      <p class="sub">{where}</p>
      {hint !== "" && (
        <p>
          <strong>Cure:</strong> {hint}
        </p>
      )}
      {until !== null && <p class="sub">It is tried again {inText(until - storeNow)}.</p>}
    </div>
  );
}
