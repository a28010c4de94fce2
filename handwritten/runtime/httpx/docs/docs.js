// Renders the OpenAPI document of this server. All text of the document reaches
// the page through text nodes, never as HTML.
"use strict";

const methods = ["get", "post", "put", "patch", "delete"];
let api;

// el("p", {class: "lead"}, "text", child, …)
function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return node;
}

// resolve follows a local $ref, e.g. #/components/schemas/Job.
function resolve(node) {
  for (let hops = 0; node && node.$ref && hops < 20; hops++) {
    node = node.$ref.replace(/^#\//, "").split("/").reduce(
      (at, step) => at && at[decodeURIComponent(step).replace(/~1/g, "/").replace(/~0/g, "~")], api);
  }
  return node || {};
}

function refName(node) {
  return node && node.$ref ? node.$ref.split("/").pop() : "";
}

// typeText says in one line what a value of the schema is.
function typeText(raw) {
  const schema = resolve(raw);
  const name = refName(raw);
  let text = [].concat(schema.type || (schema.oneOf || schema.anyOf ? "one of" : "any")).join(" or ");
  if (schema.enum) text = schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  else if (schema.type === "array") text = typeText(schema.items || {}) + "[]";
  else if (schema.format) text += " (" + schema.format + ")";
  return name && schema.type === "object" ? name : text;
}

function constraints(raw) {
  const schema = resolve(raw);
  const words = {
    minLength: "min length", maxLength: "max length", minimum: "min", maximum: "max", minItems: "min items",
    maxItems: "max items", pattern: "pattern", default: "default",
  };
  const list = Object.keys(words).filter((key) => schema[key] !== undefined)
    .map((key) => words[key] + " " + (typeof schema[key] === "string" ? schema[key] : JSON.stringify(schema[key])));
  if (schema.uniqueItems) list.push("unique items");
  return list;
}

// example makes a value that fits the schema, from its own examples where there are any.
function example(raw, depth = 0) {
  const schema = resolve(raw);
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

function row(name, raw, required, doc) {
  const details = constraints(raw);
  return el("tr", {},
    el("td", {}, el("code", {}, name), required ? el("span", { class: "required" }, "required") : ""),
    el("td", {}, typeText(raw)),
    el("td", {}, doc || resolve(raw).description || "", details.length ? el("div", { class: "lead" }, details.join(" · ")) : ""));
}

// properties lists an object's fields; one level, deeper ones are shown by the example and under Schemas.
function properties(raw) {
  let schema = resolve(raw);
  if (schema.type === "array") schema = resolve(schema.items);
  const parts = (schema.allOf || []).map(resolve).concat(schema);
  const rows = parts.flatMap((part) => Object.entries(part.properties || {})
    .map(([key, value]) => row(key, value, (part.required || []).includes(key))));
  return rows.length ? el("table", {}, el("tbody", {}, ...rows)) : el("p", { class: "lead" }, typeText(raw));
}

function codeBlock(text) {
  const copy = el("button", {
    class: "copy", type: "button", onclick: async () => {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1200);
    },
  }, "Copy");
  return el("div", { class: "block" }, el("pre", {}, text), copy);
}

function quote(text) {
  return "'" + text.replace(/'/g, "'\\''") + "'";
}

function secured(operation) {
  const needs = operation.security || api.security || [];
  return needs.length > 0 && !needs.some((need) => Object.keys(need).length === 0);
}

function jsonBody(operation) {
  const content = resolve(operation.requestBody).content || {};
  return content["application/json"];
}

function bodyExample(media) {
  if (media.example !== undefined) return media.example;
  const named = Object.values(media.examples || {}).map(resolve).find((one) => one.value !== undefined);
  return named ? named.value : example(media.schema || {});
}

function curl(method, path, operation, parameters) {
  const server = ((api.servers || [])[0] || {}).url || "";
  const base = /^https?:/.test(server) ? server : location.origin + server.replace(/\/$/, "");
  const filled = path.replace(/{([^}]+)}/g, (_, name) => {
    const parameter = parameters.find((one) => one.in === "path" && one.name === name) || {};
    return encodeURIComponent(String(example(parameter.schema || {})));
  });
  const query = parameters.filter((one) => one.in === "query" && one.required)
    .map((one) => encodeURIComponent(one.name) + "=" + encodeURIComponent(String(example(one.schema || {})))).join("&");
  const lines = ["curl -X " + method.toUpperCase() + " " + quote(base + filled + (query ? "?" + query : ""))];
  if (secured(operation)) lines.push("-H \"Authorization: Bearer $TOKEN\"");
  if (parameters.some((one) => one.in === "header" && one.name.toLowerCase() === "idempotency-key")) {
    lines.push("-H \"Idempotency-Key: $(uuidgen)\"");
  }
  const media = jsonBody(operation);
  if (media) lines.push("-H 'Content-Type: application/json'", "-d " + quote(JSON.stringify(bodyExample(media), null, 2)));
  return lines.join(" \\\n  ");
}

function responseView(status, raw) {
  const response = resolve(raw);
  const media = Object.entries(response.content || {})[0];
  const headers = Object.entries(response.headers || {});
  return el("div", {},
    el("h3", {}, status === "default" ? "Error" : "Answer " + status),
    el("p", { class: "lead" }, response.description || ""),
    headers.length ? el("table", {}, el("tbody", {}, ...headers.map(([name, header]) =>
      row(name, resolve(header).schema || {}, false, resolve(header).description)))) : "",
    media && media[1].schema && status !== "default" ? properties(media[1].schema) : "",
    media && status !== "default" ? codeBlock(JSON.stringify(bodyExample(media[1]), null, 2)) : "",
    media && status === "default" ? el("p", {}, el("code", {}, media[0]), " ", refName(media[1].schema)) : "");
}

function operationView(one) {
  const { method, path, operation, parameters } = one;
  const media = jsonBody(operation);
  const fill = (body) => body.append(
    el("p", {}, operation.description || ""),
    el("p", {}, secured(operation) ? el("span", { class: "badge" }, "bearer token") : el("span", { class: "badge" }, "public"),
      operation.deprecated ? el("span", { class: "badge" }, "deprecated") : "",
      ...[].concat(operation["x-roles"] || []).map((role) => el("span", { class: "badge" }, role))),
    ...(parameters.length ? [el("h3", {}, "Parameters"), el("table", {}, el("tbody", {}, ...parameters.map((parameter) =>
      row(parameter.in + " " + parameter.name, parameter.schema || {}, parameter.required, parameter.description))))] : []),
    ...(media ? [el("h3", {}, "Body"), properties(media.schema || {})] : []),
    el("h3", {}, "Try it"), codeBlock(curl(method, path, operation, parameters)),
    ...Object.entries(operation.responses || {}).map(([status, response]) => responseView(status, response)));
  const body = el("div", { class: "body" });
  const details = el("details", {
    class: "operation", id: one.id, ontoggle: () => { if (details.open && !body.hasChildNodes()) fill(body); },
  },
  el("summary", {}, el("span", { class: "method " + method }, method.toUpperCase()), el("span", { class: "path" }, path),
    el("span", { class: "what" }, operation.summary || "")),
  body);
  return details;
}

function operationsByTag() {
  const tags = new Map((api.tags || []).map((tag) => [tag.name, { doc: tag.description || "", operations: [] }]));
  for (const [path, rawItem] of Object.entries(api.paths || {})) {
    const item = resolve(rawItem);
    for (const method of methods.filter((name) => item[name])) {
      const operation = item[method];
      const tag = (operation.tags || ["API"])[0];
      if (!tags.has(tag)) tags.set(tag, { doc: "", operations: [] });
      tags.get(tag).operations.push({
        method, path, operation, id: operation.operationId || method + path,
        parameters: [...(item.parameters || []), ...(operation.parameters || [])].map(resolve),
      });
    }
  }
  return [...tags].filter(([, tag]) => tag.operations.length);
}

function schemaView(name, schema) {
  return el("details", { class: "operation", id: "schema-" + name },
    el("summary", {}, el("code", {}, name), el("span", { class: "what" }, (resolve(schema).description || "").split("\n")[0])),
    el("div", { class: "body" }, properties(schema)));
}

// openTarget opens what the address names after its #.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}

function render() {
  const info = api.info || {};
  document.title = info.title || "API";
  document.getElementById("title").textContent = info.title || "API";
  document.getElementById("version").textContent = info.version || "";
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  main.replaceChildren(el("p", { class: "lead" }, info.description || ""));
  const filtered = [];
  for (const [name, tag] of operationsByTag()) {
    const heading = el("h2", {}, name);
    const navHeading = el("h2", {}, name);
    main.append(heading, el("p", { class: "lead" }, tag.doc));
    nav.append(navHeading);
    for (const one of tag.operations) {
      const view = operationView(one);
      const link = el("a", { href: "#" + encodeURIComponent(one.id), title: one.method.toUpperCase() + " " + one.path }, one.operation.summary || one.id);
      main.append(view);
      nav.append(link);
      filtered.push({ text: [one.method, one.path, one.id, one.operation.summary, name].join(" ").toLowerCase(), nodes: [view, link] });
    }
  }
  const schemas = Object.entries((api.components || {}).schemas || {});
  if (schemas.length) main.append(el("h2", {}, "Schemas"), ...schemas.map(([name, schema]) => schemaView(name, schema)));

  const search = document.getElementById("search");
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const entry of filtered) {
      const hidden = !words.every((word) => entry.text.includes(word));
      entry.nodes.forEach((node) => { node.hidden = hidden; });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });
  window.addEventListener("hashchange", openTarget);
  openTarget();
}

fetch("/openapi.json").then((response) => {
  if (!response.ok) throw new Error("/openapi.json answered " + response.status);
  return response.json();
}).then((document) => { api = document; render(); }).catch((error) => {
  document.getElementById("main").replaceChildren(el("p", {}, "The API description could not be shown: " + error.message));
});
