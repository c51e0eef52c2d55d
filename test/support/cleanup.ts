/**
 * What a test opened is closed when the test ends, in reverse order, however it ends.
 *
 * Import this at the top of a test file (temp.ts and processes.ts do): it registers mocha's root hooks. A cleanup that is
 * registered while a test or its `beforeEach` runs belongs to that test. One registered in a `before` hook lives until the
 * whole run ends: a suite that needs it gone earlier does that itself, in its `after`.
 */

type Cleanup = () => void | Promise<void>;

const ofTest: Cleanup[] = [];
const ofRun: Cleanup[] = [];
let inTest = false;

/** Runs `cleanup` at the end of the current test, or of the run when called outside of one. */
export function atEnd(cleanup: Cleanup): void {
  (inTest ? ofTest : ofRun).push(cleanup);
}

/** All cleanups run, also when one throws; the first error is the one that is reported. */
async function runAll(cleanups: Cleanup[]): Promise<void> {
  const errors: unknown[] = [];
  for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) {
    try {
      await cleanup();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

beforeEach(() => {
  inTest = true;
});

afterEach(async function cleanUpTest() {
  inTest = false;
  await runAll(ofTest);
});

after(async function cleanUpRun() {
  await runAll(ofRun);
});
