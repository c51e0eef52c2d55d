#!/usr/bin/env node
/*
 * The `spotfold` command. This file and what it needs to decide are written so that Node 12 parses
 * them; nothing else is loaded before the version is known to do:
 *
 *   this Node will do           -> run cli/main.ts (a checkout) or dist/cli/main.js (the package)
 *   it is too old, a checkout   -> run again with the checkout's own Node, as if it had been called with that one
 *   it is too old, otherwise    -> one line on stderr, exit 2
 */
"use strict";

const path = require("path");

/** As `engines` in package.json, which a test compares. 24.12 is what @napi-rs/lzma asks for. */
const NODE_MIN = [24, 12];
/** Bad usage: the same code as for a wrong flag. */
const EXIT_USAGE = 2;

const root = path.dirname(__dirname);
const version = process.versions.node.split(".").map(Number);

if (version[0] > NODE_MIN[0] || (version[0] === NODE_MIN[0] && version[1] >= NODE_MIN[1])) {
  require("./start.cjs")(root);
} else {
  runAgain();
}

function runAgain() {
  const fs = require("fs");
  let node;
  try {
    node = fs.realpathSync(path.join(root, "node_modules", ".bin", "node"));
  } catch {
    refuse();
    return;
  }
  // Called with it, and it is too old all the same: calling it once more would never end.
  if (node === fs.realpathSync(process.execPath)) {
    refuse();
    return;
  }

  // The pipe ends with this process, however it ends: what is said of it in the environment, start.cjs takes out again.
  const child = require("child_process").spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: Object.assign({}, process.env, { SPOTFOLD_LAUNCHER: String(process.pid) }),
  });
  // What is sent to this process alone must reach the one that works. A terminal's Ctrl-C goes to both, so that the child
  // hears it twice at once, as it does below npm: the CLI takes that as one.
  const signals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];
  function forward(signal) {
    child.kill(signal);
  }
  signals.forEach(function (signal) {
    process.on(signal, forward);
  });
  child.on("error", refuse);
  child.on("exit", function (code, signal) {
    if (signal === null) {
      process.exit(code);
      return;
    }
    signals.forEach(function (name) {
      process.removeListener(name, forward);
    });
    process.kill(process.pid, signal);
  });
}

function refuse() {
  process.stderr.write(
    "spotfold needs Node " +
      NODE_MIN.join(".") +
      " or newer and was started with " +
      process.versions.node +
      ": get it from https://nodejs.org/en/download, or, in a checkout, by: npm run setup\n",
  );
  process.exitCode = EXIT_USAGE;
}
