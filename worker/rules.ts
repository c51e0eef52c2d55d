/** The pure rules that workers go by, as one object: the simulator plants bugs by replacing one of them. */
import { handOn, sortBlocks, worthHandingOn } from "./conclude.ts";
import { decide } from "./decide.ts";

export interface WorkerRules {
  readonly decide: typeof decide;
  readonly sortBlocks: typeof sortBlocks;
  readonly handOn: typeof handOn;
  readonly worthHandingOn: typeof worthHandingOn;
}

export const workerRules: WorkerRules = { decide, sortBlocks, handOn, worthHandingOn };
