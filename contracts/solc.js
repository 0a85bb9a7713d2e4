#!/usr/bin/env node
// The Solidity compiler of npm (WebAssembly) behind the two options of the native one that forge and
// build.py use, so that contracts build offline, on every platform, with one and the same compiler.
"use strict";

const fs = require("fs");
const path = require("path");

const solc = require(path.join(__dirname, "..", "tools", "node", "node_modules", "solc"));

const options = process.argv.slice(2);
if (options.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler\nVersion: ${solc.version()}\n`);
} else if (options.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  process.stderr.write("usage: solc.js --version | --standard-json < input\n");
  process.exitCode = 2;
}
