// The page of a run. Names come from files and configs of anybody: they get into the page as text, never as markup.
"use strict";

const at = (id) => document.getElementById(id);
const element = (tag, text = "", className = "") => Object.assign(document.createElement(tag), { textContent: text, className });
const percent = (value) => (value === null || value === undefined ? "absent" : value.toFixed(2));
const rgb = (color) => `rgb(${color.join(", ")})`;
const TITLES = Object.fromEntries(DATA.kinds.map(([kind, title]) => [kind, title]));
const KINDS = DATA.kinds.map(([kind]) => kind);
const images = [...DATA.images];
const chosen = { image: null, left: "photo", right: "prediction" };

// The list of images

function button(image) {
  const made = element("button");
  made.type = "button";
  const small = element("img");
  Object.assign(small, { loading: "lazy", alt: "", src: image.pictures.photo });
  const words = element("div");
  const measured = image.iou === null || image.iou === undefined ? `confidence ${percent(image.confidence)}` : `mIoU ${percent(image.iou)}`;
  words.append(element("b", measured), element("span", image.name));
  made.append(small, words);
  made.addEventListener("click", () => show(image));
  image.button = made;
  const item = element("li");
  item.append(made);
  return item;
}

function show(image) {
  chosen.image?.button.removeAttribute("aria-current");
  chosen.image = image;
  image.button.setAttribute("aria-current", "true");
  image.button.scrollIntoView({ block: "nearest" });
  at("caption").textContent = [
    image.name,
    image.iou === null || image.iou === undefined ? "" : `mIoU ${percent(image.iou)}`,
    `mean confidence ${percent(image.confidence)}`,
  ].filter(Boolean).join(" · ");
  for (const side of ["left", "right"]) {
    const kinds = KINDS.filter((kind) => kind in image.pictures);
    const kind = kinds.includes(chosen[side]) ? chosen[side] : side === "left" ? "photo" : "prediction";
    const select = at(`${side}Kind`);
    select.replaceChildren(...kinds.map((one) => Object.assign(element("option", TITLES[one]), { value: one })));
    select.value = kind;
    at(side).src = image.pictures[kind];
    at(side).alt = TITLES[kind];
    at(side).className = kind === "photo" ? "" : "exact";
  }
}

function step(by) {
  const place = images.indexOf(chosen.image) + by;
  if (!images[place]) return;
  show(images[place]);
  images[place].button.focus({ preventScroll: true });
}

// The slider

function split(share) {
  at("slider").value = share;
  at("right").style.clipPath = `inset(0 0 0 ${share}%)`;
  at("edge").style.left = `${share}%`;
}

function drag(event) {
  const box = at("stage").getBoundingClientRect();
  split(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)));
}

// Scores

function classRow({ name, color, iou, accuracy }) {
  const row = element("tr");
  const title = element("td");
  const swatch = element("span", "", "swatch");
  swatch.style.background = rgb(color);
  title.append(swatch, name);
  const bar = element("td", "", "bar");
  const filled = element("div");
  filled.style.width = `${iou ?? 0}%`;
  filled.style.background = rgb(color);
  if (iou !== null) bar.append(filled);
  row.append(title, element("td", percent(iou)), bar, element("td", percent(accuracy)));
  return row;
}

function legendEntry({ name, color }) {
  const entry = element("li");
  const swatch = element("span", "", "swatch");
  swatch.style.background = rgb(color);
  entry.append(swatch, name);
  return entry;
}

// Curves

const WIDTH = 900, HEIGHT = 320, LEFT = 60, BOTTOM = 30, TOP = 12, RIGHT = 28;

function svg(tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function ticks(low, high) {
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  const first = Math.ceil(low / size);
  for (let more = 0; more < 7 && (first + more) * size <= high + size * 1e-9; more += 1) found.push((first + more) * size);
  return found;
}

function chart(curves) {
  const points = curves.flatMap(([, , values]) => values);
  const steps = points.map(([step]) => step), values = points.map(([, value]) => value);
  const first = Math.min(...steps), last = Math.max(...steps, first + 1);
  let low = Math.min(...values), high = Math.max(...values);
  if (low === high) [low, high] = [low - Math.abs(low) / 2 - 1e-9, high + Math.abs(high) / 2 + 1e-9];
  const x = (step) => LEFT + ((WIDTH - LEFT - RIGHT) * (step - first)) / (last - first);
  const y = (value) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * (value - low)) / (high - low);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  for (const value of ticks(low, high)) {
    drawing.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), stroke: "#e4e8ec" }));
    drawing.append(svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, String(Number(value.toPrecision(6)))));
  }
  for (const place of ticks(first, last)) {
    drawing.append(svg("text", { x: x(place), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(Number(place.toPrecision(9)))));
  }
  drawing.append(svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 2, "text-anchor": "end" }, "iteration"));
  for (const [name, color, line] of curves) {
    const path = line.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const drawn = svg("polyline", { points: path, fill: "none", stroke: color, "stroke-width": 1.6 });
    drawn.append(svg("title", {}, `${name}: ${line.at(-1)[1].toPrecision(5)} at ${line.at(-1)[0]}`));
    drawing.append(drawn);
    if (line.length === 1) drawing.append(svg("circle", { cx: x(line[0][0]), cy: y(line[0][1]), r: 3, fill: color }));
  }
  at("chart").replaceChildren(drawing);
}

function offerCurves() {
  const colors = new Map(DATA.classes.map(({ name, color }) => [`IoU.${name}`, rgb(color)]));
  const perClass = DATA.curves.filter(([name]) => colors.has(name)).map(([name, points]) => [name, colors.get(name), points]);
  const single = DATA.curves.map(([name, points]) => [name, [[name, "#0550ae", points]]]);
  const offered = [...single.filter(([name]) => name === "mIoU"), ...(perClass.length ? [["IoU of every class", perClass]] : [])];
  offered.push(...single.filter(([name]) => name !== "mIoU"));
  at("training").hidden = offered.length === 0;
  if (offered.length === 0) return;
  at("curve").replaceChildren(...offered.map(([name], number) => Object.assign(element("option", name), { value: String(number) })));
  at("curve").addEventListener("change", () => chart(offered[Number(at("curve").value)][1]));
  chart(offered[0][1]);
}

// Photographs of one's own

function say(text, bad = false) {
  at("said").textContent = text;
  at("said").className = bad ? "bad" : "";
}

async function send(file) {
  if (file.size > DATA.upload) return say(`${file.name} has more than ${DATA.upload >> 20} MB.`, true);
  say(`Predicting ${file.name} …`);
  at("drop").classList.add("busy");
  try {
    const answer = await fetch("photograph", { method: "POST", body: file });
    if (!answer.ok) return say(`${file.name}: ${await answer.text()}`, true);
    const image = { name: file.name, iou: null, ...(await answer.json()) };
    at("images").prepend(button(image));
    images.unshift(image);
    show(image);
    say("");
  } catch {
    say("The server does not answer.", true);
  } finally {
    at("drop").classList.remove("busy");
  }
}

function takePhotographs() {
  const drop = at("drop");
  drop.hidden = !DATA.upload;
  if (!DATA.upload) return;
  at("file").addEventListener("change", async () => {
    for (const file of at("file").files) await send(file);
    at("file").value = "";
  });
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    drop.classList.remove("over");
    for (const file of event.dataTransfer.files) await send(file);
  });
}

// The page

document.title = DATA.run;
at("run").textContent = DATA.run;
at("means").textContent = [`${images.length} images`, ...DATA.means.map(([name, value]) => `${name} ${percent(value)}`)].join(" · ");
at("order").textContent = images.some(({ iou }) => iou !== null) ? "Worst first" : "No labels: least confident first";
at("images").append(...images.map(button));
at("legend").append(...DATA.classes.map(legendEntry));
at("scores").hidden = DATA.means.length === 0;
at("classes").append(...DATA.classes.map(classRow));
for (const side of ["left", "right"]) {
  at(`${side}Kind`).addEventListener("change", () => {
    chosen[side] = at(`${side}Kind`).value;
    show(chosen.image);
  });
}
at("slider").addEventListener("input", () => split(Number(at("slider").value)));
at("stage").addEventListener("pointerdown", (event) => {
  at("stage").setPointerCapture(event.pointerId);
  drag(event);
});
at("stage").addEventListener("pointermove", (event) => event.buttons && drag(event));
document.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || ["SELECT", "INPUT"].includes(event.target.tagName)) return;
  event.preventDefault();
  step(by);
});
split(50);
offerCurves();
takePhotographs();
if (images.length) show(images[0]);
