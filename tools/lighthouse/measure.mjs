// Prints Lighthouse's report of a page on a phone, as JSON: node measure.mjs ADDRESS BROWSER FLAG…
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const [address, chromePath, ...chromeFlags] = process.argv.slice(2);
const browser = await launch({
  chromePath,
  ignoreDefaultFlags: true,
  chromeFlags: ["--headless", ...chromeFlags],
});
try {
  const run = await lighthouse(address, { port: browser.port, logLevel: "error" });
  process.stdout.write(JSON.stringify(run.lhr));
} finally {
  await browser.kill();
}
