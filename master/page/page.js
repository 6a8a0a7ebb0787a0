"use strict";
/*
 * The live page: asks for "live" again and again, and shows what has changed.
 * It only reads. What comes from clients (paths, ids) is set as text, never
 * as markup.
 */

const EVERY_MS = 1000;
const KEPT = 300;               // samples: five minutes
const OLD_MS = 5000;            // a request older than this stands out

const $ = (id) => document.getElementById(id);
let last = null;                // the document before this one
let samples = [];               // what the plots show
let paused = false;
let chosen = null;              // the request whose stack is open

/* ---- words for numbers ---- */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function number(n) {
  if (n === null || !isFinite(n)) return "–";
  if (n >= 100 || Number.isInteger(n)) return whole.format(n);
  return n.toPrecision(3);
}

function seconds(s) {
  if (s === null || !isFinite(s)) return "–";
  if (s < 0.001) return `${Math.round(s * 1e6)} µs`;
  if (s < 1) return `${number(s * 1000)} ms`;
  if (s < 100) return `${number(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return `${number(i ? n : Math.round(n))} ${units[i]}`;
}

/* ---- elements ---- */

function element(name, attributes = {}, ...inside) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...inside);
  return node;
}

function svg(name, attributes = {}) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes))
    node.setAttribute(key, value);
  return node;
}

/* Replaces a table's rows; cells are [text or node, class]. */
function fill(table, rows, empty) {
  const body = $(table).tBodies[0];
  const columns = $(table).tHead.rows[0].cells.length;
  const made = rows.map(({ cells, ...attributes }) => {
    const row = element("tr", attributes);
    for (const [content, kind = ""] of cells)
      row.append(element("td", { className: kind }, content));
    return row;
  });
  if (made.length === 0)
    made.push(element("tr", { className: "empty" },
      element("td", { colSpan: columns }, empty)));
  body.replaceChildren(...made);
}

/* ---- latency from two histograms ---- */

/* The value below which a share of the requests between a and b lies. */
function quantile(bounds, a, b, share) {
  const counts = b.map((n, i) => n - (a ? a[i] : 0));
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (total <= 0) return null;
  let left = share * total;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] > 0 && left <= counts[i]) {
      const low = i === 0 ? 0 : bounds[i - 1];
      const high = i < bounds.length ? bounds[i] : bounds[bounds.length - 1];
      return (low + (high - low) * left / counts[i]);
    }
    left -= counts[i];
  }
  return bounds[bounds.length - 1];
}

/* ---- plots ---- */

let width = 600;
const HEIGHT = 150, LEFT = 56, RIGHT = 8, TOP = 10, BOTTOM = 20;

const PLOTS = [
  { title: "Requests per second", format: number,
    lines: [["answered", "rate"], ["failed", "errors"]] },
  { title: "Latency", format: seconds,
    lines: [["half are faster than", "p50"], ["99 % are faster than", "p99"]] },
  { title: "Cores", format: number,
    lines: [["in use", "busy"], ["connections queued", "queued"]] },
];

function niceTop(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  for (const step of [1, 2, 5, 10])
    if (most <= step * power) return step * power;
  return most;
}

function makePlots() {
  for (const plot of PLOTS) {
    const caption = element("figcaption", {},
      element("strong", {}, plot.title));
    plot.values = plot.lines.map(([name], i) => {
      const value = element("span", {}, "–");
      caption.append(element("span", {}, element("i",
        { className: `s${i}` }), `${name} `, value));
      return value;
    });
    plot.svg = svg("svg", { role: "img", "aria-label": plot.title });
    plot.svg.addEventListener("pointermove", (event) => {
      const box = plot.svg.getBoundingClientRect();
      plot.cursor = event.clientX - box.left;
      draw(plot);
    });
    plot.svg.addEventListener("pointerleave", () => {
      plot.cursor = null;
      draw(plot);
    });
    $("plots").append(element("figure", { className: "plot" },
      caption, plot.svg));
  }
}

/* Where the i-th sample is, from the right. */
function across(i) {
  return width - RIGHT - (samples.length - 1 - i) *
    (width - LEFT - RIGHT) / (KEPT - 1);
}

function draw(plot) {
  width = plot.svg.clientWidth || width;
  const values = samples.flatMap((s) => plot.lines.map(([, key]) => s[key]));
  const top = niceTop(Math.max(...values.filter((v) => v !== null), 0));
  const up = (v) => HEIGHT - BOTTOM - v / top * (HEIGHT - TOP - BOTTOM);
  const parts = [];
  for (const share of [0, 0.5, 1]) {
    const y = up(share * top);
    parts.push(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT,
      y1: y, y2: y }));
    const text = svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" });
    text.textContent = plot.format(share * top);
    parts.push(text);
  }
  for (const minutes of [5, 4, 3, 2, 1]) {
    const text = svg("text", { x: width - RIGHT - minutes * 60 *
      (width - LEFT - RIGHT) / (KEPT - 1), y: HEIGHT - 5 });
    text.textContent = `−${minutes} min`;
    if (minutes < 5) parts.push(text);
  }
  plot.lines.forEach(([, key], i) => {
    let path = "", pen = "M";
    samples.forEach((sample, at) => {
      if (sample[key] === null) { pen = "M"; return; }
      path += `${pen}${across(at).toFixed(1)} ${up(sample[key]).toFixed(1)}`;
      pen = "L";
    });
    parts.push(svg("path", { class: `line l${i}`, d: path || "M0 0" }));
  });
  const at = plot.cursor == null ? samples.length - 1 :
    Math.min(samples.length - 1, Math.max(0, Math.round(
      samples.length - 1 - (width - RIGHT - plot.cursor) /
      ((width - LEFT - RIGHT) / (KEPT - 1)))));
  if (plot.cursor != null && at >= 0)
    parts.push(svg("line", { class: "cursor", x1: across(at), x2: across(at),
      y1: TOP, y2: HEIGHT - BOTTOM }));
  plot.lines.forEach(([, key], i) => {
    plot.values[i].textContent = at >= 0 && samples[at][key] !== null ?
      plot.format(samples[at][key]) : "–";
  });
  plot.svg.replaceChildren(...parts);
}

/* ---- what is shown ---- */

/* What happened between two documents, as one sample of the plots. */
function compare(before, now) {
  const sum = (list, key) => list.reduce((n, each) => n + each[key], 0);
  const all = now.workers.concat(now.others);
  const sample = { rate: null, errors: null, p50: null, p99: null,
    busy: sum(all, "busy"), queued: sum(all, "queued") };
  // Another master, or the same one anew: its counters are others.
  if (before && before.started === now.started && now.time > before.time) {
    const span = now.time - before.time;
    sample.rate = (now.requests - before.requests) / span;
    sample.errors = (now.errors - before.errors) / span;
    sample.p50 = quantile(now.latency.bounds, before.latency.counts,
      now.latency.counts, 0.5);
    sample.p99 = quantile(now.latency.bounds, before.latency.counts,
      now.latency.counts, 0.99);
  }
  return sample;
}

function showTiles(now, sample) {
  const cores = now.workers.length * now.cores;
  const lag = Math.max(0, ...now.workers.map((w) => w.loop_lag));
  const oldest = now.under_way.length ? now.under_way[0].age_ms / 1000 : 0;
  const tiles = [
    ["requests per second", number(sample.rate)],
    ["failed per second", number(sample.errors),
      sample.errors > 0 ? "bad" : ""],
    ["half are faster than", seconds(sample.p50)],
    ["99 % are faster than", seconds(sample.p99)],
    [`of ${whole.format(cores)} cores in use`, number(sample.busy),
      sample.busy >= cores ? "bad" : sample.busy > 0.8 * cores ? "warn" : ""],
    ["connections queued", number(sample.queued + now.listen_queue),
      sample.queued + now.listen_queue > 0 ? "warn" : ""],
    ["the oldest request", oldest ? seconds(oldest) : "–"],
    ["loop held at most", seconds(lag), lag > 1 ? "bad" :
      lag > 0.1 ? "warn" : ""],
  ];
  $("tiles").replaceChildren(...tiles.map(([name, value, kind = ""]) =>
    element("div", { className: `tile ${kind}` }, element("b", {}, value),
      element("span", {}, name))));
}

function showHead(now) {
  $("version").textContent = now.version;
  $("state").textContent = now.state;
  $("state").className = `pill ${now.state}`;
  const facts = [["host", now.host], ["master", now.pid],
    ["generation", now.generation], ["up", seconds(now.time - now.started)]];
  $("facts").replaceChildren(...facts.map(([name, value]) =>
    element("div", {}, element("dt", {}, name),
      element("dd", {}, String(value)))));
  document.title = `${now.host}: wsgimaster`;
}

function cellMeter(busy, cores) {
  return element("span", {}, element("meter", { min: 0, max: cores,
    high: 0.8 * cores, optimum: 0, value: busy,
    ariaLabel: `${busy} of ${cores}` }), ` ${busy} of ${cores}`);
}

function showWorkers(now) {
  const before = new Map();
  if (last)
    for (const w of last.workers.concat(last.others)) before.set(w.pid, w);
  const rows = now.workers.concat(now.others).map((w) => {
    const old = before.get(w.pid);
    const rate = old && now.time > last.time ?
      (w.requests - old.requests) / (now.time - last.time) : null;
    return { cells: [[String(w.id)], [w.pid ? String(w.pid) : "–", "mono"],
      [String(w.generation)], [w.state], [cellMeter(w.busy, now.cores)],
      [number(w.queued), "n"], [number(w.connections), "n"],
      [number(rate), "n"], [number(w.requests), "n"],
      [number(w.exceptions), "n"], [bytes(w.rss), "n"],
      [seconds(w.loop_lag), "n"],
      [w.since ? seconds(now.time - w.since) : "–", "n"]] };
  });
  fill("workers", rows, "no worker");
}

const WAITS = {
  running: "nothing, it runs", "wait-read": "to read from descriptor",
  "wait-write": "to write to descriptor", sleep: "a timer",
  parked: "the app to wake it", body: "its client's body",
  sending: "its client to take the answer",
};

function waits(request) {
  const text = WAITS[request.state] || request.state;
  return text.endsWith("descriptor") ? `${text} ${request.fd}` : text;
}

function matches(request, text) {
  return [request.path, request.method, request.addr, request.state,
    waits(request), request.request].some((part) =>
    String(part).toLowerCase().includes(text));
}

function showRequests(now) {
  const text = $("filter").value.trim().toLowerCase();
  const shown = now.under_way.filter((r) => !text || matches(r, text));
  const focused = document.activeElement && document.activeElement.dataset ?
    document.activeElement.dataset.key : null;
  fill("requests", shown.map((r) => ({
    className: r.age_ms > OLD_MS ? "old" : "", tabIndex: 0,
    "data-key": `${r.slot}/${r.core}`, title: "show its stack",
    onclick: () => openStack(r),
    onkeydown: (event) => { if (event.key === "Enter") openStack(r); },
    cells: [[seconds(r.age_ms / 1000), "n"], [`${r.worker}, ${r.core}`],
      [waits(r)], [`${r.method} ${r.path}`, "mono path"],
      [r.addr || "–", "mono"], [number(r.switches), "n"],
      [bytes(r.bytes), "n"],
      [r.deadline_ms === null ? "–" : seconds(r.deadline_ms / 1000), "n"],
      [r.request, "mono"]],
  })), text ? "none that fits" : "none");
  if (focused) {
    const row = document.querySelector(`tr[data-key="${focused}"]`);
    if (row) row.focus({ preventScroll: true });
  }
  $("count").textContent = now.under_way_all ?
    `${whole.format(now.under_way_all)}, the oldest first` : "";
  const out = now.under_way_all - now.under_way.length;
  $("left-out").textContent = out > 0 ?
    `and ${whole.format(out)} that are younger` : "";
}

function showRest(now) {
  fill("generations", now.generations.map((g) => ({ cells: [
    [String(g.id)], [g.id === now.generation ? `${g.state}, serves` :
      g.state], [g.spawner_pid ? `pid ${g.spawner_pid}` : "–", "mono"],
    [number(g.workers), "n"]] })), "none");
  const r = now.reload;
  $("reload").className = r.last && !r.last.ok ? "bad" : "";
  $("reload").textContent = r.running ? "A reload is under way." :
    !r.last ? "" : r.last.ok ? `The last reload went well: generation ` +
    `${r.last.generation}.` : `The last reload failed: ${r.last.error}`;
  fill("endings", Object.entries(now.endings).filter(([, n]) => n > 0)
    .map(([why, n]) => ({ cells: [[why], [number(n), "n"]] })),
    "none has ended yet");
}

function show(now) {
  const sample = compare(last, now);
  samples.push(sample);
  if (samples.length > KEPT) samples = samples.slice(-KEPT);
  showHead(now);
  showTiles(now, sample);
  PLOTS.forEach(draw);
  showWorkers(now);
  showRequests(now);
  showRest(now);
  last = now;
}

/* ---- a request's stack ---- */

function stackOf(found, request) {
  if (found.error) return [found.error, null];
  const core = found.cores.find((c) => c.core === request.core);
  if (!core || core.request !== request.request)
    return ["This request is over.", null];
  return [`${core.state} for ${seconds(core.age_ms / 1000)}, worker ` +
    `${found.worker}, pid ${found.pid}` +
    (found.loop_stuck ? "; its loop is held" : ""), core.stack];
}

async function loadStack() {
  const request = chosen;
  $("stack-about").textContent = "asking the worker ...";
  $("stack-text").textContent = "";
  let about, lines = null;
  try {
    const answer = await fetch(`stack?slot=${request.slot}`,
      { cache: "no-store" });
    [about, lines] = stackOf(await answer.json(), request);
  } catch (error) {
    about = `No answer: ${error.message}`;
  }
  if (request !== chosen) return;
  $("stack-about").textContent = about;
  $("stack-text").textContent = lines ? lines.join("\n") : "";
}

function openStack(request) {
  chosen = request;
  $("stack-title").textContent = `${request.method} ${request.path}`;
  if (!$("stack").open) $("stack").showModal();
  loadStack();
}

/* ---- the loop ---- */

function trouble(text) {
  $("trouble").hidden = !text;
  $("trouble").textContent = text;
  if (text) {
    $("state").textContent = "no answer";
    $("state").className = "pill lost";
  }
}

async function turn() {
  if (!paused && !document.hidden) {
    try {
      const answer = await fetch("live", { cache: "no-store",
        signal: AbortSignal.timeout(10000) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const now = await answer.json();
      trouble("");
      show(now);
    } catch (error) {
      last = null;
      trouble(`The server does not answer (${error.message}). What is ` +
        "below is old.");
    }
  }
  setTimeout(turn, EVERY_MS);
}

$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").textContent = paused ? "Go on" : "Pause";
  $("pause").setAttribute("aria-pressed", String(paused));
  last = paused ? null : last;
});
$("filter").addEventListener("input", () => { if (last) showRequests(last); });
$("stack-again").addEventListener("click", loadStack);
$("stack").addEventListener("close", () => { chosen = null; });
makePlots();
window.addEventListener("resize", () => PLOTS.forEach(draw));
PLOTS.forEach(draw);
turn();
