// Says what is wrong with the document of the streams, as the reference parser of AsyncAPI sees it:
//   node tools/check_asyncapi.mjs docs/asyncapi.json
// It ends with 1 at an error. What examples have to do with their models is for a test of ours.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("./node/package.json", import.meta.url));
const { Parser } = require("@asyncapi/parser");

const ERROR = 0;
const text = readFileSync(process.argv[2], "utf8");
const { document, diagnostics } = await new Parser().parse(text);
const errors = diagnostics.filter((one) => one.severity === ERROR);
for (const { path, message } of errors) console.log(`${path.join("/")}: ${message}`);
process.exit(document && errors.length === 0 ? 0 : 1);
