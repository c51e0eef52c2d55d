/** What all runs wait for, once, with the command that starts it: a master where none leads, a worker where none is alive. */
import type { VNode } from "preact";
import type { StatusDocument } from "./document.ts";
import { awaitedText, waitsForWorker } from "./words.ts";

export function Starts({ document }: { readonly document: StatusDocument }): VNode {
  const { runs, inbox, leader, workers, commands } = document;
  const isLed = leader?.silentSince === null;
  const isAnybodyAlive = workers.some(({ state }) => state === "alive");
  return (
    <>
      {!isLed && (inbox.length > 0 || runs.some((run) => awaitedText(run) !== null)) && (
        <Start
          said="No master leads, and runs wait for one (a spotfold run that goes on is its own)."
          command={commands.master}
        />
      )}
      {!isAnybodyAlive && runs.some(waitsForWorker) && (
        <Start said="No worker is alive, and jobs wait for one." command={commands.worker} />
      )}
    </>
  );
}

function Start({ said, command }: { readonly said: string; readonly command: string }): VNode {
  return (
    <div class="action said">
      <p>{said} To start one:</p>
      <pre tabIndex={0} role="group" aria-label="The command that starts it">
        {command}
      </pre>
    </div>
  );
}
