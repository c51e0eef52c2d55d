/** Which master leads; workers: who is alive, what each slot does, who has gone silent. */
import type { VNode } from "preact";
import type { LeaderLine, WorkerLine } from "./document.ts";
import { counted, count as countText } from "../parts/words.ts";
import { agoText, busySlots, slotsText } from "./words.ts";

const order = { alive: 0, silent: 1, ended: 2 } as const;
/** A fleet has hundreds; the first say enough. */
const shownMax = 100;

interface Input {
  readonly leader: LeaderLine | null;
  readonly workers: readonly WorkerLine[];
  readonly storeNow: number;
}

export function Workers({ leader, workers, storeNow }: Input): VNode {
  const alive = workers.filter(({ state }) => state === "alive");
  const sorted = workers.toSorted((a, b) => order[a.state] - order[b.state] || b.seenAt - a.seenAt);
  return (
    <section aria-labelledby="workers">
      <h2 id="workers">Master and workers</h2>
      <Leader leader={leader} storeNow={storeNow} />
      <p class="sub">
        {alive.length === 0 ? "No worker is alive." : `${countText(alive.length)} alive, ${slotsText(alive)}`}
      </p>
      <ul class="cards small">
        {sorted.slice(0, shownMax).map((worker) => (
          <Worker worker={worker} storeNow={storeNow} key={worker.worker} />
        ))}
      </ul>
      {sorted.length > shownMax && <p class="sub">{countText(sorted.length - shownMax)} more not shown.</p>}
    </section>
  );
}

function Leader({ leader, storeNow }: Omit<Input, "workers">): VNode {
  if (leader === null) return <p class="sub">No master leads. Commands that are their own master work all the same.</p>;
  const { master, silentSince } = leader;
  return (
    <p class="sub">
      Master <span class="name">{master}</span>{" "}
      {silentSince === null ? (
        "leads."
      ) : (
        <strong class="said">led, and was last heard of {agoText(storeNow - silentSince)}.</strong>
      )}
    </p>
  );
}

function Worker({ worker, storeNow }: { readonly worker: WorkerLine; readonly storeNow: number }): VNode {
  const { state, slots, jobs, draining, done, failed, seenAt } = worker;
  const free = state === "alive" ? slots - busySlots(worker) : 0;
  return (
    <li class={`card worker-${state}`}>
      <h3>
        <span class="name">{worker.worker}</span> <span class={`badge ${state}`}>{state}</span>
      </h3>
      <p class="sub">
        {counted(done, "job")} done, {counted(failed, "attempt")} failed, seen {agoText(storeNow - seenAt)}
      </p>
      {state === "silent" && (
        <p class="sub">It was killed, or cannot reach the store. What it had comes back to the queue.</p>
      )}
      {state !== "ended" && (
        <ul class="slots" aria-label={`Slots of ${worker.worker}`}>
          {jobs.map((job) => (
            <li class={state === "alive" ? "slot busy" : "slot"} key={job}>
              {job}
              {draining.includes(job) && " (draining)"}
            </li>
          ))}
          {Array.from({ length: free }, (_, index) => (
            <li class="slot" key={`idle ${index}`}>
              idle
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
