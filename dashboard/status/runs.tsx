/** Runs: those that wait, those that are open and how far each is, those that ended last; what holds one and what would cure that. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { ActionButton } from "./action.tsx";
import { Attempts } from "./attempts.tsx";
import type { HoldLine, InboxLine, Pace, RunLine, StatusDocument } from "./document.ts";
import { expectedEnd, type ExpectedEnd } from "./expected-end.ts";
import { OutcomeMark } from "./outcome-mark.tsx";
import { rejectedText } from "./rejected.ts";
import { isUnadmitted, retryText, runOutcome, shareText } from "./outcome.ts";
import { counted, count as countText } from "../parts/words.ts";
import { Starts } from "./start.tsx";
import {
  agoText,
  awaitedText,
  clockText,
  durationText,
  inText,
  percentText,
  rateText,
  waitsForWorker,
} from "./words.ts";

export function Runs({ document, storeNow }: { readonly document: StatusDocument; readonly storeNow: number }): VNode {
  const { runs, runsHidden, inbox } = document;
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs</h2>
      {runs.length + inbox.length === 0 && <p class="empty">No run yet.</p>}
      <Starts document={document} />
      <ul class="cards">
        {[...inbox, ...runs].map((line) => (
          <Card line={line} storeNow={storeNow} document={document} key={line.run} />
        ))}
      </ul>
      {runsHidden > 0 && <p class="sub">{counted(runsHidden, "earlier run")} not shown.</p>}
    </section>
  );
}

interface CardInput {
  readonly line: InboxLine | RunLine;
  readonly storeNow: number;
  readonly document: StatusDocument;
}

/** One run, before it is admitted and after: what its action said stays when it becomes another. */
function Card({ line, storeNow, document }: CardInput): VNode {
  const [isOpen, setIsOpen] = useState(false);
  const { run } = line;
  const state = "state" in line ? line.state : "waiting";
  const badge = line.held === null ? state : "held";
  const outcome = "state" in line ? runOutcome(line) : null;
  const isTold = "state" in line && (line.missing > 0 || line.state !== "open");
  return (
    <li class={`card ${badge} has-${outcome?.tone ?? "none"}`}>
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
          isOffered={state === "open" || state === "waiting"}
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
      <Bar run={run} />
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

/** Covered, missing, and what is left. */
function Bar({ run: line }: { readonly run: RunLine }): VNode {
  const { run, blocks, covered, missing } = line;
  const all = Math.max(1, blocks);
  const text = `${percentText(covered + missing, blocks)} done: ${countText(covered)} covered, ${countText(missing)} missing, of ${counted(blocks, "block")}`;
  return (
    <div class="progress">
      <svg
        class="bar"
        viewBox={`0 0 ${all} 1`}
        preserveAspectRatio="none"
        role="progressbar"
        aria-label={`Progress of run ${run}`}
        aria-valuemin={0}
        aria-valuemax={all}
        aria-valuenow={Math.min(all, covered + missing)}
        aria-valuetext={text}
      >
        <rect class="bar-covered" width={covered} height="1" />
        <rect class="bar-missing" x={covered} width={missing} height="1" />
      </svg>
      <span class="percent" aria-hidden="true">
        {shareText(line)}
      </span>
    </div>
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
