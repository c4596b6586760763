// Rendered manifests as objects, and how what is wrong with them is said.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// The packages are in the build folder, never in the source tree.
const require = createRequire(process.env.FERRY_MANIFEST_MODULES + "/package.json");
export const YAML = require("yaml");

export const read = (file) => readFileSync(file, "utf8");

export function objectsIn(file) {
  return YAML.parseAllDocuments(read(file)).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0].message}`);
    return document.toJS();
  });
}

/// The one object of a kind (and name) among the rendered; ends the check when there is not exactly one.
export function theOne(file, kind, name) {
  const found = objectsIn(file).filter((o) => o.kind === kind && (name === undefined || o.metadata.name === name));
  if (found.length !== 1) fail(`${file} has ${found.length} objects of kind ${kind}${name ? ` named ${name}` : ""}, not 1`);
  return found[0];
}

export function fail(...lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}
