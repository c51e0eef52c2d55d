/*
 * Loads the command line once spotfold.cjs has found that this Node will do. Apart from it because `import()` is a syntax
 * error to the Nodes that it must still be able to send away.
 */
"use strict";

const fs = require("node:fs");
const { enableCompileCache } = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

/** Bad usage, as in spotfold.cjs. */
const EXIT_USAGE = 2;

/** Runs the command line of the checkout or package in `root`; it reads `process.argv` itself. */
module.exports = function start(root) {
  const source = path.join(root, "cli", "main.ts");
  const inCheckout = fs.existsSync(source);
  if (inCheckout && !fs.existsSync(path.join(root, "node_modules", ".package-lock.json"))) {
    process.stderr.write("This checkout of spotfold is not set up yet: npm run setup\n");
    process.exitCode = EXIT_USAGE;
    return;
  }
  // Compiled code is kept between runs, in the system's temporary folder: half of the start-up time is compiling.
  enableCompileCache();
  import(pathToFileURL(inCheckout ? source : path.join(root, "dist", "cli", "main.js")).href).catch((error) => {
    process.nextTick(() => {
      throw error;
    });
  });
};
