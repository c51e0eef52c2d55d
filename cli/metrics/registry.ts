/**
 * Metrics that both daemons have, in a registry of their own: nothing is registered globally, so a process may make several.
 * Names are Prometheus': `spotfold_…`, base units (seconds, bytes), `_total` for what only grows. Labels have few values: no
 * id of a run, job or worker and no key is ever one.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import { levelOf } from "../../shared/log.ts";
import { allEvents, type AnyEvent } from "../compose/log.ts";

/** Turns one event of the log into what it counts. */
export type CountEvent = (event: AnyEvent) => void;

export interface DaemonMetrics {
  readonly registry: Registry;
  readonly count: CountEvent;
}

/** Event loop delay is sampled so often, ms: often enough to see a pause, rarely enough to cost nothing. */
const eventLoopSampleMs = 50;

export function daemonMetrics(daemon: string, version: string): DaemonMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopSampleMs });
  const registers = [registry];
  const info = new Gauge({
    name: "spotfold_info",
    help: "Always 1; which daemon this is, and its version",
    labelNames: ["daemon", "version"],
    registers,
  });
  info.set({ daemon, version }, 1);
  const events = new Counter({
    name: "spotfold_log_events_total",
    help: "Events of the log, those below its level included",
    labelNames: ["level", "event"] as const,
    registers,
  });
  return { registry, count: (event) => events.inc({ level: levelOf(allEvents, event), event: event.event }) };
}

/** What is looked up with each scrape instead of being counted. */
export function addLook(registry: Registry, name: string, help: string, look: () => number): void {
  const gauge: Gauge = new Gauge({ name, help, registers: [], collect: () => gauge.set(look()) });
  registry.registerMetric(gauge);
}

/** What is done for which events. */
type Handlers = { readonly [Name in AnyEvent["event"]]?: (event: Extract<AnyEvent, { event: Name }>) => void };

export function counting(handlers: Handlers): CountEvent {
  return (event) => (handlers[event.event] as CountEvent | undefined)?.(event);
}

export function joined(...counts: readonly CountEvent[]): CountEvent {
  return (event) => {
    for (const count of counts) count(event);
  };
}

/**
 * Values of a label that others choose, such as an author's reasons to reject records: the first `max` have names of their own, the
 * rest are `other`.
 */
export function boundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (!known.has(value) && known.size >= max) return "other";
    known.add(value);
    return value;
  };
}
