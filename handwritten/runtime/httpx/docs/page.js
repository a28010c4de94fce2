// How the page is put together. All text of the document reaches it through text
// nodes, never as HTML.

// el("p", {class: "lead"}, "text", child, …)
export function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return node;
}

export function codeBlock(text) {
  const copy = el("button", {
    class: "copy", type: "button", onclick: async () => {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1200);
    },
  }, "Copy");
  return el("div", { class: "block" }, el("pre", {}, text), copy);
}
