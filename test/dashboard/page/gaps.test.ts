/** That nothing is drawn at dates that have nothing: areas and bars of counters, lines and bands of statistics. */
import assert from "node:assert/strict";
import { Distribution } from "../../../dashboard/client/distribution.ts";
import type { Measure } from "../../../dashboard/client/measure.ts";
import { evolutionGeometry, type EvolutionGeometry } from "../../../dashboard/page/evolution-geometry.ts";
import { neighboursOf } from "../../../dashboard/page/gaps.ts";
import type { Line } from "../../../dashboard/page/lines.ts";
import type { Point } from "../../../dashboard/page/series.ts";
import { factsOf } from "../../../dashboard/page/summary-facts.ts";

const counter: Measure = { name: "C", kind: "counter", description: "", bounds: [], scale: "categories" };
const linear: Measure = { name: "L", kind: "linear", description: "", bounds: [0, 10, 20], scale: "linear" };
const lines: readonly Line[] = (["p5", "p50", "p95"] as const).map((name) => ({
  name,
  title: name,
  short: name,
  look: "",
  isMain: true,
}));
/** 20130101 and on. */
const day = (i: number): string => new Date(Date.UTC(2013, 0, 1 + i)).toISOString().slice(0, 10).replaceAll("-", "");
const days = (many: number): string[] => Array.from({ length: many }, (_, i) => day(i));

function pointsOf(measure: Measure, dates: readonly string[]): Point[] {
  const row = measure.kind === "counter" ? [7, 0] : [1, 2, 1, -1, -1, -1, -1, -1, 4, 0];
  const distribution = new Distribution(measure, [row]);
  const { submissions, count } = distribution;
  return dates.map((date) => ({ date, submissions, samples: count, distribution }));
}

function drawn(measure: Measure, own: readonly (readonly string[])[], dates: readonly string[]): EvolutionGeometry {
  const series = own.map((some, place) => ({ name: `${place}`, place, points: pointsOf(measure, some), hidden: [] }));
  const shown = measure.kind === "counter" ? [] : lines;
  return evolutionGeometry(series, { width: 400, height: 300, lines: shown, dates });
}

/** Stretches of an outline: where it leaves the bottom and where it comes back. */
function stretches(d: string): [number, number][] {
  return [...d.matchAll(/M([\d.]+),[^Z]*?H([\d.]+)V[\d.]+Z/g)].map((match) => [
    Number(match[1]),
    Number([...match[0].matchAll(/H([\d.]+)/g)].at(-1)?.[1]),
  ]);
}

describe("dates without records", () => {
  it("have no area in a counter's chart, whether others have records at them or nobody has", () => {
    const dates = days(300).filter((_, i) => i < 100 || i >= 110);
    const outage = dates.filter((date) => date < day(200) || date >= day(220));
    const geometry = drawn(counter, [dates, outage, dates, dates], dates);
    assert.equal(geometry.bars.length, 0, "drawn as areas");
    const parts = geometry.areas.map(({ d }) => stretches(d));
    assert.deepEqual(
      parts.map((part) => part.length),
      [2, 3, 2, 2],
    );
    const [, , third] = parts[1]!;
    const [first, second] = parts[1]!;
    const { xOf } = geometry;
    assert.ok(first![1] < xOf(day(101)) && second![0] > xOf(day(108)), "days that nobody has");
    assert.ok(second![1] < xOf(day(201)) && third![0] > xOf(day(218)), "dates that others have");
    assert.ok(!/NaN|Infinity/.test(geometry.areas.map(({ d }) => d).join("")));
  });

  it("break lines and bands; a date that stands alone has its dot, however many there are", () => {
    const own = days(100).filter((_, i) => i !== 40 && i !== 60 && i !== 62);
    const { paths, bands } = drawn(linear, [own], own);
    assert.deepEqual(
      paths.map(({ d, dots }) => [d.match(/M/g)?.length, dots.length]),
      lines.map(() => [3, 1]),
    );
    assert.equal(bands[0]?.d.match(/M/g)?.length, 4);
    const whole = drawn(linear, [days(100)], days(100));
    assert.deepEqual(
      whole.paths.map(({ d, dots }) => [d.match(/M/g)?.length, dots.length]),
      lines.map(() => [1, 0]),
    );
  });

  it("lie between neighbours that come once a week only where a week is left out", () => {
    const weeks = [0, 7, 14, 28, 35].map(day);
    const areNeighbours = neighboursOf(weeks);
    assert.deepEqual(
      weeks.slice(1).map((date, i) => areNeighbours(weeks[i]!, date)),
      [true, true, false, true],
    );
    assert.equal(areNeighbours(day(0), day(14)), false);
    assert.equal(areNeighbours(day(0), day(0)), true);
    assert.equal(areNeighbours(day(0), day(3)), false, "a date that is not shown");
  });

  it("are counted where a counter's numbers per date leave them out", () => {
    const own = ["20130102", "20130105"];
    const days = pointsOf(counter, own);
    const distribution = new Distribution(counter, [[14, 0]]);
    const textOf = (among: readonly string[]): string | undefined =>
      factsOf({ name: "a", place: 0, distribution, days, among }, [], "requests").find(
        ({ title }) => title === "Days without requests",
      )?.text;
    assert.equal(textOf(["20130105", "20130102", "20130103", "20130228"]), "56 of 58, not in mean and percentiles");
    assert.equal(textOf(["20130102", "20130105"]), "2 of 4, not in mean and percentiles");
    const all = {
      name: "a",
      place: 0,
      distribution,
      days: pointsOf(counter, [day(0), day(1)]),
      among: [day(0), day(1)],
    };
    assert.equal(factsOf(all, [], "requests").find(({ title }) => title === "Days without requests")?.text, "0");
  });
});
