"use strict";
// Draws the panels of #data. Texts of logs become text nodes and the canvas's own text, never markup.

const data = JSON.parse(document.getElementById("data").textContent);
const texts = JSON.parse(document.getElementById("texts").textContent);
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];
const TONES = 6;
const MANY = 60; // points of a line: more have no dots, unless nothing is beside them
const ROWS_OF_WORDS = 9; // more bars than these, or longer words, lie on their side

const system = matchMedia("(prefers-color-scheme: dark)");
const FILTERS = ["match", "level", "status", "path", "transaction"]; // those of `trilog show`
const state = { language: data.language, theme: "auto", ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };
if (!(state.language in texts)) state.language = "en";

// --- Texts, numbers and times

/** Return a text in the page's language: {say: …} is the page's own, all else comes from logs as it is. */
function say(text, values = {}) {
  if (typeof text !== "object") return String(text);
  const said = texts[state.language][text.say] ?? text.say;
  return said.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(values[name], "count") : whole));
}

const own = (text, values) => say({ say: text }, values);

/** Write a value as its unit has it. */
function shown(value, unit) {
  if (value === null || value === undefined || value === "") return "–";
  if (unit === "time") return time(value);
  if (unit === "age") return age(new Date(data.made) - new Date(value));
  if (typeof value !== "number") return say(value);
  const write = (number, options) => new Intl.NumberFormat(state.language, options).format(number);
  if (unit === "share") return write(value, { style: "percent", maximumFractionDigits: value && value < 0.1 ? 2 : 1 });
  if (unit === "mb") return `${write(value, { maximumFractionDigits: 1 })} ${state.language === "fr" ? "Mo" : "MB"}`;
  if (unit !== "ms") return write(value, { maximumFractionDigits: 4 });
  if (value >= 1000) return `${write(value / 1000, { maximumFractionDigits: 2 })} s`;
  return `${write(value, { maximumFractionDigits: value < 10 ? 2 : 0 })} ms`;
}

function time(iso, options = { dateStyle: "short", timeStyle: "medium" }) {
  return new Intl.DateTimeFormat(state.language, options).format(new Date(iso));
}

/** Write how long ago something was, given in milliseconds. */
function age(passed) {
  const [unit, length] = UNITS.find(([, each]) => passed >= each) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(state.language).format(-Math.max(0, Math.floor(passed / length)), unit);
}

/** Write the labels of an axis: times no finer than they differ. */
function labels(panel) {
  if (!panel.of_time) return panel.labels.map((each) => say(each));
  const span = new Date(panel.labels.at(-1)) - new Date(panel.labels[0]);
  const day = { day: "numeric", month: "short" };
  const clock = { hour: "2-digit", minute: "2-digit", ...(span < 600_000 ? { second: "2-digit" } : {}) };
  const options = span > 40 * 86_400_000 ? { ...day, year: "2-digit" } : span > 86_400_000 ? { ...day, ...clock } : clock;
  return panel.labels.map((each) => time(each, options));
}

// --- Elements

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function choice(name, label, options) {
  const select = element("select", { id: name });
  for (const [value, text] of options) select.append(new Option(text, value, false, state[name] === value));
  select.addEventListener("change", () => set(name, select.value));
  return [element("label", { for: name }, own(label)), select];
}

function set(name, value) {
  state[name] = value;
  keep();
  draw();
  document.getElementById(name).focus();
}

/** Keep the state in the address, so that a link to it shows the same. */
function keep() {
  const kept = ["language", "theme", ...FILTERS].filter((name) => state[name]).map((name) => [name, state[name]]);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

function header() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const sections = [...data.sections.map(([name]) => name), { say: "Search" }].map((name, place) => element("li", {}, link(name, place)));
  const period = data.first
    ? [element("p", {}, own("From {first} to {last}", { first: time(data.first), last: time(data.last) }))] : [];
  return [
    element("div", { class: "title" }, element("h1", {}, own("Logs at a glance")), element("div", {},
      ...choice("language", "Language", [["en", "English"], ["fr", "Français"]]),
      ...choice("theme", "Colours", [["auto", own("as the system has them")], ["light", own("light")], ["dark", own("dark")]]))),
    ...period,
    element("p", {}, own("Made {made}. Times are of {zone}.", { made: time(data.made), zone })),
    element("nav", { "aria-label": own("Sections") }, element("ul", {}, ...sections)),
  ];
}

/** Lead to a section without a change of the address, which holds the state. */
function link(name, place) {
  const made = element("a", { href: `#section-${place}` }, say(name));
  made.addEventListener("click", (event) => {
    event.preventDefault();
    const heading = document.getElementById(`section-${place}`);
    heading.scrollIntoView();
    heading.focus();
  });
  return made;
}

function section([name, panels], place) {
  const id = `section-${place}`;
  return element("section", { "aria-labelledby": id }, element("h2", { id, tabindex: -1 }, say(name)),
    element("div", { class: panels.filter((each) => !isWide(each)).length > 2 ? "panels" : "panels few" }, ...panels.map(panelElement)));
}

const isWide = (panel) => panel.form === "table" || panel.form === "figures";

function panelElement(panel) {
  const title = say(panel.title, panel.values);
  const made = element("figure", { class: isWide(panel) ? "panel wide" : "panel", "aria-label": title }, element("h3", {}, title));
  const isEmpty = !panel.rows.length && !panel.labels.length;
  if (isEmpty) made.append(element("p", {}, say(panel.empty)));
  else made.append(...{ figures, table, bars: chart, lines: chart }[panel.form](panel, title));
  if (panel.note && !isEmpty) made.append(element("p", {}, say(panel.note, panel.values)));
  return made;
}

function figures(panel) {
  const pairs = panel.columns.map(([name, unit], place) =>
    element("div", {}, element("dt", {}, say(name)), element("dd", {}, shown(panel.rows[0][place], unit))));
  return [element("dl", { class: "figures" }, ...pairs)];
}

const NUMBERS = new Set(["count", "ms", "share", "mb", "number"]);

function table(panel, title) {
  const kind = (unit) => (NUMBERS.has(unit) ? "number" : unit);
  const heads = panel.columns.map(([name, unit]) => element("th", { class: kind(unit), scope: "col" }, say(name)));
  const rows = panel.rows.map((row) => element("tr", {}, ...row.map((value, place) => {
    const unit = panel.columns[place][1];
    const level = unit === "level" ? { "data-level": value } : {};
    return element("td", { class: kind(unit), ...level }, shown(value, unit));
  })));
  return [scrolled("scrolled", title, heads, rows)];
}

/** Put heads and rows into a table that can be scrolled, also by keys. */
function scrolled(classes, title, heads, rows) {
  const made = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
  return element("div", { class: classes, tabindex: 0, role: "region", "aria-label": title }, made);
}

// --- Charts

const charts = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function dataset(panel, series, place) {
  const rest = panel.form === "bars" && panel.series.length > 1 && typeof series.name === "object"; // beside levels
  const own = LEVELS.includes(series.name) ? series.name : rest ? "rest" : `s${place % TONES}`;
  const tone = colour(series.is_limit ? "limit" : own);
  const line = { type: "line", borderColor: tone, backgroundColor: tone, borderWidth: 2 };
  const shared = { label: say(series.name), data: series.values, backgroundColor: tone };
  const dashes = { borderWidth: 1.5, borderDash: [6, 4], backgroundColor: "transparent" };
  if (series.is_limit) return { ...shared, ...line, ...dashes, pointRadius: 0, stack: "limit" };
  if (panel.form === "bars") return { ...shared, barPercentage: 1, categoryPercentage: 0.9 };
  const alone = (place) => [place - 1, place + 1].every((each) => (series.values[each] ?? null) === null);
  const pointRadius = ({ dataIndex }) => (panel.labels.length <= MANY || alone(dataIndex) ? 2.5 : 0);
  return { ...shared, ...line, pointRadius };
}

function axis(extra) {
  return { grid: { color: colour("line") }, ticks: { color: colour("soft"), maxRotation: 0, ...extra.ticks }, ...extra.axis };
}

function chart(panel, title) {
  const canvas = element("canvas", { role: "img", "aria-label": summary(panel, title) });
  charts.push([canvas, panel]);
  return [element("div", { class: "drawn" }, canvas), asTable(panel, title)];
}

function plotted(canvas, panel) {
  const names = labels(panel);
  const lying = panel.form === "bars" && !panel.of_time && (names.length <= ROWS_OF_WORDS || names.some((each) => each.length > 9))
    && names.some((each) => each.length > 5);
  const stacked = panel.form === "bars";
  const values = axis({ axis: { stacked, beginAtZero: true }, ticks: { maxTicksLimit: 6, callback: (value) => shown(value, panel.unit) } });
  const words = axis({ axis: { stacked }, ticks: lying ? { autoSkip: false, callback: (_, place) => cut(names[place]) } : { maxTicksLimit: 8 } });
  if (!lying) words.grid.display = false;
  const tooltip = { callbacks: { label: (item) => `${item.dataset.label}: ${shown(item.raw, panel.unit)}` } };
  return new Chart(canvas, {
    type: panel.form === "bars" ? "bar" : "line",
    data: { labels: names, datasets: panel.series.map((each, place) => dataset(panel, each, place)) },
    options: {
      animation: false, maintainAspectRatio: false, indexAxis: lying ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: lying ? "y" : "x" },
      scales: lying ? { x: values, y: words } : { x: words, y: values },
      plugins: { tooltip, legend: { display: panel.series.length > 1, position: "bottom", labels: { color: colour("ink"), boxWidth: 12 } } },
    },
  });
}

const cut = (text) => (text.length > 22 ? `${text.slice(0, 21)}…` : text);

/** Say in words what a chart shows. */
function summary(panel, title) {
  const names = labels(panel);
  let [highest, at] = [-Infinity, ""];
  for (const each of panel.series.filter((series) => !series.is_limit)) {
    each.values.forEach((value, place) => {
      if (value !== null && value > highest) [highest, at] = [value, names[place]];
    });
  }
  const series = panel.series.map((each) => say(each.name)).join(", ");
  return own("{chart}: {series}. The highest value is {highest}, at {at}.",
    { chart: title, series, highest: highest === -Infinity ? own("none") : shown(highest, panel.unit), at });
}

/** Show a chart's values as a table, which is made when somebody opens it. */
function asTable(panel, title) {
  const details = element("details", {}, element("summary", {}, own("As a table")));
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    const first = [{ say: panel.of_time ? "Time" : "Value" }, panel.of_time ? "time" : "text"];
    const columns = [first, ...panel.series.map((each) => [each.name, panel.unit])];
    const rows = panel.labels.map((label, place) => [label, ...panel.series.map((each) => each.values[place])]);
    details.append(...table({ columns, rows }, title));
  });
  return details;
}

// --- Search

const CHOSEN = {
  match: (record, text) => `${record.message ?? ""}\n${record.raw_log ?? ""}`.toLowerCase().includes(text.toLowerCase()),
  level: (record, lowest) => LEVELS.indexOf(record.level) >= LEVELS.indexOf(lowest),
  status: (record, status) => new RegExp(`^${status.replaceAll("x", "\\d")}$`).test(record.status_code ?? ""),
  path: (record, glob) => pattern(glob).test(record.http_path ?? ""),
  transaction: (record, id) => record.transaction_id === id,
};

/** Make an expression of a glob, in which * is any text and ? any character. */
function pattern(glob) {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}

/** Return the records that pass all filters, oldest first: those of the server, or of the file's own. */
async function find() {
  const filters = FILTERS.filter((name) => state[name]);
  if (!data.live) return data.records.filter((record) => filters.every((name) => CHOSEN[name](record, state[name])));
  const period = [...new URLSearchParams(location.search)];
  const answer = await fetch(`records?${new URLSearchParams([...period, ...filters.map((name) => [name, state[name]])])}`);
  const body = await answer.text();
  if (!answer.ok) throw new Error(body);
  return body.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

function searchSection() {
  const id = `section-${data.sections.length}`;
  const found = element("div", { id: "found", "aria-live": "polite" });
  const input = (name, label, extra = {}) => element("div", {}, element("label", { for: name }, own(label)),
    element("input", { id: name, name, value: state[name] ?? "", autocomplete: "off", ...extra }));
  const level = element("select", { id: "level", name: "level" }, new Option(own("any"), ""));
  for (const each of LEVELS) level.append(new Option(each, each, false, state.level === each));
  const form = element("form", { role: "search", class: "filters" }, input("match", "Text", { type: "search" }),
    element("div", {}, element("label", { for: "level" }, own("Level and above")), level),
    input("status", "Status", { placeholder: "5xx", pattern: "[1-5]([0-9]{2}|xx)" }), input("path", "Path", { placeholder: "/users/*" }),
    input("transaction", "Transaction"), element("button", {}, own("Find")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    Object.assign(state, Object.fromEntries(new FormData(form)));
    keep();
    show(found);
  });
  show(found);
  return element("section", { "aria-labelledby": id }, element("h2", { id, tabindex: -1 }, own("Search")), form, found);
}

async function show(place) {
  try {
    const records = await find();
    const text = data.live ? "Records found: {count}" : "Records found: {count}, of the latest {all}. trilog serve page searches all.";
    const said = element("p", {}, own(text, { count: records.length, all: data.records.length }));
    place.replaceChildren(said, ...(records.length ? [save(records), recordTable(records)] : []));
  } catch (error) {
    place.replaceChildren(element("p", {}, error.message));
  }
}

/** Lead to a file of what was found. */
function save(records) {
  const link = element("a", { download: "records.jsonl", href: "#" }, own("Save them as JSON lines"));
  link.addEventListener("click", () => {
    const lines = records.map((each) => `${JSON.stringify(each)}\n`);
    link.href = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
  });
  return link;
}

/** Show records: the newest first, or one transaction's from its beginning, with their offsets. */
function recordTable(records) {
  const traced = Boolean(state.transaction);
  const start = new Date(records[0]["@timestamp"]);
  const columns = [traced ? ["Offset", "number"] : ["Time", "time"], ["Level", "level"], ["Message", ""], ["Status", "number"], ["Duration", "number"], ["Transaction", ""]];
  const heads = columns.map(([name, kind]) => element("th", { class: kind, scope: "col" }, own(name)));
  const rows = (traced ? records : records.toReversed()).map((record) => {
    const when = traced ? `+${shown(new Date(record["@timestamp"]) - start, "ms")}` : shown(record["@timestamp"], "time");
    const cells = [when, shown(record.level, "level"), detail(record), shown(record.status_code, "text"), shown(record.execution_time_ms, "ms"), transaction(record)];
    return element("tr", {}, ...cells.map((cell, place) =>
      element("td", { class: columns[place][1], ...(place === 1 ? { "data-level": record.level ?? "" } : {}) }, cell)));
  });
  return scrolled("scrolled panel", own("Records"), heads, rows);
}

/** Show a record's text, and all its fields once it is opened. */
function detail(record) {
  const text = String(record.message ?? record.raw_log ?? "–");
  const made = element("details", {}, element("summary", {}, text.length > 200 ? `${text.slice(0, 199)}…` : text));
  made.addEventListener("toggle", () => {
    if (made.childElementCount === 1) made.append(element("pre", { tabindex: 0 }, JSON.stringify(record, null, 2)));
  });
  return made;
}

/** Lead from a record to all of its transaction. */
function transaction(record) {
  if (!record.transaction_id) return "–";
  const button = element("button", { type: "button", class: "plain" }, record.transaction_id);
  button.addEventListener("click", () => {
    for (const name of FILTERS) state[name] = "";
    set("transaction", record.transaction_id);
  });
  return button;
}

// --- The page

function draw() {
  document.documentElement.lang = state.language;
  const dark = state.theme === "dark" || (state.theme === "auto" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const [canvas] of charts.splice(0)) Chart.getChart(canvas)?.destroy();
  document.getElementById("top").replaceChildren(...header());
  document.getElementById("panels").replaceChildren(...data.sections.map(section), searchSection());
  for (const [canvas, panel] of charts) plotted(canvas, panel);
}

system.addEventListener("change", draw);
draw();
