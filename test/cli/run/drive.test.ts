/** What a `run` waits out, and what ends it, while it drives: in memory, with a clock that stands still. */
import assert from "node:assert/strict";
import { allEvents, type AnyEvent } from "../../../cli/compose/log.ts";
import type { Crew } from "../../../cli/run/crew.ts";
import { drive, type DriveEnd } from "../../../cli/run/drive.ts";
import { Trouble } from "../../../cli/run/trouble.ts";
import { Master } from "../../../master/master.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { JobQueue } from "../../../shared/ports/job-queue.ts";
import { aggregate, MasterSetting } from "../../master/setting.ts";
import { recordLog, type RecordingLog } from "../../support/recording-log.ts";

const heldMs = 60_000;

interface Driven {
  readonly setting: MasterSetting;
  readonly log: RecordingLog<AnyEvent>;
  readonly trouble: Trouble;
  readonly said: string[];
  readonly interrupt: () => void;
  readonly end: Promise<DriveEnd>;
}

/** Something is never settled. `ready` replaces members of the ready queue. */
function startDrive(ready: Partial<JobQueue> = {}): Driven {
  const setting = new MasterSetting();
  const { clock, random, store } = setting;
  const log = recordLog<AnyEvent>(allEvents);
  const queue = Object.assign(Object.create(setting.ready) as JobQueue, ready);
  const context = setting.context({ ready: queue, log: log.log });
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const trouble = new Trouble({ store, clock, random, scale: 1, say });
  const [first, second] = [new AbortController(), new AbortController()];
  const crew = { failure: new AbortController().signal, drain: async () => await Promise.resolve() };
  const end = drive({
    context,
    master: new Master(context, { only: aggregate, placeOf: () => ({ aggregate, prefix: "" }) }),
    aggregate,
    crew: crew as Crew,
    interrupts: { first: first.signal, second: second.signal, exitCode: () => 130 },
    trouble,
    heldMs,
    isSettled: async () => await Promise.resolve(false),
    onPass: () => undefined,
    say,
  });
  return { setting, log, trouble, said, interrupt: () => first.abort(new Error("SIGINT")), end };
}

describe("driving a run", () => {
  it("goes on without wake-ups when the ready queue is denied, for longer than what holds it, and says so once", async () => {
    const denied = new SpotfoldError("access-denied", "the ready queue may not be read");
    const driven = startDrive({ lease: async () => await Promise.reject(denied) });
    await driven.setting.clock.advance(3 * heldMs);
    assert.equal(driven.trouble.present, false);
    assert.equal(driven.log.of("queue-failed").length, 1);
    assert.deepEqual(driven.said, []);
    driven.interrupt();
    assert.deepEqual(await driven.end, { how: "interrupted" });
  });
});
