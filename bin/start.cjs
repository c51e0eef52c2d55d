/*
 * Loads the command line once spotfold.cjs has found that this Node will do. Apart from it because `import()` is a syntax
 * error to the Nodes that it must still be able to send away.
 */
"use strict";

const fs = require("node:fs");
const { constants, enableCompileCache } = require("node:module");
const { Socket } = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

/** Bad usage, as in spotfold.cjs. */
const EXIT_USAGE = 2;

/** Where the pipe to a launcher is: that of spotfold.cjs, or of a server of the status page (cli/status-page/commands.ts). */
const LAUNCHER_DESCRIPTOR = 3;

/**
 * Ends as by SIGTERM when its launcher is gone, however that ended: the older Node that passed the command on (a supervisor that kills
 * it means the command), or the server whose page asked for it. Such a server would end by force what does not end, so it says after
 * how many ms a second SIGTERM is to follow: a command that waits for a store ends by that one. A daemon that drains is given its time.
 * The variables go at once and the pipe is not inherited: what a command starts in its turn follows nobody.
 */
function followLauncher() {
  const { SPOTFOLD_LAUNCHER: launcher, SPOTFOLD_LAUNCHER_PATIENCE_MS: patienceMs } = process.env;
  delete process.env.SPOTFOLD_LAUNCHER;
  delete process.env.SPOTFOLD_LAUNCHER_PATIENCE_MS;
  if (launcher === undefined || !isPipe(LAUNCHER_DESCRIPTOR)) return;
  let pipe;
  try {
    pipe = new Socket({ fd: LAUNCHER_DESCRIPTOR, readable: true, writable: false });
  } catch {
    // Somebody else's: nothing to follow.
    return;
  }
  pipe.on("error", () => undefined);
  const end = () => process.kill(process.pid, "SIGTERM");
  pipe.once("close", () => {
    end();
    if (patienceMs !== undefined) setTimeout(end, Number(patienceMs)).unref();
  });
  pipe.resume();
  pipe.unref();
}

function isPipe(descriptor) {
  try {
    const stats = fs.fstatSync(descriptor);
    return stats.isSocket() || stats.isFIFO();
  } catch {
    return false;
  }
}

/**
 * Compiled code is kept between runs: most of the start-up time is stripping types and compiling. In the checkout, whose code is
 * trusted as much; else in the caller's own cache. Not in the system's temporary folder, Node's default, where any user of the
 * machine could put what this one then runs. What cannot be kept is compiled again.
 */
function keepCompiled(root, inCheckout) {
  const named = process.env.NODE_COMPILE_CACHE;
  const inRoot = () => path.join(root, "node_modules", ".cache", "spotfold", "compiled");
  for (const place of named ? [() => named] : inCheckout ? [inRoot, inOwnCache] : [inOwnCache]) {
    const folder = place();
    if (folder !== null && enableCompileCache(folder).status !== constants.compileCacheStatus.FAILED) return;
  }
}

/** Null when the caller has none. A relative path would be another folder wherever the command is called. */
function inOwnCache() {
  const named = process.env.XDG_CACHE_HOME;
  const cache = named && path.isAbsolute(named) ? named : path.join(home(), ".cache");
  return path.isAbsolute(cache) ? path.join(cache, "spotfold", "compiled") : null;
}

/** Empty when there is none: in a container the user may have an id only. */
function home() {
  try {
    return os.homedir();
  } catch {
    return "";
  }
}

/** Runs the command line of the checkout or package in `root`; it reads `process.argv` itself. */
module.exports = function start(root) {
  followLauncher();
  const source = path.join(root, "cli", "main.ts");
  const inCheckout = fs.existsSync(source);
  if (inCheckout && !fs.existsSync(path.join(root, "node_modules", ".package-lock.json"))) {
    process.stderr.write("This checkout of spotfold is not set up yet: npm run setup\n");
    process.exitCode = EXIT_USAGE;
    return;
  }
  keepCompiled(root, inCheckout);
  import(pathToFileURL(inCheckout ? source : path.join(root, "dist", "cli", "main.js")).href).catch((error) => {
    process.nextTick(() => {
      throw error;
    });
  });
};
