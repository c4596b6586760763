// Lays a pod of a rendered DaemonSet out as files, for in_a_pod: what a kubelet would make of it.
// Usage: pod.mjs RENDERED.yaml DAEMONSET CONTAINER FOLDER
//   FOLDER/args          the arguments, one a line
//   FOLDER/capabilities  those added, one a line, as setpriv(1) names them
//   FOLDER/files/PATH    what ConfigMaps put into the container's tree
//   FOLDER/mounts        paths of the host that are mounted, HOST CONTAINER a line
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fail, theOne } from "./manifests.mjs";

const [rendered, daemonSet, containerName, folder] = process.argv.slice(2);
const set = theOne(rendered, "DaemonSet", daemonSet);
const pod = set.spec.template.spec;
const container = [...pod.containers, ...(pod.initContainers ?? [])].find((c) => c.name === containerName);
if (!container) fail(`${daemonSet} has no container ${containerName}`);

function put(path, text) {
  mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
  writeFileSync(`${folder}/${path}`, text);
}
const lines = (list) => list.map((one) => one + "\n").join("");

const expected = {
  "hostNetwork": pod.hostNetwork === true,
  "priorityClassName": pod.priorityClassName === "system-node-critical",
  "seccompProfile": pod.securityContext?.seccompProfile?.type === "RuntimeDefault",
  "readOnlyRootFilesystem": container.securityContext?.readOnlyRootFilesystem === true,
  "allowPrivilegeEscalation": container.securityContext?.allowPrivilegeEscalation === false,
  "runAsUser": container.securityContext?.runAsUser === 0,
  "capabilities.drop": container.securityContext?.capabilities?.drop?.join() === "ALL",
  "resources.requests": container.resources?.requests?.memory !== undefined,
};
for (const [what, isSo] of Object.entries(expected)) {
  if (!isSo) fail(`${daemonSet}, container ${containerName}: ${what} is not as the pod is run here`);
}
for (const { name, ports } of pod.containers) {
  if (ports?.length) fail(`${daemonSet}, container ${name}: a declared port is a host port, and maxSurge needs it twice`);
}

const values = {};
for (const { name, valueFrom } of container.env ?? []) {
  if (valueFrom?.fieldRef?.fieldPath !== "spec.nodeName") fail(`pod.mjs knows no value for ${name}`);
  values[name] = "node-1";
}
put("args", lines((container.args ?? []).map((arg) => arg.replace(/\$\((\w+)\)/g, (whole, name) => values[name] ?? whole))));
put("capabilities", lines((container.securityContext.capabilities.add ?? []).map((name) => name.toLowerCase())));

const mounts = [];
for (const { name, mountPath } of container.volumeMounts ?? []) {
  const volume = (pod.volumes ?? []).find((v) => v.name === name);
  if (volume?.hostPath) {
    mounts.push(`${volume.hostPath.path} ${mountPath}`);
  } else if (volume?.configMap) {
    const { data } = theOne(rendered, "ConfigMap", volume.configMap.name);
    for (const [key, text] of Object.entries(data)) put(`files${mountPath}/${key}`, text);
  } else {
    fail(`pod.mjs does not know what to mount for the volume ${name}`);
  }
}
put("mounts", lines(mounts));
