/** Attempts at a run's jobs, failed ones first: how each ended, why, and what it logged. Asked for while they are shown. Logs are text. */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { askAttempts } from "./ask.ts";
import type { AttemptLine, AttemptsDocument } from "./document.ts";
import { isFocusFree } from "./focus-on.tsx";
import { AttemptLog } from "./attempt-log.tsx";
import { counted } from "../parts/words.ts";
import { clockText } from "./words.ts";

/** The server reads them anew after about so long. */
const againMs = 10_000;
/** More are folded: those that failed come first. */
const shownMax = 8;

interface AttemptsInput {
  readonly run: string;
  readonly isEnded: boolean;
  /** The command that prints logs, without the name of whose. */
  readonly logs: string;
}

export function Attempts({ run, isEnded, logs }: AttemptsInput): VNode {
  const [found, setFound] = useState<AttemptsDocument | null>(null);
  /** Why the last ask brought nothing; what was found before stays. */
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  const said = useRef<HTMLParagraphElement>(null);
  /** What gets the focus when the button goes that had it. */
  const heading = useRef<HTMLElement | null>(null);
  const again = (): void => {
    heading.current = said.current?.closest("details")?.querySelector("summary") ?? null;
    setAsked(asked + 1);
  };
  useEffect(() => {
    let isGone = false;
    const ask = async (): Promise<void> => {
      if (document.hidden) return;
      const answer = await askAttempts(async (path, init) => await fetch(path, init), run);
      if (isGone) return;
      if (typeof answer !== "string") setFound(answer);
      setTrouble(typeof answer === "string" ? answer : null);
    };
    void ask();
    const timer = isEnded ? undefined : setInterval(() => void ask(), againMs);
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [run, isEnded, asked]);
  useEffect(() => {
    if (trouble === null && isFocusFree()) heading.current?.focus();
    if (trouble === null) heading.current = null;
  }, [trouble]);
  return (
    <>
      {trouble !== null && (
        <p class="said" ref={said}>
          {trouble} {found !== null && "What is below is what was found before."}{" "}
          <button type="button" class="quiet" onClick={again}>
            Ask again
          </button>
        </p>
      )}
      {found === null && trouble === null && <p class="sub">Reading attempts …</p>}
      {found !== null && <Found found={found} run={run} logs={logs} />}
    </>
  );
}

interface FoundInput {
  readonly found: AttemptsDocument;
  readonly run: string;
  readonly logs: string;
}

function Found({ found, run, logs }: FoundInput): VNode {
  const [isAll, setIsAll] = useState(false);
  const { attempts, jobs, more } = found;
  if (attempts.length === 0) {
    return (
      <p class="sub">
        {jobs === 0
          ? "There are no attempts, or no longer."
          : `Of ${counted(jobs, "job")}, no attempt failed or logged anything.`}
      </p>
    );
  }
  return (
    <>
      <ol class="attempts">
        {worstFirst(attempts)
          .slice(0, isAll ? attempts.length : shownMax)
          .map((attempt) => (
            <Attempt attempt={attempt} logs={logs} key={`${attempt.job} ${attempt.attempt}`} />
          ))}
      </ol>
      {attempts.length > shownMax && (
        <button type="button" class="quiet" aria-expanded={isAll} onClick={() => setIsAll(!isAll)}>
          {isAll ? `Show the first ${shownMax} attempts` : `Show all ${attempts.length} attempts`}
        </button>
      )}
      {more && (
        <p class="sub">
          There are more. All of them: <code>{`${logs} ${run}`}</code>
        </p>
      )}
    </>
  );
}

const outcomes: Readonly<Record<AttemptLine["outcome"], string>> = {
  failed: "failed",
  resolved: "done",
  lost: "another attempt was first",
  vanished: "vanished: its worker did not end it",
  open: "running, or vanished",
  unknown: "done",
};

/** What went wrong comes first. */
const order: Readonly<Record<AttemptLine["outcome"], number>> = {
  failed: 0,
  vanished: 1,
  open: 2,
  lost: 3,
  resolved: 3,
  unknown: 3,
};

function worstFirst(attempts: readonly AttemptLine[]): readonly AttemptLine[] {
  return attempts.toSorted((a, b) => order[a.outcome] - order[b.outcome] || b.startedAt - a.startedAt);
}

function Attempt({ attempt, logs }: { readonly attempt: AttemptLine; readonly logs: string }): VNode {
  const { job, worker, startedAt, outcome, failure, log } = attempt;
  return (
    <li>
      <p class="attempt-head">
        <span class="sub" title="When it began">
          {clockText(startedAt, Date.now())}
        </span>
        <span class={`badge outcome-${outcome} ${outcome === "open" ? "" : outcome}`}>{outcomes[outcome]}</span>
        <span class="name">job {job}</span>
        <span class="sub">on {worker}</span>
      </p>
      {failure !== null && (
        <p class="failure">
          <strong>
            {failure.cause} ({failure.reason})
          </strong>
          : {failure.message}
          {failure.hint !== null && <span class="hint">{failure.hint}</span>}
        </p>
      )}
      {log !== null && <AttemptLog attempt={attempt} logs={logs} />}
    </li>
  );
}
