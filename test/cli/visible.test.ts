/** Foreign text on a terminal: control characters are shown, wherever a command prints it; JSON stays what it was. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Progress } from "../../cli/progress/progress.ts";
import { reportFailure } from "../../cli/report/failure.ts";
import { writeResult, type RunResult } from "../../cli/report/result.ts";
import { visible, visibleLine } from "../../cli/visible.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { capturedIo } from "./captured-io.ts";

const control = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/u;
const hostile = "a\u001b[2J\u001b]0;title\u0007b\r\u009b1A\u007f";
const shown = String.raw`a\x1b[2J\x1b]0;title\x07b\x0d\u009b1A\u007f`;

describe("control characters in foreign text", () => {
  it("are shown, all but line ends and tabs", () => {
    assert.equal(visible(`${hostile}\n\tc`), `${shown}\n\tc`);
    assert.equal(visibleLine(`${hostile}\n\tc`), `${shown}${String.raw`\x0a\x09`}c`);
  });

  it("are shown whatever the text, and other text is left alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(visible(text), control);
        assert.doesNotMatch(visibleLine(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        assert.equal(visible(visible(text)), visible(text));
        if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) assert.equal(visible(text), text);
      }),
    );
  });

  it("are shown, too, where nobody sees them", () => {
    const hidden = "a\u202eb\u200bc\u2066d\u2028e\u2029f\ufeffg\u{e0041}h";
    const seen = String.raw`a\u202eb\u200bc\u2066d\u2028e\u2029f\ufeffg\udb40\udc41h`;
    assert.equal(visible(hidden), seen);
    assert.equal(visibleLine(hidden), seen);
    const text = JSON.stringify({ hint: hidden });
    assert.deepEqual(JSON.parse(visible(text)), JSON.parse(text));
    // What is written from right to left by itself, and what has signs above it, stays as it is.
    for (const plain of ["\u05de\u05e2\u05e8\u05db\u05ea", "e\u0301", "\u{1f600}"]) assert.equal(visible(plain), plain);
  });

  it("mean the same in JSON that is written as text", () => {
    const text = JSON.stringify({ hint: `${hostile}\n\t"\\` });
    assert.deepEqual(JSON.parse(visible(text)), JSON.parse(text));
  });

  it("do not reach the terminal by a failure's message", async () => {
    const captured = capturedIo("/");
    await reportFailure(captured.io, false, new SpotfoldError("analysis-failed", hostile, { hint: hostile }));
    assert.equal(captured.err(), `spotfold: ${shown}\n  ${shown}\n`);
  });

  it("do not reach the terminal by keys and reasons, which stay in their line", async () => {
    const captured = capturedIo("/");
    const key = `${hostile}\nall well`;
    const missing = [{ key, reason: "corrupt", class: "content", detail: key }] as const;
    const report = { selected: 2, bytes: 2, covered: 1, stale: [key], waiting: 0, free: 0, untried: 0 };
    const dataset = { name: "d", place: "file:/d", layout: "{rest}", records: "ndjson" };
    const records = { read: 1, rejected: {} };
    const common = { run: "r1", aggregate: "a", dataset, seconds: 1, where: [], published: null };
    const result: RunResult = { ...common, report: { ...report, missing, records } };
    await writeResult(captured.io, false, result);
    assert.doesNotMatch(captured.out(), control);
    assert.ok(captured.out().includes(String.raw`    ${shown}\x0aall well: corrupt (${shown}\x0aall well)`));
    assert.doesNotMatch(captured.out(), /^all well/m);
    const json = capturedIo("/");
    await writeResult(json.io, true, result);
    assert.equal((JSON.parse(json.out()) as { blocks: { missing: { key: string }[] } }).blocks.missing[0]?.key, key);
  });

  it("do not reach the terminal by progress, which erases its own line", () => {
    const captured = capturedIo("/", { isTerminal: true });
    const progress = new Progress(captured.io.err, () => 1000);
    progress.show(`${hostile}\n`);
    progress.say(hostile);
    const erase = "\r\u001b[K";
    const line = `${shown}${String.raw`\x0a`}`;
    assert.equal(captured.err(), `${erase}${line}${erase}${shown}\n${line}`);
  });
});
