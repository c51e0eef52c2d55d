/** What the page knows, and of how long ago; and what it takes each answer for. */
import assert from "node:assert/strict";
import { askStatus } from "../../../dashboard/status/ask.ts";
import { afterAnswer, connecting, isOld, nextAskMs } from "../../../dashboard/status/connection.ts";
import type { StatusDocument } from "../../../dashboard/status/document.ts";

const empty = { format: 1, runs: [], refreshMs: 2_000 } as unknown as StatusDocument;

describe("the status page's connection", () => {
  it("keeps what it knew while the server is away, and says since when", () => {
    const live = afterAnswer(connecting, { kind: "document", document: empty, storeTime: 500 }, 100);
    assert.deepEqual([live.phase, live.clockAheadMs], ["live", 400]);
    const stale = afterAnswer(live, { kind: "trouble", message: "away", hint: null }, 200);
    assert.deepEqual([stale.phase, stale.answeredAt, stale.document], ["stale", 100, empty]);
    const back = afterAnswer(stale, { kind: "unchanged", storeTime: 700 }, 300);
    assert.deepEqual([back.phase, back.document, back.trouble], ["live", empty, null]);
    assert.deepEqual(
      [isOld(live, 20_000), isOld(live, 21_000), isOld(stale, 201), isOld(back, 301)],
      [false, true, true, false],
    );
  });

  it("keeps what it knew when it is refused, as old; a first refusal shows nothing", () => {
    const first = afterAnswer(connecting, { kind: "token" }, 0);
    assert.deepEqual([first.phase, first.document], ["refused", null]);
    const live = afterAnswer(first, { kind: "document", document: empty, storeTime: 0 }, 0);
    const refused = afterAnswer(live, { kind: "token" }, 1);
    assert.deepEqual([refused.phase, refused.document, isOld(refused, 1)], ["refused", empty, true]);
    const back = afterAnswer(refused, { kind: "document", document: empty, storeTime: 0 }, 2);
    assert.deepEqual([back.phase, isOld(back, 2)], ["live", false]);
  });

  it("asks a server that is away less often", () => {
    assert.deepEqual(
      [0, 1, 2, 5, 50].map((failures) => nextAskMs(2_000, failures)),
      [2_000, 2_000, 2_000, 15_000, 15_000],
    );
  });

  it("understands every answer, and none", async () => {
    const kindOf = async (response: Response): Promise<string> =>
      (await askStatus(async () => await Promise.resolve(response), '"e"')).answer.kind;
    assert.equal(await kindOf(new Response(null, { status: 304 })), "unchanged");
    assert.equal(await kindOf(new Response("{}", { status: 401 })), "token");
    assert.equal(await kindOf(new Response("<html>", { status: 502 })), "trouble");
    assert.equal(await kindOf(new Response("not json")), "trouble");
    assert.equal(await kindOf(Response.json({ format: 2 })), "trouble");
    assert.equal(await kindOf(Response.json(empty)), "document");
    const away = await askStatus(async () => await Promise.reject(new TypeError("refused")), null);
    assert.equal(away.answer.kind, "trouble");
  });
});
