/** `spotfold run`: everything in one command. What it does is in run/execute.ts; here is what it says at the end. */
import type { Io } from "../io.ts";
import { reportingFailures } from "../report/failure.ts";
import { writeResult } from "../report/result.ts";
import { executeRun, type RunOptions } from "../run/execute.ts";

export async function run(analysis: string, options: RunOptions, io: Io): Promise<number> {
  const json = options.json ?? false;
  return await reportingFailures(io, json, async () => {
    const outcome = await executeRun(analysis, options, io);
    return "code" in outcome ? outcome.code : await writeResult(io, json, outcome.result);
  });
}
