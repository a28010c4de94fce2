// A form that sends an operation's request, and shows it as a curl command.
import { el, codeBlock } from "./page.js";
import { example, mediaExample } from "./schema.js";

let api = {};

// allow tells the form what the whole API asks of callers.
export function allow(document) { api = document; }

export function secured(operation) {
  const needs = operation.security || api.security || [];
  return needs.length > 0 && !needs.some((need) => Object.keys(need).length === 0);
}

// The token lives as long as the browser's tab, and is the same for all operations.
const remembered = "token";
export function tokenField() {
  const field = el("input", { type: "password", id: "token", placeholder: "Bearer token", "aria-label": "Bearer token", autocomplete: "off", spellcheck: "false" });
  field.value = sessionStorage.getItem(remembered) || "";
  field.addEventListener("input", () => sessionStorage.setItem(remembered, field.value.trim()));
  return field;
}

const quote = (text) => "'" + text.replace(/'/g, "'\\''") + "'";

// request is what the form's fields say: empty ones are left out.
function request(one, fields, body) {
  const given = (place) => one.parameters.filter((p) => p.in === place && fields.get(p).value !== "").map((p) => [p.name, fields.get(p).value]);
  const path = given("path").reduce((text, [name, value]) => text.replace("{" + name + "}", encodeURIComponent(value)), one.path);
  const query = new URLSearchParams(given("query")).toString();
  const headers = given("header");
  if (body) headers.push(["Content-Type", "application/json"]);
  return { method: one.method.toUpperCase(), url: location.origin + path + (query ? "?" + query : ""), headers, body: body ? body.value : undefined };
}

function curl(r, withToken) {
  const lines = ["curl -X " + r.method + " " + quote(r.url)];
  if (withToken) lines.push("-H \"Authorization: Bearer $TOKEN\"");
  r.headers.forEach(([name, value]) => lines.push("-H " + quote(name + ": " + value)));
  if (r.body) lines.push("-d " + quote(r.body));
  return lines.join(" \\\n  ");
}

async function send(r, withToken) {
  const headers = new Headers(r.headers);
  const token = sessionStorage.getItem(remembered);
  if (withToken && token) headers.set("Authorization", "Bearer " + token);
  const response = await fetch(r.url, { method: r.method, headers, body: r.body });
  const text = await response.text();
  const shown = ["etag", "location", "oksai-consistency", "retry-after", "x-request-id"].filter((name) => response.headers.has(name));
  return { response, lines: [...shown.map((name) => name + ": " + response.headers.get(name)), "", pretty(text)].join("\n") };
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function input(parameter) {
  const schema = parameter.schema || {};
  const hint = schema.example !== undefined ? schema.example : schema.default;
  const field = el("input", { placeholder: hint === undefined ? "" : String(hint), spellcheck: "false", autocomplete: "off" });
  if (parameter.in === "path") field.value = String(example(schema));
  return field;
}

export function tryForm(one, media) {
  const fields = new Map(one.parameters.map((p) => [p, input(p)]));
  const body = media ? el("textarea", { rows: 8, spellcheck: "false", "aria-label": "Body" }) : undefined;
  if (body) body.value = JSON.stringify(mediaExample(media), null, 2);
  const command = el("div", {}), result = el("div", { "aria-live": "polite" });
  const withToken = secured(one.operation);
  const show = () => command.replaceChildren(codeBlock(curl(request(one, fields, body), withToken)));
  const submit = async (event) => {
    event.preventDefault();
    try {
      const { response, lines } = await send(request(one, fields, body), withToken);
      result.replaceChildren(el("p", { class: "status " + (response.ok ? "good" : "bad") }, response.status + " " + response.statusText), codeBlock(lines));
    } catch (error) {
      result.replaceChildren(el("p", { class: "status bad" }, "The request was not sent: " + error.message));
    }
  };
  show();
  return el("form", { class: "try", oninput: show, onsubmit: submit },
    el("div", { class: "inputs" }, ...one.parameters.map((p) => el("label", {}, el("span", {}, p.name), fields.get(p)))),
    body, command, el("button", { class: "send" }, "Send"), result);
}
