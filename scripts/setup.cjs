/*
 * `npm run setup`: makes this checkout ready on a machine with Node 20 or newer and npm 10, 11 or 12.
 *
 *   1. a Node 24: the one that runs this (or npm) if it will do, else from the registry into .toolchain/
 *   2. `npm ci` under it. Under an older Node, npm leaves out optional native packages whose `engines` do not match, in silence
 *   3. proof: the Node that npm scripts get is 24, and the native packages load and work
 *
 * No install script of any package runs: none is needed (docs/decisions/0001-node-24-without-install-scripts.md), and npm 12
 * would block them. Plain JavaScript that old Nodes parse, since it is what speaks to them.
 */
"use strict";

const childProcess = require("child_process");
const fs = require("fs");
const path = require("path");

const root = path.dirname(__dirname);
const manifest = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));

/** The Nodes that this repository is developed and tested with: [24.12, 25). */
const NODE_MAJOR = 24;
const NODE_MINOR_MIN = 12;
/** The npm that comes with older ones is too old for this lock file. */
const NODE_MAJOR_TO_START = 20;
const EXIT_USAGE = 2;

const platformPackage = "node-" + process.platform + "-" + process.arch;
const toolchainDir = path.join(root, ".toolchain");

function fail(message, code) {
  process.stderr.write("setup: " + message + "\n");
  process.exit(code === undefined ? 1 : code);
}

function say(message) {
  process.stdout.write("setup: " + message + "\n");
}

function isNode24(version) {
  const parts = version.replace(/^v/, "").trim().split(".").map(Number);
  return parts[0] === NODE_MAJOR && parts[1] >= NODE_MINOR_MIN;
}

/** The version that a Node binary says it is, or "" when there is none or it does not run. */
function versionOf(node) {
  if (!fs.existsSync(node)) return "";
  const result = childProcess.spawnSync(node, ["--version"], { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : "";
}

/** A Node in node_modules is about to be replaced by `npm ci`, which must not run on it. */
function isOutside(node) {
  return (fs.realpathSync(node) + path.sep).indexOf(path.join(fs.realpathSync(root), "node_modules") + path.sep) !== 0;
}

/** Runs npm (the one that called us, else the one in PATH) with the given Node first in PATH. */
function npm(node, args) {
  const env = {};
  Object.keys(process.env).forEach(function (name) {
    // Switches of the calling npm that would break or thin out this install.
    if (!/^npm_config_(allow_scripts|omit|only|production|global|local_prefix|prefix|dry_run)$/i.test(name)) {
      env[name] = process.env[name];
    }
  });
  // A distribution's Node trusts what the machine trusts, a proxy's certificate for instance; the one from the registry has to
  // be told to.
  if (env.NODE_USE_SYSTEM_CA === undefined) env.NODE_USE_SYSTEM_CA = "1";
  env.PATH = path.dirname(node) + path.delimiter + process.env.PATH;
  const cli = process.env.npm_execpath;
  const viaNode = cli !== undefined && /npm-cli\.c?js$/.test(cli);
  const result = childProcess.spawnSync(viaNode ? node : "npm", (viaNode ? [cli] : []).concat(args), {
    cwd: root,
    env: env,
    stdio: "inherit",
  });
  if (result.error) fail("npm cannot be started: " + result.error.message);
  return result.status === 0;
}

function findNode() {
  const range = (manifest.optionalDependencies || {})[platformPackage];
  const fetched = path.join(toolchainDir, "node_modules", platformPackage, "bin", "node");
  const candidates = [process.execPath, process.env.npm_node_execpath, fetched];
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate && fs.existsSync(candidate) && isOutside(candidate) && isNode24(versionOf(candidate)))
      return candidate;
  }
  if (range === undefined) {
    fail(
      "needs Node " +
        NODE_MAJOR +
        " (" +
        NODE_MAJOR +
        "." +
        NODE_MINOR_MIN +
        " or newer), found " +
        process.version +
        "; for " +
        process.platform +
        " " +
        process.arch +
        " get it from https://nodejs.org/en/download, then run this again",
      EXIT_USAGE,
    );
  }
  say("this is Node " + process.version + "; fetching Node " + NODE_MAJOR + " into .toolchain/");
  fs.mkdirSync(toolchainDir, { recursive: true });
  const args = [
    "install",
    "--prefix",
    toolchainDir,
    "--no-save",
    "--ignore-scripts",
    "--no-package-lock",
    "--loglevel=error",
  ];
  if (!npm(process.execPath, args.concat(["--no-audit", "--no-fund", platformPackage + "@" + range]))) {
    fail(
      "Node " + NODE_MAJOR + " could not be fetched: " + platformPackage + "@" + range + " (see what npm said above)",
    );
  }
  if (!isNode24(versionOf(fetched))) fail("what was fetched is not Node " + NODE_MAJOR + ": " + fetched);
  return fetched;
}

/** Loads the native packages in the Node that npm scripts will get, and uses each once. */
function prove(node) {
  const program = [
    'const lzma = require("@napi-rs/lzma");',
    'const text = "spotfold ".repeat(100);',
    "(async () => {",
    "  const packed = await lzma.xz.compress(text);",
    "  const back = await lzma.xz.decompress(packed);",
    '  if (Buffer.from(back).toString() !== text) throw new Error("@napi-rs/lzma gave other bytes back");',
    '  const built = await require("esbuild").transform("const a: number = 1", { loader: "ts" });',
    '  if (!/const a = 1/.test(built.code)) throw new Error("esbuild built something else");',
    "})().catch((error) => { console.error(error.message); process.exit(1); });",
  ].join("\n");
  const result = childProcess.spawnSync(node, ["-e", program], { cwd: root, encoding: "utf8" });
  if (result.status !== 0) fail("a native package does not work under Node " + NODE_MAJOR + ": " + result.stderr);
}

if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_TO_START) {
  fail(
    "needs Node " +
      NODE_MAJOR_TO_START +
      " or newer to start from, found " +
      process.version +
      ": https://nodejs.org/en/download",
    EXIT_USAGE,
  );
}

const node = findNode();
say("installing with Node " + versionOf(node) + " (" + node + ")");
if (!npm(node, ["ci", "--include=dev", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund"])) {
  fail("npm ci failed (see what npm said above)");
}

const own = path.join(root, "node_modules", ".bin", "node");
// npm 10 unpacks the package that brings Node and does not link its command; told to rebuild (no script runs), it does.
if (!fs.existsSync(own) && fs.existsSync(path.join(root, "node_modules", platformPackage))) {
  if (!npm(node, ["rebuild", "--ignore-scripts", "--loglevel=error", platformPackage]) || !fs.existsSync(own)) {
    fail("npm did not link node_modules/.bin/node to the Node that it installed: try another version of npm");
  }
}
// Without a Node of its own the checkout uses the caller's: npm scripts do not look into .toolchain/.
const used = fs.existsSync(own) ? own : process.execPath;
const found = versionOf(used);
if (!isNode24(found)) {
  fail("npm scripts here would run on Node " + (found || "(none)") + ", not " + NODE_MAJOR + ": " + used);
}
prove(used);
say("ready: npm scripts run on Node " + found + ". Next: npm run demo");
