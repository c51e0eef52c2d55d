/** The page: what is known, how old it is, and the sections. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { Acted } from "./acting.tsx";
import { Aggregates } from "./aggregates.tsx";
import { isOld, type Connection } from "./connection.ts";
import type { StatusDocument } from "./document.ts";
import { useLive, useNow } from "./live.tsx";
import { Login } from "./login.tsx";
import { Missing } from "./missing.tsx";
import { NewRun } from "./new-run.tsx";
import { Queue } from "./queue.tsx";
import { Runs } from "./runs.tsx";
import { ThemeChoice } from "./theme.tsx";
import { agoText } from "./words.ts";
import { Workers } from "./workers.tsx";

/** Ages are told in seconds at first. */
const tickMs = 1_000;

/** Beside buttons that act. */
const oldWords = "Not now: the server does not answer, so what is shown may no longer hold.";

export function App(): VNode {
  const { connection, news, askNow } = useLive();
  const now = useNow(tickMs);
  const { phase, document, clockAheadMs } = connection;
  const whyNot = isOld(connection, now) ? oldWords : null;
  const ground = useMemo(() => ({ acted: askNow, whyNot }), [askNow, whyNot]);
  return (
    <>
      <header class="top">
        <div>
          <h1>Spotfold</h1>
          {document !== null && <p class="place">{document.place}</p>}
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
        {phase === "refused" && <Login onDone={askNow} />}
        {phase !== "refused" && <Trouble connection={connection} now={now} />}
        {phase === "connecting" && connection.trouble === null && <p class="empty">Connecting …</p>}
        {document !== null && (
          <Acted.Provider value={ground}>
            {document.actions && <NewRun />}
            <Sections document={document} storeNow={now + clockAheadMs} />
          </Acted.Provider>
        )}
      </main>
      {document !== null && <footer>Spotfold {document.version}</footer>}
    </>
  );
}

function Sections({ document, storeNow }: { readonly document: StatusDocument; readonly storeNow: number }): VNode {
  const { runs, inbox, aggregates, workers, unreadable } = document;
  if (runs.length + inbox.length + aggregates.length + workers.length + unreadable.length === 0) return <Nothing />;
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
      <h2>Nothing yet</h2>
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

const phaseWords: Readonly<Record<Connection["phase"], string>> = {
  connecting: "Connecting",
  live: "Live",
  stale: "Stale",
  refused: "Token needed",
};

function State({
  connection: { phase, answeredAt },
  now,
}: {
  readonly connection: Connection;
  readonly now: number;
}): VNode {
  return (
    <p class={`state ${phase}`}>
      <span class="dot" aria-hidden="true" />
      {phaseWords[phase]}
      {phase === "stale" && answeredAt !== null && `, as of ${agoText(now - answeredAt)}`}
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
