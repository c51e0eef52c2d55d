/**
 * Bugs that were made, or nearly made, in systems like this one. Each is planted by replacing a port or a pure rule; product
 * code has no switches for them. A simulator that does not object to every one of them is worth nothing.
 */
import { decodeBitmap, hasBit, withBits } from "../../master/ledger/bitmap.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { jobIndex, successorIds } from "../../shared/names.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { resolutionSchema } from "../../shared/formats/resolution.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { workerRules } from "../../worker/rules.ts";
import type { Planted } from "./world.ts";

/** A port with some methods replaced; the rest is passed on. */
function withMethods<T extends object>(port: T, methods: Partial<T>): T {
  return new Proxy(port, {
    get(target, name): unknown {
      if (name in methods) return methods[name as keyof T];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function unconditionalSwap(store: BlobStore, keys: RegExp): BlobStore {
  return withMethods(store, {
    swap: async (key, bytes, expected) => {
      if (!keys.test(key)) return await store.swap(key, bytes, expected);
      const { etag, storeTime } = await store.put(key, bytes);
      return { swapped: true, etag, storeTime };
    },
  });
}

export const plantedBugs: Readonly<Record<string, Planted>> = {
  "the head is swapped without a condition": {
    store: (store) => unconditionalSwap(store, /\/head$/),
  },
  "the published pointer is moved without a condition": {
    web: (web) => unconditionalSwap(web, /./),
    hastyPublishing: true,
  },
  "the loser of a resolution deletes its output": {
    // It takes "exists" for "lost", although the record may be its own, the reply having been lost.
    store: (store, role) =>
      role === "master"
        ? store
        : withMethods(store, {
            create: async (key, bytes) => {
              const result = await store.create(key, bytes);
              if (result.created) return result;
              const { segment } = parseStored(key, bytes, resolutionSchema);
              if (segment !== null) await store.delete([segment.key]);
              return result;
            },
          }),
  },
  "a message is deleted before its output is there": {
    jobs: (queue: JobQueue) =>
      withMethods(queue, {
        lease: async (max, options) => {
          const leases = await queue.lease(max, options);
          if (leases.length > 0) await queue.acknowledge(leases.map((lease) => lease.handle));
          return leases;
        },
      }),
  },
  "jobs are entered without looking at the ledger": {
    ledgerRules: {
      isEnterable: (run, job) => (job.includes(".") ? run.successors.includes(job) : jobIndex(job) < run.jobs),
      enter: (base, plan, entries, coverage) => {
        const run = base.open.find((open) => open.plan === plan);
        if (run === undefined || entries.length === 0) return { outcome: "done" };
        const primary = entries.filter((entry) => !entry.job.includes("."));
        const fresh = primary.filter((entry) => !hasBit(decodeBitmap(run.folded), jobIndex(entry.job)));
        // The batch is entered whole when any of it is new.
        if (fresh.length === 0 && primary.length > 0) return { outcome: "done" };
        const next = {
          ...run,
          folded: withBits(
            run.folded,
            primary.map((entry) => jobIndex(entry.job)),
          ),
          foldedJobs: run.foldedJobs + fresh.length,
          successors: [
            ...run.successors.filter((job) => !entries.some((entry) => entry.job === job)),
            ...entries.flatMap((entry) => successorIds(entry.job, entry.groups)),
          ],
        };
        return {
          outcome: "changed",
          manifest: {
            ...base,
            data: [...base.data, ...entries.flatMap((entry) => entry.segment ?? [])],
            coverage: coverage === null ? base.coverage : [...base.coverage, coverage],
            open: base.open.map((open) => (open.plan === plan ? next : open)),
          },
        };
      },
    },
  },
  "collection begins no new epoch": {
    ledgerRules: { collect: (base) => ({ outcome: "changed", manifest: base }) },
    hastyCollection: true,
  },
  "objects are named by a counter": {
    random: (random) => {
      let counter = 0;
      return {
        float: () => random.float(),
        hex: (digits) => (++counter).toString(16).padStart(digits, "0").slice(-digits),
      };
    },
  },
  "a late resolution of a closed run is entered": {
    ledgerRules: {
      // Closing forgets nothing: the run's jobs go on being folded under its plan.
      close: (base, run, state) => {
        const outcome = ledgerRules.close(base, run, state);
        const open = base.open.find((candidate) => candidate.run === run);
        if (outcome.outcome !== "changed" || open === undefined || state === "finished") return outcome;
        return {
          outcome: "changed",
          manifest: { ...outcome.manifest, open: [...outcome.manifest.open, { ...open, dataset: "" }] },
        };
      },
    },
  },
  "a plan is used although another run was admitted": {
    ledgerRules: { standing: (block, row, _claimed, reprocess) => ledgerRules.standing(block, row, false, reprocess) },
  },
  "a closed run is admitted again, and its jobs have the old ids": {
    ledgerRules: {
      admissible: (base, spec) => {
        const state = ledgerRules.admissible(base, spec);
        return state === "closed" ? "yes" : state;
      },
      admit: (base, admission) =>
        ledgerRules.admit(
          base === null ? null : { ...base, closed: base.closed.filter((run) => run.run !== admission.spec.run) },
          admission,
        ),
    },
    random: (random, role) => ({
      float: () => random.float(),
      // Names of plans have 12 digits; without them a plan is named by its run.
      hex: (digits) => (role === "master" && digits === 12 ? "0".repeat(12) : random.hex(digits)),
    }),
  },
  "a run that is cancelled before its admission is not remembered": {
    ledgerRules: {
      closeUnadmitted: (base, end) => {
        const outcome = ledgerRules.closeUnadmitted(base, end);
        if (outcome.outcome !== "changed") return outcome;
        return { outcome: "changed", manifest: { ...outcome.manifest, closed: base?.closed ?? [] } };
      },
    },
  },
  "blocks that were not finished count as covered": {
    workerRules: {
      sortBlocks: (blocks, outcome) => {
        const sorted = workerRules.sortBlocks(blocks, outcome);
        const more = sorted.left.map((block) => ({ block, records: 1, rawBytes: 0, rejected: {} }));
        return sorted.covered.length === 0 ? sorted : { ...sorted, covered: [...sorted.covered, ...more], left: [] };
      },
    },
  },
  "a worker begins a job beside each that drains": {
    workerRules: { freeSlots: (slots, inHand, read) => slots - (inHand - read) },
  },
  "what a failed attempt leaves over is dropped": {
    workerRules: {
      handOn: (job, sorted, how, because) => ({ ...workerRules.handOn(job, sorted, how, because), remaining: [] }),
    },
  },
  "a damaged block is missing at its first strike": {
    workerRules: {
      decide: (input) => {
        const verdict = workerRules.decide(input);
        const struck = input.records.some((record) => record.end !== null);
        if (verdict.do !== "run" || !struck || input.blocks > 1) return verdict;
        return { do: "give-up", reason: "corrupt", detail: "struck once" };
      },
    },
  },
  "a covered block is admitted again": {
    ledgerRules: {
      standing: (block, row, claimed, reprocess) =>
        ledgerRules.standing(
          block,
          row?.state === "covered" && row.records === 3 ? undefined : row,
          claimed,
          reprocess,
        ),
    },
  },
  "coverage of a compaction is dropped": {
    ledgerRules: {
      replaceCoverage: (base, inputs, output) => {
        const outcome = ledgerRules.replaceCoverage(base, inputs, output);
        if (outcome.outcome !== "changed") return outcome;
        return {
          outcome: "changed",
          manifest: {
            ...outcome.manifest,
            coverage: outcome.manifest.coverage.filter(({ key }) => key !== output.key),
          },
        };
      },
    },
  },
  "compaction keeps its inputs": {
    ledgerRules: {
      replaceSlices: (base, partition, inputs, output) => {
        const outcome = ledgerRules.replaceSlices(base, partition, inputs, output);
        if (outcome.outcome !== "changed" || output === null) return outcome;
        return { outcome: "changed", manifest: { ...base, data: [...base.data, output] } };
      },
    },
  },
  "a job is executed without looking whether it is resolved": {
    store: (store, role) =>
      role === "master"
        ? store
        : withMethods(store, { head: async (key) => (key.includes("/resolutions/") ? null : await store.head(key)) }),
    jobs: (queue) => withMethods(queue, { acknowledge: async (handles) => handles.map(() => ({ ok: true })) }),
  },
};
