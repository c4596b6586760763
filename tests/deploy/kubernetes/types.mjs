// Writes a rendered set of manifests as TypeScript, each object annotated with the type of its kind.
// Usage: types.mjs RENDERED.yaml >SET.ts
import { fail, objectsIn } from "./manifests.mjs";

const kModules = {
  "v1": "kubernetes-types/core/v1",
  "apps/v1": "kubernetes-types/apps/v1",
  "rbac.authorization.k8s.io/v1": "kubernetes-types/rbac/v1",
  "monitoring.coreos.com/v1": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1",
};

const lines = [];
objectsIn(process.argv[2]).forEach((object, index) => {
  const module = kModules[object.apiVersion];
  if (!module) fail(`types.mjs: no types are known for ${object.apiVersion} ${object.kind}; add them to kModules`);
  const type = object.apiVersion.startsWith("monitoring.") ? `I${object.kind}` : object.kind;
  lines.push(`import type { ${type} as Type${index} } from "${module}${type === object.kind ? "" : `/${object.kind}`}";`);
  lines.push(`// ${object.kind} ${object.metadata.name}`);
  lines.push(`export const object${index}: Type${index} = ${JSON.stringify(object, null, 1)};`);
});
console.log(lines.join("\n"));
