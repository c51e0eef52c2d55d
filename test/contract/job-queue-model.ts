/** A queue that takes turns, beside the plainest one that could be: a list, looked through at every step. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Clock, Random } from "../../shared/ports/clock.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { ManualClock, seededRandom } from "../support/manual-clock.ts";

type Step =
  | { readonly do: "send"; readonly delayMs: number; readonly group: string }
  | { readonly do: "lease"; readonly leaseMs: number }
  | { readonly do: "extend" | "release"; readonly which: number; readonly ms: number }
  | { readonly do: "acknowledge"; readonly which: number }
  | { readonly do: "pass"; readonly ms: number };

const ms = fc.integer({ min: 0, max: 50 });
const which = fc.nat(20);
const group = fc.constantFrom("", "a", "b");
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("send" as const), delayMs: fc.oneof(fc.constant(0), ms), group }),
    fc.record({ do: fc.constant("lease" as const), leaseMs: ms }),
    fc.record({ do: fc.constantFrom("extend" as const, "release" as const), which, ms }),
    fc.record({ do: fc.constant("acknowledge" as const), which }),
    fc.record({ do: fc.constant("pass" as const), ms }),
  ),
  { maxLength: 60 },
);

interface Modelled {
  readonly group: string;
  visibleAt: number;
  handle: string | null;
}

class Model {
  readonly messages = new Map<string, Modelled>();
  readonly #turns = new Map<string, number>();
  #turn = 0;

  send(body: string, group: string, visibleAt: number): void {
    if (![...this.messages.values()].some((message) => message.group === group)) this.#turns.set(group, this.#turn);
    this.messages.set(body, { group, visibleAt, handle: null });
  }

  /** Bodies that may come next. */
  next(now: number): string[] {
    const visible = [...this.messages].filter(([, { visibleAt }]) => visibleAt <= now);
    const rank = (group: string): number => this.#leased(group, now) * 1_000 + (this.#turns.get(group) ?? 0);
    const first = Math.min(...visible.map(([, message]) => rank(message.group)));
    return visible.filter(([, message]) => rank(message.group) === first).map(([body]) => body);
  }

  lease(body: string, handle: string, visibleAt: number): void {
    const message = this.messages.get(body);
    assert.ok(message !== undefined);
    Object.assign(message, { handle, visibleAt });
    this.#turns.set(message.group, ++this.#turn);
  }

  #leased(group: string, now: number): number {
    const held = (message: Modelled): boolean => message.handle !== null && message.visibleAt > now;
    return [...this.messages.values()].filter((message) => message.group === group && held(message)).length;
  }
}

/** `open`: a new, empty queue; `runs`: so many histories. */
export function describeQueueModel(
  what: string,
  runs: number,
  open: (clock: Clock, random: Random) => Promise<JobQueue>,
): void {
  it(`${what} is what a plain list would be, whatever is done to it`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (history, seed) => {
        const clock = new ManualClock();
        const queue = await open(clock, seededRandom(seed));
        const model = new Model();
        const { messages } = model;
        const handles: { readonly body: string; readonly handle: string }[] = [];
        /** What the handle holds still. */
        const held = (index: number): [string, string, Modelled | undefined] => {
          const { body, handle } = handles[index % handles.length] ?? { body: "", handle: "0-0" };
          const message = messages.get(body);
          const lasts = message?.handle === handle && message.visibleAt > clock.monotonic();
          return [body, handle, lasts ? message : undefined];
        };
        for (const [index, step] of history.entries()) {
          const now = clock.monotonic();
          if (step.do === "send") {
            const named = step.group === "" ? {} : { group: step.group };
            await queue.send([{ body: `${index}`, delayMs: step.delayMs, ...named }]);
            model.send(`${index}`, step.group, now + step.delayMs);
          } else if (step.do === "lease") {
            const next = model.next(now);
            const [lease] = await queue.lease(1, { leaseMs: step.leaseMs, waitMs: 0 });
            if (lease === undefined) assert.deepEqual(next, []);
            else {
              assert.ok(next.includes(lease.body), `${lease.body} came, one of ${next.join(", ")} was due`);
              model.lease(lease.body, lease.handle, now + step.leaseMs);
              handles.push(lease);
            }
          } else if (step.do === "pass") {
            await clock.advance(step.ms);
          } else {
            const [body, handle, message] = held(step.which);
            if (step.do === "extend") await queue.extend([{ handle, leaseMs: step.ms }]);
            else if (step.do === "release") await queue.release([{ handle, delayMs: step.ms }]);
            else await queue.acknowledge([handle]);
            if (message === undefined) continue;
            if (step.do === "acknowledge") messages.delete(body);
            else message.visibleAt = now + step.ms;
            if (step.do === "release") message.handle = null;
          }
          const all = [...messages.values()];
          const hidden = all.filter(({ visibleAt }) => visibleAt > clock.monotonic());
          const leased = hidden.filter(({ handle }) => handle !== null).length;
          const expected = { visible: all.length - hidden.length, leased, delayed: hidden.length - leased };
          assert.deepEqual(await queue.counts(), expected);
        }
        await queue.close();
      }),
      { numRuns: runs },
    );
  });
}
