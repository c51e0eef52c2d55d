/**
 * The house rules that a program can hold: who may import whom (DESIGN 8), and what no file may contain. Each rule looks at
 * one file and says what is wrong in it. The patterns look for text, not for syntax: cheap, and good enough for code that
 * prettier has formatted.
 */
import { basename, dirname, posix } from "node:path";

export interface SourceFile {
  /** Relative to the root of the tree, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Problem {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

interface Finding {
  readonly index: number;
  readonly message: string;
}

interface Rule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  readonly check: (file: SourceFile) => readonly Finding[];
}

/** What the folders of the product may import besides themselves. A folder that is not named here imports nothing of ours. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  jobs: ["shared"],
  executor: ["shared", "jobs"],
  worker: ["shared", "jobs", "executor"],
  master: ["shared", "jobs", "executor"],
  ingest: ["shared", "jobs", "executor"],
  cli: ["shared", "jobs", "executor", "worker", "master", "ingest", "dashboard"],
  dashboard: [],
};

/** Longer files have more than one purpose; 40 to 250 lines is what to aim at. */
const LINES_MAX = 400;

/** Names that say nothing, and become the drawer where everything ends. */
const DRAWERS = new Set(["utils", "util", "helpers", "helper", "misc", "common", "lib"]);

const topFolder = (path: string): string => path.split("/")[0] ?? "";
const isProduct = (path: string): boolean =>
  Object.hasOwn(MAY_IMPORT, topFolder(path)) && /\.(?:[cm]?[jt]s|tsx)$/.test(path);
const isTest = (path: string): boolean => path.startsWith("test/");
const isCode = (path: string): boolean => /\.(?:[cm]?[jt]s|tsx)$/.test(path);
/** This folder spells out what is forbidden; the licence is not ours to word. */
const isOurs = (path: string): boolean => !path.startsWith("test/tidy/") && path !== "LICENSE";

function matches(text: string, pattern: RegExp): RegExpExecArray[] {
  return [...text.matchAll(pattern)];
}

/** The text without lines that are comments, every other character where it was. */
function withoutComments(text: string): string {
  return text.replace(/^\s*(\/\/|\/?\*).*$/gm, (line) => line.replace(/[^\n]/g, " "));
}

/** Every module that a file names: static, type-only, dynamic and re-exported, by URL, and what it starts by `modulePath`. */
export function importsOf(file: SourceFile): { readonly specifier: string; readonly index: number }[] {
  const text = withoutComments(file.text);
  const named = [
    /^(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
    /^import\s*["']([^"']+)["']/gm,
    /\b(?:import|require)\(\s*["'`]([^"'`]+)["'`]/g,
    /\bnew URL\(\s*["'`](\.[^"'`]+)["'`]\s*,\s*import\.meta\.url/g,
  ].flatMap((pattern) => matches(text, pattern).map((match) => ({ specifier: match[1] ?? "", index: match.index })));
  const started = matches(text, /\bmodulePath\(\s*["'`]([^"'`]+)["'`]/g).map((match) => ({
    specifier: `${posix.relative(dirname(file.path), match[1] ?? "")}.ts`.replace(/^(?!\.)/, "./"),
    index: match.index,
  }));
  return [...named, ...started];
}

function forbid(name: string, applies: (path: string) => boolean, pattern: RegExp, message: string): Rule {
  return {
    name,
    applies,
    check: (file) => matches(file.text, pattern).map((match) => ({ index: match.index, message })),
  };
}

export const RULES: readonly Rule[] = [
  {
    name: "layers",
    applies: isProduct,
    check(file) {
      const from = topFolder(file.path);
      return importsOf(file).flatMap(({ specifier, index }) => {
        if (!specifier.startsWith(".")) return [];
        const to = topFolder(posix.normalize(posix.join(dirname(file.path), specifier)));
        const allowed = to === from || (MAY_IMPORT[from] ?? []).includes(to);
        return allowed ? [] : [{ index, message: `${from} must not import ${to}: ${specifier}` }];
      });
    },
  },
  {
    name: "aws",
    applies: (path) => isProduct(path) && !path.startsWith("shared/aws/"),
    check: (file) =>
      importsOf(file)
        .filter(({ specifier }) => /^@(aws-sdk|smithy)\//.test(specifier))
        .map(({ specifier, index }) => ({ index, message: `only shared/aws imports ${specifier}` })),
  },
  {
    name: "extension",
    applies: isProduct,
    check: (file) =>
      importsOf(file)
        .filter(({ specifier }) => specifier.startsWith(".") && !/\.(tsx?|json|cjs)$/.test(specifier))
        .map(({ specifier, index }) => ({ index, message: `a relative import names its extension: ${specifier}` })),
  },
  forbid(
    "environment",
    (path) => isProduct(path) && !path.startsWith("shared/config/"),
    /\bprocess\s*(\?\.|\.|\[")\s*env\b|\benv\b[^;]*\bfrom "node:process"/g,
    "the environment is read in shared/config and nowhere else",
  ),
  forbid("shell", isProduct, /\bshell:\s*true\b|\b(?<![\w.])exec(Sync)?\(/g, "no command line goes through a shell"),
  {
    name: "length",
    applies: (path) => /\.tsx?$/.test(path) && !isTest(path),
    check(file) {
      const lines = file.text.split("\n").length - 1;
      return lines <= LINES_MAX ? [] : [{ index: 0, message: `${lines} lines; at most ${LINES_MAX}` }];
    },
  },
  {
    name: "head",
    applies: (path) => isProduct(path) || /^(scripts|bin|bench)\//.test(path),
    check: (file) =>
      /^(#!.*\n)?\s*(\/\*|\/\/)/.test(file.text)
        ? []
        : [{ index: 0, message: "a file says at its head what it is for" }],
  },
  {
    name: "drawer",
    applies: isCode,
    check: (file) =>
      DRAWERS.has(basename(file.path).replace(/\..*$/, ""))
        ? [{ index: 0, message: `${basename(file.path)} says nothing about what is in it` }]
        : [],
  },
  forbid("unfinished", isOurs, /\b(TODO|FIXME|XXX|HACK)\b/g, "what is left to do belongs into an issue"),
  forbid(
    "only",
    (path) => isTest(path) && isOurs(path),
    /\b(describe|it|context)\.only\(/g,
    "one test hides all others",
  ),
  forbid(
    "skip",
    (path) => isTest(path) && isOurs(path) && path !== "test/support/requirements.ts",
    /\b(describe|it|context|this)\.skip\(|\bx(it|describe)\(/g,
    "a test is skipped by needs(), which says why",
  ),
  forbid(
    "dead code",
    (path) => isCode(path) && isOurs(path),
    /^\s*\/\/\s*((import|export|const|let|return|await|function|class|throw)\b.*[;{]|(if|for|while) \(.*[;{]|[\w.]+\(.*\);|\})$/gm,
    "code that is commented out",
  ),
  {
    name: "machine path",
    applies: isOurs,
    check(file) {
      // Tests of path handling need paths that look like somebody's; those of this project's own machines nobody needs.
      const folders = isTest(file.path) ? "root|work" : "home|root|Users|work|mnt";
      const pattern = new RegExp(String.raw`(?<![\w.$~}>-])/(${folders})/[\w.-]+`, "g");
      return matches(file.text, pattern).map((match) => ({
        index: match.index,
        message: "a path of somebody's machine",
      }));
    },
  },
  forbid(
    "registry",
    isOurs,
    /\bregistry\.[a-z0-9-]+\.[a-z]+\b|"resolved":/g,
    "where packages are fetched from is the machine's business",
  ),
];

/** All problems of a tree, in the order of its files. */
export function problemsOf(files: readonly SourceFile[], rules: readonly Rule[] = RULES): Problem[] {
  return files.flatMap((file) =>
    rules
      .filter((rule) => rule.applies(file.path))
      .flatMap((rule) =>
        rule.check(file).map(({ index, message }) => ({
          rule: rule.name,
          path: file.path,
          line: file.text.slice(0, index).split("\n").length,
          message,
        })),
      ),
  );
}
