import assert from "node:assert/strict";
import { SpotfoldError } from "../../shared/errors.ts";
import { createLog, defineEvents } from "../../shared/log.ts";
import type { LogLevel } from "../../shared/log.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordLog } from "../support/recording-log.ts";

type Event =
  | { readonly event: "detail"; readonly n: number }
  | { readonly event: "started"; readonly run: string; readonly extra?: unknown }
  | { readonly event: "failed"; readonly error: unknown };

const events = defineEvents<Event>({ detail: "debug", started: "info" }, { failed: "error" });

function linesOf(use: (log: (event: Event) => void) => void, level?: LogLevel): Record<string, unknown>[] {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const options = { vocabulary: events, write, clock: new ManualClock(), fields: { process: "master" } };
  use(createLog<Event>(level === undefined ? options : { ...options, level }));
  assert.ok(lines.every((line) => line.indexOf("\n") === line.length - 1));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("createLog", () => {
  it("writes one JSON object a line, with time, level and the process", () => {
    const [line] = linesOf((log) => log({ event: "started", run: "a\nb" }));
    assert.deepEqual(line, {
      time: "2023-11-14T22:13:20.000Z",
      level: "info",
      event: "started",
      process: "master",
      run: "a\nb",
    });
  });

  it("leaves out what is below its level", () => {
    const all = (log: (event: Event) => void): void => {
      log({ event: "detail", n: 1 });
      log({ event: "started", run: "r" });
      log({ event: "failed", error: "x" });
    };
    assert.deepEqual(
      (["debug", "info", "error"] as const).map((level) => linesOf(all, level).length),
      [3, 2, 1],
    );
    assert.equal(linesOf(all).length, 2);
  });

  it("never throws, whatever it is given", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const lines = linesOf((log) => {
      log({ event: "started", run: "r", extra: cycle });
      log({ event: "started", run: "x".repeat(100_000), extra: 12n });
      log({ event: "failed", error: new SpotfoldError("timeout", "late", { context: { key: "k" } }) });
      log({ event: "failed", error: new Error("plain") });
      log({ event: "unheard-of" } as unknown as Event);
    });
    assert.match(String(lines[0]?.["unloggable"]), /circular/i);
    assert.equal(lines[1]?.["extra"], "12");
    assert.ok(String(lines[1]?.["run"]).length < 5_000);
    assert.deepEqual(lines[2]?.["error"], { code: "timeout", message: "late", context: { key: "k" } });
    assert.equal(lines[3]?.["error"], "plain");
    assert.equal(lines[4]?.["level"], "error", "what is not declared is an error");
    const broken = createLog({
      vocabulary: events,
      clock: new ManualClock(),
      write: () => {
        throw new Error("disk full");
      },
    });
    broken({ event: "failed", error: 1 });
  });

  it("refuses an event that is declared twice", () => {
    assert.throws(() => defineEvents<Event>(events, { failed: "warn" }), /failed is declared twice/);
  });
});

describe("recordLog", () => {
  it("objects to errors that the test does not expect, and to what is not declared", () => {
    const unexpected = recordLog(events, ["failed"]);
    unexpected.log({ event: "failed", error: 1 });
    unexpected.check();
    assert.deepEqual(unexpected.of("failed"), [{ event: "failed", error: 1 }]);
    const strict = recordLog(events);
    strict.log({ event: "started", run: "r" });
    strict.check();
    const mutable = strict.events as Event[];
    mutable.push({ event: "failed", error: 1 });
    assert.throws(() => strict.check(), /no error is logged/);
    mutable.pop();
    mutable.push({ event: "unheard-of" } as unknown as Event);
    assert.throws(() => strict.check(), /every event is declared/);
    mutable.pop();
  });
});
