/*
 * Looks at the live page in Chromium.
 *
 *	NODE_PATH=.../node_modules node page_checks.js CHROMIUM URL CASE [FILE]
 *
 * A case is a function of CASES; it throws when something is wrong. What the
 * browser complains of (also what the Content-Security-Policy has stopped) and
 * any request to elsewhere is wrong in every case. FILE gets a screenshot.
 */
"use strict";
const assert = require("node:assert");
const { chromium } = require("playwright-core");

const PATIENCE = 30000;
const [chromiumPath, url, name, file] = process.argv.slice(2);

const cells = (page, table) =>
  page.locator(`#${table} tbody tr`).evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

/* Until what a function finds in the page is true. */
const until = (page, what, argument) =>
  page.waitForFunction(what, argument, { timeout: PATIENCE });

const CASES = {
  /* Numbers, workers and requests under way are there, and go on. */
  async shows(page) {
    await until(page, () => document.querySelector("#state").textContent ===
      "running");
    await until(page, () => document.querySelectorAll(
      "#requests tbody tr:not(.empty)").length === 3);
    const workers = await cells(page, "workers");
    assert.equal(workers.length, 2);
    assert.deepEqual(workers.map((row) => row[0]), ["1", "2"]);
    assert(workers.every((row) => row[3] === "ready"), `${workers}`);
    const requests = await cells(page, "requests");
    assert(requests.every((row) => row[2] === "a timer"), `${requests}`);
    assert(requests.some((row) => row[3].startsWith("GET /slow/1/")));
    await until(page, () => [...document.querySelectorAll(".tile")].some(
      (tile) => tile.textContent.includes("requests per second") &&
        Number(tile.querySelector("b").textContent) > 0));
    await until(page, () => document.querySelectorAll(
      "#plots svg path.line").length === 6 &&
      document.querySelector("#plots svg path.l0").getAttribute("d")
        .includes("L"));
  },

  /* A click on a request shows its Python stack. */
  async stack(page) {
    await page.fill("#filter", "/slow/1/");
    await until(page, () => document.querySelectorAll(
      "#requests tbody tr:not(.empty)").length === 1);
    await page.locator("#requests tbody tr").first().click();
    await until(page, () => document.querySelector("#stack-text")
      .textContent.includes("in slow"));
    const text = await page.locator("#stack-text").textContent();
    assert(text.includes('in application'), text);
    assert(await page.locator("#stack").evaluate((d) => d.open));
    await page.keyboard.press("Escape");
    assert(!await page.locator("#stack").evaluate((d) => d.open));
  },

  /* It says so when the server is gone, and when it is back. */
  async lost(page) {
    await until(page, () => document.querySelector("#state").textContent ===
      "running");
    process.stdout.write("up\n");
    await until(page, () => document.querySelector("#state").textContent ===
      "no answer");
    process.stdout.write("down\n");
    await until(page, () => document.querySelector("#state").textContent ===
      "running");
  },

  /* It can be read on a small dark screen. */
  async small(page) {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    await until(page, () => document.querySelector("#state").textContent ===
      "running");
    const wide = await page.evaluate(() =>
      document.documentElement.scrollWidth - window.innerWidth);
    assert(wide <= 0, `${wide} pixels too wide`);
    const ground = await page.evaluate(() =>
      getComputedStyle(document.body).backgroundColor);
    assert.equal(ground, "rgb(20, 23, 26)");
  },
};

async function main() {
  const browser = await chromium.launch({ executablePath: chromiumPath,
    args: ["--no-sandbox"], timeout: 2 * PATIENCE });
  const wrong = [];
  try {
    const page = await browser.newPage({
      viewport: { width: 1400, height: 1100 } });
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => {
      const gone = name === "lost" && message.text().includes("ERR_");
      if (message.type() === "error" && !gone) wrong.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) wrong.push(request.url());
    });
    await page.goto(url);
    await CASES[name](page);
    if (file) await page.screenshot({ path: file, fullPage: true });
    assert.deepEqual(wrong, []);
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
