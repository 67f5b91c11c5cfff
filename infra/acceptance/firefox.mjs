import puppeteer from "puppeteer-core";

/**
 * Opens the dashboard in Firefox as it is, over WebDriver BiDi, and waits for what it is to show. A process of its own: the library is
 * ES modules only, which Jest loads none of.
 *
 * Usage: node firefox.mjs EXECUTABLE URL, of a page whose symbol OUTAGE had an outage of 3.5 hours; errors of the page are printed.
 */
const [executablePath, url] = process.argv.slice(2);
const PRICE = 1.23456;

// As root it refuses a home that is another account's.
const env = { ...process.env, HOME: "/tmp" };
const firefox = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, env });
try {
  const page = await firefox.newPage();
  page.on("pageerror", (error) => console.log(String(error)));
  await page.goto(`${url}/?symbol=OUTAGE`);
  await page.waitForSelector('body[data-status="connected"]');
  const outage =
    "[...document.querySelectorAll('.note-break')].some((one) => one.textContent === '3 h 30 min without ticks')";
  await page.waitForFunction(outage);
  const body = JSON.stringify({ symbol: "OUTAGE", price: PRICE });
  await fetch(`${url}/ticks`, { method: "POST", headers: { "content-type": "application/json" }, body });
  await page.waitForFunction(`document.querySelector('.tape-row')?.textContent?.includes('${PRICE}')`);
} finally {
  await firefox.close();
}
