/**
 * Mocha's spec reporter, then the reasons of skipped tests with their counts, and as the very last line of the process
 * `N passed, N failed, N skipped`: the form that CI reads.
 */
import Mocha from "mocha";
import { skipReason } from "./requirements.ts";

const NO_REASON = "no reason given";

/** The closing line. */
export function summaryLine(stats: { passes: number; failures: number; pending: number }): string {
  return `${stats.passes} passed, ${stats.failures} failed, ${stats.pending} skipped`;
}

/** What the reporter counted; scripts/test.ts adds to it what it finds after the last test. */
export const counted: { passes: number; failures: number; pending: number } = { passes: 0, failures: 0, pending: 0 };

export default class SpotfoldReporter extends Mocha.reporters.Spec {
  readonly #skipped = new Map<string, number>();

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_PASS, () => void (counted.passes += 1));
    runner.on(EVENT_TEST_FAIL, () => void (counted.failures += 1));
    runner.on(EVENT_TEST_PENDING, (test) => {
      counted.pending += 1;
      const reason = skipReason(test) ?? NO_REASON;
      this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
    });
    // At exit, not at the end of the run: nothing may be printed after it.
    process.once("exit", () => console.log(summaryLine(counted)));
  }

  override epilogue(): void {
    super.epilogue();
    for (const [reason, count] of [...this.#skipped].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      console.log(`  skipped ${count}: ${reason}`);
    }
  }
}
