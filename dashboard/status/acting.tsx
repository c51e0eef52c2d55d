/** One action on its way: its plan is asked for and shown, then it is done, and what the command said stays until it is put away. */
import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import { askAction, type Fetch } from "./ask.ts";
import type { ActionPlan, ActionRequest, ActionResult } from "./action-document.ts";

const send: Fetch = async (path, init) => await fetch(path, init);

/** What actions know of the page. */
export interface Ground {
  /** Something was done: the page asks at once how things stand now. */
  readonly acted: () => void;
  /** Why nobody should act now: what is shown is old. Null: one may. */
  readonly whyNot: string | null;
}

export const Ground = createContext<Ground>({ acted: () => undefined, whyNot: null });

export interface Acting {
  /** Null: none was asked for, or it was left. */
  readonly plan: ActionPlan | null;
  /** A text: why there is neither plan nor result. */
  readonly result: ActionResult | string | null;
  readonly isPlanning: boolean;
  readonly isRunning: boolean;
  /** Why nothing can be asked for or done now; null: it can. */
  readonly whyNot: string | null;
  readonly show: (action: ActionRequest) => Promise<void>;
  readonly execute: () => Promise<void>;
  readonly leave: () => void;
  /** What was said has been read. */
  readonly putAway: () => void;
}

export function useActing(): Acting {
  const { acted, whyNot } = useContext(Ground);
  const [planned, setPlanned] = useState<{ readonly action: ActionRequest; readonly plan: ActionPlan } | null>(null);
  const [result, setResult] = useState<ActionResult | string | null>(null);
  const [step, setStep] = useState<"idle" | "planning" | "running">("idle");
  const isBusy = step !== "idle" || whyNot !== null;
  return {
    plan: planned?.plan ?? null,
    result,
    isPlanning: step === "planning",
    isRunning: step === "running",
    whyNot,
    show: async (action) => {
      if (isBusy) return;
      setStep("planning");
      setResult(null);
      const answer = await askAction(send, "plan", action);
      setStep("idle");
      if (typeof answer === "string") setResult(answer);
      else setPlanned({ action, plan: answer });
    },
    execute: async () => {
      if (planned === null || isBusy) return;
      setStep("running");
      setResult(await askAction(send, "run", planned.action));
      setStep("idle");
      setPlanned(null);
      acted();
    },
    leave: () => setPlanned(null),
    putAway: () => setResult(null),
  };
}
