/** How rates, times and ages look on the status page; counts are those of parts/words.ts. Pure; the language is English, as everywhere in Spotfold. */
import { count, counted } from "../parts/words.ts";
import type { RunLine, WorkerLine } from "./document.ts";

/** Outputs are counted up to here. */
const outputsMax = 1000;

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** Per second, or per minute or hour where that reads better: `12.3/s`, `4/min`. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  if (perSecond >= 1) return `${perSecond >= 100 ? whole.format(perSecond) : short.format(perSecond)}/s`;
  if (perSecond * 60 >= 1) return `${short.format(perSecond * 60)}/min`;
  return `${short.format(perSecond * 3600)}/h`;
}

/** Of a part: never 100 % before all is done, nor 0 % when something is. */
export function percentText(part: number, all: number): string {
  if (all === 0) return "100 %";
  if (part >= all) return "100 %";
  const percent = (part / all) * 100;
  if (part > 0 && percent < 1) return "< 1 %";
  return `${Math.min(99, Math.floor(percent))} %`;
}

/** `8 s`, `3 min`, `2 h 5 min`, `3 d 4 h`: as long as something took, or takes. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `just now`, `12 s ago`, `3 min ago`. */
export function agoText(ms: number): string {
  return ms < 2_000 ? "just now" : `${durationText(ms)} ago`;
}

/** `in 3 min`, `now`. */
export function inText(ms: number): string {
  return ms < 1_000 ? "now" : `in ${durationText(ms)}`;
}

/**
 * Slots that are taken: each has one job, and beside it at most one whose blocks are all read. What an older worker says does not
 * tell them apart: no more are busy than there are.
 */
export function busySlots({ slots, jobs, draining }: Pick<WorkerLine, "slots" | "jobs" | "draining">): number {
  return Math.min(slots, jobs.length - Math.min(slots, draining.length));
}

/** `1 of 2 slots busy, 1 draining`. */
export function slotsText(workers: readonly Pick<WorkerLine, "slots" | "jobs" | "draining">[]): string {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = workers.reduce((sum, worker) => sum + busySlots(worker), 0);
  const drains = workers.reduce((sum, worker) => sum + worker.jobs.length, 0) - busy;
  return `${count(busy)} of ${counted(slots, "slot")} busy${drains > 0 ? `, ${count(drains)} draining` : ""}`;
}

/** What of an open run waits for a master where none leads; null: nothing, or one leads. */
export function awaitedText({ awaits, jobs }: Pick<RunLine, "awaits" | "jobs">): string | null {
  if (awaits === null || jobs === null) return null;
  const { outputs, unsent } = awaits;
  const more = outputs >= outputsMax ? " or more" : "";
  const waiting = [
    ...(outputs > 0 ? [`outputs of ${counted(outputs, "job")}${more} wait for a master to enter them`] : []),
    ...(unsent > 0 ? [`${counted(unsent, "job waits", "jobs wait")} for a master to send them`] : []),
    ...(jobs.done >= jobs.all ? ["all is entered, and waits for a master to close it"] : []),
  ];
  const text = `${waiting.join("; ")}.`;
  return waiting.length === 0 ? null : text.charAt(0).toUpperCase() + text.slice(1);
}

/** Some of its jobs are in the queue, and nothing holds it. */
export function waitsForWorker({ held, jobs, awaits }: Pick<RunLine, "held" | "jobs" | "awaits">): boolean {
  const { outputs = 0, unsent = 0 } = awaits ?? {};
  return jobs !== null && held === null && jobs.waiting > outputs + unsent;
}

/** The reader's clock and zone: `14:05:09`, with the day when it is another one. */
export function clockText(atMs: number, nowMs: number): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const time = at.toLocaleTimeString("en-GB");
  const isToday = at.toDateString() === now.toDateString();
  return isToday
    ? time
    : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}
