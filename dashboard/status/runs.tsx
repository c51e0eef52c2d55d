/** Runs: how far each is, how fast, until when; what holds it and what would cure that; its jobs and their attempts. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { ActionButton } from "./action.tsx";
import { Attempts } from "./attempts.tsx";
import type { HoldLine, Pace, RunLine, StatusDocument } from "./document.ts";
import { expectedEnd, type ExpectedEnd } from "./expected-end.ts";
import { OutcomeMark } from "./outcome-mark.tsx";
import { runOutcome, shareText } from "./outcome.ts";
import { counted, count as countText } from "../parts/words.ts";
import { agoText, durationText, inText, percentText, rateText } from "./words.ts";

export function Runs({ document, storeNow }: { readonly document: StatusDocument; readonly storeNow: number }): VNode {
  const { runs, runsHidden, inbox, workers } = document;
  const isAnybodyAlive = workers.some(({ state }) => state === "alive");
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs</h2>
      {runs.length + inbox.length === 0 && <p class="empty">No run yet.</p>}
      <ul class="cards">
        {inbox.map(({ run, aggregate }) => (
          <li class="card" key={run}>
            <h3>
              <span class="name">{run}</span> <span class="badge waiting">waits for a master</span>
            </h3>
            <p class="sub">into {aggregate}. Nobody has admitted it yet: a master does, when one runs.</p>
          </li>
        ))}
        {runs.map((run) => (
          <Run run={run} storeNow={storeNow} isAnybodyAlive={isAnybodyAlive} mayAct={document.actions} key={run.run} />
        ))}
      </ul>
      {runsHidden > 0 && <p class="sub">{counted(runsHidden, "earlier run")} not shown.</p>}
    </section>
  );
}

interface RunInput {
  readonly run: RunLine;
  readonly storeNow: number;
  readonly isAnybodyAlive: boolean;
  readonly mayAct: boolean;
}

function Run({ run, storeNow, isAnybodyAlive, mayAct }: RunInput): VNode {
  const { held, state, jobs, admittedAt, covered, missing, blocks, records } = run;
  const [isOpen, setIsOpen] = useState(false);
  const badge = held === null ? state : "held";
  const outcome = runOutcome(run);
  return (
    <li class={`card ${badge} has-${outcome.tone}`}>
      <h3>
        <span class="name">{run.run}</span> <span class={`badge ${badge}`}>{badge}</span>{" "}
        {(missing > 0 || state !== "open") && <OutcomeMark outcome={outcome} />}
      </h3>
      <p class="sub">
        into {run.aggregate}
        {admittedAt !== null && `, admitted ${agoText(storeNow - admittedAt)}`}
      </p>
      <Bar run={run} />
      <dl class="facts">
        <Fact name="Covered" value={`${countText(covered)} of ${countText(blocks)}`} />
        <Fact name="Missing" value={countText(missing)} tone={missing > 0 ? "warning" : ""} />
        <Fact name="Records" value={countText(records)} />
        {state === "open" && <PaceFacts pace={run.pace} end={expectedEnd(run, storeNow, isAnybodyAlive)} />}
      </dl>
      {jobs !== null && (
        <p class="jobs">
          {counted(jobs.all, "job")}: {countText(jobs.done)} done, {countText(jobs.inHand)} in hand,{" "}
          {countText(jobs.waiting)} waiting
          {jobs.failed > 0 && `; ${countText(jobs.failed)} failed and handed their blocks on`}
        </p>
      )}
      {jobs !== null && held === null && jobs.waiting > 0 && !isAnybodyAlive && (
        <p class="said">No worker is alive: its jobs wait. Start one with: spotfold worker</p>
      )}
      {held !== null && <Hold held={held} storeNow={storeNow} />}
      {mayAct && (
        <ActionButton title="Cancel run" action={{ action: "cancel", run: run.run }} isOffered={state === "open"} />
      )}
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>Attempts and logs</summary>
        {isOpen && <Attempts run={run.run} isEnded={state !== "open"} />}
      </details>
    </li>
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
        <strong>Held ({kind})</strong>
        {since !== null && ` for ${durationText(storeNow - since)}`}
        {times > 1 && `, ${countText(times)} times in a row`}: {what}
      </p>
      <p class="sub">{where}</p>
      <p>
        <strong>Cure:</strong> {hint}
      </p>
      {until !== null && <p class="sub">It is tried again {inText(until - storeNow)}.</p>}
    </div>
  );
}
