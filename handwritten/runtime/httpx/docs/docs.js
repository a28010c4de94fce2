// Renders the OpenAPI document of this server.
import { el } from "./page.js";
import { use, resolve } from "./schema.js";
import { operationBody, properties } from "./operation.js";
import { allow, tokenField } from "./try.js";

const methods = ["get", "post", "put", "patch", "delete"];

// fold is a line that opens to what fill makes, once it is asked for.
function fold(id, summary, fill) {
  const body = el("div", { class: "body" });
  const details = el("details", {
    class: "operation", id, ontoggle: () => { if (details.open && !body.hasChildNodes()) body.append(...fill().filter(Boolean)); },
  }, el("summary", {}, ...summary), body);
  return details;
}

function operationView(one) {
  return fold(one.id, [
    el("span", { class: "method " + one.method }, one.method.toUpperCase()), el("span", { class: "path" }, one.path),
    el("span", { class: "what" }, one.operation.summary || ""),
  ], () => operationBody(one));
}

function schemaView(name, schema) {
  const summary = [el("code", {}, name), el("span", { class: "what" }, (resolve(schema).description || "").split("\n")[0])];
  return fold("schema-" + name, summary, () => [properties(schema)]);
}

function operationsByTag(api) {
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

// openTarget opens what the address names after its #.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}

// filter hides what does not have all the words.
function filter(search, entries) {
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const entry of entries) {
      const hidden = !words.every((word) => entry.text.includes(word));
      entry.nodes.forEach((node) => { node.hidden = hidden; });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !["INPUT", "TEXTAREA"].includes(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    }
  });
}

function render(api) {
  const info = api.info || {};
  document.title = info.title || "API";
  document.getElementById("title").textContent = info.title || "API";
  document.getElementById("token").replaceWith(tokenField());
  const main = document.getElementById("main"), nav = document.getElementById("nav"), entries = [];
  main.replaceChildren(el("p", { class: "lead" }, info.description || ""));
  for (const [name, tag] of operationsByTag(api)) {
    main.append(el("h2", {}, name), el("p", { class: "lead" }, tag.doc));
    nav.append(el("h2", {}, name));
    for (const one of tag.operations) {
      const view = operationView(one);
      const link = el("a", { href: "#" + encodeURIComponent(one.id), title: one.method.toUpperCase() + " " + one.path },
        el("span", { class: "dot " + one.method }), one.operation.summary || one.id);
      main.append(view);
      nav.append(link);
      entries.push({ text: [one.method, one.path, one.id, one.operation.summary, name].join(" ").toLowerCase(), nodes: [view, link] });
    }
  }
  const schemas = Object.entries((api.components || {}).schemas || {});
  if (schemas.length) main.append(el("h2", {}, "Schemas"), ...schemas.map(([name, schema]) => schemaView(name, schema)));
  filter(document.getElementById("search"), entries);
  window.addEventListener("hashchange", openTarget);
  openTarget();
}

fetch("/openapi.json").then((response) => {
  if (!response.ok) throw new Error("/openapi.json answered " + response.status);
  return response.json();
}).then((api) => { use(api); allow(api); render(api); }).catch((error) => {
  document.getElementById("main").replaceChildren(el("p", {}, "The API description could not be shown: " + error.message));
});
