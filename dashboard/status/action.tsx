/** An action: shows the command that it is and what it would do, asks once more, executes it, and shows what the command said. */
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { count as countText } from "../parts/words.ts";
import { useActing, type Acting } from "./acting.tsx";
import type { ActionPlan, ActionRequest, RunPlan } from "./action-document.ts";
import { planSentence, sizeText } from "./plan-words.ts";

interface ButtonInput {
  readonly title: string;
  readonly action: ActionRequest;
  /** Afterwards what the command said stays. */
  readonly isOffered: boolean;
}

export function ActionButton({ title, action, isOffered }: ButtonInput): VNode | null {
  const acting = useActing();
  if (!isOffered && acting.result === null && !acting.isRunning) return null;
  return (
    <ActionSteps title={title} acting={acting}>
      {isOffered && (
        <button
          type="button"
          class="quiet"
          aria-disabled={acting.isPlanning}
          onClick={() => void (acting.isPlanning ? undefined : acting.show(action))}
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
  /** What asks for the plan. */
  readonly children: ComponentChildren;
}

export function ActionSteps({ title, acting, children }: StepsInput): VNode {
  const { plan, result } = acting;
  const frame = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLPreElement>(null);
  const wasPlanned = useRef(false);
  const isPlanned = plan !== null;
  // What had the focus is gone by then: it goes to what was said, or back to what asked for the plan that was left.
  useEffect(() => {
    if (result !== null) said.current?.focus();
    else if (wasPlanned.current && !isPlanned) frame.current?.querySelector("button")?.focus();
    wasPlanned.current = isPlanned;
  }, [result, isPlanned]);
  return (
    <div class="action" ref={frame}>
      {plan === null ? children : <Planned title={title} acting={acting} plan={plan} />}
      {result !== null && (
        <pre role="status" tabIndex={-1} ref={said}>
          {typeof result === "string" ? result : `exit ${result.code ?? "by force"}\n${result.output}`}
        </pre>
      )}
    </div>
  );
}

function Planned({
  title,
  acting,
  plan: { command, plan, refusal },
}: {
  readonly title: string;
  readonly acting: Acting;
  readonly plan: ActionPlan;
}): VNode {
  const { isRunning, execute, leave } = acting;
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
      <p class="sub">The command that does it:</p>
      <pre tabIndex={0} role="group" aria-label="The command">
        {command}
      </pre>
      {refusal === null && !isEmpty && (
        <button type="button" aria-disabled={isRunning} onClick={() => void (isRunning ? undefined : execute())}>
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
      {plan.unmatched.map((text) => (
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
