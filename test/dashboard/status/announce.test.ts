/** What a screen reader is told by the status page: each piece of news once. */
import assert from "node:assert/strict";
import { newsAfter, nothingTold, type Told } from "../../../dashboard/status/announce.ts";
import { afterAnswer, connecting, type Answer, type Connection } from "../../../dashboard/status/connection.ts";
import type { InboxLine, RunLine, StatusDocument, WorkerLine } from "../../../dashboard/status/document.ts";

type Run = Pick<RunLine, "run" | "state" | "blocks" | "covered" | "missing" | "held">;
const run = (changes: Partial<Run> = {}): Run => {
  return { run: "r1", state: "open", blocks: 8, covered: 0, missing: 0, held: null, ...changes };
};
type Worker = Pick<WorkerLine, "worker" | "state">;
const worker = (name: string, state: WorkerLine["state"]): Worker => ({ worker: name, state });
const document = (runs: readonly Run[], workers: readonly Worker[] = [], silentSince?: number): Answer => {
  const leader = { master: "m", silentSince: silentSince ?? null };
  return {
    kind: "document",
    document: { inbox: [], runs, workers, leader } as unknown as StatusDocument,
    storeTime: 0,
  };
};
const away: Answer = { kind: "trouble", message: "The server does not answer.", hint: null };

/** The news after each answer. */
function told(...answers: readonly Answer[]): string[] {
  let [connection, known]: [Connection, Told] = [connecting, nothingTold];
  return answers.map((answer, at) => {
    connection = afterAnswer(connection, answer, at);
    const { told: next, news } = newsAfter(known, connection);
    known = next;
    return news;
  });
}

describe("the news of the status page", () => {
  it("is nothing of what was there when the page came, nor of what stays", () => {
    const first = document([run(), run({ run: "r0", state: "finished" })], [worker("w", "silent")], 5);
    assert.deepEqual(told(first, first, { kind: "unchanged", storeTime: 0 }), ["", "", ""]);
  });

  it("is a run's beginning, hold and end, each once, also when it is not listed for an answer", () => {
    const held = { kind: "environment", what: "no access", where: "w", hint: "", since: null, until: null, times: 1 };
    const ended = run({ state: "finished", missing: 8 });
    assert.deepEqual(
      told(
        document([]),
        document([run()]),
        document([run({ held })]),
        document([run({ held: { ...held, times: 2 } })]),
        document([run()]),
        document([ended]),
        document([]),
        document([ended]),
      ),
      [
        "",
        "Run r1 began.",
        "Run r1 is held: no access",
        "",
        "Run r1 goes on.",
        "Run r1 is finished: all 8 missing at its end.",
        "",
        "",
      ],
    );
  });

  it("is a hold of a run that no master could admit, and that it was admitted at last", () => {
    const why = { kind: "admission", what: "no data", where: "w", hint: "", since: null, until: null, times: 1 };
    const waiting = (held: InboxLine["held"], runs: readonly Run[] = []): Answer => {
      const inbox: Pick<InboxLine, "run" | "held">[] = runs.length > 0 ? [] : [{ run: "r1", held }];
      return {
        kind: "document",
        document: { inbox, runs, workers: [], leader: null } as unknown as StatusDocument,
        storeTime: 0,
      };
    };
    assert.deepEqual(
      told(
        document([]),
        waiting(null),
        waiting(why),
        waiting(why),
        waiting(null),
        waiting(why),
        waiting(null, [run()]),
      ),
      [
        "",
        "",
        "Run r1 is not admitted: no data",
        "",
        "Run r1 waits for a master again.",
        "Run r1 is not admitted: no data",
        "Run r1 goes on.",
      ],
    );
    assert.deepEqual(told(document([]), waiting(null), waiting(null, [run()])), ["", "", "Run r1 began."]);
  });

  it("is a worker that goes silent, many as one, and the master", () => {
    const all = (state: WorkerLine["state"]): Worker[] => ["a", "b", "c", "d", "e"].map((name) => worker(name, state));
    assert.deepEqual(
      told(
        document([], all("alive")),
        document([], [worker("a", "silent")]),
        document([], all("silent")),
        document([], [worker("a", "alive")], 7),
        document([], [worker("a", "ended")]),
      ),
      [
        "",
        "Worker a is silent.",
        "4 workers are silent: b, c, d and 1 more.",
        "Worker a is alive again. The master is silent.",
        "A master leads again.",
      ],
    );
  });

  it("is the connection, once for each time that it is lost", () => {
    const here = document([run()]);
    assert.deepEqual(
      told(away, away, here, away, away, document([run({ state: "finished", covered: 8 })]), { kind: "token" }),
      [
        "The server does not answer.",
        "",
        "The server answers again.",
        "The server is away. What is shown is old.",
        "",
        "The server answers again. Run r1 is finished: all covered.",
        "A token is needed.",
      ],
    );
    assert.deepEqual(told({ kind: "token" }, here, { kind: "token" }, here), [
      "A token is needed.",
      "The token was taken.",
      "A token is needed.",
      "The token was taken.",
    ]);
  });
});
