import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { lendFault, stopFault } from "../../../executor/launch/causes.ts";
import type { ChildEnd } from "../../../executor/launch/child.ts";
import { passFault } from "../../../executor/launch/verdict.ts";
import type { PassEnd } from "../../../executor/launch/verdict.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { limits } from "./setting.ts";

const child = (end: Partial<ChildEnd> = {}): ChildEnd => ({ code: 0, signal: null, killed: null, printed: "", ...end });
const pass = (end: Partial<PassEnd> = {}): PassEnd => ({
  last: null,
  stop: new AbortController().signal,
  executor: child(),
  decoder: child(),
  loaded: true,
  inHand: 3,
  awaited: 4,
  keyOf: (block) => `logs/${block}.gz`,
  recordsInHand: 0,
  faultOf: () => undefined,
  kernelKilled: false,
  limits,
  ...end,
});
const killed = (signal: NodeJS.Signals, extra: Partial<ChildEnd> = {}): ChildEnd =>
  child({ code: null, signal, ...extra });

describe("how a pass ended", () => {
  const cases: readonly (readonly [string, Partial<PassEnd>, string | null, number | undefined])[] = [
    ["done", { last: { done: true } }, null, undefined],
    ["stopped, whatever else", { stop: AbortSignal.abort("lost-lease"), last: { cut: "x" } }, "lost-lease", undefined],
    ["killed at the memory limit", { executor: killed("SIGKILL", { killed: "memory" }) }, "out-of-memory", undefined],
    [
      "heap exhausted",
      { executor: killed("SIGABRT", { printed: "FATAL ERROR: JavaScript heap out of memory" }) },
      "out-of-memory",
      undefined,
    ],
    [
      "killed by the kernel for memory",
      { executor: killed("SIGKILL"), kernelKilled: true },
      "out-of-memory",
      undefined,
    ],
    ["killed by somebody", { executor: killed("SIGKILL") }, "infrastructure", undefined],
    ["aborted by the analysis", { executor: killed("SIGABRT") }, "code", 3],
    ["crashed", { executor: killed("SIGSEGV") }, "code", 3],
    ["ended by itself", { executor: child({ code: 7 }) }, "code", 3],
    ["ended by itself between blocks", { executor: child(), inHand: undefined }, "code", undefined],
    ["stalled in a block", { executor: killed("SIGKILL", { killed: "stalled" }) }, "timeout", 3],
    [
      "stalled while it waited for bytes",
      { executor: killed("SIGKILL", { killed: "stalled" }), inHand: undefined },
      "timeout",
      4,
    ],
    ["too long in all", { executor: killed("SIGKILL", { killed: "too-long" }) }, "timeout", undefined],
    ["reports that are none", { executor: killed("SIGKILL", { killed: "misbehaved" }) }, "code", 3],
    [
      "input cut by a decoder that was killed",
      { last: { cut: "x" }, decoder: killed("SIGKILL") },
      "infrastructure",
      undefined,
    ],
    [
      "input cut by a decoder at its memory limit",
      { last: { cut: "x" }, decoder: killed("SIGKILL", { killed: "memory" }) },
      "infrastructure",
      undefined,
    ],
    ["input taken in the executor", { last: { cut: "x" }, decoder: child() }, "code", 3],
  ];
  for (const [what, end, cause, block] of cases) {
    it(`${what}: ${cause ?? "nothing"}`, () => {
      const fault = passFault(pass(end));
      assert.deepEqual([fault?.cause ?? null, fault?.block], [cause, block]);
    });
  }

  it("before the bundle was loaded it is the bundle's", () => {
    const early = { loaded: false, inHand: undefined };
    assert.equal(passFault(pass({ ...early, executor: child({ code: 1 }) }))?.beforeFirstRecord, true);
    assert.equal(
      passFault(pass({ ...early, executor: killed("SIGKILL", { killed: "stalled" }) }))?.beforeFirstRecord,
      true,
    );
  });

  it("a stall is told with its time, block and record, and what may be behind it", () => {
    const stalledAt = (end: Partial<PassEnd>) =>
      passFault(
        pass({ executor: killed("SIGKILL", { killed: "stalled" }), limits: { ...limits, stallMs: 60_000 }, ...end }),
      )?.message;
    const question = "Is there an endless loop, or a record that takes longer than the setting timing.stallMs?";
    assert.equal(stalledAt({}), `no progress for 60 s in logs/3.gz. ${question}`);
    assert.equal(
      stalledAt({ recordsInHand: 12 }),
      `no progress for 60 s in logs/3.gz, at record 12 or behind it. ${question}`,
    );
    assert.equal(stalledAt({ inHand: undefined }), "no progress for 60 s in logs/4.gz: no bytes of it came");
    assert.equal(stalledAt({ loaded: false }), "no progress for 60 s while the analysis was loaded");
  });

  it("a block that the decoder gave up has the decoder's fault", () => {
    const fault = { cause: "bad-input", reason: "corrupt", message: "m", block: 3 } as const;
    assert.deepEqual(passFault(pass({ last: { spoiled: 3 }, faultOf: () => fault })), fault);
    assert.equal(passFault(pass({ last: { spoiled: 3 } }))?.cause, "code");
  });

  it("says of a block that is gone that its file is, not what could not be done with it", () => {
    const { message } = lendFault(1, "k", new SpotfoldError("absent", "There is no blob k to lend."));
    assert.equal(message, "the file is not there any more");
  });

  it("reads causes from what ports throw, and from why it was stopped", () => {
    const lend = (code: "absent" | "changed" | "access-denied" | "store-unavailable") =>
      lendFault(1, "k", new SpotfoldError(code, "m")).cause;
    assert.deepEqual(
      [lend("absent"), lend("changed"), lend("access-denied"), lend("store-unavailable")],
      ["gone", "replaced", "environment", "infrastructure"],
    );
    assert.equal(stopFault(new Error("gone", { cause: "lost-lease" })).cause, "lost-lease");
    assert.equal(stopFault(new DOMException("aborted", "AbortError")).cause, "interrupted");
  });
});
