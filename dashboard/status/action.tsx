/** An action: shows the command that it is, asks once more, executes it, and shows what the command said. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { askAction, type Fetch } from "./ask.ts";
import type { ActionPlan, ActionRequest, ActionResult } from "./document.ts";

const send: Fetch = async (path, init) => await fetch(path, init);

interface Input {
  readonly title: string;
  readonly action: ActionRequest;
  /** Afterwards what the command said stays. */
  readonly isOffered: boolean;
}

export function ActionButton({ title, action, isOffered }: Input): VNode | null {
  const [plan, setPlan] = useState<ActionPlan | null>(null);
  const [result, setResult] = useState<ActionResult | string | null>(null);
  const [isUnderWay, setIsUnderWay] = useState(false);
  const show = async (): Promise<void> => {
    const answer = await askAction(send, "plan", action);
    if (typeof answer === "string") setResult(answer);
    else setPlan(answer);
  };
  const execute = async (): Promise<void> => {
    setIsUnderWay(true);
    setResult(await askAction(send, "run", action));
    setIsUnderWay(false);
    setPlan(null);
  };
  if (!isOffered && result === null && !isUnderWay) return null;
  return (
    <div class="action">
      {!isOffered ? null : plan === null ? (
        <button type="button" class="quiet" onClick={() => void show()}>
          {title} …
        </button>
      ) : (
        <>
          <pre tabIndex={0} aria-label="The command">
            {plan.command}
          </pre>
          <button type="button" disabled={isUnderWay} onClick={() => void execute()}>
            {isUnderWay ? "Running …" : title}
          </button>
          <button type="button" class="quiet" disabled={isUnderWay} onClick={() => setPlan(null)}>
            Leave it
          </button>
        </>
      )}
      {result !== null && (
        <pre role="status">
          {typeof result === "string" ? result : `exit ${result.code ?? "by force"}\n${result.output}`}
        </pre>
      )}
    </div>
  );
}
