// The live page at the metrics address. It asks only for what it shows (docs/api.md) and writes what it hears as text,
// never as markup: names and annotations are other people's. Every address is relative: the page also works behind
// `kubectl proxy`, at a path of its choice.

const kSilence = 5000; // A stream that says nothing for so long is taken for lost: it speaks every second.
const kRetryFirst = 500;
const kRetryMost = 15000;
const kSearchPause = 200;
const kConnectionsPause = 3000;
const kConnectionsShown = 100;
const kEndpointsShown = 200;
const kHistory = 60;

const $ = (id) => document.getElementById(id);

// ---------------------------------------------------------------- building elements

/** An element; `props` are properties, or attributes where the name has a dash or is `role`. */
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-") || name === "role" || name === "scope") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setClass(node, name) {
  if (node.className !== name) node.className = name;
}

/**
 * Makes `parent` hold one child for each item, in this order. A child stays with its key, so that focus and selection
 * outlive an update and a new order.
 */
function keyed(parent, items, keyOf, create, update) {
  const before = parent.keyedChildren ?? new Map();
  const now = new Map();
  for (const item of items) {
    let key = keyOf(item);
    while (now.has(key)) key += "\n";
    now.set(key, { item, node: before.get(key) ?? create(item) });
  }
  for (const [key, node] of before) if (!now.has(key)) node.remove();
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let at = parent.firstElementChild;
  for (const { item, node } of now.values()) {
    update(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  parent.keyedChildren = new Map([...now].map(([key, { node }]) => [key, node]));
  // Moving an element takes its focus away.
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function clear(parent) {
  parent.replaceChildren();
  parent.keyedChildren = undefined;
}

// ---------------------------------------------------------------- numbers and times in words

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

const count = (n) => (Math.abs(n) < 1e6 ? grouped.format(n) : short.format(n));

function rate(n) {
  if (n === 0) return "0";
  if (n < 0.1) return "<0.1";
  return n < 10 ? n.toFixed(1) : count(n);
}

function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${n === 0 || unit === 0 || n >= 99.5 ? Math.round(n) : n.toPrecision(n < 9.95 ? 2 : 3)} ${units[unit]}`;
}

function millis(n) {
  if (n === null || n === undefined) return "–";
  if (n >= 100) return grouped.format(n);
  return n < 10 ? n.toFixed(2) : n.toFixed(1);
}

function duration(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

const clockTime = (ms) => new Date(ms).toTimeString().slice(0, 8);

/** How far the daemon's clock is ahead of this one, in milliseconds. */
let clockAhead = 0;

function since(time) {
  return time === null || time === undefined ? null : Date.now() + clockAhead - Date.parse(time);
}

const ago = (time, never = "never") => (since(time) === null ? never : `${duration(since(time))} ago`);

const sum = (traffic) => traffic.bytesToBackend + traffic.bytesToClient;

/** One of the counts of connections, carried and steered ones together. */
const both = ({ connections, steering }, field) => connections[field] + (steering?.connections[field] ?? 0);

/** A value's cell: dim when there is nothing, loud when something is wrong. */
function valueCell(cell, text, { zero = false, alarm = "" } = {}) {
  setText(cell, text);
  setClass(cell, `${cell.baseClass ?? ""} ${zero ? "zero" : alarm}`.trim());
}

// ---------------------------------------------------------------- what is remembered here

const memory = {
  get(key) { try { return localStorage.getItem(`kube-ferry.${key}`); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(`kube-ferry.${key}`, value); } catch { /* Not allowed here. */ } },
};

const kThemes = ["auto", "light", "dark"];

function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  setText($("theme-name"), theme);
}

let theme = kThemes.includes(memory.get("theme")) ? memory.get("theme") : "auto";
showTheme(theme);

function nextTheme() {
  theme = kThemes[(kThemes.indexOf(theme) + 1) % kThemes.length];
  memory.set("theme", theme);
  showTheme(theme);
}

// ---------------------------------------------------------------- hearing from the daemon

const feeds = [];
const kFrozen = "frozen";
let frozenAt = null;

/**
 * One stream of /api/stream at a time. Lost, it is opened again after a growing, jittered pause; while the tab is hidden
 * or the page is frozen it is closed. `hear` gets each answer, `refuse` an error that is the daemon's last word for now.
 */
class Feed {
  constructor(hear, refuse) {
    this.hear = hear;
    this.refuse = refuse;
    this.query = null;
    this.source = null;
    this.heardAt = null;
    this.lostAt = null;
    this.reason = "";
    this.attempts = 0;
    this.retryAt = null;
    feeds.push(this);
  }

  open(query) {
    this.close();
    this.query = query;
    this.connect();
  }

  close() {
    this.disconnect();
    this.query = null;
    this.heardAt = this.lostAt = null;
    this.attempts = 0;
    showLive();
  }

  disconnect() {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.asking?.abort();
    this.source?.close();
    this.source = this.retryAt = this.asking = null;
  }

  connect() {
    this.disconnect();
    if (this.query === null || document.visibilityState === "hidden" || frozenAt !== null) return;
    const source = new EventSource(`api/stream?${this.query}`);
    this.source = source;
    source.addEventListener(this.query.get("view"), (event) => this.take(JSON.parse(event.data)));
    // The daemon's own `error` event has data; the browser's, for a stream that broke or never came to be, has none.
    source.addEventListener("error", (event) => (event.data === undefined ? this.broken() : this.refused(event.data)));
    this.listen();
  }

  listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose("nothing was heard for 5 s"), kSilence);
  }

  take(answer) {
    this.heardAt = Date.now();
    this.lostAt = null;
    this.attempts = 0;
    this.listen();
    if (answer.error) this.refuse(answer.error);
    else this.hear(answer);
    showLive();
  }

  refused(data) {
    this.take({ error: JSON.parse(data).error });
  }

  /** A stream that was refused does not say why, so the same is asked for once in a way that does. */
  async broken() {
    const { query } = this;
    this.disconnect();
    const asking = new AbortController();
    this.asking = asking;
    const overdue = setTimeout(() => asking.abort(), kSilence);
    let reason = "the daemon does not answer", told = false;
    try {
      const answer = await fetch(`api/stream?${query}`, { signal: asking.signal });
      reason = answer.ok ? "the stream broke off" : (await answer.json()).error;
      told = answer.status === 404;
    } catch { /* It stays at that. */ }
    clearTimeout(overdue);
    if (this.asking !== asking) return;
    asking.abort();
    // That there is no such service is an answer: nothing is lost. It may come, so it is asked for now and then.
    if (told) {
      this.take({ error: reason });
      this.attempts = 3;
    }
    this.lose(reason, told);
  }

  lose(reason, told = false) {
    this.disconnect();
    this.reason = reason;
    if (!told) this.lostAt ??= this.heardAt ?? Date.now();
    const most = Math.min(kRetryMost, kRetryFirst * 2 ** this.attempts);
    const pause = most * (0.5 + Math.random() / 2);
    this.attempts += 1;
    this.retryAt = Date.now() + pause;
    this.timer = setTimeout(() => this.connect(), pause);
    showLive();
  }
}

function showLive() {
  const lost = feeds.find((feed) => feed.lostAt !== null);
  const live = feeds.some((feed) => feed.heardAt !== null);
  const state = frozenAt !== null ? kFrozen : lost ? "lost" : live ? "on" : "";
  setText($("live"), { [kFrozen]: "frozen", lost: "not live", on: "live", "": "connecting" }[state]);
  for (const name of ["on", "lost", kFrozen]) $("live").classList.toggle(name, name === state);
  $("loss").hidden = !["lost", kFrozen].includes(state);
  document.documentElement.classList.toggle("stale", state === "lost");
  if (state === "lost") {
    const from = lost.heardAt === null ? "Not live" : `Not live since ${clockTime(lost.lostAt)}`;
    setText($("loss-text"), `${from}: ${lost.reason}.`);
    setText($("loss-wait"), lost.retryAt === null ? "Trying again …"
      : `Trying again in ${Math.max(1, Math.ceil((lost.retryAt - Date.now()) / 1000))} s.`);
    setText($("loss-retry"), "Try now");
  } else if (state === kFrozen) {
    setText($("loss-text"), `Frozen at ${clockTime(frozenAt)}.`);
    setText($("loss-wait"), "What follows is not shown.");
    setText($("loss-retry"), "Go on");
  }
  $("loss").classList.toggle(kFrozen, state === kFrozen);
}

/** A short ring around the dot whenever something came in. */
function beat() {
  $("live").classList.remove("beat");
  void $("live").offsetWidth;
  $("live").classList.add("beat");
}

function freeze(on) {
  if ((frozenAt !== null) === on) return;
  frozenAt = on ? Date.now() : null;
  $("freeze").setAttribute("aria-pressed", String(on));
  reconnect();
}

function reconnect() {
  for (const feed of feeds) feed.connect();
  connections.wake();
  showLive();
}

// ---------------------------------------------------------------- charts

/** Paths of the line and the area beneath it; the newest value is at the right edge. Null values leave gaps. */
function paths(values, top, height) {
  let line = "", area = "", run = null;
  const from = kHistory - values.length;
  const end = (x) => { if (run !== null) area += `L${x} ${height}H${run}Z`; run = null; };
  values.forEach((value, i) => {
    const x = from + i;
    if (value === null) return end(x - 1);
    const y = (height - 1 - (value / top) * (height - 2)).toFixed(1);
    // A value between gaps is a dot: a line of no length with round ends.
    line += run === null ? `M${x} ${y}h0` : `L${x} ${y}`;
    area += run === null ? `M${x} ${height}V${y}` : `L${x} ${y}`;
    run ??= x;
  });
  end(kHistory - 1);
  return { line, area };
}

function highest(values) {
  return values.reduce((most, value) => (value !== null && value > most ? value : most), 0);
}

/** A chart of one series over the last minutes, its value now above it; pointer or arrow keys show it at other times. */
class Chart {
  constructor({ label, series, text, unit = "", kind = "" }) {
    Object.assign(this, { label, series, text, unit });
    this.values = [];
    this.at = null;
    this.line = svg("path", { class: "line" });
    this.area = svg("path", { class: "area" });
    this.cursor = svg("line", { class: "cursor", y1: 0, y2: 52, visibility: "hidden" });
    this.plot = svg("svg", { class: "plot", viewBox: `0 0 ${kHistory - 1} 52`, preserveAspectRatio: "none", tabindex: 0,
      role: "slider", "aria-label": `${label}, over time`, "aria-readonly": "true", "aria-valuemin": 0 },
    this.area, this.line, this.cursor);
    this.most = el("span");
    this.now = el("p", { className: "now" });
    this.left = el("span");
    this.right = el("span");
    this.root = el("figure", { className: `chart ${kind}` }, el("figcaption", { textContent: label }), this.now, this.plot,
      el("div", { className: "axis", "aria-hidden": "true" }, this.left, this.most, this.right));
    this.plot.addEventListener("pointermove", (event) => this.point(event));
    this.plot.addEventListener("pointerleave", () => this.move(null));
    this.plot.addEventListener("blur", () => this.move(null));
    this.plot.addEventListener("keydown", (event) => this.key(event));
  }

  point(event) {
    const box = this.plot.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * (kHistory - 1));
    this.move(x - (kHistory - this.values.length));
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const last = this.values.length - 1;
    this.move(Math.min(last, Math.max(0, (this.at ?? last) + step)));
  }

  move(at) {
    this.at = at !== null && at >= 0 && at < this.values.length ? at : null;
    this.draw();
  }

  update(history, now) {
    this.values = history?.[this.series]?.slice(-kHistory) ?? [];
    this.interval = history?.interval ?? 5;
    this.value = now;
    if (this.at !== null && this.at >= this.values.length) this.at = null;
    this.draw();
  }

  draw() {
    const most = highest(this.values);
    const { line, area } = paths(this.values, most || 1, 52);
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", area);
    setText(this.most, most > 0 ? `max ${this.text(most)}` : "");
    const pointed = this.at !== null;
    const value = pointed ? this.values[this.at] : this.value;
    const unit = value === null || value === undefined ? "" : this.unit;
    this.now.replaceChildren(value === null || value === undefined ? "–" : this.text(value), el("small", { textContent: unit }));
    const age = pointed ? (this.values.length - 1 - this.at) * this.interval : 0;
    setText(this.left, pointed ? `${duration(age * 1000)} ago` : "5 min ago");
    setText(this.right, pointed ? "" : "now");
    const x = pointed ? kHistory - this.values.length + this.at : 0;
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.cursor.setAttribute("visibility", pointed ? "visible" : "hidden");
    const last = Math.max(0, this.values.length - 1);
    this.plot.setAttribute("aria-valuemax", last);
    this.plot.setAttribute("aria-valuenow", this.at ?? last);
    this.plot.setAttribute("aria-valuetext", `${this.now.textContent}${age > 0 ? `, ${duration(age * 1000)} ago` : ""}`);
  }
}

/** The five charts of everything or of a service port. */
class ChartRow {
  constructor(root) {
    this.charts = [
      new Chart({ label: "Open connections", series: "open", text: count }),
      new Chart({ label: "New connections", series: "connections", text: rate, unit: " /s" }),
      new Chart({ label: "Failures", series: "failures", text: rate, unit: " /s", kind: "failures" }),
      new Chart({ label: "Traffic", series: "bytes", text: bytes, unit: " /s" }),
      new Chart({ label: "Connect time p99", series: "connectP99Ms", text: millis, unit: " ms" }),
    ];
    root.append(...this.charts.map((chart) => chart.root));
  }

  update(of) {
    const { history, rates, connectMs } = of;
    const now = [both(of, "open"), rates.connections, rates.failures, sum(rates), connectMs.p99];
    this.charts.forEach((chart, i) => chart.update(history, now[i]));
  }
}

function sparkline() {
  const parts = { area: svg("path", { class: "area" }), line: svg("path", { class: "line" }), failed: svg("path", { class: "failed" }) };
  const root = svg("svg", { class: "spark", viewBox: `0 0 ${kHistory - 1} 20`, preserveAspectRatio: "none", "aria-hidden": "true" },
    parts.area, parts.line, parts.failed);
  return { root, ...parts };
}

function updateSparkline(spark, history) {
  const values = history?.connections.slice(-kHistory) ?? [];
  const { line, area } = paths(values, highest(values) || 1, 20);
  spark.line.setAttribute("d", line);
  spark.area.setAttribute("d", area);
  const failures = history?.failures.slice(-kHistory) ?? [];
  const from = kHistory - failures.length;
  spark.failed.setAttribute("d", failures.map((n, i) => (n > 0 ? `M${from + i} 20v-4` : "")).join(""));
}

// ---------------------------------------------------------------- the bar, the totals and the watches

const totals = new ChartRow($("totals"));
let status = null;

function factList() {
  if (status === null) return [];
  const state = !status.synced ? ["warn", "waiting for the cluster's state"]
    : status.healthy ? ["good", "healthy"] : ["bad", "not healthy"];
  return [
    { name: "Node", text: status.node },
    { name: "State", text: state[1], state: state[0] },
    { name: "Last change", text: ago(status.lastChangeAt, "none yet") },
    { name: "Up", text: duration(since(status.startedAt)) },
    { name: "Version", text: status.version },
  ];
}

function showFacts() {
  keyed($("facts"), factList(), (fact) => fact.name,
    (fact) => el("div", {}, el("dt", { textContent: fact.name }), el("dd", {}, el("span"))),
    (node, fact) => {
      const value = node.lastChild.firstChild;
      setText(value, fact.text);
      setClass(value, fact.state ? `state ${fact.state}` : "");
    });
}

function watchState(watch) {
  if (!watch.synced) return ["bad", "not read yet"];
  return watch.watching ? ["good", "open"] : ["warn", "not watching, last state serves"];
}

function watchRows() {
  const watches = status.watches.map((watch) => ({ name: watch.resource, source: watch.apiVersion, state: watchState(watch),
    facts: [plural(watch.lists, "list"), plural(watch.relists, "relist"), plural(watch.events, "event")],
    last: watch.lastEventAt, error: watch.lastError }));
  const files = status.files.map((file) => ({ name: file.path, source: "file", state: file.lastError ? ["bad", "not understood"] : ["good", "read"],
    facts: [plural(file.loads, "load"), plural(file.services, "service"), plural(file.slices, "slice")], last: undefined,
    error: file.lastError }));
  return [...watches, ...files];
}

const watchTable = el("table", {}, el("thead", {}, el("tr", {}, ...["Source", "API", "State", "Heard", "Last event", "Last error"]
  .map((text) => el("th", { scope: "col", textContent: text, colSpan: text === "Heard" ? 3 : 1 })))), el("tbody"));
const steeringFacts = el("p", { className: "muted steering" });
$("watches-body").append(watchTable, steeringFacts);

function steeringSummary({ on, why, servicePorts }) {
  if (!on) return why === "off" ? "steering is off" : `steering is off: ${why}`;
  const paused = servicePorts.paused > 0 ? `, and ${count(servicePorts.paused)} for now` : "";
  return `steered: ${count(servicePorts.steered)}, by the relay alone: ${count(servicePorts.relayed)}${paused}`;
}

function steeringDetails({ connections, maps, pauses, pinned }) {
  return ["Steering", `${plural(connections.accepted, "connection")} made`, `${count(connections.open)} open`,
    `${count(connections.failed)} failed`, `${count(connections.givenUp)} given up by their client`, plural(pauses, "pause"),
    ...maps.map(({ name, entries, most }) => `${name}: ${count(entries)} of ${count(most)}`),
    pinned ? "goes on while no kube-ferry runs" : ""].filter(Boolean).join("  ·  ");
}

function showWatches() {
  if (status === null) return;
  steeringFacts.hidden = !status.steering.on;
  if (status.steering.on) setText(steeringFacts, steeringDetails(status.steering));
  const rows = watchRows();
  const troubled = rows.filter((row) => row.state[0] !== "good");
  const ports = `${plural(status.servicePorts, "service port")}, ${plural(status.endpointsEjected, "endpoint")} ejected, `
    + `${count(status.unserved)} not served`;
  keyed($("watches-summary"), [
    ...rows.map((row) => ({ key: row.name, text: row.state[0] === "good" ? row.name : `${row.name}: ${row.state[1]}`, name: `state ${row.state[0]}` })),
    { key: "\nports", text: ports, name: "muted" },
    { key: "\nsteering", text: steeringSummary(status.steering), name: "muted" },
    ...troubled.filter((row) => row.error).map((row) => ({ key: `\n${row.name}`, text: `${row.name}: ${row.error}`, name: "error" })),
  ], (item) => item.key, () => el("span"), (node, item) => {
    setText(node, item.text);
    setClass(node, item.name);
  });
  keyed(watchTable.tBodies[0], rows, (row) => row.name,
    () => el("tr", {}, el("th", { scope: "row" }), el("td", { className: "mono" }), el("td", {}, el("span")), el("td"), el("td"), el("td"), el("td"), el("td")),
    (node, row) => {
      const cells = node.children;
      setText(cells[0], row.name);
      setText(cells[1], row.source);
      setText(cells[2].firstChild, row.state[1]);
      setClass(cells[2].firstChild, `state ${row.state[0]}`);
      row.facts.forEach((fact, i) => setText(cells[3 + i], fact));
      setText(cells[6], row.last === undefined ? "" : ago(row.last));
      setText(cells[7], row.error || "none");
      setClass(cells[7], row.error ? "" : "muted");
    });
}

const statusFeed = new Feed((answer) => {
  status = answer;
  clockAhead = Date.parse(answer.now) - Date.now();
  document.title = titleOf(route);
  showFacts();
  if (!$("list-view").hidden) totals.update(answer);
  showWatches();
  showEmpty();
  beat();
}, () => {});

// ---------------------------------------------------------------- the list

const kColumns = [
  { id: "name", title: "Service", sort: "name" },
  { id: "protocol", title: "" },
  { id: "addresses", title: "Addresses" },
  { id: "endpoints", title: "Endpoints", sort: "endpoints", number: true },
  { id: "ejected", title: "Ejected", sort: "ejected", number: true },
  { id: "draining", title: "Draining", number: true },
  { id: "open", title: "Open", sort: "open", number: true },
  { id: "connections", title: "New/s", sort: "connections", number: true },
  { id: "failures", title: "Failed/s", sort: "failures", number: true },
  { id: "bytes", title: "Bytes/s", sort: "bytes", number: true },
  { id: "p50", title: "p50 ms", number: true },
  { id: "p99", title: "p99 ms", sort: "p99", number: true },
  { id: "history", title: "5 minutes" },
];
const kSortWords = { name: "name", endpoints: "endpoints", ejected: "ejected endpoints", open: "open connections",
  connections: "new connections", failures: "failures", bytes: "traffic", p99: "connect time p99", accepted: "connections since start" };
const defaultOrder = (sort) => (sort === "name" ? "asc" : "desc");

let list = null;
let position = 0; // Of the row that j and k start from.
let walking = false; // A page was turned by walking: its row gets the focus when it comes.

const pathOf = (item) => `#/services/${encodeURIComponent(item.namespace)}/${encodeURIComponent(item.name)}`;
const keyOf = (item) => `${item.namespace}/${item.name}:${item.port}/${item.protocol}${item.removed ? "-" : ""}`;

/** The service port's name with the text that was searched for marked, also where it crosses the parts. */
function nameParts(item, search) {
  const parts = [[`${item.namespace}/`, "namespace"], [item.name, "name"], [item.port ? `:${item.port}` : "", "port"]];
  const at = search ? parts.map(([text]) => text).join("").toLowerCase().indexOf(search.toLowerCase()) : -1;
  let from = 0;
  return parts.filter(([text]) => text).map(([text, name]) => {
    const begin = Math.min(Math.max(at - from, 0), text.length);
    const end = at < 0 ? 0 : Math.min(Math.max(at + search.length - from, 0), text.length);
    from += text.length;
    if (end <= begin) return el("span", { className: name, textContent: text });
    return el("span", { className: name }, text.slice(0, begin), el("mark", { textContent: text.slice(begin, end) }), text.slice(end));
  });
}

function createRow(item) {
  const row = el("tr", { role: "row" });
  row.values = {};
  for (const column of kColumns) {
    const cell = el("td", { role: "cell", className: `c-${column.id}${column.number ? " number" : ""}` });
    if (column.title) cell.dataset.label = column.title;
    cell.baseClass = cell.className;
    row.values[column.id] = cell;
    row.append(cell);
  }
  row.link = el("a", { href: pathOf(item) });
  row.tag = el("span", { className: "tag", textContent: "removed", hidden: true });
  row.path = el("span", { role: "img", hidden: true, textContent: "→" });
  row.values.name.append(row.link, row.tag, row.path);
  row.spark = sparkline();
  row.values.history.append(row.spark.root);
  return row;
}

/** A mark for what is steered, and a fainter one for what is not just now. */
function updatePathMark(mark, steering) {
  mark.hidden = !steering?.steered && !steering?.paused;
  if (mark.hidden) return;
  const words = steering.steered ? "Steered: new connections from this node go straight to an endpoint"
    : `By the relay for now: ${steering.why}`;
  setClass(mark, steering.steered ? "path" : "path paused");
  if (mark.title === words) return;
  mark.title = words;
  mark.setAttribute("aria-label", words);
}

function updateRow(row, item) {
  const cells = row.values;
  const shown = `${keyOf(item)} ${asked.q}`;
  if (row.shown !== shown) {
    row.link.replaceChildren(...nameParts(item, asked.q));
    row.link.title = `${item.namespace}/${item.name}${item.port ? `:${item.port}` : ""}`;
    row.shown = shown;
  }
  row.tag.hidden = !item.removed;
  updatePathMark(row.path, item.steering);
  setText(cells.protocol, item.protocol);
  setClass(cells.protocol, "c-protocol muted");
  setText(cells.addresses, item.addresses.length > 1 ? `${item.addresses[0]} +${item.addresses.length - 1}` : item.addresses[0] ?? "none");
  cells.addresses.title = item.addresses.join("\n");
  setClass(cells.addresses, "c-addresses mono");
  const { used, ejected, draining } = item.endpoints;
  valueCell(cells.endpoints, used === 0 ? "none" : count(used), { alarm: used === 0 && !item.removed ? "warn" : "" });
  valueCell(cells.ejected, count(ejected), { zero: ejected === 0, alarm: "bad" });
  valueCell(cells.draining, count(draining), { zero: draining === 0 });
  valueCell(cells.open, count(both(item, "open")), { zero: both(item, "open") === 0 });
  valueCell(cells.connections, rate(item.rates.connections), { zero: item.rates.connections === 0 });
  valueCell(cells.failures, rate(item.rates.failures), { zero: item.rates.failures === 0, alarm: "bad" });
  valueCell(cells.bytes, bytes(sum(item.rates)), { zero: sum(item.rates) === 0 });
  valueCell(cells.p50, millis(item.connectMs.p50), { zero: item.connectMs.p50 === null });
  valueCell(cells.p99, millis(item.connectMs.p99), { zero: item.connectMs.p99 === null });
  updateSparkline(row.spark, item.history);
}

function createColumns() {
  for (const column of kColumns) {
    const head = el("th", { role: "columnheader", scope: "col", className: `c-${column.id}${column.number ? " number" : ""}` });
    if (column.sort) {
      const button = el("button", { type: "button", textContent: column.title });
      button.addEventListener("click", () => sortBy(column.sort));
      head.append(button);
    } else {
      head.append(el("span", { textContent: column.title || "Proto" }));
    }
    column.head = head;
    $("columns").append(head);
  }
  for (const [sort, words] of Object.entries(kSortWords)) {
    for (const order of ["asc", "desc"]) {
      const arrow = order === "asc" ? "↑" : "↓";
      $("sort").append(el("option", { value: `${sort} ${order}`, textContent: `${words} ${arrow}` }));
    }
  }
}

function showColumns() {
  for (const { sort, head } of kColumns) {
    if (sort === route.sort) head.setAttribute("aria-sort", route.order === "asc" ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
  $("sort").value = `${route.sort} ${route.order}`;
  $("size").value = String(route.rows);
}

/** Why there are no rows, in plain words. */
function showEmpty() {
  const none = list !== null && list.items.length === 0 && route.view === "list";
  $("empty").hidden = !none;
  $("services").hidden = none;
  $("pages").hidden = list === null || list.matched === 0;
  if (!none) return;
  let lines;
  if (list.total > 0) lines = [`No service matches “${asked.q}”`, "Names, ports and addresses are searched. Esc clears the search."];
  else if (status === null || status.synced) lines = ["No services", "The cluster has none that this node serves."];
  else if (status.watches.length > 0) lines = ["No services yet: waiting for the API server", ...status.watches.filter((w) => w.lastError).map((w) => `${w.resource}: ${w.lastError}`)];
  else lines = ["No services yet: waiting for the manifests", ...status.files.filter((f) => f.lastError).map((f) => `${f.path}: ${f.lastError}`)];
  keyed($("empty"), lines.map((text, i) => ({ text, i })), ({ i }) => String(i),
    ({ i }) => el("p", {}, i === 0 ? el("strong") : ""), (node, { text, i }) => setText(i === 0 ? node.firstChild : node, text));
}

function showList(answer) {
  const last = Math.max(1, Math.ceil(answer.matched / route.rows));
  if (route.page > last) return go({ ...route, page: last }, "replace");
  list = answer;
  $("services").setAttribute("aria-busy", "false");
  const row = document.activeElement?.closest?.("#rows tr");
  keyed($("rows"), answer.items, keyOf, createRow, updateRow);
  if (row?.isConnected) position = [...$("rows").children].indexOf(row);
  setText($("count"), asked.q ? `${count(answer.matched)} of ${plural(answer.total, "service port")} match`
    : plural(answer.total, "service port"));
  const first = answer.offset + 1;
  setText($("range"), `${count(first)}–${count(answer.offset + answer.items.length)} of ${count(answer.matched)}`);
  $("previous").disabled = route.page <= 1;
  $("next").disabled = route.page >= last;
  showEmpty();
  if (walking) focusRow(0);
  walking = false;
}

const listFeed = new Feed(showList, (error) => setText($("count"), error));

let asked = { q: "" }; // What the rows shown are the answer to.

function askForList() {
  asked = { ...route };
  const query = new URLSearchParams({ view: "services" });
  if (route.q) query.set("q", route.q);
  query.set("sort", route.sort);
  query.set("order", route.order);
  query.set("offset", (route.page - 1) * route.rows);
  query.set("limit", route.rows);
  query.set("history", 1);
  $("services").setAttribute("aria-busy", "true");
  listFeed.open(query);
}

function sortBy(sort) {
  const same = route.sort === sort;
  const order = same ? (route.order === "asc" ? "desc" : "asc") : defaultOrder(sort);
  go({ ...route, sort, order, page: 1 });
}

function turnPage(by) {
  const page = route.page + by;
  if (list === null || page < 1 || page > Math.ceil(list.matched / route.rows)) return false;
  position = by > 0 ? 0 : route.rows - 1;
  go({ ...route, page });
  return true;
}

// ---------------------------------------------------------------- one service

const kEndpointStates = {
  ejected: ["bad", 0], draining: ["info", 1], terminating: ["warn", 2], used: ["good", 3], unused: ["off", 4],
};
const kEndpointColumns = ["Endpoint", "State", "Why", "Node", "Open", "Dialled", "Failed", "To backend", "To client", "Connect ms"];
const kPathColumns = ["Path", "New connections", "Open", "Made", "Failed", "Retried", "Given up", "To backend", "To client"];
const kConnectionColumns = ["Client", "Port", "Endpoint", "State", "Tries", "To backend", "To client", "Age", "Idle"];

const headRow = (titles, numbersFrom) => el("thead", {}, el("tr", {}, ...titles.map((title, i) =>
  el("th", { scope: "col", className: i >= numbersFrom ? "number" : "", textContent: title }))));

function createPort(port) {
  const node = el("section", { className: "port-section" });
  node.heading = el("h2");
  node.about = el("span", { className: "muted" });
  node.words = el("ul", { className: "words" });
  const charts = el("div", { className: "charts" });
  node.charts = new ChartRow(charts);
  node.settings = el("tbody");
  node.settingsPanel = el("div", { className: "panel settings" }, el("h3", { textContent: "Settings" }),
    el("table", {}, headRow(["Annotation", "Value", "In force", "Problem"], 9), node.settings));
  node.endpoints = el("tbody");
  node.endpointsHead = el("h3");
  node.paths = el("tbody");
  node.pathsPanel = el("div", { className: "panel paths" }, el("h3", {}, "Paths",
    el("span", { textContent: "bytes of steered connections are known when they end" })),
  el("table", {}, headRow(kPathColumns, 2), node.paths));
  node.more = el("button", { type: "button", className: "more", hidden: true });
  node.more.addEventListener("click", () => {
    node.all = true;
    updatePort(node, node.port);
  });
  node.append(el("div", { className: "port-head" }, node.heading, node.about), node.words, charts, node.pathsPanel,
    el("div", { className: "panel endpoints" }, node.endpointsHead, el("table", {}, headRow(kEndpointColumns, 4), node.endpoints), node.more),
    node.settingsPanel);
  return node;
}

function createEndpoint(endpoint) {
  const node = el("tr", {}, ...kEndpointColumns.map((_, i) => el("td", { className: ["address", "", "why", ""][i] ?? "number" })));
  for (const cell of node.children) cell.baseClass = cell.className;
  node.state = el("span");
  node.children[1].append(node.state);
  setText(node.children[0], hostPort(endpoint.address, endpoint.port));
  return node;
}

const hostPort = (address, port) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);

function updateEndpoint(node, endpoint) {
  const cells = node.children;
  const { connections: traffic } = endpoint;
  setText(cells[3], endpoint.local ? `${endpoint.node} (this one)` : endpoint.node || "unknown");
  setText(node.state, endpoint.state);
  setClass(node.state, `state ${kEndpointStates[endpoint.state]?.[0] ?? "off"}`);
  setText(cells[2], endpoint.why);
  valueCell(cells[4], count(traffic.open), { zero: traffic.open === 0 });
  valueCell(cells[5], count(traffic.accepted), { zero: traffic.accepted === 0 });
  valueCell(cells[6], count(traffic.failed), { zero: traffic.failed === 0, alarm: "bad" });
  valueCell(cells[7], bytes(traffic.bytesToBackend), { zero: traffic.bytesToBackend === 0 });
  valueCell(cells[8], bytes(traffic.bytesToClient), { zero: traffic.bytesToClient === 0 });
  valueCell(cells[9], millis(endpoint.connectMs), { zero: endpoint.connectMs === null });
  setClass(node, endpoint.state === "ejected" ? "ejected" : "");
}

/** What each of the two paths does; `steering` is null where nothing is known of it. */
function pathRows({ connections, steering }) {
  if (steering === null) return [];
  return [
    { name: "steered", state: steering.steered ? ["good", "all from this node"] : ["off", "none"], traffic: steering.connections },
    { name: "relay", state: steering.steered ? ["off", "the rest"] : steering.paused ? ["warn", "all, for now"] : ["good", "all"],
      traffic: connections },
  ];
}

function createPath() {
  const node = el("tr", {}, ...kPathColumns.map((_, i) => el("td", { className: i < 2 ? "" : "number" })));
  for (const cell of node.children) cell.baseClass = cell.className;
  node.state = el("span");
  node.children[1].append(node.state);
  return node;
}

function updatePath(node, { name, state, traffic }) {
  const cells = node.children;
  setText(cells[0], name);
  setText(node.state, state[1]);
  setClass(node.state, `state ${state[0]}`);
  ["open", "accepted", "failed", "retried", "givenUp", "bytesToBackend", "bytesToClient"].forEach((field, i) => {
    const value = traffic[field];
    const text = value === undefined ? "–" : field.startsWith("bytes") ? bytes(value) : count(value);
    valueCell(cells[2 + i], text, { zero: !value, alarm: field === "failed" ? "bad" : "" });
  });
}

function updatePort(node, port) {
  node.port = port;
  setText(node.heading, `${port.port ? `${port.port} ` : ""}${port.number}/${port.protocol}`);
  setText(node.about, [port.addresses.join(", ") || "no address", port.loadBalancing, port.removed ? "removed: its last connections go on" : "",
    `${plural(both(port, "accepted"), "connection")} since the start`, `${count(both(port, "failed"))} failed`,
    `${count(port.connections.retried)} retried`].filter(Boolean).join("  ·  "));
  keyed(node.words, port.words, (word) => word, () => el("li"), setText);
  node.charts.update(port);
  const pathList = pathRows(port);
  node.pathsPanel.hidden = pathList.length === 0;
  keyed(node.paths, pathList, ({ name }) => name, createPath, updatePath);
  node.settingsPanel.hidden = port.settings.length === 0;
  keyed(node.settings, port.settings, (setting) => setting.key,
    () => el("tr", {}, el("td", { className: "mono" }), el("td", { className: "mono" }), el("td", { className: "mono" }), el("td")),
    (row, setting) => {
      [setting.key, setting.value, setting.inForce].forEach((text, i) => setText(row.children[i], text));
      setText(row.children[3], setting.error ? `Wrong: ${setting.error}` : "none");
      setClass(row.children[3], setting.error ? "setting-error" : "muted");
      setClass(row, setting.error ? "wrong" : "");
    });
  const order = (endpoint) => kEndpointStates[endpoint.state]?.[1] ?? 9;
  const endpoints = [...port.endpointList].sort((a, b) => order(a) - order(b));
  const shown = node.all ? endpoints : endpoints.slice(0, kEndpointsShown);
  keyed(node.endpoints, shown, (endpoint) => hostPort(endpoint.address, endpoint.port), createEndpoint, updateEndpoint);
  const { used, ejected, draining } = port.endpoints;
  node.endpointsHead.replaceChildren("Endpoints", el("span", { textContent: endpoints.length === 0 ? "the cluster names none"
    : `${count(used)} used, ${count(ejected)} of them ejected; ${count(draining)} draining; ${count(endpoints.length)} named` }));
  node.more.hidden = shown.length === endpoints.length;
  setText(node.more, `Show all ${count(endpoints.length)}`);
}

const detail = {
  build() {
    this.title = el("h1");
    this.ports = el("div");
    this.message = el("div", { className: "empty", hidden: true }, el("p", {}, el("strong")));
    this.connectionsNote = el("p");
    this.connectionsHead = el("h3");
    this.connectionRows = el("tbody");
    this.connectionsTable = el("table", {}, headRow(kConnectionColumns, 4), this.connectionRows);
    this.connectionsPanel = el("section", { className: "panel connections", hidden: true }, this.connectionsHead, this.connectionsNote, this.connectionsTable);
    this.back = el("a", { href: "#/", textContent: "← Services" });
    $("service-view").append(el("div", { className: "crumbs" }, this.back, this.title), this.message, this.ports, this.connectionsPanel);
  },

  open() {
    this.back.href = hashOf(listRoute);
    this.title.replaceChildren(el("span", { className: "namespace", textContent: `${route.namespace}/` }), route.name);
    clear(this.ports);
    this.message.hidden = true;
    this.connectionsPanel.hidden = true;
    this.steered = 0;
    serviceFeed.open(new URLSearchParams({ view: "service", service: `${route.namespace}/${route.name}` }));
    connections.open(`${route.namespace}/${route.name}`);
  },

  show(answer) {
    detail.message.hidden = true;
    detail.steered = answer.ports.reduce((all, port) => all + (port.steering?.connections.open ?? 0), 0);
    keyed(detail.ports, answer.ports, (port) => `${port.port} ${port.number}/${port.protocol}`, createPort, updatePort);
    detail.connectionsPanel.hidden = !connections.known;
  },

  refuse(error) {
    detail.message.hidden = false;
    setText(detail.message.firstChild.firstChild, error);
    clear(detail.ports);
    detail.connectionsPanel.hidden = true;
  },

  showConnections(answer) {
    // Connections without their service are shown as soon as the stream has brought it.
    this.connectionsPanel.hidden = this.ports.childElementCount === 0;
    this.connectionsHead.replaceChildren("Connections of the relay", el("span", { textContent: answer.shown < answer.open
      ? `${count(answer.open)} open, ${count(answer.shown)} shown, the longest open first` : `${count(answer.open)} open` }));
    const notes = [answer.open === 0 ? "None is open." : "",
      this.steered > 0 ? `${plural(this.steered, "steered connection")} beside these ${this.steered === 1 ? "is" : "are"} known by number alone.` : "",
      answer.clientsHidden ? "Client addresses are hidden here: the "
      + "administration socket tells them, or the daemon with --show-clients." : ""].filter(Boolean);
    this.connectionsNote.hidden = notes.length === 0;
    setText(this.connectionsNote, notes.join(" "));
    this.connectionsTable.hidden = answer.items.length === 0;
    keyed(this.connectionRows, answer.items, (item) => `${item.worker} ${item.client ?? ""} ${item.address} ${item.endpoint ?? ""} ${item.port}`,
      () => el("tr", {}, ...kConnectionColumns.map((_, i) => el("td", { className: ["address", "", "address", ""][i] ?? "number" }))),
      (row, item) => {
        const texts = [item.client ?? "hidden", item.port || "–", item.endpoint ?? "none yet", item.state, count(item.attempts),
          bytes(item.bytesToBackend), bytes(item.bytesToClient), duration(item.ageMs), duration(item.idleMs)];
        texts.forEach((text, i) => setText(row.children[i], text));
        setClass(row.children[0], item.client === null ? "address muted" : "address");
      });
  },
};

/** The open connections of one service, asked for every few seconds while the page is live. */
const connections = {
  service: null,
  known: false,

  open(service) {
    this.close();
    this.service = service;
    this.ask();
  },

  close() {
    this.service = null;
    this.known = false;
    this.asking?.abort();
    clearTimeout(this.timer);
  },

  wake() {
    if (this.service !== null) this.open(this.service);
  },

  async ask() {
    if (document.visibilityState === "hidden" || frozenAt !== null) return;
    const asking = new AbortController();
    this.asking = asking;
    try {
      const query = new URLSearchParams({ service: this.service, limit: kConnectionsShown });
      const answer = await fetch(`api/connections?${query}`, { signal: asking.signal });
      if (answer.ok) {
        const open = await answer.json();
        this.known = true;
        detail.showConnections(open);
      }
    } catch { /* The stream tells that the daemon is away. */ }
    if (!asking.signal.aborted) this.timer = setTimeout(() => this.ask(), kConnectionsPause);
  },
};

const serviceFeed = new Feed((answer) => detail.show(answer), (error) => detail.refuse(error));

// ---------------------------------------------------------------- where we are: the hash

const kListDefaults = { view: "list", q: "", sort: "name", order: "asc", page: 1, rows: 50 };
let route = { ...kListDefaults };
let listRoute = route; // The list to come back to.

function hashOf({ view, namespace, name, q, sort, order, page, rows }) {
  if (view === "service") return pathOf({ namespace, name });
  const query = new URLSearchParams();
  if (q) query.set("q", q);
  if (sort !== "name") query.set("sort", sort);
  if (order !== defaultOrder(sort)) query.set("order", order);
  if (page !== 1) query.set("page", page);
  if (rows !== kListDefaults.rows) query.set("rows", rows);
  return `#/${query.size ? `?${query}` : ""}`;
}

function routeOf(hash) {
  const service = /^#\/services\/([^/?]+)\/([^/?]+)$/.exec(hash);
  try {
    if (service) return { view: "service", namespace: decodeURIComponent(service[1]), name: decodeURIComponent(service[2]) };
  } catch { /* Not an encoding: it is no service's either. */ }
  const query = new URLSearchParams(hash.split("?")[1] ?? "");
  const sort = Object.hasOwn(kSortWords, query.get("sort") ?? "") ? query.get("sort") : "name";
  const order = ["asc", "desc"].includes(query.get("order")) ? query.get("order") : defaultOrder(sort);
  const rows = [25, 50, 100, 200].includes(Number(query.get("rows"))) ? Number(query.get("rows")) : kListDefaults.rows;
  const page = Math.min(1e6, Math.max(1, Math.trunc(Number(query.get("page"))) || 1));
  return { view: "list", q: query.get("q") ?? "", sort, order, page, rows };
}

function titleOf(where) {
  const node = status === null ? "" : ` · ${status.node}`;
  return where.view === "service" ? `${where.namespace}/${where.name}${node} · kube-ferry` : `Services${node} · kube-ferry`;
}

/** Goes there; `how` is what becomes of the browser's history. */
function go(where, how = "push") {
  const hash = hashOf(where);
  if (hash !== (location.hash || "#/")) history[how === "push" ? "pushState" : "replaceState"](null, "", hash);
  arrive();
}

function arrive() {
  const from = route;
  route = routeOf(location.hash);
  if (frozenAt !== null) freeze(false);
  document.title = titleOf(route);
  const isList = route.view === "list";
  $("list-view").hidden = !isList;
  $("service-view").hidden = isList;
  if (isList) {
    serviceFeed.close();
    connections.close();
    listRoute = route;
    if (document.activeElement !== $("search")) $("search").value = route.q;
    showColumns();
    if (status !== null) totals.update(status);
    askForList();
    if (from.view === "service") returnTo(from);
  } else {
    listFeed.close();
    detail.open();
    window.scrollTo(0, 0);
    $("main").focus({ preventScroll: true });
  }
}

/** Back in the list, the focus is where it was when the service was opened. */
function returnTo(service) {
  const link = [...$("rows").querySelectorAll("a")].find((a) => a.hash === pathOf(service));
  (link ?? $("main")).focus();
}

// ---------------------------------------------------------------- keyboard

function focusRow(by) {
  const rows = [...$("rows").children];
  if (rows.length === 0) return;
  const current = rows.indexOf(document.activeElement?.closest?.("#rows tr"));
  const next = current < 0 ? Math.min(position, rows.length - 1) : current + by;
  if (next < 0 || next >= rows.length) {
    walking = turnPage(by);
    return;
  }
  position = next;
  rows[next].link.focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

const kLetters = {
  "/": () => $("search").focus(),
  j: () => focusRow(1),
  k: () => focusRow(-1),
  n: () => turnPage(1),
  p: () => turnPage(-1),
  f: () => freeze(frozenAt === null),
  t: nextTheme,
  "?": () => $("help").showModal(),
};
const kListOnly = ["/", "j", "k", "n", "p"];

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || $("help").open) return;
  const typing = event.target.matches?.("input, select, textarea");
  if (event.key === "Escape" && !typing && route.view === "service") return void (location.hash = hashOf(listRoute));
  if (event.key === "Escape" && !typing && route.q) return clearSearch();
  if (typing) return;
  const arrows = { ArrowDown: "j", ArrowUp: "k" };
  // Arrow keys scroll the page unless they are in the rows.
  const inRows = document.activeElement?.closest?.("#rows") !== null;
  const key = inRows ? arrows[event.key] ?? event.key : event.key;
  if (key === event.key && !$("keys-on").checked) return;
  if (!Object.hasOwn(kLetters, key) || (kListOnly.includes(key) && route.view !== "list")) return;
  event.preventDefault();
  kLetters[key]();
}

let searchTimer;

function searchFor(text, pause = kSearchPause) {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => {
    const q = text.trim();
    if (route.view === "list" && q !== route.q) go({ ...route, q, page: 1 }, "replace");
  }, pause);
}

function clearSearch() {
  $("search").value = "";
  searchFor("", 0);
}

function onSearchKey(event) {
  if (event.key === "Escape") {
    event.preventDefault();
    if ($("search").value) clearSearch();
    else $("search").blur();
  } else if (event.key === "Enter") {
    searchFor($("search").value, 0);
  } else if (event.key === "ArrowDown") {
    event.preventDefault();
    position = 0;
    focusRow(0);
  }
}

function listen() {
  window.addEventListener("hashchange", arrive);
  document.addEventListener("visibilitychange", reconnect);
  window.addEventListener("online", reconnect);
  document.addEventListener("keydown", onKey);
  $("search").addEventListener("input", () => searchFor($("search").value));
  $("search").addEventListener("keydown", onSearchKey);
  $("previous").addEventListener("click", () => turnPage(-1));
  $("next").addEventListener("click", () => turnPage(1));
  $("sort").addEventListener("change", () => {
    const [sort, order] = $("sort").value.split(" ");
    go({ ...route, sort, order, page: 1 });
  });
  $("size").addEventListener("change", () => go({ ...route, rows: Number($("size").value), page: 1 }));
  $("theme").addEventListener("click", nextTheme);
  $("freeze").addEventListener("click", () => freeze(frozenAt === null));
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("skip").addEventListener("click", () => $("main").focus());
  $("loss-retry").addEventListener("click", () => (frozenAt !== null ? freeze(false) : reconnect()));
  $("keys-on").checked = memory.get("keys") !== "off";
  $("keys-on").addEventListener("change", () => memory.set("keys", $("keys-on").checked ? "on" : "off"));
  // A click anywhere in a row opens it, unless it ends a selection of text or meant the link itself.
  $("rows").addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.target.closest("a") || event.ctrlKey || event.metaKey || String(getSelection())) return;
    row.link.click();
  });
  setInterval(() => {
    if (document.visibilityState === "hidden" || frozenAt !== null) return;
    showFacts();
    showLive();
  }, 1000);
}

createColumns();
detail.build();
listen();
statusFeed.open(new URLSearchParams({ view: "status" }));
arrive();
