// Compares what was applied with what the server gives back: it may have added to it, and must have lost nothing.
// Usage: applied.mjs RENDERED.yaml READ_BACK.json
import { fail, objectsIn, read } from "./manifests.mjs";

/// Where `given` lacks what `wanted` has; undefined: nowhere.
function lostAt(wanted, given, path) {
  if (wanted === null || typeof wanted !== "object") return wanted === given ? undefined : path;
  if (given === null || typeof given !== "object") return path;
  if (Array.isArray(wanted) && wanted.length !== given.length) return path;
  for (const key of Object.keys(wanted)) {
    const lost = lostAt(wanted[key], given[key], `${path}.${key}`);
    if (lost) return lost;
  }
  return undefined;
}

const readBack = JSON.parse(read(process.argv[3]));
const given = readBack.kind === "List" ? readBack.items : [readBack];
for (const wanted of objectsIn(process.argv[2])) {
  const { kind, metadata: { name } } = wanted;
  const found = given.find((o) => o.kind === kind && o.metadata.name === name);
  if (!found) fail(`${kind} ${name} was applied and cannot be read back`);
  const lost = lostAt(wanted, found, kind);
  if (lost) fail(`${lost} of ${kind} ${name} is not what was applied`);
}
