/** Runs: those that wait, those that are open, those that ended last; of those that ended well, the first ones. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { StatusDocument } from "./document.ts";
import { foldedRuns } from "./overview.ts";
import { counted } from "../parts/words.ts";
import { RunCard } from "./run-card.tsx";
import { Starts } from "./start.tsx";

export function Runs({ document, storeNow }: { readonly document: StatusDocument; readonly storeNow: number }): VNode {
  const { runs, runsHidden, inbox } = document;
  const [isAll, setIsAll] = useState(false);
  const folded = foldedRuns(runs);
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs</h2>
      {runs.length + inbox.length === 0 && <p class="empty">No run yet.</p>}
      <Starts document={document} />
      <ul class="cards">
        {[...inbox, ...runs].map((line) => (
          <RunCard
            line={line}
            storeNow={storeNow}
            document={document}
            isFolded={!isAll && folded.has(line.run)}
            key={line.run}
          />
        ))}
      </ul>
      {folded.size > 0 && (
        <p>
          <button type="button" class="quiet" aria-expanded={isAll} onClick={() => setIsAll(!isAll)}>
            {`${isAll ? "Fold" : "Show"} ${counted(folded.size, "finished run")}, all covered`}
          </button>
        </p>
      )}
      {runsHidden > 0 && <p class="sub">{counted(runsHidden, "earlier run")} not shown.</p>}
    </section>
  );
}
