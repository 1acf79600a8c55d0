// Small things that both halves of the page use. Text only ever goes in as text.

export const find = (name) => document.getElementById(name);

export function make(tag, { text = "", kind = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const number = (value, digits = 0) =>
  value.toLocaleString("es", { minimumFractionDigits: digits, maximumFractionDigits: digits });

// A POST: {status, body}. Status 0: the portal itself did not answer.
export async function post(path, content, key = "") {
  const headers = { "content-type": "application/json" };
  if (key) headers["idempotency-key"] = key;
  try {
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(content) });
    return { status: answer.status, body: await answer.json() };
  } catch {
    return { status: 0, body: { error: "El portal no responde", perhaps: true } };
  }
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What a tab remembers over a reload; a frame may not be allowed to.
export const memory = {
  get(name) {
    try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; }
  },
  set(name, value) {
    try { sessionStorage.setItem(name, JSON.stringify(value)); } catch { /* not remembered */ }
  },
};
