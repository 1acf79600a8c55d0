// The forms: one click, one request, and only what the broker acknowledged is called confirmed.

import { find, make, memory, newKey, number, post } from "./page.js";
import { claim, isOurs, listen } from "./feed.js";

const OTHER = "otra";
const tasks = new Map(); // event_id of a tarea read from Kafka → what the list shows
let options = null;
let session = memory.get("session");

const form = (name) => find(name);
const field = (name, part) => form(name).elements[part];

function tell(name, kind, head, text, retry) {
  const place = form(name).querySelector(".result");
  place.className = `result ${kind}`;
  place.replaceChildren(make("strong", { text: head }), text);
  if (!retry) return;
  const again = make("button", { text: "Reintentar el mismo evento", type: "button" });
  again.addEventListener("click", retry);
  place.append(again);
}

function confirmed(name, { topic, partition, offset, ms, key }) {
  const place = `${topic} · partición ${partition} · offset ${number(offset)} · clave ${key}`;
  tell(name, "good", "✓ Confirmado por Kafka", `${place} · ${number(ms, 0)} ms`);
}

// Sent again with the same key, a request stands for the same event: no second event_id.
async function act(name, content, done, key = newKey()) {
  const place = form(name);
  if (place.getAttribute("aria-busy") === "true") return;
  place.setAttribute("aria-busy", "true");
  tell(name, "", "Enviando…", "Kafka aún no lo ha confirmado.");
  const { status, body } = await post(`api/${name}`, content, key);
  place.removeAttribute("aria-busy");
  if (status === 201) {
    claim(body.event_id);
    confirmed(name, body);
    done?.(body);
    return;
  }
  const again = () => act(name, content, done, key);
  const head = body.perhaps ? "✗ Sin confirmar" : "✗ No enviado";
  tell(name, "bad", head, body.error, status === 503 || status === 0 ? again : null);
  if (status === 409 && session && content.session_id) {
    leave(); // the portal has been started anew and knows nobody
    if (name === "logout") move("logout", "login");
  }
}

function enter(opened) {
  session = opened;
  memory.set("session", session);
  const focused = document.activeElement?.closest("#login, #logout");
  form("login").hidden = Boolean(session);
  form("logout").hidden = !session;
  const courses = field("tarea", "course");
  const choices = session
    ? session.courses.map((code) => make("option", { text: options.courses[code], value: code }))
    : [make("option", { text: "Inicia sesión para entregar", value: "" })];
  courses.replaceChildren(...choices);
  form("tarea").querySelector("fieldset").disabled = !session;
  if (session) {
    find("who").textContent = session.name;
    find("whose").textContent = session.session_id.split("-")[0];
    const words = session.name.split(" ");
    find("initials").textContent = words.slice(0, 2).map((word) => word[0]).join("");
  }
  // The button with the focus may just have gone: the focus stays in its place on the page.
  if (focused) form(session ? "logout" : "login").querySelector("button").focus();
}

function leave() {
  enter(null);
}

// The result of a login is told in the card that takes the place of the form, and vice versa.
function move(from, to) {
  const [old, place] = [from, to].map((name) => form(name).querySelector(".result"));
  place.className = old.className;
  place.replaceChildren(...old.childNodes);
}

function login() {
  const chosen = field("login", "student").value;
  const device = matchMedia("(max-width: 40rem)").matches ? "movil" : "web";
  const name = field("login", "name").value.trim();
  const programme = field("login", "programme").value;
  if (chosen === OTHER && !name) {
    tell("login", "bad", "✗ No enviado", "Escribe tu nombre.");
    field("login", "name").focus();
    return;
  }
  const who = chosen === OTHER ? { name, programme } : { student_id: chosen };
  act("login", { ...who, device }, (body) => {
    if (body.session) enter(body.session);
    move("login", "logout");
  });
}

function logout() {
  act("logout", { session_id: session.session_id }, () => {
    leave();
    move("logout", "login");
  });
}

function handIn() {
  const [course, kind] = [field("tarea", "course").value, field("tarea", "kind").value];
  act("tarea", { session_id: session.session_id, course, kind });
}

function grade() {
  const mark = Number(field("calificacion", "grade").value);
  act("calificacion", { task: field("calificacion", "task").value, grade: mark });
}

function fail() {
  const fault = field("error", "fault").value;
  act("error", session ? { fault, session_id: session.session_id } : { fault });
}

// What waits for a mark is what the consumer has read back: the list is made from the log.
function handedIn({ value }) {
  if (value?.type !== "tarea" || tasks.has(value.event_id)) return;
  const list = field("calificacion", "task");
  if (!tasks.size) list.replaceChildren();
  tasks.set(value.event_id, true);
  const course = options.courses[value.course] ?? value.course;
  const text = `${value.student_id} · ${course} · ${value.title}, intento ${value.attempt}`;
  const mine = isOurs(value.event_id) || value.session_id === session?.session_id;
  list.prepend(make("option", { text, value: value.event_id }));
  if (mine || tasks.size === 1) list.value = value.event_id;
  while (list.length > 40 && list.lastElementChild.value !== list.value) {
    tasks.delete(list.lastElementChild.value);
    list.lastElementChild.remove();
  }
  form("calificacion").querySelector("fieldset").disabled = false;
}

function fill() {
  const students = options.students.map(({ id, name, of }) =>
    make("option", { text: `${name} · ${of}`, value: id }));
  const other = make("option", { text: "Otra persona…", value: OTHER });
  field("login", "student").replaceChildren(...students, other);
  const programmes = options.programmes.map((name) => make("option", { text: name, value: name }));
  field("login", "programme").replaceChildren(...programmes);
  const levels = { CRITICAL: "Crítico", ERROR: "Error", WARN: "Aviso" };
  const groups = Object.entries(levels).map(([level, word]) => {
    const list = options.faults.filter((fault) => fault.level === level);
    const lines = list.map(({ id, service, text }) =>
      make("option", { text: `${text} · ${service}`, value: id }));
    return make("optgroup", { label: `${word} (${level})` }, ...lines);
  });
  field("error", "fault").replaceChildren(...groups);
}

async function begin() {
  try {
    options = await (await fetch("api/options")).json();
  } catch {
    find("alert").textContent = "El portal no responde; vuelve a cargar la página.";
    return;
  }
  fill();
  enter(session);
  const actions = { login, logout, tarea: handIn, calificacion: grade, error: fail };
  for (const [name, action] of Object.entries(actions)) {
    form(name).addEventListener("submit", (event) => {
      event.preventDefault();
      action();
    });
  }
  field("login", "student").addEventListener("change", ({ target }) => {
    find("myself").hidden = target.value !== OTHER;
  });
  field("calificacion", "grade").addEventListener("input", ({ target }) => {
    find("graded").textContent = number(Number(target.value), 1);
    target.setAttribute("aria-valuetext", find("graded").textContent);
  });
  listen(options, handedIn);
}

begin();
