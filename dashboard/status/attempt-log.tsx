/** The log of one attempt: its first lines, all of it when it is asked for, and a button that copies it. */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { AttemptLine } from "./document.ts";
import { logLines } from "./log-lines.ts";
import { useCopy } from "../parts/copy.tsx";
import { counted } from "../parts/words.ts";

/** More are folded: what is wrong shows in the first ones. */
const shownMax = 12;

interface AttemptLogInput {
  readonly attempt: AttemptLine;
  /** The command that prints logs, without the name of whose. */
  readonly logs: string;
}

export function AttemptLog({ attempt: { plan, job, log, isLogCut }, logs }: AttemptLogInput): VNode {
  const [isAll, setIsAll] = useState(false);
  const { copy, said } = useCopy("The browser did not allow it.");
  // The page is drawn anew each second, for its ages.
  const lines = useMemo(() => logLines(log ?? ""), [log]);
  const isLong = lines.length > shownMax;
  return (
    <div class="logged">
      <pre class="log" tabIndex={0} role="group" aria-label={`Log of an attempt at job ${job}`}>
        {lines.slice(0, isAll ? lines.length : shownMax).join("\n")}
      </pre>
      <div class="row">
        {isLong && (
          <button type="button" class="quiet" aria-expanded={isAll} onClick={() => setIsAll(!isAll)}>
            {isAll ? `Show the first ${shownMax} lines` : `Show all ${counted(lines.length, "line")}`}
          </button>
        )}
        {copy !== null && (
          <button type="button" class="quiet" onClick={() => copy(lines.join("\n"), "Copied.")}>
            Copy log
          </button>
        )}
        <span class="sub" role="status">
          {said}
        </span>
      </div>
      {isLogCut && (
        <p class="sub">
          This is its beginning. All of it: <code>{`${logs} ${plan}/${job}`}</code>
        </p>
      )}
    </div>
  );
}
