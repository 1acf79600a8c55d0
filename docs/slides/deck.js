// One slide at a time; without this script all slides stand one below the other.
const slides = [...document.querySelectorAll(".slide")];
const framed = location.protocol === "about:"; // inside a notebook: there is no address to keep
const start = framed ? 1 : Number(location.hash.slice(1)) || 1;
let now = -1;

function go(n) {
  const next = Math.max(0, Math.min(slides.length - 1, n));
  if (next === now) return;
  now = next;
  slides.forEach((slide, i) => slide.classList.toggle("now", i === now));
  document.getElementById("where").textContent = slides[now].getAttribute("aria-label");
  if (!framed) history.replaceState(null, "", "#" + (now + 1));
}

const full = () => document.fullscreenElement
  ? document.exitFullscreen() : document.documentElement.requestFullscreen();
const notes = () => document.body.classList.toggle("talking");
const forward = () => go(now + 1);
const back = () => go(now - 1);
const keys = {
  ArrowRight: forward, ArrowDown: forward, PageDown: forward, Enter: forward, " ": forward,
  ArrowLeft: back, ArrowUp: back, PageUp: back, Backspace: back,
  Home: () => go(0), End: () => go(slides.length - 1), f: full, F: full, n: notes, N: notes,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("a, button") && ["Enter", " "].includes(event.key)) return;
  const act = event.key === " " && event.shiftKey ? back : keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
addEventListener("hashchange", () => go(Number(location.hash.slice(1)) - 1));
for (const [id, act] of Object.entries({ back, forward, full, notes })) {
  document.getElementById(id).addEventListener("click", act);
}
document.body.classList.add("js");
go(start - 1);
