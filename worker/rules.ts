/** The pure rules that workers go by, as one object: the simulator plants bugs by replacing one of them. */
import { handOn, sortBlocks, worthHandingOn } from "./conclude.ts";
import { decide } from "./decide.ts";
import { freeSlots } from "./free-slots.ts";

export interface WorkerRules {
  readonly decide: typeof decide;
  readonly sortBlocks: typeof sortBlocks;
  readonly handOn: typeof handOn;
  readonly worthHandingOn: typeof worthHandingOn;
  readonly freeSlots: typeof freeSlots;
}

export const workerRules: WorkerRules = { decide, sortBlocks, handOn, worthHandingOn, freeSlots };
