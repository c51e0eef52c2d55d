/** An action: shows the command that it is and what it would do, asks once more, executes it, and shows what the command said. */
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { count as countText } from "../parts/words.ts";
import { useActing, type Acting } from "./acting.tsx";
import type { ActionPlan, ActionRequest, ActionResult, RunPlan } from "./action-document.ts";
import { focusOn } from "./focus-on.tsx";
import { OutcomeMark } from "./outcome-mark.tsx";
import type { Outcome } from "./outcome.ts";
import { commandTitle, planSentence, sizeText } from "./plan-words.ts";

interface ButtonInput {
  readonly title: string;
  readonly action: ActionRequest;
  /** What it does, of what has no plan. */
  readonly says: string;
  /** Afterwards what the command said stays. */
  readonly isOffered: boolean;
}

export function ActionButton({ title, action, says, isOffered }: ButtonInput): VNode | null {
  const acting = useActing();
  if (!isOffered && acting.result === null && !acting.isRunning) return null;
  return (
    <ActionSteps title={title} acting={acting} says={says}>
      {isOffered && (
        <button
          type="button"
          class="quiet"
          aria-disabled={acting.isPlanning || acting.whyNot !== null}
          onClick={() => void acting.show(action)}
        >
          {acting.isPlanning ? "Planning …" : `${title} …`}
        </button>
      )}
    </ActionSteps>
  );
}

interface StepsInput {
  readonly title: string;
  readonly acting: Acting;
  /** What it does, of what has no plan. */
  readonly says?: string;
  /** What asks for the plan. */
  readonly children: ComponentChildren;
}

export function ActionSteps({ title, acting, says = "", children }: StepsInput): VNode {
  const { plan, result, whyNot } = acting;
  const frame = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLPreElement>(null);
  const hadMore = useRef(false);
  const hasMore = plan !== null || result !== null;
  // What had the focus is gone by then: it goes to what was said, or back to what asked for what was left or put away.
  useEffect(() => {
    if (result !== null) said.current?.focus();
    else if (hadMore.current && !hasMore && !acting.isPlanning) frame.current?.querySelector("button")?.focus();
    hadMore.current = hasMore;
  }, [result, hasMore]);
  const putAway = (): void => {
    // Where nothing else is offered, all of this goes with it.
    const isAll = plan === null && frame.current?.querySelector("button:not(.away)") === null;
    if (isAll) focusOn(frame.current?.closest("section")?.querySelector("h2"));
    acting.putAway();
  };
  return (
    <div class="action" ref={frame}>
      {plan === null ? children : <Planned title={title} acting={acting} says={says} plan={plan} />}
      {whyNot !== null && <p class="said">{whyNot}</p>}
      {result !== null && (
        <>
          <p>
            <OutcomeMark outcome={endOf(result)} />
          </p>
          <pre role="status" tabIndex={-1} ref={said}>
            {typeof result === "string" ? result : `exit ${result.code ?? "by force"}\n${result.output}`}
          </pre>
          <button type="button" class="quiet away" onClick={putAway}>
            Put away
          </button>
        </>
      )}
    </div>
  );
}

/** Whether it was done; the exit code's words are the command's own, below. */
function endOf(result: ActionResult | string): Outcome {
  const isDone = typeof result !== "string" && result.code === 0;
  return isDone ? { tone: "good", text: "done" } : { tone: "bad", text: "not done, or not all of it" };
}

interface PlannedInput {
  readonly title: string;
  readonly acting: Acting;
  readonly says: string;
  readonly plan: ActionPlan;
}

function Planned({ title, acting, says, plan: asked }: PlannedInput): VNode {
  const { command, plan, refusal } = asked;
  const { isRunning, whyNot, execute, leave } = acting;
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => frame.current?.focus(), []);
  const isEmpty = plan?.blocks === 0;
  return (
    <div class="plan" role="group" aria-label={`Plan: ${title}`} tabIndex={-1} ref={frame}>
      {plan !== null && <Facts plan={plan} />}
      {refusal !== null && (
        <p class="said">
          <strong>{refusal.message}</strong> {refusal.hint}
        </p>
      )}
      {says !== "" && <p>{says}</p>}
      <p class="sub">{commandTitle(asked)}</p>
      <pre tabIndex={0} role="group" aria-label="The command">
        {command}
      </pre>
      {refusal === null && !isEmpty && (
        <button type="button" aria-disabled={isRunning || whyNot !== null} onClick={() => void execute()}>
          {isRunning ? "Running …" : title}
        </button>
      )}
      <button type="button" class="quiet" aria-disabled={isRunning} onClick={isRunning ? undefined : leave}>
        Leave it
      </button>
    </div>
  );
}

function Facts({ plan }: { readonly plan: RunPlan }): VNode {
  const { blocks, bytes, jobs } = plan;
  return (
    <>
      <p>{planSentence(plan)}</p>
      {[...plan.unmatched, ...plan.waiting].map((text) => (
        <p class="said" key={text}>
          {text}
        </p>
      ))}
      <dl class="facts">
        <div>
          <dt>Blocks</dt>
          <dd>{countText(blocks)}</dd>
        </div>
        <div>
          <dt>Compressed</dt>
          <dd>{sizeText(bytes)}</dd>
        </div>
        <div>
          <dt>Jobs</dt>
          <dd>{countText(jobs)}</dd>
        </div>
      </dl>
      {plan.leftOut.length > 0 && (
        <>
          <p class="sub">Left out:</p>
          <ul class="left-out">
            {plan.leftOut.map(({ why, text }) => (
              <li key={why}>{text}</li>
            ))}
          </ul>
        </>
      )}
      {blocks === 0 && <p class="said">There is nothing to do.</p>}
    </>
  );
}
