/** The page: what is known, how old it is, and the sections. */
import type { VNode } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Ground } from "./acting.tsx";
import { Aggregates } from "./aggregates.tsx";
import { isOld, type Connection } from "./connection.ts";
import type { StatusDocument } from "./document.ts";
import { focusOn, isFocusFree } from "./focus-on.tsx";
import { useLive, useNow } from "./live.tsx";
import { Login } from "./login.tsx";
import { Missing } from "./missing.tsx";
import { NewRun } from "./new-run.tsx";
import { Queue } from "./queue.tsx";
import { Runs } from "./runs.tsx";
import { Summary } from "./summary.tsx";
import { ThemeChoice } from "./theme.tsx";
import { agoText, clockText } from "./words.ts";
import { Workers } from "./workers.tsx";

/** Ages are told in seconds at first. */
const tickMs = 1_000;

/** Beside buttons that act. */
const oldWords = "Not now: the server does not answer, so what is shown may no longer hold.";
const refusedWords = "Not now: the server asks for its token, above.";

export function App(): VNode {
  const { connection, news, askNow } = useLive();
  const now = useNow(tickMs);
  const { phase, document, answeredAt, clockAheadMs } = connection;
  const whyNot = phase === "refused" ? refusedWords : isOld(connection, now) ? oldWords : null;
  const ground = useMemo(() => ({ acted: askNow, whyNot }), [askNow, whyNot]);
  const wasRefused = useRef(false);
  // The form that had the focus is gone when the token was taken: reading begins at the runs.
  useEffect(() => {
    if (wasRefused.current && phase === "live" && isFocusFree())
      focusOn(window.document.querySelector<HTMLElement>("#runs, #nothing"));
    if (phase === "refused" || phase === "live") wasRefused.current = phase === "refused";
  }, [phase]);
  return (
    <>
      <header class="top">
        <div>
          <h1>Spotfold status</h1>
          {document !== null && (
            <p class="place">
              Work store <span class="name">{document.place}</span>
            </p>
          )}
        </div>
        <div class="top-right">
          <State connection={connection} now={now} />
          <ThemeChoice />
        </div>
      </header>
      <p class="for-readers" role="status">
        {news}
      </p>
      <main>
        {phase === "refused" && (
          <Login onDone={askNow} shownMs={document === null ? null : now - (answeredAt ?? now)} />
        )}
        {phase !== "refused" && <Trouble connection={connection} now={now} />}
        {phase === "connecting" && connection.trouble === null && <p class="empty">Connecting …</p>}
        {document !== null && (
          <Ground.Provider value={ground}>
            {!isEmpty(document) && <Summary document={document} />}
            {document.actions && <NewRun />}
            <Sections document={document} storeNow={now + clockAheadMs} />
          </Ground.Provider>
        )}
      </main>
      {document !== null && <footer>Spotfold {document.version}. Times are those of your time zone.</footer>}
    </>
  );
}

function isEmpty({ runs, inbox, aggregates, workers, unreadable }: StatusDocument): boolean {
  return runs.length + inbox.length + aggregates.length + workers.length + unreadable.length === 0;
}

function Sections({ document, storeNow }: { readonly document: StatusDocument; readonly storeNow: number }): VNode {
  const { aggregates, workers, unreadable } = document;
  if (isEmpty(document)) return <Nothing />;
  return (
    <>
      {unreadable.length > 0 && (
        <section class="notice warning" aria-labelledby="unreadable">
          <h2 id="unreadable">What cannot be read</h2>
          <ul>
            {unreadable.map(({ what, why }) => (
              <li key={what}>
                <strong>{what}</strong>: {why}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Runs document={document} storeNow={storeNow} />
      <div class="two">
        <Workers leader={document.leader} workers={workers} storeNow={storeNow} />
        <Queue queue={document.queue} storeNow={storeNow} />
      </div>
      <Missing missing={document.missing} mayAct={document.actions} />
      <Aggregates aggregates={aggregates} storeNow={storeNow} />
    </>
  );
}

function Nothing(): VNode {
  return (
    <section class="empty">
      <h2 id="nothing">Nothing yet</h2>
      <p>
        No run was submitted here, and no worker has been seen. This page shows the first as soon as it is there, such
        as:
      </p>
      <p>
        <code>spotfold submit os-distribution --data FOLDER</code>
      </p>
    </section>
  );
}

/** Whether the page follows, and of when it is. */
function State({ connection, now }: { readonly connection: Connection; readonly now: number }): VNode {
  const { phase, answeredAt } = connection;
  if (phase === "refused") return <Sign tone="refused" text="Token needed" />;
  if (answeredAt === null) return <Sign tone="connecting" text="Connecting" />;
  const time = clockText(answeredAt, now);
  return isOld(connection, now) ? (
    <Sign tone="stale" text={`Not live: as of ${time}, ${agoText(now - answeredAt)}`} />
  ) : (
    <Sign tone="live" text={`Live, as of ${time}`} />
  );
}

function Sign({ tone, text }: { readonly tone: Connection["phase"]; readonly text: string }): VNode {
  return (
    <p class={`state ${tone}`}>
      <span class="dot" aria-hidden="true" />
      {text}
    </p>
  );
}

function Trouble({ connection, now }: { readonly connection: Connection; readonly now: number }): VNode | null {
  const { trouble, answeredAt, document } = connection;
  if (trouble === null) return null;
  return (
    <section class="notice bad" aria-label="Trouble">
      <p>
        <strong>{trouble.message}</strong>
        {document !== null && answeredAt !== null && ` What is shown is as of ${agoText(now - answeredAt)}.`}
        {" It is tried again."}
      </p>
      {trouble.hint !== null && <p>{trouble.hint}</p>}
    </section>
  );
}
