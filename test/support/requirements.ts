/**
 * What a suite needs that a machine may lack: reference data, a registry, a command. `needs("data")` inside a `describe`
 * skips that suite, with the reason, when it is absent; the reporter lists reasons and counts. What
 * `SPOTFOLD_TEST_REQUIRE=data,...` names must be there: its absence is then a failure, so that CI cannot pass by skipping.
 *
 * What a server is known not to do is left out by `without(suite, lacks)`: those cases run all the same, and count as skipped,
 * with the reason, while they fail. One that passes is a failure: the server has learned it, and the exclusion must go.
 *
 * No other way to skip is used in this repository (test/tidy holds that): a skip without a reason is a test that is gone.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The folder of the checkout that these tests belong to. */
export const repositoryRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Real reference data: `SPOTFOLD_REFERENCE_DIR`, by default `../shared` beside the checkout. */
export function referenceDir(): string {
  return resolve(repositoryRoot, process.env["SPOTFOLD_REFERENCE_DIR"] ?? "../shared");
}

/** An answer from a registry that is there takes a second or two; one that is not there must not hold the suite up. */
const REGISTRY_WAIT_MS = 20_000;
/** Asking a command for its version. */
const COMMAND_WAIT_MS = 10_000;

/** Where Debian's package puts it. */
export const chromiumPath = "/usr/bin/chromium";

const execute = promisify(execFile);

/** Undefined when it is there, else why not. */
type Probe = () => string | undefined | Promise<string | undefined>;

function command(name: string, version = "--version"): Probe {
  return async () => {
    try {
      await execute(name, [version], { timeout: COMMAND_WAIT_MS });
      return undefined;
    } catch {
      return `the command ${name} cannot be run`;
    }
  };
}

const PROBES = {
  /** Blocks, definitions and the tool that makes more of them, in `referenceDir()`. */
  data: () => {
    const lacking = ["data/blocks", "data/definitions", "tools/make-blocks.mjs"].filter(
      (path) => !existsSync(join(referenceDir(), path)),
    );
    return lacking.length === 0
      ? undefined
      : `no reference data: ${lacking.join(", ")} not in ${referenceDir()} (SPOTFOLD_REFERENCE_DIR)`;
  },
  /** A server that speaks S3 and SQS. */
  moto: () =>
    existsSync(join(repositoryRoot, ".test-tools/moto/installed"))
      ? undefined
      : "moto is not in .test-tools/moto (npm run setup:moto)",
  /** An engine that runs containers; the command alone is not enough. */
  docker: async () => {
    try {
      await execute("docker", ["info"], { timeout: COMMAND_WAIT_MS });
      return undefined;
    } catch {
      return "no Docker engine answers (docker info)";
    }
  },
  /** A package registry that npm can install from. */
  registry: async () => {
    try {
      const args = ["view", "commander", "version", "--prefer-online", "--fetch-retries=0"];
      await execute("npm", args, { timeout: REGISTRY_WAIT_MS, cwd: repositoryRoot });
      return undefined;
    } catch {
      return "no package registry answers";
    }
  },
  /** Linux, for what reads /proc. */
  linux: () => (process.platform === "linux" ? undefined : `this is ${process.platform}, not linux`),
  /** File systems of our own: small ones, read-only ones. Asks for root and the right to mount. */
  tmpfs: async () => {
    const folder = mkdtempSync(join(tmpdir(), "spotfold-probe-"));
    try {
      await execute("mount", ["-t", "tmpfs", "-o", "size=1m", "none", folder], { timeout: COMMAND_WAIT_MS });
      await execute("umount", [folder], { timeout: COMMAND_WAIT_MS });
      return undefined;
    } catch {
      return "a tmpfs cannot be mounted by this user here";
    } finally {
      rmdirSync(folder);
    }
  },
  /** A user whom file permissions hold back; root passes them all. */
  unprivileged: () => (process.getuid?.() === 0 ? "the tests run as root, whom no file permission stops" : undefined),
  /** Command-line codecs, as independent witnesses. */
  xz: command("xz"),
  zstd: command("zstd"),
  gzip: command("gzip"),
  /** Makes the certificates of servers of the tests. */
  openssl: command("openssl", "version"),
  git: command("git"),
  curl: command("curl"),
  /** The browser that the pages are driven in. */
  chromium: command(chromiumPath),
} satisfies Record<string, Probe>;

export type Requirement = keyof typeof PROBES;

const results = new Map<Requirement, Promise<string | undefined>>();

/** Undefined when it is there, else why it is not. Looked at once per run. */
export function absent(requirement: Requirement): Promise<string | undefined> {
  let result = results.get(requirement);
  if (result === undefined) {
    result = Promise.resolve(PROBES[requirement]());
    results.set(requirement, result);
  }
  return result;
}

function isRequirement(name: string): name is Requirement {
  return Object.hasOwn(PROBES, name);
}

/** The names in `SPOTFOLD_TEST_REQUIRE`. Throws on one that no suite could ask for. */
export function requiredNames(setting: string | undefined = process.env["SPOTFOLD_TEST_REQUIRE"]): Set<Requirement> {
  const required = new Set<Requirement>();
  for (const name of (setting ?? "").split(",").map((part) => part.trim())) {
    if (name === "") continue;
    if (!isRequirement(name)) {
      throw new Error(`SPOTFOLD_TEST_REQUIRE names "${name}"; known: ${Object.keys(PROBES).join(", ")}`);
    }
    required.add(name);
  }
  return required;
}

/** Why suites were skipped, by suite; read by the reporter. */
const reasons = new WeakMap<Mocha.Suite, string>();
/** Why single tests were, by test. */
const lacking = new WeakMap<Mocha.Runnable, string>();

/** The reason for which a test was skipped, if `needs` or `without` skipped it. */
export function skipReason(test: Mocha.Runnable): string | undefined {
  const lack = lacking.get(test);
  if (lack !== undefined) return lack;
  for (let suite = test.parent; suite !== undefined; suite = suite.parent) {
    const reason = reasons.get(suite);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/**
 * To be called directly inside a `describe`: its tests (and those of nested suites) are skipped when a requirement is absent,
 * and fail when that requirement is named in `SPOTFOLD_TEST_REQUIRE`.
 */
export function needs(...requirements: readonly Requirement[]): void {
  before(`needs ${requirements.join(", ")}`, async function needsHook() {
    this.timeout(REGISTRY_WAIT_MS + COMMAND_WAIT_MS);
    for (const requirement of requirements) {
      const reason = await absent(requirement);
      if (reason === undefined) continue;
      if (requiredNames().has(requirement)) {
        throw new Error(`SPOTFOLD_TEST_REQUIRE names "${requirement}", which is absent: ${reason}`);
      }
      const suite = this.test?.parent;
      if (suite !== undefined) reasons.set(suite, reason);
      this.skip();
    }
  });
}

/** Something that a server does not do, and the cases (by their titles) that therefore fail on it. */
export interface Lack {
  /** Server, version, and what it does not do: a line of docs/backends.md. */
  readonly reason: string;
  readonly cases: readonly string[];
}

/** To be called with what `describe` gives: the cases that are named count as skipped while they fail. Throws on a title that no test has. */
export function without(suite: Mocha.Suite, lacks: readonly Lack[]): void {
  const tests = new Map<string, Mocha.Test>();
  suite.eachTest((test) => void tests.set(test.title, test));
  for (const { reason, cases } of lacks) {
    for (const title of cases) {
      const test = tests.get(title);
      const check = test?.fn as Mocha.AsyncFunc | undefined;
      if (test === undefined || check === undefined) throw new Error(`${suite.title} has no case "${title}"`);
      test.fn = async function lackingCase(this: Mocha.Context) {
        try {
          await check.call(this);
        } catch {
          if (this.test !== undefined) lacking.set(this.test, reason);
          this.skip();
        }
        throw new Error(`This passes, although "${reason}": take it out of what the server lacks.`);
      };
    }
  }
}
