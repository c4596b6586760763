// A daemon that is not there: serves the page's files and docs/api.md over a FakeCluster, and remembers what it was asked.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { FakeCluster } from "./fake_cluster.mjs";

const source = (name) => readFileSync(fileURLToPath(new URL(`../../proxy/page/${name}`, import.meta.url)));
const kFiles = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page/style.css": ["style.css", "text/css; charset=utf-8"],
  "/page/page.js": ["page.js", "text/javascript; charset=utf-8"],
};
const kHeaders = {
  "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'", // kPagePolicy of proxy/page/page.h
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** A path below which the whole is served as well, as `kubectl proxy` would. */
const kBehind = /^\/behind\/a\/proxy(?=\/)/;

export class FakeServer {
  constructor({ services = 10000 } = {}) {
    this.cluster = new FakeCluster(services);
    this.requests = []; // Each as { path, params }.
    this.streams = new Set();
    this.away = false; // Connections are cut as they come.
    this.refusal = null; // { status, error }: the answer to every stream.
    this.silent = false; // Streams stay open and say nothing.
    this.clientsHidden = false;
    this.trouble = false; // A watch is down.
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      if (this.away) socket.destroy();
    });
    this.sockets = new Set();
  }

  /** Listens at a port of the kernel's choice; a second passes for the cluster with each of the clock's. */
  async start() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    this.timer = setInterval(() => this.advance(1), 1000);
    return this;
  }

  async stop() {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** So many seconds later, told to every stream. */
  advance(seconds) {
    this.cluster.second += seconds;
    if (!this.silent) for (const stream of this.streams) this.tell(stream);
  }

  leave() {
    this.away = true;
    for (const socket of this.sockets) socket.destroy();
  }

  comeBack() { this.away = false; }

  /** What streams of this view were asked with, oldest first. */
  asked(view) {
    return this.requests.filter(({ path, params }) => path === "/api/stream" && params.get("view") === view).map(({ params }) => Object.fromEntries(params));
  }

  openStreams() { return [...this.streams].map(({ params }) => params.get("view")).sort(); }

  answer(request, response) {
    const { pathname: asked, searchParams: params } = new URL(request.url, "http://fake");
    const pathname = asked.replace(kBehind, "");
    this.requests.push({ path: pathname, params });
    if (pathname === "/api/stream") return this.stream(params, response);
    if (Object.hasOwn(kFiles, pathname)) {
      const [name, type] = kFiles[pathname];
      return response.writeHead(200, { ...kHeaders, "Content-Type": type }).end(source(name));
    }
    const [status, body] = this.look(pathname, params);
    response.writeHead(status, { ...kHeaders, "Content-Type": "application/json" }).end(JSON.stringify(body));
  }

  look(path, params) {
    const { cluster } = this;
    if (path === "/api/status") return [200, cluster.status(this.trouble)];
    if (path === "/api/connections") {
      return [200, cluster.connections(params.get("service"), Math.min(1000, Number(params.get("limit") ?? 100)), this.clientsHidden)];
    }
    if (path === "/api/services") {
      const answer = cluster.list(params);
      return typeof answer === "string" ? [400, { error: answer }] : [200, answer];
    }
    const service = /^\/api\/services\/([^/]+)\/([^/]+)$/.exec(path);
    const answer = service && cluster.detail(decodeURIComponent(service[1]), decodeURIComponent(service[2]));
    return answer ? [200, answer] : [404, { error: service ? `there is no service ${service[1]}/${service[2]}` : `there is nothing at ${path}` }];
  }

  pathOf(params) {
    const view = params.get("view");
    if (view !== "service") return `/api/${view}`;
    return `/api/services/${(params.get("service") ?? "").split("/").map(encodeURIComponent).join("/")}`;
  }

  stream(params, response) {
    if (this.refusal) return response.writeHead(this.refusal.status, kHeaders).end(JSON.stringify({ error: this.refusal.error }));
    response.writeHead(200, { ...kHeaders, "Content-Type": "text/event-stream" });
    const stream = { params, response };
    this.streams.add(stream);
    response.on("close", () => this.streams.delete(stream));
    if (!this.silent) this.tell(stream);
  }

  tell({ params, response }) {
    const [status, body] = this.look(this.pathOf(params), params);
    response.write(`event: ${status === 200 ? params.get("view") : "error"}\ndata: ${JSON.stringify(body)}\n\n`);
  }
}

// Started by hand: stays until it is interrupted.
if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await new FakeServer().start()).url);
