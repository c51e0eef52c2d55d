/** Missing blocks: how many, why, which; and what can be done about a reason. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { ActionButton } from "./action.tsx";
import type { MissingGroup, MissingReport } from "./document.ts";
import { Table } from "./table.tsx";
import { counted, count as countText } from "../parts/words.ts";

/** By the class of the reason. */
const cures: ReadonlyMap<string, string> = new Map([
  ["content", "by a retry, once the block was mended; by a run of a mended analysis with --reprocess"],
  ["circumstance", "by the next run that selects it, or by a retry"],
]);

interface Input {
  readonly missing: MissingReport;
  readonly mayAct: boolean;
}

export function Missing({ missing, mayAct }: Input): VNode {
  const { count, reasons, groups, blocks } = missing;
  return (
    <section aria-labelledby="missing">
      <h2 id="missing">Missing blocks</h2>
      {count === 0 ? (
        <p class="empty">None is missing.</p>
      ) : (
        <>
          <Table
            caption="Missing blocks by reason"
            rows={reasons}
            keyOf={({ reason }) => reason}
            columns={[
              { title: "Reason", cell: ({ reason }) => reason },
              { title: "Blocks", isNumber: true, cell: ({ count: some }) => countText(some) },
              { title: "Tried again", cell: (line) => cures.get(line.class) ?? line.class },
            ]}
          />
          {mayAct && (
            <ul class="cards groups">
              {groups.map((group) => (
                <Group group={group} key={JSON.stringify([group.aggregate, group.dataset])} />
              ))}
            </ul>
          )}
          <details>
            <summary>
              {blocks.length < count
                ? `The first ${countText(blocks.length)} of ${counted(count, "block")}`
                : counted(count, "block")}
            </summary>
            <Table
              caption="Missing blocks"
              rows={blocks}
              keyOf={({ aggregate, dataset, key }) => JSON.stringify([aggregate, dataset, key])}
              columns={[
                { title: "Block", cell: ({ key }) => <span class="name">{key}</span> },
                { title: "Aggregate", cell: ({ aggregate }) => aggregate },
                { title: "Reason", cell: ({ reason }) => reason },
                { title: "Detail", cell: ({ detail }) => detail },
              ]}
            />
          </details>
        </>
      )}
    </section>
  );
}

const allReasons = "";

/** What one run can try again, and the reasons that it is to try. */
function Group({ group: { aggregate, dataset, count, reasons } }: { readonly group: MissingGroup }): VNode {
  const [chosen, choose] = useState(allReasons);
  const action = { action: "retry", aggregate, dataset, reasons: chosen === allReasons ? [] : [chosen] } as const;
  return (
    <li class="card">
      <h3>
        <span class="name">{aggregate}</span>
      </h3>
      <p class="sub">
        {counted(count, "block")} of {dataset}
      </p>
      {reasons.length > 1 && (
        <label class="field">
          <span>Missing by</span>
          <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
            <option value={allReasons}>any reason ({countText(count)})</option>
            {reasons.map(({ reason, count: some }) => (
              <option value={reason} key={reason}>
                {reason} ({countText(some)})
              </option>
            ))}
          </select>
        </label>
      )}
      <ActionButton title="Retry missing blocks" action={action} isOffered={true} key={chosen} />
    </li>
  );
}
