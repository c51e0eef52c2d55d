/** What all aggregates miss: counted by reason, and by aggregate and dataset, with what is being tried again; the first blocks listed. */
import type * as wire from "../../dashboard/status/document.ts";
import { withoutKey } from "../run/selection.ts";
import type { KnownCoverage } from "./coverage.ts";

/** Missing blocks that are listed; all are counted. */
export const missingShownMax = 200;

interface Reason {
  readonly reason: string;
  readonly class: string;
  count: number;
  readonly aggregates: Set<string>;
}

interface Group {
  readonly aggregate: string;
  readonly dataset: string;
  count: number;
  readonly reasons: Map<string, { readonly reason: string; count: number; triedAgain: number }>;
  readonly triedBy: Set<string>;
}

export class MissingList {
  #count = 0;
  #triedAgain = 0;
  readonly #aggregates = new Set<string>();
  readonly #reasons = new Map<string, Reason>();
  readonly #groups = new Map<string, Group>();
  readonly #blocks: wire.MissingBlock[] = [];

  /** `atLeast`: what is known of it where its coverage is not. */
  add(aggregate: string, coverage: KnownCoverage | null, atLeast: number): void {
    const count = coverage?.missing.length ?? atLeast;
    this.#count += count;
    if (count > 0) this.#aggregates.add(aggregate);
    for (const { triedBy, ...block } of coverage?.missing ?? []) {
      const { reason, dataset } = block;
      const again = triedBy === null ? 0 : 1;
      this.#triedAgain += again;
      const known = this.#reasons.get(reason) ?? { reason, class: block.class, count: 0, aggregates: new Set() };
      known.count++;
      known.aggregates.add(aggregate);
      this.#reasons.set(reason, known);
      const name = `${aggregate}/${dataset}`;
      const group = this.#groups.get(name) ?? newGroup(aggregate, dataset);
      group.count++;
      if (triedBy !== null) group.triedBy.add(triedBy);
      const some = group.reasons.get(reason) ?? { reason, count: 0, triedAgain: 0 };
      some.count++;
      some.triedAgain += again;
      group.reasons.set(reason, some);
      this.#groups.set(name, group);
      if (this.#blocks.length >= missingShownMax) continue;
      this.#blocks.push({ aggregate, ...block, detail: withoutKey(block.detail, block.key) });
    }
  }

  report(): wire.MissingReport {
    const most = (a: { readonly count: number }, b: { readonly count: number }): number => b.count - a.count;
    const groups = [...this.#groups.values()].map(({ aggregate, dataset, count, reasons, triedBy }) => {
      return { aggregate, dataset, count, reasons: [...reasons.values()].toSorted(most), triedBy: [...triedBy] };
    });
    const reasons = [...this.#reasons.values()]
      .toSorted(most)
      .map(({ aggregates, ...reason }) => ({ ...reason, aggregates: aggregates.size }));
    const [triedAgain, aggregates] = [this.#triedAgain, this.#aggregates.size];
    return { count: this.#count, triedAgain, aggregates, reasons, groups, blocks: this.#blocks };
  }
}

function newGroup(aggregate: string, dataset: string): Group {
  return { aggregate, dataset, count: 0, reasons: new Map(), triedBy: new Set() };
}
