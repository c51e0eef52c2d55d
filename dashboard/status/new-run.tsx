/** A new run: what it can be made of is asked for when somebody opens the form; its plan is shown before it is submitted. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { ActionSteps } from "./action.tsx";
import { useActing } from "./acting.tsx";
import { askChoices } from "./ask.ts";
import type { ChoicesDocument } from "./action-document.ts";
import { formOf, requestOf, type RunForm } from "./run-form.ts";
import { RunFields } from "./run-fields.tsx";

export function NewRun(): VNode {
  const [choices, setChoices] = useState<ChoicesDocument | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const open = async (isOpen: boolean): Promise<void> => {
    if (!isOpen) return;
    const answer = await askChoices(async (path, init) => await fetch(path, init));
    // What was known, and what somebody has typed, stays while the server is away.
    if (typeof answer !== "string") setChoices(answer);
    setTrouble(typeof answer === "string" ? answer : null);
  };
  return (
    <section aria-labelledby="new-run">
      <details class="card new-run" onToggle={(event) => void open(event.currentTarget.open)}>
        <summary>
          <h2 id="new-run">New run</h2>
        </summary>
        {choices === null && trouble === null && <p class="sub">Reading what there is …</p>}
        {trouble !== null && <p class="said">{trouble}</p>}
        {choices !== null && <Chosen choices={choices} />}
      </details>
    </section>
  );
}

/** The form begins with what there is: it is not made before there is a dataset. */
function Chosen({ choices }: { readonly choices: ChoicesDocument }): VNode {
  if (choices.datasets.length === 0) {
    return (
      <p class="sub">
        No dataset is known here yet. Name one in spotfold.config.json, or submit the first run by the command line.
      </p>
    );
  }
  return <Filled choices={choices} />;
}

function Filled({ choices }: { readonly choices: ChoicesDocument }): VNode {
  const [form, setForm] = useState<RunForm>(() => formOf(choices));
  const acting = useActing();
  // A plan is of what it was asked for.
  const isLocked = acting.plan !== null || acting.isPlanning;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isLocked) void acting.show(requestOf(form, choices));
      }}
    >
      <fieldset class="plain" disabled={isLocked}>
        <legend class="for-readers">What to run</legend>
        <RunFields choices={choices} form={form} onChange={setForm} />
      </fieldset>
      <ActionSteps title="Submit run" acting={acting}>
        <button type="submit" aria-disabled={acting.isPlanning || acting.whyNot !== null}>
          {acting.isPlanning ? "Planning …" : "Show plan"}
        </button>
      </ActionSteps>
    </form>
  );
}
