/**
 * A log that a test reads. The test fails when the code logs an error that the test did not expect, or an event that is not
 * declared: silence about errors is a promise that tests hold.
 */
import assert from "node:assert/strict";
import { levelOf } from "../../shared/log.ts";
import type { Log, LogEvent, Vocabulary } from "../../shared/log.ts";
import { atEnd } from "./cleanup.ts";

export interface RecordingLog<Event extends LogEvent> {
  readonly log: Log<Event>;
  readonly events: readonly Event[];
  /** Those of one name, in order. */
  of<Name extends Event["event"]>(name: Name): Extract<Event, { event: Name }>[];
  /** Throws when something was logged that should not have been. Called at the end of the test by itself. */
  check(): void;
}

/** `expected`: names of error events that the test provokes. */
export function recordLog<Event extends LogEvent>(
  vocabulary: Vocabulary<Event>,
  expected: readonly Event["event"][] = [],
): RecordingLog<Event> {
  const events: Event[] = [];
  const check = (): void => {
    const undeclared = events.filter(({ event }) => !Object.hasOwn(vocabulary, event));
    assert.deepEqual(undeclared, [], "every event is declared");
    const errors = events.filter((event) => levelOf(vocabulary, event) === "error" && !expected.includes(event.event));
    assert.deepEqual(errors, [], "no error is logged that the test does not expect");
  };
  atEnd(check);
  return {
    log: (event) => events.push(event),
    events,
    of: (name) => events.filter((event): event is Extract<Event, { event: typeof name }> => event.event === name),
    check,
  };
}
