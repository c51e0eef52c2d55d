/** Places of values and of their labels on a chart's axes. Pure; distances in pixels. */
import { scaleLinear, scaleUtc, type ScaleLinear, type ScaleTime } from "d3-scale";

/** A label with its place. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** The room inside of a chart's margins. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const dayMs = 86_400_000;
/** Room of one label of a date, such as "2014-02-01", and of a number above another. */
const dateLabelPx = 92;
const numberLabelPx = 44;

/** The start of a day in UTC of YYYYMMDD. A day that no calendar has goes on into the next month. */
export function dayOf(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)));
}

/** Over all dates, with room for half a day on both sides; one date stands in the middle. */
export function dateScale(dates: readonly string[], { left, right }: Box): ScaleTime<number, number> {
  const days = dates.map(dayOf);
  const first = days.reduce((min, day) => Math.min(min, day), days[0] ?? 0);
  const last = days.reduce((max, day) => Math.max(max, day), days[0] ?? 0);
  return scaleUtc()
    .domain([first - dayMs / 2, last + dayMs / 2])
    .range([left, right]);
}

/** Whole days only: there is nothing between them. */
export function dateTicks(scale: ScaleTime<number, number>): Tick[] {
  const [left = 0, right = 0] = scale.range();
  const many = Math.max(1, Math.floor((right - left) / dateLabelPx));
  // Ticks come in steps of a calendar, so that few of them are too few: more are made than fit, and every other one is shown.
  const whole = scale.ticks(many * 2).filter((tick) => tick.getTime() % dayMs === 0);
  const every = Math.ceil(whole.length / many);
  const days = whole.filter((_, i) => i % every === 0);
  const [first = 0, last = 0] = scale.domain().map((day) => day.getTime());
  // A range of a day or two has ticks of hours, and maybe no midnight among them.
  const shown = days.length > 0 ? days : [new Date(Math.round((first + last) / 2 / dayMs) * dayMs)];
  const labels = shown.map((day) => ({ at: scale(day), label: day.toISOString().slice(0, 10) }));
  // A label stands below its tick's middle: near the right end it would leave the drawing.
  return labels.filter(({ at }) => at >= left && at <= right - dateLabelPx / 4);
}

/** From 0, or from below it when something is, to what is shown. */
export function valueScale(values: readonly number[], { top, bottom }: Box): ScaleLinear<number, number> {
  const most = values.reduce((max, value) => Math.max(max, value), 0);
  const least = values.reduce((min, value) => Math.min(min, value), 0);
  return scaleLinear()
    .domain([least, most > least ? most : least + 1])
    .range([bottom, top])
    .nice();
}

export function valueTicks(scale: ScaleLinear<number, number>, label: (value: number) => string): Tick[] {
  const [bottom = 0, top = 0] = scale.range();
  const many = Math.max(2, Math.floor((bottom - top) / numberLabelPx));
  return scale.ticks(many).map((tick) => ({ at: scale(tick), label: label(tick) }));
}
