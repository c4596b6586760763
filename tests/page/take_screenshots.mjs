// Takes the pictures in docs/ of the daemon at FERRY_PAGE_URL, or of a fake one; FERRY_PAGE_PICTURES is where they go.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, openPage } from "./browser.mjs";
import { FakeServer } from "./fake_server.mjs";

const folder = process.env.FERRY_PAGE_PICTURES;
mkdirSync(folder, { recursive: true });
const fake = process.env.FERRY_PAGE_URL ? null : await new FakeServer().start();
const url = process.env.FERRY_PAGE_URL ?? fake.url;
const service = process.env.FERRY_PAGE_SERVICE ?? (fake ? "shop/checkout" : null);
const browser = await launch();

/** What is shown at a hash, once it has numbers. */
async function take(name, hash, options, prepare = async () => {}) {
  const { page, context } = await openPage(browser, options);
  await page.goto(`${url}/${hash}`);
  await page.locator(hash.startsWith("#/services/") ? ".panel.connections" : "#rows tr").first().waitFor();
  await page.locator("#live.on").waitFor();
  await prepare(page);
  await page.screenshot({ path: join(folder, name), animations: "disabled" });
  await context.close();
  console.log(join(folder, name));
}

const busiest = "#/?sort=connections";
await take("page-overview-light.png", busiest, {});
await take("page-overview-dark.png", busiest, { colorScheme: "dark" });
const { page, context } = await openPage(browser);
await page.goto(`${url}/#/`);
const first = await page.locator("#rows a").first().getAttribute("href");
await context.close();
const detail = service ? `#/services/${service}` : first;
await take("page-service.png", detail, {});
if (process.env.FERRY_PAGE_ALL) {
  const narrow = { viewport: { width: 400, height: 900 } };
  await take("narrow-overview.png", busiest, narrow);
  await take("narrow-service.png", detail, { ...narrow, colorScheme: "dark" });
  await take("service-dark.png", detail, { colorScheme: "dark" });
  await take("help.png", "#/", {}, (page) => page.keyboard.press("?"));
  await take("search.png", "#/?q=order-w", {}, async (page) => { await page.keyboard.press("j"); await page.locator("#watches summary").click(); });
  if (fake) await take("lost.png", busiest, {}, async (page) => { fake.leave(); await page.locator("#live.lost").waitFor(); });
}
await browser.close();
await fake?.stop();
