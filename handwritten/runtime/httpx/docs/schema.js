// What a schema of the OpenAPI document says, in words and by example.

let api = {};

// use makes document the one that references lead into.
export function use(document) { api = document; }

// resolve follows a local $ref, e.g. #/components/schemas/Job.
export function resolve(node) {
  for (let hops = 0; node && node.$ref && hops < 20; hops++) {
    node = node.$ref.replace(/^#\//, "").split("/").reduce(
      (at, step) => at && at[decodeURIComponent(step).replace(/~1/g, "/").replace(/~0/g, "~")], api);
  }
  return node || {};
}

export function refName(node) {
  return node && node.$ref ? node.$ref.split("/").pop() : "";
}

// typeText says in one line what a value of the schema is.
export function typeText(raw) {
  const schema = resolve(raw);
  const name = refName(raw);
  let text = [].concat(schema.type || (schema.oneOf || schema.anyOf ? "one of" : "any")).join(" or ");
  if (schema.enum) text = schema.enum.join(" | ");
  else if (schema.type === "array") text = listText(typeText(schema.items || {}));
  else if (schema.type === "object" && schema.additionalProperties) text = "map of " + typeText(schema.additionalProperties);
  else if (schema.format) text += " (" + schema.format + ")";
  return name && schema.type === "object" ? name : text;
}

const listText = (item) => (item.includes(" | ") ? "(" + item + ")" : item) + "[]";

// constraints lists what a value must keep; what stands beside a reference counts, too.
export function constraints(raw) {
  const schema = { ...resolve(raw), ...raw };
  const words = {
    minLength: "min length", maxLength: "max length", minimum: "min", maximum: "max", minItems: "min items", maxItems: "max items",
    minProperties: "min entries", maxProperties: "max entries", pattern: "pattern", default: "default",
  };
  const list = Object.keys(words).filter((key) => schema[key] !== undefined)
    .map((key) => words[key] + " " + (typeof schema[key] === "string" ? schema[key] : JSON.stringify(schema[key])));
  if (schema.uniqueItems) list.push("unique items");
  return list;
}

// example makes a value that fits the schema, from its own examples where there are any.
export function example(raw, depth = 0) {
  const schema = { ...resolve(raw), ...raw };
  if (schema.example !== undefined) return schema.example;
  if (Array.isArray(schema.examples) && schema.examples.length) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => example(part, depth)));
  if (schema.oneOf || schema.anyOf) return example((schema.oneOf || schema.anyOf)[0], depth);
  const type = [].concat(schema.type || "")[0];
  if (type === "object" || schema.properties) {
    if (depth > 6) return {};
    return Object.fromEntries(Object.entries(schema.properties || {}).map(([key, value]) => [key, example(value, depth + 1)]));
  }
  if (type === "array") return depth > 6 ? [] : [example(schema.items || {}, depth + 1)];
  if (type === "integer" || type === "number") return schema.minimum || 0;
  if (type === "boolean") return false;
  const formats = {
    uuid: "018f3a4e-7c1b-7d2a-9f00-2b1c3d4e5f60", date: "2026-01-31", "date-time": "2026-01-31T09:30:00Z",
    email: "ann@example.com", uri: "https://example.com",
  };
  return formats[schema.format] || "text";
}

// mediaExample is the body that a media type names as its example, or one that fits its schema.
export function mediaExample(media) {
  if (media.example !== undefined) return media.example;
  const named = Object.values(media.examples || {}).map(resolve).find((one) => one.value !== undefined);
  return named ? named.value : example(media.schema || {});
}
