// The live half: what a consumer reads back from Kafka, as server-sent events.

import { find, make, number, post } from "./page.js";

const SHOWN = 40;
const HELD = 200;
const SECONDS = 60;

const ours = new Set(); // event_ids of this page's own clicks
const series = {}; // topic → records in each of the last SECONDS seconds
const held = []; // rows that wait while the list is paused
let counts = null;
let rate = 0;
let topics = {};
let onRow = () => {};

const DESCRIBED = {
  login: (v) => `${v.name} · ${v.device}`,
  logout: (v) => `${v.student_id} · ${number(v.duration_s)} s · ${v.reason}`,
  tarea: (v) => `${v.student_id} · ${v.course} · ${v.title}`,
  calificacion: (v) => `${v.student_id} · ${v.course} · nota ${number(v.grade, 1)}`,
  error: (v) => `${v.level} ${v.code} · ${v.message} · ${v.service}`,
  notificacion: (v) => `${v.student_id} · ${v.subject} · ${v.message}`,
};

function described(row) {
  if (!row.value) return row.text || "(sin contenido legible)";
  try {
    return DESCRIBED[row.value.type](row.value);
  } catch {
    return JSON.stringify(row.value);
  }
}

function drawn(row, fresh) {
  const type = String(row.value?.type ?? "¿?");
  const name = make("b", { text: type });
  const where = `${topics[row.topic] ?? row.topic} · partición ${row.partition} · offset ${number(row.offset)}`;
  const place = make("span", { kind: "where", text: where });
  const what = make("span", { kind: "what", text: described(row) });
  const at = new Date(row.at).toLocaleTimeString("es");
  const body = row.value ? JSON.stringify(row.value, null, 2) : row.text;
  const whole = make("pre", { text: `clave ${row.key} · guardado a las ${at}\n${body}` });
  const item = make("li", { kind: row.topic }, make("details", {}, make("summary", {}, name, what, place), whole));
  if (fresh) item.classList.add("new");
  if (row.value) item.dataset.id = row.value.event_id;
  if (ours.has(item.dataset.id)) mark(item);
  return item;
}

function mark(item) {
  if (item.querySelector(".mine")) return;
  item.querySelector(".where").prepend(make("span", { text: "tu clic", kind: "mine" }), " ");
}

// The record may have been read back before the answer to the click is here.
export function claim(id) {
  ours.add(id);
  for (const item of find("rows").children) if (item.dataset.id === id) mark(item);
}

export const isOurs = (id) => ours.has(id);

// Nothing moves under a reader's finger: with the focus in the list, or paused, rows wait.
function paused() {
  return find("pause").getAttribute("aria-pressed") === "true" || find("rows").contains(document.activeElement);
}

function show(rows, fresh) {
  if (!rows.length) return;
  const list = find("rows");
  list.prepend(...rows.slice(-SHOWN).reverse().map((row) => drawn(row, fresh && rows.length < 6)));
  while (list.childElementCount > SHOWN) list.lastElementChild.remove();
  find("empty").hidden = true;
}

function arrive(rows, lost, fresh) {
  rows.forEach(onRow);
  held.push(...rows);
  if (held.length > HELD) held.splice(0, held.length - HELD);
  if (paused()) {
    find("lag").textContent = `En pausa: ${held.length} registros nuevos esperan.`;
    return;
  }
  find("lag").textContent = lost ? `${number(lost)} registros llegaron más deprisa de lo que esta página muestra.` : "";
  show(held.splice(0), fresh);
}

function topicBox(topic) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", `0 0 ${SECONDS} 10`);
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  picture.append(path);
  const name = make("span", { text: topics[topic] });
  const total = make("strong", { text: "0" });
  const box = make("li", { kind: topic }, name, total, " ", make("small", { text: "" }), picture);
  return box;
}

function drawCounts(now) {
  for (const topic of Object.keys(topics)) {
    const line = (series[topic] ??= Array(SECONDS).fill(0));
    line.push(counts ? Math.max(0, now[topic] - counts[topic]) : 0);
    line.shift();
    const box = find("topics").querySelector(`.${topic}`);
    box.querySelector("strong").textContent = number(now[topic]);
    const lately = line.slice(-5).reduce((sum, value) => sum + value, 0) / 5;
    box.querySelector("small").textContent = `${number(lately, 1)}/s`;
    const most = Math.max(4, ...line);
    const points = line.map((value, x) => `L${(x * SECONDS) / (SECONDS - 1)} ${9.5 - (8 * value) / most}`);
    box.querySelector("path").setAttribute("d", `M0 11 ${points.join(" ")} L${SECONDS} 11 Z`);
  }
  counts = now;
}

function pill(kind, text) {
  const place = find("kafka");
  if (place.textContent === text) return;
  place.className = `pill ${kind}`;
  place.textContent = text;
}

function alarm(text) {
  if (find("alert").textContent !== text) find("alert").textContent = text;
}

function state(now) {
  pill(now.kafka ? "up" : "down", now.kafka ? "Kafka responde" : "Kafka no responde");
  const waiting = now.waiting > 20 ? `Kafka va con retraso: ${now.waiting} eventos esperan su confirmación.` : "";
  alarm(now.kafka ? waiting : "Kafka no responde: lo que hagas ahora no queda confirmado hasta que vuelva.");
  drawCounts(now.counts);
  if (now.rate !== rate) shown(now.rate);
}

function shown(value) {
  rate = value;
  find("background").setAttribute("aria-checked", String(rate > 0));
  if (rate > 0) find("rate").value = rate;
  pace();
}

function pace() {
  const chosen = number(Number(find("rate").value));
  find("paced").textContent = `${chosen}/s`;
  find("rate").setAttribute("aria-valuetext", `${chosen} eventos por segundo`);
}

async function background(wanted) {
  const { status, body } = await post("api/stream", { rate: wanted });
  if (status === 200) shown(body.rate);
  else alarm(body.error);
}

function connect() {
  const source = new EventSource("api/feed");
  const on = (name, act) => source.addEventListener(name, ({ data }) => act(JSON.parse(data)));
  on("hello", ({ follows, rows, state: now }) => {
    if (!follows) find("rows").replaceChildren();
    state(now);
    arrive(rows, 0, false);
  });
  on("records", ({ rows, lost }) => arrive(rows, lost, true));
  on("state", state);
  source.addEventListener("error", () => {
    pill("down", "Portal sin conexión");
    alarm("El portal no responde; la página se vuelve a conectar sola.");
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    source.close();
    setTimeout(connect, 3000);
  });
}

export function listen(options, each) {
  topics = options.topics;
  onRow = each;
  find("topics").replaceChildren(...Object.keys(topics).map(topicBox));
  pace();
  find("rate").addEventListener("input", pace);
  find("rate").addEventListener("change", ({ target }) => rate > 0 && background(Number(target.value)));
  find("background").addEventListener("click", () => background(rate > 0 ? 0 : Number(find("rate").value)));
  const release = () => paused() || arrive([], 0, true);
  find("pause").addEventListener("click", ({ currentTarget }) => {
    const on = currentTarget.getAttribute("aria-pressed") !== "true";
    currentTarget.setAttribute("aria-pressed", String(on));
    if (on) find("lag").textContent = "En pausa.";
    else release();
  });
  find("rows").addEventListener("focusout", () => setTimeout(release));
  connect();
}
