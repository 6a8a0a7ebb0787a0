/*
 * Two Chromium pages chat: NODE_PATH=... node websocket_page.js CHROMIUM URL
 * [FILE]; FILE gets a screenshot. The page's errors are the test's.
 */
"use strict";
const assert = require("node:assert");
const { chromium } = require("playwright-core");

const [path, url, file] = process.argv.slice(2);

const says = async (page, name, text) => {
  await page.fill("#name", name);
  await page.fill("#text", text);
  await page.press("#text", "Enter");
};

const sees = (page, lines) => page.waitForFunction((wanted) =>
  [...document.querySelectorAll("#said li")].map((line) => line.textContent)
    .join("|") === wanted, lines.join("|"), { timeout: 30000 });

(async () => {
  const browser = await chromium.launch({ executablePath: path,
    args: ["--no-sandbox"] });
  const errors = [];
  const pages = [];
  for (let i = 0; i < 2; i++) {
    const page = await (await browser.newContext()).newPage();
    page.on("pageerror", (error) => errors.push(`${error}`));
    await page.goto(url);
    await page.waitForFunction(() => document.querySelector("#state")
      .textContent === "open", null, { timeout: 30000 });
    pages.push(page);
  }
  const lines = ["ann: h\u00e4llo <b>", "bob: \u{1d11e} yes"];
  await says(pages[0], "ann", "h\u00e4llo <b>");
  await Promise.all(pages.map((page) => sees(page, lines.slice(0, 1))));
  await says(pages[1], "bob", "\u{1d11e} yes");
  await Promise.all(pages.map((page) => sees(page, lines)));
  if (file) await pages[0].screenshot({ path: file });
  await pages[0].close();
  await says(pages[1], "bob", "alone");
  await sees(pages[1], [...lines, "bob: alone"]);
  assert.deepStrictEqual(errors, []);
  await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
