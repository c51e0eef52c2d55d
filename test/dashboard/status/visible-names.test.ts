/** Names and messages on the status page: what a browser would obey or hide is seen, and nothing is taken away. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { askAction, askAttempts, askStatus, type Fetch } from "../../../dashboard/status/ask.ts";
import { logLines } from "../../../dashboard/status/log-lines.ts";
import { visibleMessage, visibleName } from "../../../dashboard/status/visible-names.ts";

const answering =
  (body: unknown, status = 200): Fetch =>
  async () =>
    await Promise.resolve(Response.json(body, { status }));

describe("names on the status page", () => {
  it("are escaped where a reader would be misled, and never shortened", () => {
    for (const [name, shown] of [
      ["a\u202egnp.evil.json.gz", String.raw`a\u202egnp.evil.json.gz`],
      ["a\nb\tc\u001b[31md\u0007", String.raw`a\x0ab\x09c\x1b[31md\x07`],
      ["a\u200bb\u061cc\u00add\u2060\ufeff", String.raw`a\u200bb\u061cc\u00add\u2060\ufeff`],
      ["a\u00a0b\u3000c\u2028\u2800\u3164", String.raw`a\u00a0b\u3000c\u2028\u2800\u3164`],
      ["\u{e0041}\ud800", String.raw`\u{e0041}\ud800`],
    ] as const)
      assert.equal(visibleName(name), shown);
    for (const name of ["dt=2026-01-01/a b.gz", "מערכת הפעלה", "日本/é/👍", "<img src=x>", String.raw`a\u202e`])
      assert.equal(visibleName(name), name);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = visibleName(text);
        assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|[^\P{Zs} ]/u);
        assert.equal(visibleName(shown), shown);
      }),
    );
  });

  it("stand in messages that keep their lines", () => {
    assert.equal(visibleMessage("one\r\n\ttwo \u202egnp\u001b[0m"), `one\n\ttwo ${String.raw`\u202egnp\x1b[0m`}`);
  });

  it("are escaped in logs, too, where letters may stand as they are written", () => {
    assert.deepEqual(logLines(`${JSON.stringify({ printed: "\u001b[1ma\u061c\u202eb\u00a0c" })}\n`), [
      String.raw`a\u061c\u202eb` + "\u00a0c",
    ]);
  });

  it("are visible in all that a server answers, but in commands, in logs and in what a command printed", async () => {
    const name = "a\u202eb";
    const shown = String.raw`a\u202eb`;
    const document = {
      format: 1,
      commands: { master: name },
      runs: [{ run: name, held: { what: `${name}\n`, hint: `${name}\n` } }],
      missing: { blocks: [{ key: name, detail: name }] },
      workers: [{ worker: name, slots: 2, jobs: [name] }],
    };
    const { answer } = await askStatus(answering(document), null);
    assert.deepEqual(answer.kind === "document" && answer.document, {
      format: 1,
      commands: { master: name },
      runs: [{ run: shown, held: { what: String.raw`a\u202eb\x0a`, hint: `${shown}\n` } }],
      missing: { blocks: [{ key: shown, detail: shown }] },
      workers: [{ worker: shown, slots: 2, jobs: [shown] }],
    });
    const attempts = { attempts: [{ worker: name, failure: { message: name }, log: name }] };
    assert.deepEqual(await askAttempts(answering(attempts), "r"), {
      attempts: [{ worker: shown, failure: { message: shown }, log: name }],
    });
    const cancel = { action: "cancel", run: "r" } as const;
    assert.deepEqual(await askAction(answering({ command: name, refusal: { message: name } }), "plan", cancel), {
      command: name,
      refusal: { message: shown },
    });
    assert.equal(
      await askAction(answering({ error: { message: name, hint: name } }, 409), "run", cancel),
      `${shown} ${shown}`,
    );
  });
});
