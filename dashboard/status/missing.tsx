/** Missing blocks: how many, why, what would cure each reason, which; and retries, whose word stays when nothing is missing any more. */
import type { VNode } from "preact";
import { useCallback, useState } from "preact/hooks";
import { cureOf } from "./cures.ts";
import type { MissingGroup, MissingReport } from "./document.ts";
import { MissingBlocks } from "./missing-blocks.tsx";
import { RetryGroup } from "./retry-group.tsx";
import { Table } from "./table.tsx";
import { missingText } from "./tried-again.ts";
import { count as countText } from "../parts/words.ts";

interface Input {
  readonly missing: MissingReport;
  readonly mayAct: boolean;
}

const keyOf = ({ aggregate, dataset }: MissingGroup): string => JSON.stringify([aggregate, dataset]);

export function Missing({ missing, mayAct }: Input): VNode {
  const { count, groups } = missing;
  /** With a plan, or a word, that was not put away yet. */
  const [kept, setKept] = useState<ReadonlyMap<string, MissingGroup>>(new Map());
  const keep = useCallback((group: MissingGroup, isKept: boolean): void => {
    setKept((before) => {
      const after = new Map(before);
      if (isKept) after.set(keyOf(group), group);
      else after.delete(keyOf(group));
      return after;
    });
  }, []);
  const known = new Set(groups.map(keyOf));
  const cured = [...kept.values()].filter((group) => !known.has(keyOf(group)));
  const shown = [...groups, ...cured.map((group) => ({ ...group, count: 0, reasons: [] }))];
  return (
    <section aria-labelledby="missing">
      <h2 id="missing">Missing blocks</h2>
      {count === 0 ? <p class="empty">No block is missing.</p> : <Reasons missing={missing} />}
      {mayAct && shown.length > 0 && (
        <ul class="cards groups">
          {shown.map((group) => (
            <RetryGroup group={group} onKeep={keep} key={keyOf(group)} />
          ))}
        </ul>
      )}
      {count > 0 && <MissingBlocks missing={missing} />}
    </section>
  );
}

function Reasons({ missing }: { readonly missing: MissingReport }): VNode {
  const { reasons } = missing;
  const text = missingText(missing);
  return (
    <>
      {text !== null && <p class="sub">{text}</p>}
      <Table
        caption="Missing blocks by reason"
        rows={reasons}
        keyOf={({ reason }) => reason}
        columns={[
          { title: "Reason", cell: ({ reason }) => <span class="name">{reason}</span> },
          {
            title: "Blocks",
            isNumber: true,
            cell: ({ count, aggregates = 1 }) =>
              `${countText(count)}${aggregates > 1 ? ` in ${aggregates} aggregates` : ""}`,
          },
          { title: "What happened", cell: (line) => cureOf(line.reason, line.class).what },
          { title: "What cures it", cell: (line) => <CureText text={cureOf(line.reason, line.class).cure} /> },
        ]}
      />
    </>
  );
}

/** Words with names of flags among them, which do not break at their hyphens. */
function CureText({ text }: { readonly text: string }): VNode {
  return (
    <>
      {text.split(/(--[a-z]+)/).map((part, index) =>
        part.startsWith("--") ? (
          <code class="flag" key={index}>
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}
