// Debian's Chromium, driven by playwright-core, which tests/page/run puts into build/page.
import { createRequire } from "node:module";
import { test as plainTest } from "node:test";

const modules = process.env.FERRY_PAGE_MODULES;
if (!modules) throw new Error("FERRY_PAGE_MODULES is not set: start with tests/page/run");
const { chromium } = createRequire(`${modules}/`)("playwright-core");

const kArguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** A test that ends, also where it waits for what never comes. */
export const test = (name, body) => plainTest(name, { timeout: 60_000 }, body);

/** A browser with a profile of its own that is gone when it is closed. */
export function launch() {
  return chromium.launch({ executablePath: process.env.FERRY_CHROMIUM ?? "/usr/bin/chromium", args: kArguments });
}

/** Counts what its streams tell the page, apart from the page's own code. */
function countEvents() {
  window.heard = {};
  const Original = window.EventSource;
  window.EventSource = class extends Original {
    constructor(url) {
      super(url);
      const view = new URL(url, location.href).searchParams.get("view");
      this.addEventListener(view, () => { window.heard[view] = (window.heard[view] ?? 0) + 1; });
    }
  };
  addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
}

/** A page and what went wrong on it: errors of scripts, of the console, of the content security policy. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", ...options });
  await context.addInitScript(countEvents);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors = [], requests = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => requests.push(request.url()));
  page.on("dialog", (dialog) => { errors.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  return { page, context, errors, requests };
}
