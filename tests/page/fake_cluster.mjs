// A cluster made of arithmetic: each service's numbers are a function of its place and the second, so that ten thousand
// services with five minutes of history cost nothing to keep, and two runs see the same.

const kNamespaces = ["default", "checkout", "identity", "media", "observability", "payments", "search", "warehouse"];
const kFirst = ["account", "audit", "basket", "billing", "catalog", "coupon", "feed", "gateway", "image", "index", "invoice",
  "ledger", "mail", "metrics", "order", "price", "profile", "queue", "rating", "session", "stock", "token", "upload", "video"];
const kSecond = ["api", "cache", "db", "front", "grpc", "jobs", "proxy", "reader", "store", "sync", "web", "writer"];
const kInterval = 5;
const kHistory = 60;

/** Between 0 and 1, the same for the same numbers. */
function noise(...numbers) {
  let hash = 0x811c9dc5;
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  }
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** Services that tests ask for by name; their `kind` says what is odd about them. */
const kSpecial = [
  { namespace: "default", name: "kubernetes", ports: [["https", 443, "TCP"]], kind: "busy" },
  { namespace: "kube-system", name: "kube-dns", ports: [["dns", 53, "UDP"], ["dns-tcp", 53, "TCP"], ["metrics", 9153, "TCP"]], kind: "busy" },
  { namespace: "shop", name: "checkout", ports: [["http", 80, "TCP"]], kind: "troubled" },
  { namespace: "shop", name: "empty", ports: [["", 80, "TCP"]], kind: "empty" },
  { namespace: "shop", name: "gone", ports: [["", 80, "TCP"]], kind: "removed" },
  { namespace: "hostile", name: "<img src=x onerror=alert(1)>", ports: [["\"><script>alert(2)</script>", 80, "TCP"]], kind: "hostile" },
];

export class FakeCluster {
  constructor(count) {
    this.second = 0;
    this.steeringOff = false;
    this.startedAt = Date.now() - 637_000;
    this.ports = [];
    const add = (service) => service.ports.forEach(([port, number, protocol], at) =>
      this.ports.length < count && this.ports.push({ ...service, port, number, protocol, at, index: this.ports.length }));
    kSpecial.forEach(add);
    for (let i = 0; this.ports.length < count; ++i) {
      const first = kFirst[i % kFirst.length], second = kSecond[Math.floor(i / kFirst.length) % kSecond.length];
      add({ namespace: kNamespaces[i % kNamespaces.length], name: `${first}-${second}-${Math.floor(i / (kFirst.length * kSecond.length))}`,
        ports: [["http", 80, "TCP"]], kind: noise(i, 1) < 0.1 ? "busy" : noise(i, 2) < 0.2 ? "idle" : "" });
    }
    for (const port of this.ports) {
      const i = port.index;
      port.addresses = [`10.${96 + (i >> 14)}.${(i >> 6) & 255}.${(i & 63) + 10}:${port.number}`];
      if (i % 17 === 3) port.addresses.push(`*:${30000 + (i % 2700)}`);
      port.text = [`${port.namespace}/${port.name}${port.port ? `:${port.port}` : ""}`, ...port.addresses].join("\n").toLowerCase();
    }
    const known = this.ports.filter((port) => port.kind !== "removed");
    this.byPath = { known: known.length, steered: known.filter((port) => !this.whyNotSteered(port)).length,
      paused: known.filter((port) => port.kind === "empty").length };
  }

  get interval() { return Math.floor(this.second / kInterval); }

  /** New connections a second in one interval. */
  rate(port, interval = this.interval) {
    const i = port.index;
    if (["idle", "empty", "removed"].includes(port.kind)) return 0;
    if (port.kind === "troubled") return Math.round(7200 + 700 * Math.sin(interval / 6) + 500 * noise(i, interval, 5)) / 10;
    const base = port.kind === "busy" ? 40 + 400 * noise(i, 3) : 12 * noise(i, 3) ** 2;
    const wave = 1 + 0.5 * Math.sin(interval / (4 + 9 * noise(i, 4)) + i) + 0.5 * (noise(i, interval, 5) - 0.5);
    return Math.round(base * Math.max(0, wave) * 10) / 10;
  }

  /** Failed connections a second in one interval. */
  failing(port, interval = this.interval) {
    if (port.kind === "troubled") return Math.round(8 * noise(interval, 6)) / 10;
    return this.endpointCounts(port).ejected > 0 && noise(port.index, interval, 7) < 0.2 ? 0.4 : 0;
  }

  p99(port, interval = this.interval) {
    if (this.rate(port, interval) === 0) return null;
    return Math.round((0.3 + 3 * noise(port.index, 8) + 2 * noise(port.index, interval, 9)) * 100) / 100;
  }

  open(port, interval = this.interval) {
    return port.kind === "removed" ? 2 : Math.round(this.rate(port, interval) * (0.2 + 3 * noise(port.index, 10)));
  }

  bytes(port, interval = this.interval) { return Math.round(this.rate(port, interval) * 9000 * noise(port.index, 11)); }

  endpointCounts(port) {
    if (port.kind === "troubled") return { used: 5, ejected: 1, draining: 1 };
    if (port.kind === "empty" || port.kind === "removed") return { used: 0, ejected: 0, draining: port.kind === "removed" ? 1 : 0 };
    const used = 1 + Math.floor(12 * noise(port.index, 12) ** 2);
    const often = port.kind === "busy" ? 40 : 1;
    return { used, ejected: used > 1 && noise(port.index, 13) < 0.001 * often ? 1 : 0, draining: noise(port.index, 14) < 0.003 * often ? 1 : 0 };
  }

  traffic(port) {
    const seconds = 600 + this.second;
    const accepted = Math.round(seconds * this.rate(port, 0));
    return { open: this.open(port), accepted, failed: Math.round(seconds * this.failing(port, 0)), retried: port.kind === "troubled" ? 41 : 0,
      bytesToBackend: Math.round(seconds * this.bytes(port, 0) * 0.2), bytesToClient: Math.round(seconds * this.bytes(port, 0) * 0.8) };
  }

  whyNotSteered(port) {
    if (port.protocol !== "TCP") return "only TCP is steered";
    return { troubled: "its load balancing goes by what the relay sees", hostile: "<i onmouseover=alert(4)>",
      empty: "an endpoint has not taken a connection lately" }[port.kind] ?? "";
  }

  /** How new connections go: most service ports are steered, and nine of ten of their connections come from this node. */
  steering(port) {
    if (port.kind === "removed") return null;
    const why = this.whyNotSteered(port);
    const share = why ? 0 : 0.9, all = this.traffic(port), of = (field) => Math.round(share * all[field]);
    return { steered: !why, why, paused: port.kind === "empty", connections: { open: of("open"), accepted: of("accepted"), failed: of("failed"), givenUp: 0,
      bytesToBackend: of("bytesToBackend"), bytesToClient: of("bytesToClient") } };
  }

  /** What is left of the traffic for the relay. */
  relayed(port) {
    const all = this.traffic(port), steered = this.steering(port)?.connections ?? {};
    return Object.fromEntries(Object.entries(all).map(([field, value]) => [field, value - (steered[field] ?? 0)]));
  }

  history(port) {
    const of = (measure) => Array.from({ length: kHistory }, (_, at) => measure(this.interval - kHistory + 1 + at));
    if (this.traffic(port).accepted === 0 && port.kind !== "removed") return null;
    return { interval: kInterval, connections: of((t) => this.rate(port, t)), failures: of((t) => this.failing(port, t)),
      open: of((t) => this.open(port, t)), bytes: of((t) => this.bytes(port, t)), connectP99Ms: of((t) => this.p99(port, t)) };
  }

  summary(port, withHistory) {
    const bytes = this.bytes(port), p99 = this.p99(port);
    return { namespace: port.namespace, name: port.name, port: port.port, protocol: port.protocol, addresses: port.addresses,
      removed: port.kind === "removed", loadBalancing: port.kind === "troubled" ? "maglev" : "round-robin",
      endpoints: this.endpointCounts(port), connections: this.relayed(port), steering: this.steering(port),
      rates: { connections: this.rate(port), failures: this.failing(port), bytesToBackend: bytes * 0.2, bytesToClient: bytes * 0.8 },
      connectMs: { p50: p99 === null ? null : Math.round(p99 * 30) / 100, p99 }, history: withHistory ? this.history(port) : null };
  }

  endpointList(port) {
    const nothing = { open: 0, accepted: 0, failed: 0, retried: 0, bytesToBackend: 0, bytesToClient: 0 };
    const { used, ejected, draining } = this.endpointCounts(port);
    const traffic = this.relayed(port);
    const list = Array.from({ length: used }, (_, i) => ({ address: `10.244.${i % 3}.${7 + i}`, port: 8080, node: `node-${1 + (i % 3)}`,
      local: i % 3 === 0, state: "used", why: "", connections: { ...nothing, open: Math.floor(traffic.open / used),
        accepted: Math.floor(traffic.accepted / used), bytesToBackend: Math.floor(traffic.bytesToBackend / used),
        bytesToClient: Math.floor(traffic.bytesToClient / used) }, connectMs: 0.2 + i / 10 }));
    if (ejected > 0) {
      const left = 60 - (this.second % 60);
      Object.assign(list[used - 1], { state: "ejected", why: `refused a connection ${60 - left} s ago; left out for ${left} s more` });
      list[used - 1].connections = { ...nothing, accepted: 12, failed: 9, retried: 3 };
    }
    const further = (state, why, last, open) => list.push({ address: `10.244.4.${last}`, port: 8080, node: "node-5", local: false, state, why,
      connections: { ...nothing, open, accepted: open * 40 }, connectMs: open > 0 ? 0.7 : null });
    if (draining > 0) further("draining", "terminating; its connections go on", 9, 2);
    if (port.kind === "troubled") further("unused", "not ready", 10, 0);
    if (port.kind === "hostile") list[0].why = "<b onmouseover=alert(3)>bold</b>";
    return list;
  }

  detail(namespace, name) {
    const ports = this.ports.filter((port) => port.namespace === namespace && port.name === name);
    if (ports.length === 0) return null;
    return { namespace, name, ports: ports.map((port) => ({ ...this.summary(port, true), number: port.number, settings: this.settings(port),
      words: this.words(port), endpointList: this.endpointList(port) })) };
  }

  settings(port) {
    if (port.kind !== "troubled") return [];
    return [{ key: "kube-ferry.io/load-balancing", value: "maglev", inForce: "maglev", error: "" },
      { key: "kube-ferry.io/max-connections", value: "lots", inForce: "unlimited", error: "\"lots\" is not a whole number" }];
  }

  words(port) {
    const { used, ejected } = this.endpointCounts(port), named = this.endpointList(port).length;
    if (used === 0) return [`connections to ${port.addresses[0]} are refused: there is no endpoint to carry them to`];
    const words = [`connections to ${port.addresses[0]} are carried to ${used - ejected} of ${named} endpoints, ${port.kind === "troubled" ? "maglev" : "round robin"}`];
    const { steered, why, paused, connections: made } = this.steering(port);
    words.push(steered ? `new connections from this node go straight to an endpoint (steered): ${made.open} open, ${made.accepted} made, ${made.failed} failed`
      : paused ? `the relay carries new connections for now: ${why}` : `the relay carries every new connection: ${why}`);
    if (ejected > 0) words.push("1 endpoint is left out for a while because it did not take connections");
    return words;
  }

  connections(service, limit, clientsHidden) {
    const ports = this.ports.filter((port) => !service || `${port.namespace}/${port.name}` === service);
    const openOf = (port) => this.relayed(port).open;
    const open = ports.reduce((all, port) => all + openOf(port), 0);
    const items = [];
    for (const port of ports) {
      for (let i = 0; i < openOf(port) && items.length < limit; ++i) {
        items.push({ client: clientsHidden ? null : `10.244.${i % 3}.${40 + (i % 9)}:${40000 + i}`, namespace: port.namespace, name: port.name,
          port: port.port, address: port.addresses[0], endpoint: i % 9 === 4 ? null : `10.244.${i % 3}.${7 + (i % 5)}:8080`,
          state: i % 9 === 4 ? "dialling" : i % 11 === 7 ? "half-closed" : "carried", attempts: i % 9 === 4 ? 2 : 1, bytesToBackend: 700 + i * 130,
          bytesToClient: 9000 + i * 2700, ageMs: 240_000 - i * 900 + this.second * 1000, idleMs: i * 7, worker: i % 2 });
      }
    }
    return { open, shown: items.length, clientsHidden, items };
  }

  /** The answer to /api/services, or a string that says which parameter is wrong. */
  list(params) {
    const q = (params.get("q") ?? "").toLowerCase(), sort = params.get("sort") ?? "name";
    const order = params.get("order") ?? (sort === "name" ? "asc" : "desc");
    const offset = Number(params.get("offset") ?? 0), limit = Number(params.get("limit") ?? 50);
    const measures = { open: (p) => this.open(p), connections: (p) => this.rate(p), failures: (p) => this.failing(p), bytes: (p) => this.bytes(p),
      accepted: (p) => this.traffic(p).accepted, endpoints: (p) => this.endpointCounts(p).used, ejected: (p) => this.endpointCounts(p).ejected,
      p99: (p) => this.p99(p) ?? -1 };
    if (sort !== "name" && !Object.hasOwn(measures, sort)) return `sort: there is no '${sort}'`;
    if (!["asc", "desc"].includes(order)) return `order: asc or desc, not '${order}'`;
    if (!(limit >= 0 && limit <= 500) || !(offset >= 0)) return "limit: at most 500";
    const matched = this.ports.filter((port) => port.text.includes(q));
    const names = matched.map((port) => [sort === "name" ? 0 : measures[sort](port), port]);
    const sign = order === "asc" ? 1 : -1;
    names.sort(([a, left], [b, right]) => sign * (sort === "name" ? (left.text < right.text ? -1 : 1) : a - b) || left.index - right.index);
    return { total: this.ports.length, matched: matched.length, offset,
      items: names.slice(offset, offset + limit).map(([, port]) => this.summary(port, params.get("history") === "1")) };
  }

  steeringStatus(open) {
    const off = { on: false, why: "the kernel is older than 5.11", pinned: false, servicePorts: { steered: 0, relayed: 0, paused: 0 },
      connections: { open: 0, accepted: 0, failed: 0, givenUp: 0, bytesToBackend: 0, bytesToClient: 0 }, pauses: 0, maps: [] };
    if (this.steeringOff || this.ports.length === 0) return off;
    const { known, steered, paused } = this.byPath;
    return { ...off, on: true, why: "", pinned: true, pauses: 12,
      servicePorts: { steered, relayed: known - steered - paused, paused },
      connections: { ...off.connections, open, accepted: 2_345_678 + this.second * 2000, failed: 31, givenUp: 4 },
      maps: [{ name: "addresses", entries: known, most: 65536 }, { name: "endpoints", entries: 4 * known, most: 524288 }] };
  }

  status(trouble) {
    const now = Date.now();
    const busy = this.ports.slice(0, 400);
    const all = (measure, interval) => Math.round(10 * busy.reduce((sum, port) => sum + measure(port, interval), 0)) / 10;
    const of = (measure) => Array.from({ length: kHistory }, (_, at) => measure(this.interval - kHistory + 1 + at));
    const highest = (interval) => busy.slice(0, 40).reduce((most, port) => Math.max(most, this.p99(port, interval) ?? 0), 0);
    const measure = { rate: this.rate.bind(this), failing: this.failing.bind(this), open: this.open.bind(this), bytes: this.bytes.bind(this) };
    const watch = (resource, events) => ({ resource, apiVersion: resource === "endpointslices" ? "discovery.k8s.io/v1" : "v1", synced: true, watching: true,
      lists: 1, relists: 0, events: events + this.second, lastEventAt: new Date(now - 1000 * (events % 50)).toISOString(), lastError: "" });
    const empty = this.ports.length === 0;
    const open = all(measure.open), relayed = this.steeringOff ? open : Math.round(open / 5);
    const answer = { version: "0.1.0", node: "node-1", startedAt: new Date(this.startedAt).toISOString(), now: new Date(now).toISOString(),
      synced: !empty, healthy: !empty, lastChangeAt: empty ? null : new Date(now - 1000 * (this.second % 9)).toISOString(),
      watches: [watch("services", 10012), watch("endpointslices", 48231), watch("nodes", 34), watch("servicecidrs", 2)], files: [],
      servicePorts: this.ports.length, endpointsEjected: this.ports.reduce((all, port) => all + this.endpointCounts(port).ejected, 0), unserved: 0,
      connections: { open: relayed, accepted: 812345 + this.second * 700, failed: 211, retried: 340, bytesToBackend: 5e9, bytesToClient: 9e10 },
      steering: this.steeringStatus(open - relayed),
      rates: { connections: all(measure.rate), failures: all(measure.failing), bytesToBackend: all(measure.bytes) * 0.2, bytesToClient: all(measure.bytes) * 0.8 },
      connectMs: { p50: 0.4, p99: empty ? null : highest(this.interval) },
      history: { interval: kInterval, connections: of((t) => all(measure.rate, t)), failures: of((t) => all(measure.failing, t)),
        open: of((t) => all(measure.open, t)), bytes: of((t) => all(measure.bytes, t)), connectP99Ms: of((t) => highest(t) || null) } };
    if (empty) for (const one of answer.watches) Object.assign(one, { synced: false, watching: false, lists: 0, events: 0, lastEventAt: null, lastError: "cannot connect to 10.0.0.1:6443: Connection refused" });
    if (trouble) Object.assign(answer.watches[1], { watching: false, lastError: "the server closed the watch: 401 Unauthorized" });
    return answer;
  }
}
