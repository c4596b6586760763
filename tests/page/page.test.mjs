// What it takes a fake daemon to see: what the page asks for, ten thousand services, loss, hostile names.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";
import { launch, openPage, test } from "./browser.mjs";
import { FakeServer } from "./fake_server.mjs";

let browser, fake, opened, page;

before(async () => { browser = await launch(); });
after(() => browser?.close());

beforeEach(async () => {
  fake = await new FakeServer().start();
  opened = await openPage(browser);
  ({ page } = opened);
});

afterEach(async () => {
  await opened.context.close();
  await fake.stop();
  assert.deepEqual(opened.errors, []);
  assert.deepEqual(opened.requests.filter((request) => !request.startsWith(`${fake.url}/`) && !request.startsWith("data:")), []);
});

/** Goes to a hash and waits until its rows or ports are there. */
async function visit(hash = "#/") {
  await page.goto(`${fake.url}/${hash}`);
  await page.locator(hash.startsWith("#/services/") ? ".port-section" : "#rows tr").first().waitFor();
}

const row = (name) => page.locator("#rows tr", { has: page.locator(`a[title^="${name}"]`) });
const shownNames = () => page.locator("#rows a").evaluateAll((links) => links.map((link) => link.title));
const rangeIs = (text) => page.locator("#range", { hasText: new RegExp(`^${text}$`) }).waitFor();

/** Of errors that the browser itself logs when a stream breaks or is refused. */
function expectBrokenStreams() {
  const others = opened.errors.filter((error) => !/Failed to load resource|ERR_/.test(error));
  opened.errors.splice(0, Infinity, ...others);
}

test("the overview shows each part of a service", async () => {
  await visit("#/?q=shop/checkout");
  await page.locator("#count", { hasText: "1 of 10,000" }).waitFor();
  const cells = await row("shop/checkout:http").locator("td").allInnerTexts();
  assert.deepEqual(cells.slice(0, 6), ["shop/checkout:http", "TCP", fake.cluster.ports.find((port) => port.name === "checkout").addresses.join(" "), "5", "1", "1"]);
  const open = await row("shop/checkout:http").locator(".c-open").textContent();
  assert.notEqual(open, "0");
  assert.match(await row("shop/checkout:http").locator(".spark .line").getAttribute("d"), /^M0 [\d.]+h0(L\d+ [\d.]+){59}$/);
});

test("a chart's newest value is at its right edge, and where nothing was dialled there is a gap", async () => {
  const { cluster } = fake;
  const { history } = cluster;
  cluster.history = (port) => {
    const { interval } = history.call(cluster, port) ?? { interval: 5 };
    return { interval, connections: [1, 2, 4], failures: [0, 0, 1], open: [1, 1, 1], bytes: [0, 0, 0], connectP99Ms: [2, null, 4] };
  };
  await visit("#/services/shop/checkout");
  const line = (at) => page.locator(".port-section .chart .line").nth(at).getAttribute("d");
  assert.equal(await line(1), "M57 38.5h0L58 26.0L59 1.0");
  assert.equal(await line(4), "M57 26.0h0M59 1.0h0");
  await visit("#/?q=shop/checkout");
  assert.equal(await row("shop/checkout").locator(".spark .failed").getAttribute("d"), "M59 20v-4");
});

test("a service without endpoints and one that is removed say so in words", async () => {
  await visit("#/?q=shop/");
  assert.equal(await row("shop/empty").locator(".c-endpoints").textContent(), "none");
  assert.equal(await row("shop/gone").locator(".tag").isVisible(), true);
  assert.equal(await row("shop/empty").locator(".tag").isVisible(), false);
});

test("what is steered is marked in the list, and counted with what is carried", async () => {
  const { cluster } = fake;
  const api = cluster.ports.find((port) => port.namespace === "default" && port.name === "kubernetes");
  cluster.traffic = () => ({ open: 100, accepted: 1000, failed: 0, retried: 0, bytesToBackend: 0, bytesToClient: 0 });
  assert.equal(cluster.relayed(api).open, 10);
  await visit("#/?q=default/kubernetes");
  const mark = row("default/kubernetes").locator(".path");
  assert.equal(await mark.isVisible(), true);
  assert.match(await mark.getAttribute("title"), /^Steered: /);
  assert.equal(await row("default/kubernetes").locator(".c-open").textContent(), "100");
  await visit("#/?q=shop/");
  assert.equal(await row("shop/checkout").locator(".path").isVisible(), false);
  assert.equal(await row("shop/empty").locator(".path.paused").getAttribute("title"), "By the relay for now: an endpoint has not taken a connection lately");
  assert.equal(await row("shop/gone").locator(".path").isVisible(), false);
});

test("a mark that comes and goes moves nothing, and no name is too long for it", async () => {
  const { cluster } = fake;
  cluster.ports.find((port) => port.name === "kubernetes").name = `kubernetes-${"long-".repeat(40)}`;
  await visit("#/?q=default/kubernetes");
  const mark = row("default/kubernetes").locator(".path");
  await mark.waitFor();
  const right = (of) => of.evaluate((one) => one.getBoundingClientRect().right);
  assert.ok(await right(mark) <= await right(row("default/kubernetes").locator(".c-name")));
  const places = () => row("default/kubernetes").locator("td, a").evaluateAll((all) => all.map((one) => JSON.stringify(one.getBoundingClientRect())));
  const before = await places();
  cluster.steering = () => null;
  fake.advance(0);
  await mark.waitFor({ state: "hidden" });
  assert.deepEqual(await places(), before);
});

test("a service's view tells what is steered from what is carried", async () => {
  const { cluster } = fake;
  cluster.traffic = () => ({ open: 100, accepted: 1000, failed: 20, retried: 3, bytesToBackend: 1e6, bytesToClient: 2e6 });
  await visit("#/services/default/kubernetes");
  const rows = page.locator(".paths tbody tr");
  const cells = (at) => rows.nth(at).locator("td").allTextContents();
  assert.deepEqual(await cells(0), ["steered", "all from this node", "90", "900", "18", "–", "0", "900 kB", "1.8 MB"]);
  assert.deepEqual(await cells(1), ["relay", "the rest", "10", "100", "2", "3", "–", "100 kB", "200 kB"]);
  assert.match(await page.locator(".port-head .muted").textContent(), /1,000 connections since the start {2}· {2}20 failed {2}· {2}3 retried$/);
  assert.equal(await page.locator(".port-section .chart .now").first().textContent(), "100");
  await page.locator(".connections p", { hasText: "90 steered connections beside these are known by number alone." }).waitFor();
  await visit("#/services/shop/empty");
  assert.deepEqual((await cells(1)).slice(0, 2), ["relay", "all, for now"]);
  await visit("#/services/shop/gone");
  assert.equal(await page.locator(".paths").isHidden(), true);
});

test("the overview tells whether connections are steered, or why not", async () => {
  await visit();
  const summary = page.locator("#watches-summary");
  const { steered, relayed } = fake.cluster.steeringStatus().servicePorts;
  await summary.getByText(`steered: ${steered.toLocaleString("en")}, by the relay alone: ${relayed}, and 1 for now`).waitFor();
  await summary.click();
  await page.locator(".watches .steering", { hasText: "endpoints: 39," }).waitFor();
  fake.cluster.steeringOff = true;
  fake.advance(1);
  await summary.getByText("steering is off: the kernel is older than 5.11").waitFor();
  assert.equal(await page.locator(".watches .steering").isHidden(), true);
});

test("of ten thousand services it asks for those it shows, and builds no more", async () => {
  await visit();
  await page.locator("#totals .line[d^=M]").first().waitFor();
  assert.deepEqual(fake.asked("services"), [{ view: "services", sort: "name", order: "asc", offset: "0", limit: "50", history: "1" }]);
  assert.equal(await page.locator("#rows tr").count(), 50);
  const elements = () => page.evaluate(() => document.getElementsByTagName("*").length);
  const few = await elements();
  assert.ok(few < 2500, `${few} elements`);
  for (let pages = 2; pages < 5; ++pages) {
    await page.keyboard.press("n");
    await rangeIs(`${(pages - 1) * 50 + 1}–${pages * 50} of 10,000`);
  }
  assert.ok(Math.abs((await elements()) - few) < 50, `${await elements()} elements after ${few}`);
  for (const { limit } of fake.asked("services")) assert.equal(limit, "50");
});

test("there is one stream for the bar and one for the view", async () => {
  await visit();
  await page.locator("#search").fill("gateway");
  await page.locator("#count", { hasText: "match" }).waitFor();
  await page.locator("#rows a").first().click();
  await page.locator(".port-section").waitFor();
  await page.locator(".crumbs a").click();
  await page.locator("#rows tr").first().waitFor();
  await page.waitForFunction(() => window.heard.services > 2);
  assert.deepEqual(fake.openStreams(), ["services", "status"]);
});

test("a search is asked of the server, once typing pauses", async () => {
  await visit();
  // Typed by the page's own timers: of two that are due the earlier runs first, so a slow machine changes nothing.
  await page.locator("#search").evaluate((input, text) => new Promise((done) => {
    const type = (length) => {
      input.value = text.slice(0, length);
      input.dispatchEvent(new Event("input"));
      if (length < text.length) setTimeout(() => type(length + 1), 40);
      else done();
    };
    type(1);
  }), "ledger-grpc");
  const matching = fake.cluster.ports.filter((port) => port.text.includes("ledger-grpc"));
  await page.locator("#count", { hasText: `${matching.length} of 10,000` }).waitFor();
  const asked = fake.asked("services").map(({ q }) => q);
  assert.deepEqual(asked, [undefined, "ledger-grpc"]);
  for (const name of await shownNames()) assert.match(name, /ledger-grpc/);
});

test("an address is found, and Escape clears the search", async () => {
  await visit();
  await page.locator("#search").fill("10.96.0.14:80");
  await page.locator("#count", { hasText: "match" }).waitFor();
  assert.ok((await shownNames()).some((name) => name.startsWith("shop/checkout")));
  await page.keyboard.press("Escape");
  await rangeIs("1–50 of 10,000");
  assert.equal(await page.locator("#search").inputValue(), "");
  assert.equal(fake.asked("services").at(-1).q, undefined);
});

test("a column's header sorts, and once more the other way", async () => {
  await visit();
  assert.equal(await page.locator("th.c-name").getAttribute("aria-sort"), "ascending");
  await page.locator("th.c-open button").click();
  await page.locator("th.c-open[aria-sort=descending]").waitFor();
  await page.locator("#services[aria-busy=false]").waitFor();
  const { sort, order } = fake.asked("services").at(-1);
  assert.deepEqual([sort, order], ["open", "desc"]);
  const numbers = (await page.locator("#rows .c-open").allTextContents()).map((text) => Number(text.replaceAll(",", "")));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a));
  await page.locator("th.c-open button").press("Enter");
  await page.locator("th.c-open[aria-sort=ascending]").waitFor();
  assert.equal(await page.locator("th.c-name").getAttribute("aria-sort"), null);
});

test("pages turn by button, and the address says which", async () => {
  await visit();
  assert.equal(await page.locator("#previous").isDisabled(), true);
  await page.locator("#next").click();
  await rangeIs("51–100 of 10,000");
  assert.match(page.url(), /#\/\?page=2$/);
  await page.goBack();
  await rangeIs("1–50 of 10,000");
  await page.locator("#size").selectOption("25");
  await rangeIs("1–25 of 10,000");
  assert.equal(fake.asked("services").at(-1).limit, "25");
});

test("a page beyond the last is the last", async () => {
  await visit("#/?q=shop/&page=9");
  await rangeIs("1–3 of 3");
});

test("an ejected endpoint stands first, with its state in words and why", async () => {
  await visit("#/services/shop/checkout");
  const first = page.locator(".endpoints tbody tr").first();
  assert.equal(await first.locator(".state").textContent(), "ejected");
  assert.match(await first.locator(".why").textContent(), /^refused a connection \d+ s ago; left out for \d+ s more$/);
  const states = await page.locator(".endpoints tbody .state").allTextContents();
  assert.deepEqual(states, ["ejected", "draining", "used", "used", "used", "used", "unused"]);
  const colours = await page.locator(".endpoints tbody .state").evaluateAll((all) => new Set(all.map((state) => state.className)).size);
  assert.equal(colours, 4);
  const before = await first.locator(".why").textContent();
  fake.advance(5);
  await page.waitForFunction((text) => document.querySelector(".endpoints .why").textContent !== text, before);
});

test("an annotation that is not understood is marked, with what is wrong", async () => {
  await visit("#/services/shop/checkout");
  const wrong = page.locator(".settings tr.wrong");
  assert.equal(await wrong.count(), 1);
  assert.deepEqual(await wrong.locator("td").allTextContents(),
    ["kube-ferry.io/max-connections", "lots", "unlimited", "Wrong: \"lots\" is not a whole number"]);
});

test("of very many endpoints the first are shown, and all on demand", async () => {
  const { cluster } = fake;
  const [, endpoint] = cluster.endpointList(cluster.ports.find((port) => port.name === "checkout"));
  cluster.endpointList = () => Array.from({ length: 300 }, (_, i) => ({ ...endpoint, address: `10.250.${i >> 8}.${i & 255}` }));
  await visit("#/services/shop/checkout");
  assert.equal(await page.locator(".endpoints tbody tr").count(), 200);
  await page.locator(".more", { hasText: "Show all 300" }).click();
  assert.equal(await page.locator(".endpoints tbody tr").count(), 300);
  assert.equal(await page.locator(".more").isHidden(), true);
});

test("it works below a path of somebody's proxy", async () => {
  await page.goto(`${fake.url}/behind/a/proxy/`);
  await page.locator("#rows a").first().click();
  await page.locator(".port-section").waitFor();
  await page.locator(".panel.connections").waitFor();
  const beside = opened.requests.filter((request) => !request.startsWith(`${fake.url}/behind/a/proxy/`) && !request.startsWith("data:"));
  assert.deepEqual(beside, []);
});

test("each port of a service has its own section", async () => {
  await visit("#/services/kube-system/kube-dns");
  assert.deepEqual(await page.locator(".port-section h2").allTextContents(), ["dns 53/UDP", "dns-tcp 53/TCP", "metrics 9153/TCP"]);
});

test("connections are listed with their clients", async () => {
  await visit("#/services/shop/checkout");
  await page.locator(".connections tbody tr").first().waitFor();
  assert.match(await page.locator(".connections tbody td").first().textContent(), /^10\.244\.\d+\.\d+:\d+$/);
  assert.equal(await page.locator(".connections p").isHidden(), true);
  const { params } = fake.requests.find(({ path }) => path === "/api/connections");
  assert.deepEqual(Object.fromEntries(params), { service: "shop/checkout", limit: "100" });
});

test("where clients are hidden the page says so", async () => {
  fake.clientsHidden = true;
  await visit("#/services/shop/checkout");
  await page.locator(".connections p", { hasText: "Client addresses are hidden here" }).waitFor();
  assert.equal(await page.locator(".connections tbody td").first().textContent(), "hidden");
});

test("a stream that breaks is said to be lost, and since when, and comes back by itself", async () => {
  await visit();
  await page.locator("#live.on").waitFor();
  fake.leave();
  await page.locator("#loss", { hasText: /^\s*Not live since \d\d:\d\d:\d\d: the daemon does not answer\./ }).waitFor();
  assert.equal(await page.locator("#live").textContent(), "not live");
  assert.equal(await page.locator("#rows tr").count(), 50);
  fake.comeBack();
  await page.locator("#live.on").waitFor();
  assert.equal(await page.locator("#loss").isHidden(), true);
  expectBrokenStreams();
});

test("the pauses between attempts grow, and 'Try now' ends one", async () => {
  // The page's clock is ours: the attempts are counted by the minute they are made in, whatever the machine's load.
  await page.clock.install();
  await visit();
  fake.refusal = { status: 503, error: "too many streams" };
  for (const { response } of fake.streams) response.end();
  await page.locator("#loss", { hasText: "too many streams" }).waitFor();
  const attempts = () => fake.asked("status").length;
  for (let seconds = 0; seconds < 120; ++seconds) {
    await page.clock.runFor(1000);
  }
  // Pauses of half a second at first and 15 s at most: without growth there would be hundreds.
  assert.ok(attempts() < 60, `${attempts()} attempts`);
  fake.refusal = null;
  await page.locator("#loss-retry").click();
  await page.locator("#live.on").waitFor();
  expectBrokenStreams();
});

test("a stream that falls silent is lost too", async () => {
  await page.clock.install();
  await visit();
  await page.locator("#live.on").waitFor();
  fake.silent = true;
  // Twice the time: what was said just before may still be on its way. The streams opened meanwhile are as silent.
  await page.clock.runFor(10_000);
  await page.locator("#loss", { hasText: "nothing was heard for 5 s" }).waitFor();
  fake.silent = false;
  await page.locator("#live.on").waitFor();
});

test("a stream that is answered with 404 is an answer, not a loss", async () => {
  await visit();
  await page.locator("#live.on").waitFor();
  fake.refusal = { status: 404, error: "there is no service shop/later" };
  await page.evaluate(() => { location.hash = "#/services/shop/later"; });
  await page.locator("#service-view .empty", { hasText: "there is no service shop/later" }).waitFor();
  assert.equal(await page.locator("#live").textContent(), "live");
  assert.equal(await page.locator("#loss").isHidden(), true);
  expectBrokenStreams();
});

test("a hidden tab closes its streams, and opens them when it is seen", async () => {
  await visit();
  const see = (state) => page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
  const streams = async (count) => { while (fake.streams.size !== count) await page.evaluate(() => new Promise(requestAnimationFrame)); };
  await streams(2);
  await see("hidden");
  await streams(0);
  await see("visible");
  await streams(2);
  await page.locator("#live.on").waitFor();
});

test("frozen, nothing moves until it goes on", async () => {
  await visit("#/?sort=connections");
  await page.keyboard.press("f");
  await page.locator("#loss", { hasText: "Frozen at" }).waitFor();
  const names = await shownNames();
  const heard = await page.evaluate(() => window.heard.services);
  fake.advance(60);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.deepEqual(await shownNames(), names);
  await page.keyboard.press("f");
  await page.waitForFunction((before) => window.heard.services > before, heard);
  assert.equal(await page.locator("#loss").isHidden(), true);
});

test("j and k walk the rows and over the page's end, and the focus stays with its service", async () => {
  await visit("#/?rows=25");
  const focused = () => page.evaluate(() => document.activeElement.title);
  const names = await shownNames();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await focused(), names[1]);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(), names[0]);
  for (let i = 0; i < 24; ++i) await page.keyboard.press("j");
  assert.equal(await focused(), names[24]);
  await page.keyboard.press("j");
  await rangeIs("26–50 of 10,000");
  await page.waitForFunction(() => document.activeElement === document.querySelector("#rows a"));
  await page.keyboard.press("k");
  await rangeIs("1–25 of 10,000");
  await page.waitForFunction((title) => document.activeElement.title === title, names[24]);
});

test("a service that moves in the order keeps the focus", async () => {
  await visit("#/?q=kube-dns&sort=connections");
  await page.locator("#rows a").last().focus();
  const focused = await page.evaluate(() => document.activeElement.title);
  const moved = () => page.evaluate((title) => document.querySelector("#rows a").title === title, focused);
  while (!(await moved())) fake.advance(5);
  assert.equal(await page.evaluate(() => document.activeElement.title), focused);
});

test("Tab reaches every control, and each shows its focus", async () => {
  await visit("#/?q=shop/&rows=25");
  await page.locator("#range").waitFor();
  const reached = [];
  for (let i = 0; i < 40; ++i) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const { activeElement: at } = document;
      return at === document.body ? null : { id: at.id || at.title || at.getAttribute("aria-label") || at.textContent, outline: getComputedStyle(at).outlineStyle };
    });
    if (here === null) break;
    reached.push(here);
  }
  const ids = reached.map(({ id }) => id);
  for (const id of ["skip", "brand", "freeze", "theme", "help-open", "watches-summary", "Failures, over time", "search", "New/s", "shop/empty", "size"]) assert.ok(ids.includes(id), `${id} of ${ids}`);
  assert.deepEqual(reached.filter(({ outline }) => outline === "none"), []);
});

test("a chart tells its value at other times, by pointer and by key", async () => {
  await visit();
  const chart = page.locator("#totals .chart").nth(1);
  await chart.locator(".line[d^=M]").waitFor();
  await chart.locator(".plot").focus();
  await page.keyboard.press("Home");
  assert.match(await chart.locator(".axis").textContent(), /^4 min ago/);
  assert.match(await chart.locator(".plot").getAttribute("aria-valuetext"), /^[\d,.]+ \/s, 4 min ago$/);
  await page.keyboard.press("End");
  assert.match(await chart.locator(".axis").textContent(), /^0 s ago/);
  const box = await chart.locator(".plot").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 10);
  assert.match(await chart.locator(".axis").textContent(), /^2 min ago/);
  await page.mouse.move(0, 0);
  assert.match(await chart.locator(".axis").textContent(), /^5 min ago.*now$/);
});

test("single letters are no shortcuts while they are switched off", async () => {
  await visit();
  await page.keyboard.press("?");
  await page.locator("#keys-on").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.closest("#rows")), null);
  await page.reload();
  await page.locator("#rows tr").first().waitFor();
  await page.keyboard.press("f");
  assert.equal(await page.locator("#freeze").getAttribute("aria-pressed"), "false");
});

/** The contrast of what is written to what is behind it (WCAG 2), the least of all visible text, and where. */
function leastContrast() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (colour) => {
    const [r, g, b] = [...rgba(colour)].slice(0, 3).map((value) => value / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return "Canvas";
  };
  let least = { contrast: 21 };
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()).join("");
    if (!text || !element.checkVisibility() || element.disabled) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < least.contrast) least = { contrast, text, of: element.className || element.tagName };
  }
  return least;
}

for (const scheme of ["light", "dark"]) {
  test(`${scheme}: the system's theme is followed, and all text stands out from its ground`, async () => {
    await page.emulateMedia({ colorScheme: scheme });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    for (const hash of ["#/?sort=ejected", "#/services/shop/checkout"]) {
      await visit(hash);
      await page.locator("#live.on").waitFor();
      const least = await page.evaluate(leastContrast);
      assert.ok(least.contrast >= 4.5, JSON.stringify(least));
    }
    assert.equal(await ground(), scheme === "dark" ? "rgb(14, 18, 21)" : "rgb(246, 247, 248)");
  });
}

test("a theme that was chosen is remembered", async () => {
  await visit();
  await page.locator("#theme").click();
  await page.locator("#theme").click();
  assert.equal(await page.locator("#theme").textContent(), "Theme: dark");
  await page.reload();
  assert.equal(await page.locator("#theme").textContent(), "Theme: dark");
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(14, 18, 21)");
});

test("what a hostile name says stays text", async () => {
  await visit("#/?q=hostile");
  const name = "<img src=x onerror=alert(1)>";
  assert.equal(await page.locator("#rows .name").textContent(), name);
  await page.locator("#rows a").click();
  await page.locator(".port-section").waitFor();
  assert.equal(await page.locator("#service-view h1").textContent(), `hostile/${name}`);
  assert.match(await page.locator(".port-section h2").textContent(), /<script>alert\(2\)<\/script>/);
  assert.equal(await page.locator(".endpoints .why").first().textContent(), "<b onmouseover=alert(3)>bold</b>");
  assert.equal(await page.locator("main img, main script, main b").count(), 0);
  assert.equal(fake.asked("service").at(-1).service, `hostile/${name}`);
  await page.reload();
  await page.locator(".port-section").waitFor();
});

test("a watch that is down is named, with its last error", async () => {
  fake.trouble = true;
  await visit();
  await page.locator("#watches-summary", { hasText: "endpointslices: not watching, last state serves" }).waitFor();
  await page.locator("#watches-summary .error", { hasText: "401 Unauthorized" }).waitFor();
  await page.locator("#watches summary").click();
  assert.equal(await page.locator("#watches tbody tr").count(), 4);
});

test("before the API server was heard the page says what it waits for", async () => {
  await fake.stop();
  fake = await new FakeServer({ services: 0 }).start();
  await page.goto(`${fake.url}/`);
  await page.locator("#empty", { hasText: "No services yet: waiting for the API server" }).waitFor();
  await page.locator("#empty", { hasText: "Connection refused" }).first().waitFor();
  await page.locator("#facts", { hasText: "waiting for the cluster's state" }).waitFor();
});

test("at 400 pixels nothing is wider than the screen, and the order can be chosen", async () => {
  await page.setViewportSize({ width: 400, height: 800 });
  for (const hash of ["#/services/shop/checkout", "#/"]) {
    await visit(hash);
    await page.locator("#live.on").waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 400, hash);
  }
  await page.locator("#sort").selectOption("bytes desc");
  await page.locator("#services[aria-busy=false]").waitFor();
  assert.equal(fake.asked("services").at(-1).sort, "bytes");
});

test("an animation is left out for who wants none", async () => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await visit();
  await page.locator("#live.beat").waitFor();
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector("#live"), "::before").animationName), "none");
});
