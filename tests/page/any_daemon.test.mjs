// What holds for the page of any daemon with at least one service: a real one at FERRY_PAGE_URL, or the fake.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";
import { launch, openPage, test } from "./browser.mjs";
import { FakeServer } from "./fake_server.mjs";

let browser, fake, url, opened, page;

before(async () => {
  browser = await launch();
  fake = process.env.FERRY_PAGE_URL ? null : await new FakeServer().start();
  url = process.env.FERRY_PAGE_URL ?? fake.url;
});

after(async () => {
  await browser?.close();
  await fake?.stop();
});

beforeEach(async () => {
  opened = await openPage(browser);
  ({ page } = opened);
  await page.goto(`${url}/`);
  await page.locator("#rows tr").first().waitFor();
});

// Whatever a test is about: nothing went wrong in a script or against the policy, and nobody else was asked.
afterEach(async () => {
  await opened.context.close();
  assert.deepEqual(opened.errors, []);
  const foreign = opened.requests.filter((request) => !request.startsWith(`${url}/`) && !request.startsWith("data:"));
  assert.deepEqual(foreign, []);
});

test("the page comes under a policy that allows its own files alone", async () => {
  const answer = await page.request.get(`${url}/`);
  assert.match(answer.headers()["content-security-policy"] ?? "", /default-src 'none'/);
  assert.match(answer.headers()["content-type"], /^text\/html/);
});

test("the overview shows the node, that it is live, the totals and the services", async () => {
  await page.locator("#live.on").waitFor();
  const status = await (await page.request.get(`${url}/api/status`)).json();
  await page.locator("#facts", { hasText: status.node }).waitFor();
  await page.locator("#facts", { hasText: status.version }).waitFor();
  assert.equal(await page.locator("#totals .chart").count(), 5);
  for (const watch of status.watches) await page.locator("#watches-summary", { hasText: watch.resource }).waitFor();
  assert.match(await page.locator("#count").textContent(), /service ports?$/);
});

test("updates arrive on both streams without being asked for", async () => {
  const before = await page.evaluate(() => ({ ...window.heard }));
  await page.waitForFunction((seen) => window.heard.status > (seen.status ?? 0) + 1 && window.heard.services > (seen.services ?? 0) + 1, before);
});

test("a search leaves what matches", async () => {
  const name = await page.locator("#rows .name").last().textContent();
  await page.keyboard.press("/");
  await page.keyboard.type(name);
  await page.waitForFunction((text) => new URLSearchParams(location.hash.split("?")[1]).get("q") === text, name);
  await page.locator("#services[aria-busy=false]").waitFor();
  assert.match(await page.locator("#count").textContent(), /match$/);
  for (const shown of await page.locator("#rows tr").allTextContents()) assert.ok(shown.includes(name), shown);
  assert.ok((await page.locator("#rows mark").count()) > 0);
  await page.keyboard.press("Escape");
  await page.locator("#count", { hasText: /^[\d,]+ service ports?$/ }).waitFor();
});

test("a search for nothing that is there says so", async () => {
  await page.locator("#search").fill("no such service anywhere");
  await page.locator("#empty", { hasText: "No service matches" }).waitFor();
  assert.equal(await page.locator("#rows tr").count(), 0);
});

test("a service opens with its ports, endpoints and words", async () => {
  const link = page.locator("#rows a").first();
  const title = await link.getAttribute("title");
  await link.click();
  await page.locator(".port-section").first().waitFor();
  const name = await page.locator("#service-view h1").textContent();
  assert.ok(title === name || title.startsWith(`${name}:`), `${title} opened ${name}`);
  assert.ok((await page.locator(".words li").count()) > 0);
  assert.equal(await page.locator(".port-section").first().locator(".chart").count(), 5);
  await page.locator(".panel.connections").waitFor();
});

test("a service that is not there is said to be missing, and the page stays live", async () => {
  await page.goto(`${url}/#/services/nowhere/nothing`);
  await page.locator("#service-view .empty", { hasText: /\w/ }).waitFor();
  await page.locator("#live.on").waitFor();
  assert.equal(await page.locator("#loss").isHidden(), true);
  opened.errors.length = 0; // The browser logs a stream that was answered with 404.
});

test("from search to service and back by keyboard alone", async () => {
  await page.keyboard.press("j");
  const first = await page.evaluate(() => document.activeElement.hash);
  assert.match(first, /^#\/services\//);
  await page.keyboard.press("Enter");
  await page.locator(".port-section").first().waitFor();
  await page.keyboard.press("Escape");
  await page.waitForFunction((hash) => document.activeElement.hash === hash, first);
  await page.keyboard.press("?");
  assert.equal(await page.locator("#help").isVisible(), true);
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#help").isHidden(), true);
  await page.keyboard.press("?");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#help").isHidden(), true);
});

test("a reload keeps the search and the order", async () => {
  await page.goto(`${url}/#/?q=e&sort=open`);
  await page.locator("#count", { hasText: "match" }).or(page.locator("#empty")).first().waitFor();
  await page.reload();
  await page.locator("#count", { hasText: "match" }).or(page.locator("#empty")).first().waitFor();
  assert.equal(await page.locator("#search").inputValue(), "e");
  assert.equal(await page.locator("th.c-open").getAttribute("aria-sort"), "descending");
});
