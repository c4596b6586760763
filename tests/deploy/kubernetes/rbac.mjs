// Holds what a daemon asked of API servers against a ClusterRole: every request must be allowed, every word of the role
// needed.
// Usage: rbac.mjs RENDERED.yaml LOG...   (logs of kube-ferry-apiserver --v 2)
import { fail, read, theOne } from "./manifests.mjs";

const [rendered, ...logs] = process.argv.slice(2);
const role = theOne(rendered, "ClusterRole", "kube-ferry");
const binding = theOne(rendered, "ClusterRoleBinding", "kube-ferry");
const account = theOne(rendered, "ServiceAccount", "kube-ferry");
const daemons = theOne(rendered, "DaemonSet", "kube-ferry");

const [subject] = binding.subjects;
if (binding.roleRef.name !== role.metadata.name || subject.name !== account.metadata.name ||
    subject.namespace !== account.metadata.namespace ||
    daemons.spec.template.spec.serviceAccountName !== account.metadata.name) {
  fail("the ClusterRoleBinding does not give the ClusterRole to the service account of the DaemonSet");
}

// What system:discovery lets everyone ask who is known to the server.
const kOpenToAll = /^\/(api|apis|healthz|livez|readyz|version|openapi)(\/.*)?$/;

/// What a request is called in a role; undefined: it is about no resource.
function understood(method, target) {
  const { pathname, searchParams } = new URL(target, "http://server");
  const parts = pathname.split("/").filter(Boolean);
  const rest = parts[0] === "api" ? parts.slice(2) : parts.slice(3);
  if (rest[0] === "namespaces" && rest.length > 2) rest.splice(0, 2);
  if (rest.length === 0) return undefined;
  const verbs = { POST: "create", PUT: "update", PATCH: "patch", DELETE: rest[1] ? "delete" : "deletecollection" };
  const isWatch = ["1", "true"].includes(searchParams.get("watch"));
  const verb = verbs[method] ?? (isWatch ? "watch" : rest[1] ? "get" : "list");
  return { verb, group: parts[0] === "api" ? "" : parts[1], resource: rest[0] };
}

const granted = new Set();
for (const { verbs, apiGroups, resources } of role.rules) {
  for (const group of apiGroups) for (const resource of resources) for (const verb of verbs) {
    if ([group, resource, verb].includes("*")) fail("the ClusterRole has a wildcard: name what is needed");
    granted.add(`${verb} ${resource} of "${group}"`);
  }
}

const used = new Set();
let requests = 0;
for (const log of logs) {
  for (const [, status, method, target] of read(log).matchAll(/ (\d{3}) ([A-Z]+) (\/\S*)$/gm)) {
    if (target === "/_faults") continue;
    if (status === "401" || status === "403") fail(`${log}: ${method} ${target} was answered ${status}`);
    ++requests;
    const asked = understood(method, target);
    if (asked === undefined) {
      if (!kOpenToAll.test(target.split("?")[0])) fail(`no role that everybody has allows ${method} ${target}`);
      continue;
    }
    const name = `${asked.verb} ${asked.resource} of "${asked.group}"`;
    if (!granted.has(name)) fail(`the ClusterRole does not allow ${name}, which the daemon asks for: ${method} ${target}`);
    used.add(name);
  }
}
if (requests === 0) fail(`no request is in ${logs.join(", ")}`);
const needless = [...granted].filter((name) => !used.has(name));
if (needless.length > 0) fail(`the ClusterRole allows what the daemon never asks for: ${needless.join("; ")}`);
console.log(`${requests} requests to ${logs.length} API servers are allowed by ${granted.size} rights, all of them used`);
