// What one operation takes and answers.
import { el, codeBlock } from "./page.js";
import { resolve, refName, typeText, constraints, mediaExample } from "./schema.js";
import { tryForm, secured } from "./try.js";

const section = (title, ...children) => el("section", {}, el("h3", {}, title), ...children);
const table = (...rows) => el("table", {}, el("tbody", {}, ...rows));

function row(name, raw, required, doc, from) {
  const details = constraints(raw);
  return el("tr", {},
    el("td", {}, el("code", {}, name), required ? el("span", { class: "required" }, "required") : "", from ? el("div", { class: "note" }, from) : ""),
    el("td", {}, typeText(raw)),
    el("td", {}, doc || resolve(raw).description || "", details.length ? el("div", { class: "note" }, details.join(" · ")) : ""));
}

// properties lists an object's fields, and below each object in it that one's.
export function properties(raw, prefix = "", depth = 0) {
  const schema = resolve(raw);
  const rows = Object.entries(schema.properties || {}).flatMap(([key, value]) => {
    const own = row(prefix + key, value, (schema.required || []).includes(key));
    const [inner, path] = within(value, prefix + key);
    return depth < 3 && inner.properties ? [own, ...fields(inner, path + ".", depth + 1)] : [own];
  });
  return rows.length ? table(...rows) : el("p", { class: "note" }, typeText(raw));
}

function fields(schema, prefix, depth) {
  return [...properties(schema, prefix, depth).querySelectorAll("tr")];
}

// within is the object in a value: itself, an item of a list, or what a map holds.
function within(raw, path) {
  const schema = resolve(raw);
  if (schema.type === "array") return within(schema.items || {}, path + "[]");
  if (schema.additionalProperties) return within(schema.additionalProperties, path + ".*");
  return [schema, path];
}

function answer(status, raw) {
  const response = resolve(raw);
  const [type, media] = Object.entries(response.content || {})[0] || [];
  const headers = Object.entries(response.headers || {});
  return section("Answer " + status,
    el("p", { class: "lead" }, response.description || ""),
    headers.length ? table(...headers.map(([name, header]) => row(name, resolve(header).schema || {}, false, resolve(header).description, "header"))) : "",
    media ? el("h4", {}, type) : "",
    media ? properties(media.schema || {}) : "",
    media ? codeBlock(JSON.stringify(mediaExample(media), null, 2)) : "");
}

// errors lists the codes that the spec's rules refuse with, then the form of every refusal.
function errors(operation) {
  const rules = operation["x-oksai-errors"] || [];
  const response = resolve((operation.responses || {}).default);
  const [type, media] = Object.entries(response.content || {})[0] || [];
  if (!media) return "";
  return section("Refusals",
    rules.length ? table(...rules.map((rule) => el("tr", {}, el("td", {}, el("code", {}, rule.code)), el("td", {}, String(rule.status)), el("td", {}, rule.message)))) : "",
    el("p", { class: "lead" }, response.description || "", " ", el("code", {}, type), " ",
      el("a", { href: "#schema-" + refName(media.schema) }, refName(media.schema))));
}

export function operationBody(one) {
  const { operation, parameters } = one;
  const media = (resolve(operation.requestBody).content || {})["application/json"];
  const answers = Object.entries(operation.responses || {}).filter(([status]) => status !== "default");
  return [
    operation.description ? el("p", {}, operation.description) : "",
    el("p", {}, el("span", { class: "badge" }, secured(operation) ? "bearer token" : "public"),
      ...[].concat(operation["x-oksai-roles"] || []).map((role) => el("span", { class: "badge role" }, role))),
    parameters.length ? section("Parameters", table(...parameters.map((p) => row(p.name, p.schema || {}, p.required, p.description, p.in)))) : "",
    media ? section("Body", properties(media.schema || {})) : "",
    section("Try it", tryForm(one, media)),
    ...answers.map(([status, response]) => answer(status, response)),
    errors(operation),
  ];
}
