/** What one run can try again, and the reasons that it is to try: planned, shown, done, and what the command said. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ActionSteps } from "./action.tsx";
import { useActing } from "./acting.tsx";
import type { MissingGroup } from "./document.ts";
import { againText, whyNoRetry } from "./tried-again.ts";
import { counted, count as countText } from "../parts/words.ts";

const allReasons = "";

interface Input {
  /** With a count of 0: nothing of it is missing any more, and it is shown for what was said. */
  readonly group: MissingGroup;
  /** Told when there is something to keep it for, and when there no longer is. */
  readonly onKeep: (group: MissingGroup, isKept: boolean) => void;
}

export function RetryGroup({ group, onKeep }: Input): VNode {
  const { aggregate, dataset, count, reasons } = group;
  const [wanted, choose] = useState(allReasons);
  const acting = useActing();
  const { plan, result, isPlanning, isRunning, whyNot } = acting;
  const isKept = plan !== null || result !== null || isPlanning || isRunning;
  useEffect(() => onKeep({ aggregate, dataset, count: 0, reasons: [] }, isKept), [aggregate, dataset, isKept]);
  // A reason that was cured is no longer offered.
  const chosen = reasons.some(({ reason }) => reason === wanted) ? wanted : allReasons;
  const whyNone = whyNoRetry(group, chosen === allReasons ? null : chosen);
  const again = againText(group);
  const action = { action: "retry", aggregate, dataset, reasons: chosen === allReasons ? [] : [chosen] } as const;
  return (
    <li class="card">
      <h3>
        <span class="name">{aggregate}</span>
      </h3>
      <p class="sub">
        {count === 0 ? "No block is missing any more" : counted(count, "block")} of {dataset}
        {again !== null && `, ${again}`}
      </p>
      {reasons.length > 1 && (
        <label class="field">
          <span>Missing by</span>
          <select
            value={chosen}
            disabled={plan !== null || isPlanning}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            <option value={allReasons}>any reason ({countText(count)})</option>
            {reasons.map(({ reason, count: some }) => (
              <option value={reason} key={reason}>
                {reason} ({countText(some)})
              </option>
            ))}
          </select>
        </label>
      )}
      <ActionSteps title="Retry missing blocks" acting={acting}>
        {count > 0 && (
          <button
            type="button"
            class="quiet"
            aria-disabled={isPlanning || whyNot !== null || whyNone !== null}
            onClick={whyNone === null ? () => void acting.show(action) : undefined}
          >
            {isPlanning ? "Planning …" : "Retry missing blocks …"}
          </button>
        )}
        {whyNone !== null && <p class="said">{whyNone}</p>}
      </ActionSteps>
    </li>
  );
}
