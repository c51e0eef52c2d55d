/**
 * Logs are for machines: one JSON object a line, of events whose names, fields and levels are declared. An event is a member
 * of a union type (`{ event: "job-started", run: string, … }`); its vocabulary gives each name of the union its level, so
 * that the compiler finds one that is not declared. What is for people goes to the terminal, not here.
 */
import { SpotfoldError, messageOf } from "./errors.ts";
import type { Clock } from "./ports/clock.ts";

/** `error`: somebody has to do something. `warn`: it was dealt with, and should not happen often. */
export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogEvent {
  /** Lower case with hyphens. */
  readonly event: string;
}

export type Levels<Event extends LogEvent> = Readonly<Record<Event["event"], LogLevel>>;

declare const eventOf: unique symbol;

/** The level of each event of a union; of the type only, the union itself, so that it need not be named again. */
export type Vocabulary<Event extends LogEvent> = Levels<Event> & { readonly [eventOf]?: Event };

/** Logs one event. Never throws: a log that fails must not fail what it tells of. */
export type Log<Event extends LogEvent> = (event: Event) => void;

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A message of user code or of a server may be of any length; a line must not. */
const textCharsMax = 4_096;

/** Checks at run time too that nothing is declared twice when vocabularies are joined: `defineEvents(a, b)`. */
export function defineEvents<Event extends LogEvent>(
  ...parts: readonly Partial<Vocabulary<Event>>[]
): Vocabulary<Event> {
  const levels: Record<string, LogLevel> = {};
  for (const part of parts) {
    for (const [name, level] of Object.entries<LogLevel | undefined>(part)) {
      if (level === undefined) continue;
      if (Object.hasOwn(levels, name)) throw new SpotfoldError("internal", `The event ${name} is declared twice.`);
      levels[name] = level;
    }
  }
  return Object.freeze(levels);
}

/** The declared level; `error` for an event that is not declared. */
export function levelOf<Event extends LogEvent>(vocabulary: Vocabulary<Event>, event: LogEvent): LogLevel {
  return Object.hasOwn(vocabulary, event.event) ? vocabulary[event.event as Event["event"]] : "error";
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "string" && value.length > textCharsMax) return `${value.slice(0, textCharsMax)}…`;
  if (typeof value === "bigint") return String(value);
  if (value instanceof SpotfoldError) return { code: value.code, message: value.message, context: value.context };
  return value instanceof Error ? messageOf(value) : value;
}

export interface LogOptions<Event extends LogEvent> {
  readonly vocabulary: Vocabulary<Event>;
  /** Is given one line, its LF included. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** Events below are left out. Default `info`. */
  readonly level?: LogLevel;
  /** In every line, e.g. which process it is. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export function createLog<Event extends LogEvent>(options: LogOptions<Event>): Log<Event> {
  const { vocabulary, write, clock, fields } = options;
  const least = rank[options.level ?? "info"];
  return (event) => {
    const level = levelOf(vocabulary, event);
    if (rank[level] < least) return;
    const { event: name, ...rest } = event;
    const head = { time: new Date(clock.now()).toISOString(), level, event: name };
    try {
      write(`${JSON.stringify({ ...head, ...fields, ...rest, ...head }, plain)}\n`);
    } catch (error) {
      // A field that cannot be written (a cycle), or a sink that is gone: say that much, if that can be said.
      try {
        write(`${JSON.stringify({ ...head, unloggable: messageOf(error) })}\n`);
      } catch {
        // The sink itself fails, and there is nobody left to tell.
      }
    }
  };
}
