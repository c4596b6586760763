// A real Prometheus that scrapes as the PodMonitor says, and what it makes of the dashboard and the alerts.
// Usage: prometheus.mjs configure RENDERED.yaml POD_IP     writes a configuration to standard output
//        prometheus.mjs rules RENDERED.yaml                writes the PrometheusRule as a file of rules
//        prometheus.mjs expressions RENDERED.yaml          the same without annotations, for tests of what fires
//        prometheus.mjs ask RENDERED.yaml URL              evaluates every query there is
import { fail, theOne, YAML } from "./manifests.mjs";

const [command, rendered, argument] = process.argv.slice(2);

// What Kubernetes' service discovery and the operator say of each target.
const target = (ip) => ({
  targets: ["no-port-is-declared"],
  labels: {
    __meta_kubernetes_pod_container_name: "kube-ferry", __meta_kubernetes_pod_ip: ip,
    __meta_kubernetes_pod_node_name: "node-1", namespace: "kube-system", pod: "kube-ferry-abcde", container: "kube-ferry",
  },
});

function relabelConfig({ action, sourceLabels, regex, targetLabel, replacement, ...unknown }) {
  if (Object.keys(unknown).length > 0) fail(`relabelings: ${Object.keys(unknown)} is not known here`);
  return { action, source_labels: sourceLabels, regex, target_label: targetLabel, replacement };
}

function configuration(ip) {
  const [endpoint, ...others] = theOne(rendered, "PodMonitor").spec.podMetricsEndpoints;
  const { path, interval, honorLabels, relabelings, ...unknown } = endpoint;
  if (others.length > 0 || Object.keys(unknown).length > 0) fail("the PodMonitor says more than is tried here");
  return {
    scrape_configs: [{
      job_name: "podMonitor/kube-system/kube-ferry/0", scrape_interval: "1s", metrics_path: path, honor_labels: honorLabels,
      static_configs: [target(ip)], relabel_configs: relabelings.map(relabelConfig),
    }],
  };
}

const ruleGroups = () => theOne(rendered, "PrometheusRule").spec.groups;

const withoutText = ({ name, rules }) => ({ name, rules: rules.map(({ annotations, ...rule }) => rule) });

const dashboard = () => JSON.parse(theOne(rendered, "ConfigMap", "kube-ferry-dashboard").data["kube-ferry.json"]);

/// Without the threshold at its end: an alert's value, whether it fires or not.
const withoutThreshold = (expr) => expr.trim().replace(/\s*(==|>|<|>=|<=)\s*[0-9.]+$/, "");

function* dashboardQueries() {
  const { panels, annotations, templating } = dashboard();
  const plain = (expr) => expr.replaceAll("$__rate_interval", "10s").replaceAll(/\$(node|namespace)\b/g, ".*");
  for (const panel of panels) {
    for (const { expr } of panel.targets ?? []) yield { where: `panel "${panel.title}"`, expr: plain(expr), labels: [] };
  }
  for (const { name, expr } of annotations.list) yield { where: `annotation "${name}"`, expr: withoutThreshold(plain(expr)), labels: [] };
  for (const { name, type, definition } of templating.list) {
    if (type !== "query") continue;
    const [, metric, label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? fail(`variable ${name}: ${definition}?`);
    yield { where: `variable "${name}"`, expr: `count by (${label}) (${metric})`, labels: [label] };
  }
}

function* alertQueries() {
  for (const { name, rules } of ruleGroups()) {
    for (const { alert, expr, labels, annotations } of rules) {
      for (const wanted of ["summary", "description", "runbook"]) {
        if (!annotations[wanted]) fail(`alert ${alert} has no ${wanted}`);
      }
      if (!["critical", "warning", "info"].includes(labels?.severity)) fail(`alert ${alert} of ${name} has no severity`);
      // There is something to scrape here, so what absent() speaks of is asked for instead.
      const value = withoutThreshold(expr).replace(/^absent\((.*)\)$/, "$1").replaceAll(/\[\d+m\]/g, "[10s]");
      const told = [...Object.values(annotations).join(" ").matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
      yield { where: `alert ${alert}`, expr: value, labels: told };
    }
  }
}

async function ask(url) {
  let count = 0;
  const wrong = [];
  for (const { where, expr, labels } of [...dashboardQueries(), ...alertQueries()]) {
    ++count;
    const response = await fetch(`${url}/api/v1/query`, { method: "POST", body: new URLSearchParams({ query: expr }) });
    const { status, error, data } = await response.json();
    if (status !== "success") {
      wrong.push(`${where}: ${error}: ${expr}`);
      continue;
    }
    // A node that cannot steer has no maps for it.
    if (data.result.length === 0 && expr.includes("kube_ferry_steering_map_")) continue;
    if (data.result.length === 0) wrong.push(`${where}: nothing comes of ${expr}`);
    for (const { metric } of data.result) {
      for (const label of labels) if (metric[label] === undefined) wrong.push(`${where}: no label ${label} in ${expr}`);
      if (metric.namespace === "kube-system" && metric.service) wrong.push(`${where}: the pod's namespace hides the service's`);
    }
  }
  if (wrong.length > 0) fail(...wrong);
  console.log(`${count} queries of the dashboard and the alerts, on what Prometheus scraped: all bring something`);
}

if (command === "configure") console.log(YAML.stringify(configuration(argument)));
if (command === "rules") console.log(YAML.stringify({ groups: ruleGroups() }));
if (command === "expressions") console.log(YAML.stringify({ groups: ruleGroups().map(withoutText) }));
if (command === "ask") await ask(argument);
