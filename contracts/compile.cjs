// Compiles one standard-JSON input (stdin) with the npm `solc` found in NODE_PATH; the output goes to stdout.
"use strict";
const solc = require("solc");

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", () => {
  // The SMT checker asks for more through the callback; all sources are in the input already.
  const smt = process.argv.includes("--smt") ? { smtSolver: require("solc/smtsolver").smtSolver } : undefined;
  process.stdout.write(solc.compile(Buffer.concat(chunks).toString("utf8"), smt));
});
