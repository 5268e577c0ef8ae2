"use strict";
// The page of a run. Everything that comes from a file becomes text nodes and attributes, never markup.
(() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const DECADES = 3;
  const DASHES = ["", "7 3", "2 2", "8 2 2 2", "5 2 1 2 1 2"];
  const EVENTS = { data: "data", background: "background", error: "background error", signal: "signal", mc: "MC error of the signal" };

  // ---- small tools

  function element(name, attributes = {}, ...children) {
    const svg = ["svg", "g", "rect", "path", "line", "circle", "text", "title"].includes(name);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value === true) node.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  }

  function number(value, digits = 4) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 0.01 && size < 1e5) return String(Number(value.toPrecision(digits)));
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${mantissa}×10${[...String(Number(power))].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`;
  }

  function ticks(low, high, count) {
    const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
    return found;
  }

  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const withUnit = (value, unit) => (unit && unit !== "1" ? `${number(value)} ${unit}` : number(value));

  function table(head, rows) {
    const top = element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)));
    const body = rows.map(([first, ...cells]) => element("tr", {}, element("th", { scope: "row" }, first), ...cells.map((cell) => element("td", {}, cell))));
    const grid = element("table", {}, element("thead", {}, top), element("tbody", {}, ...body));
    return element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "table" }, grid);
  }
  const figureOf = (value, digits) => element("data", { value: String(value) }, number(value, digits));

  // ---- state and arithmetic: events grow as the product squared, their Monte-Carlo variance as its fourth power

  const state = {
    mode: 0, view: "stacked",
    shown: { data: true, background: true, error: true, signal: true, mc: true },
    factors: DATA.factors.map((item) => item.value),
    place: DATA.grid ? DATA.grid.keys.map((axis) => axis.own) : [],
  };

  const product = () => DATA.factors.reduce((all, item, k) => all * state.factors[k] ** item.power, 1);
  const ownMasses = () => !DATA.grid || DATA.grid.keys.every((axis, k) => state.place[k] === axis.own);

  function gridPoint() {
    if (ownMasses()) return null;
    const index = DATA.grid.keys.reduce((at, axis, k) => at * axis.values.length + state.place[k], 0);
    return DATA.grid.points[index];
  }

  function events(mode, spectrum, point) {
    const found = point ? point.modes?.[mode.name]?.[spectrum.name] : spectrum;
    const square = product() ** 2, none = spectrum.values.map(() => 0);
    return {
      signal: found ? found.values.map((value) => value * square) : none,
      variance: found ? found.variances.map((value) => value * square * square) : none,
    };
  }

  function residuals(spectrum, { signal, variance }) {
    const { data, background, fixed_variance: fixed } = spectrum.data;
    return data.map((d, i) => {
      const error = Math.sqrt(Math.max(d, 1) + fixed[i] + variance[i]);
      return { pull: (d - background[i] - signal[i]) / error, error };
    });
  }

  const chiSquared = (spectrum, found) => sum(residuals(spectrum, found).map((item) => item.pull ** 2));

  // ---- one plot: axes, layers, a cursor that pointer and arrow keys move, and a line that says what is there

  function frame(width, x, y, top, height, axes) {
    const group = element("g");
    const left = 58, right = width - 8;
    const px = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (right - left);
    const scale = axes.log ? (value) => Math.log10(Math.max(value, y[0])) : (value) => value;
    const py = (value) => top + height - ((scale(value) - scale(y[0])) / (scale(y[1]) - scale(y[0]))) * height;
    const marks = axes.log ? [] : ticks(y[0], y[1], Math.max(2, Math.round(height / 45)));
    if (axes.log) for (let k = Math.ceil(Math.log10(y[0])); k <= Math.log10(y[1]); k++) marks.push(10 ** k);
    for (const value of marks) {
      group.append(element("line", { class: "grid", x1: left, x2: right, y1: py(value), y2: py(value) }));
      group.append(element("text", { x: left - 6, y: py(value) + 4, "text-anchor": "end", "data-tick": value }, axes.log ? number(value, 1).replace("1×", "") : number(value)));
    }
    for (const value of ticks(x[0], x[1], Math.max(3, Math.round(width / 110)))) {
      group.append(element("line", { class: "axis", x1: px(value), x2: px(value), y1: top + height, y2: top + height - 5 }));
      if (axes.xLabel) group.append(element("text", { x: px(value), y: top + height + 16, "text-anchor": "middle" }, number(value)));
    }
    group.append(element("rect", { class: "axis", x: left, y: top, width: right - left, height }));
    if (axes.xLabel) group.append(element("text", { x: right, y: top + height + 34, "text-anchor": "end" }, axes.xLabel));
    group.append(element("text", { x: 4, y: top - 8 }, axes.yLabel));
    return { group, px, py, left, right };
  }

  function stairs(edges, values, px, py) {
    return values.map((v, i) => `${i ? "L" : "M"}${px(edges[i]).toFixed(2)} ${py(v).toFixed(2)}H${px(edges[i + 1]).toFixed(2)}`).join("");
  }

  function area(edges, low, high, px, py) {
    const back = low.map((v, i) => `L${px(edges[i + 1]).toFixed(2)} ${py(v).toFixed(2)}H${px(edges[i]).toFixed(2)}`).reverse().join("");
    return `${stairs(edges, high, px, py)}${back}Z`;
  }

  function card(title, parent) {
    const plot = element("div", { class: "plot", tabindex: 0, role: "group", "aria-label": `${title}: left and right arrow keys move between bins` });
    const output = element("output", { "aria-live": "polite" }, "");
    const details = element("details", {}, element("summary", {}, "Numbers"));
    const whole = element("div", { class: "card" }, element("h3", {}, title), plot, details);
    parent.append(whole);
    return { title, plot, output, details, bin: null, whole };
  }

  function interact(one, svg, edges, geometry, height, describe) {
    const cursor = element("rect", { class: "cursor", y: 20, height: height - 20, visibility: "hidden" });
    svg.append(cursor);
    const show = (bin) => {
      one.bin = bin;
      if (bin === null) {
        cursor.setAttribute("visibility", "hidden");
        one.output.textContent = "";
        return;
      }
      const left = geometry.px(edges[bin]), right = geometry.px(edges[bin + 1]);
      for (const [key, value] of Object.entries({ x: left, width: Math.max(right - left, 1), visibility: "visible" })) cursor.setAttribute(key, value);
      one.output.textContent = describe(bin);
    };
    one.plot.onpointermove = (event) => {
      const box = svg.getBoundingClientRect(), at = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      const bin = edges.findIndex((edge, i) => i + 1 < edges.length && at >= geometry.px(edge) && at < geometry.px(edges[i + 1]));
      if (bin >= 0) show(bin);
    };
    one.plot.onpointerleave = () => show(null);
    one.plot.onkeydown = (event) => {
      const last = edges.length - 2, now = one.bin ?? -1;
      const next = { ArrowRight: Math.min(now + 1, last), ArrowLeft: Math.max(now - 1, 0), Home: 0, End: last, Escape: null }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      show(next);
    };
    if (one.bin !== null && one.bin < edges.length - 1) show(one.bin);
  }

  function canvas(one, height, label) {
    const width = Math.max(280, Math.round(one.plot.clientWidth || 560));
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    one.plot.replaceChildren(svg, one.output);
    return { svg, width };
  }

  // ---- the spectra

  function limits(values) {
    const low = Math.min(0, ...values), high = Math.max(0, ...values), room = 0.06 * (high - low || 1);
    return [low < 0 ? low - room : 0, high + room];
  }

  function drawSpectrum(one, mode, spectrum) {
    const found = events(mode, spectrum, gridPoint());
    const { edges, widths, data } = spectrum, { shown, view } = state;
    const excess = view === "excess" || !data, per = (values) => values.map((value, i) => value / widths[i]);
    const base = per(data && !excess && shown.background ? data.background : edges.slice(1).map(() => 0));
    const signal = per(found.signal), mc = per(found.variance.map(Math.sqrt)), top = base.map((value, i) => value + signal[i]);
    const points = data ? per(excess ? data.data.map((d, i) => d - data.background[i]) : data.data) : [];
    const errors = data ? per(data.data.map((d, i) => Math.sqrt(Math.max(d, 1) + (excess ? data.fixed_variance[i] : 0)))) : [];
    const band = data ? per(data.fixed_variance.map(Math.sqrt)) : [];
    const rest = data ? residuals(spectrum, found) : [];
    const chi2 = data ? chiSquared(spectrum, found) : null;
    const span = [...base, ...(shown.signal ? top : []), ...(data && shown.data ? points.flatMap((v, i) => [v + errors[i], excess ? v - errors[i] : 0]) : [])];
    const height = data ? 390 : 300, total = sum(found.signal);
    const label = `${one.title}: ${number(total)} signal events` + (data ? `, ${number(sum(data.data))} data on ${number(sum(data.background))} background, χ² ${number(chi2)} in ${data.data.length} bins` : "");
    const { svg, width } = canvas(one, height, label);
    const yLabel = (excess && data ? "data − background: " : "") + spectrum.y_label;
    const main = frame(width, [edges[0], edges.at(-1)], limits(span), 24, 230, { yLabel, xLabel: data ? "" : spectrum.label });
    const { px, py } = main;
    svg.append(main.group);
    if (data && !excess && shown.background) svg.append(element("path", { class: "background", d: area(edges, base.map(() => 0), base, px, py) }));
    if (data && !excess && shown.background && shown.error) svg.append(element("path", { class: "band", d: area(edges, base.map((v, i) => Math.max(v - band[i], 0)), base.map((v, i) => v + band[i]), px, py) }));
    if (shown.signal && excess) svg.append(element("path", { class: "line", d: stairs(edges, top, px, py) }));
    if (shown.signal && !excess) svg.append(element("path", { class: "signal", d: area(edges, base, top, px, py) }));
    if (shown.signal && shown.mc) svg.append(element("path", { class: "mc", d: area(edges, top.map((v, i) => v - mc[i]), top.map((v, i) => v + mc[i]), px, py) }));
    const centre = (i) => px(0.5 * (edges[i] + edges[i + 1]));
    if (shown.data) points.forEach((value, i) => svg.append(
      element("line", { class: "bar", x1: centre(i), x2: centre(i), y1: py(value - errors[i]), y2: py(value + errors[i]) }),
      element("circle", { class: "data", cx: centre(i), cy: py(value), r: 3 })));
    if (data) drawPulls(svg, width, edges, rest.map((item) => item.pull), spectrum.label);
    interact(one, svg, edges, main, data ? 350 : 254, (i) => {
      const parts = [`${number(edges[i])} to ${number(edges[i + 1])}: signal ${number(found.signal[i])} ± ${number(Math.sqrt(found.variance[i]), 2)}`];
      if (data) parts.push(`data ${number(data.data[i])}`, `background ${number(data.background[i])} ± ${number(Math.sqrt(data.fixed_variance[i]), 2)}`, `pull ${number(rest[i].pull, 3)}`);
      return parts.join(", ");
    });
    const rows = found.signal.map((value, i) => [
      `${number(edges[i])} to ${number(edges[i + 1])}`, figureOf(value), figureOf(Math.sqrt(found.variance[i]), 2),
      ...(data ? [figureOf(data.data[i]), figureOf(data.background[i]), figureOf(rest[i].pull, 3)] : []),
    ]);
    const head = [spectrum.label, "signal", "MC error", ...(data ? ["data", "background", "pull"] : [])];
    const note = data ? [element("p", { class: "note" }, data.kind)] : [];
    one.details.replaceChildren(one.details.firstChild, table(head, rows), ...note);
  }

  function drawPulls(svg, width, edges, pulls, xLabel) {
    const most = Math.max(3, Math.ceil(Math.max(...pulls.map(Math.abs))));
    const { group, px, py, left, right } = frame(width, [edges[0], edges.at(-1)], [-most, most], 278, 72, { yLabel: "pull", xLabel });
    group.prepend(element("rect", { class: "within", x: left, width: right - left, y: py(1), height: py(-1) - py(1) }));
    group.append(element("line", { class: "axis", x1: left, x2: right, y1: py(0), y2: py(0) }));
    pulls.forEach((pull, i) => group.append(element("circle", { class: "pull", cx: px(0.5 * (edges[i] + edges[i + 1])), cy: py(pull), r: 2.5 })));
    svg.append(group);
  }

  // ---- controls

  function choices(legend, name, kind, options, checked, change) {
    const items = Object.entries(options).map(([value, text]) => {
      const input = element("input", { type: kind, name, value, checked: checked(value), onchange: (event) => { change(value, event.target.checked); redraw(); } });
      const key = kind === "checkbox" ? [element("span", { class: `key ${value === "mc" ? "signal" : value}`, "aria-hidden": "true" })] : [];
      return element("label", { class: "choice" }, input, ...key, element("span", {}, text));
    });
    return element("fieldset", {}, element("legend", {}, legend), ...items);
  }

  const refresh = [];

  function couplingSlider(item, k) {
    const unit = item.unit && item.unit !== "1" ? ` [${item.unit}]` : "", name = `${item.key}${unit}`;
    const range = element("input", { type: "range", min: -DECADES, max: DECADES, step: 0.01, value: 0, id: `coupling-${k}`, "data-key": item.key });
    const box = element("input", { type: "text", inputmode: "decimal", "aria-label": `value of ${name}`, autocomplete: "off" });
    range.addEventListener("input", () => { state.factors[k] = item.value * 10 ** Number(range.value); redraw(); });
    box.addEventListener("change", () => {
      const value = Number(box.value);
      const good = box.value.trim() !== "" && Number.isFinite(value) && value >= 0 && value <= item.value * 1e6;
      box.setAttribute("aria-invalid", String(!good));
      if (good) { state.factors[k] = value; redraw(); }
    });
    refresh.push(() => {
      const value = state.factors[k];
      range.value = Math.min(Math.max(value > 0 ? Math.log10(value / item.value) : -DECADES, -DECADES), DECADES);
      range.setAttribute("aria-valuetext", withUnit(value, item.unit));
      if (document.activeElement !== box || box.getAttribute("aria-invalid") !== "true") box.value = String(Number(value.toPrecision(6)));
    });
    return element("div", { class: "slider" }, element("label", { for: `coupling-${k}` }, name), range, box);
  }

  function massSlider(axis, k) {
    const range = element("input", { type: "range", min: 0, max: axis.values.length - 1, step: 1, value: axis.own, id: `mass-${k}`, "data-key": axis.key });
    const output = element("output", { for: `mass-${k}` });
    range.addEventListener("input", () => { state.place[k] = Number(range.value); redraw(); });
    refresh.push(() => {
      const text = withUnit(axis.values[state.place[k]], axis.unit) + (state.place[k] === axis.own ? " (run)" : "");
      range.value = state.place[k];
      output.textContent = text;
      range.setAttribute("aria-valuetext", text);
    });
    return element("div", { class: "slider" }, element("label", { for: `mass-${k}` }, axis.key), range, output);
  }

  function setProduct(wanted) {
    const [first, ...others] = DATA.factors;
    const rest = others.reduce((all, item, k) => all * state.factors[k + 1] ** item.power, 1);
    if (rest > 0) state.factors[0] = (wanted / rest) ** (1 / first.power);
  }

  function bestProduct() {
    const point = gridPoint();
    return point ? point.best ?? null : DATA.product.best;
  }

  function buildControls() {
    const modes = Object.fromEntries(DATA.modes.map((mode, k) => [k, `${mode.name} (${number(mode.pot)} POT)`]));
    const measured = DATA.modes.some((mode) => mode.spectra.some((item) => item.data));
    const first = element("div", { class: "controls" }, choices("Mode", "mode", "radio", modes, (k) => Number(k) === state.mode, (k) => { state.mode = Number(k); }));
    const keys = measured ? EVENTS : { signal: EVENTS.signal, mc: EVENTS.mc };
    if (measured) first.append(choices("View", "view", "radio", { stacked: "stacked", excess: "excess" }, (key) => key === state.view, (key) => { state.view = key; }));
    first.append(choices("Show", "show", "checkbox", keys, (key) => state.shown[key], (key, on) => { state.shown[key] = on; }));
    const given = element("button", { type: "button", id: "given", onclick: () => { state.factors = DATA.factors.map((item) => item.value); redraw(); } }, "As given");
    const buttons = [given];
    if (DATA.product.best !== null) {
      const best = element("button", { type: "button", id: "best", onclick: () => { if (bestProduct() !== null) setProduct(bestProduct()); redraw(); } }, `Best fit (moves ${DATA.factors[0].key})`);
      refresh.push(() => { best.disabled = bestProduct() === null; });
      buttons.push(best);
    }
    const couplings = element("fieldset", { class: "wide" }, element("legend", {}, "Couplings: events grow as the product squared, exactly"), ...DATA.factors.map(couplingSlider), ...buttons);
    const second = element("div", { class: "controls" }, couplings);
    if (DATA.grid) {
      const text = element("p", { class: "note" }, `Points of a grid, nothing in between; relative Monte-Carlo error asked for: ${number(DATA.grid.precision)}. "run": the run itself.`);
      second.append(element("fieldset", { class: "wide" }, element("legend", {}, "Masses: nearest point of the grid"), ...DATA.grid.keys.map(massSlider), text));
    }
    document.getElementById("controls").append(first, second);
  }

  // ---- everything that follows the controls

  const panels = document.getElementById("panels"), more = document.getElementById("more");
  let cards = [];

  function redraw() {
    const point = gridPoint(), mode = DATA.modes[state.mode];
    refresh.forEach((one) => one());
    let text = `${DATA.product.name} = ${withUnit(product(), DATA.product.unit)}`;
    if (DATA.grid) text += DATA.grid.keys.map((axis, k) => `, ${axis.key} = ${withUnit(axis.values[state.place[k]], axis.unit)}`).join("");
    if (point && point.why) text += `. Nothing to show: ${point.why}`;
    const line = document.getElementById("state");
    line.textContent = text;
    line.classList.toggle("warn", Boolean(point && point.why));
    if (cards.length !== mode.spectra.length || cards.some((one, k) => one.title !== title(mode, mode.spectra[k]))) {
      panels.replaceChildren();
      cards = mode.spectra.map((spectrum) => card(title(mode, spectrum), panels));
    }
    mode.spectra.forEach((spectrum, k) => drawSpectrum(cards[k], mode, spectrum));
    chiTable(point);
    followers.forEach((one) => one(point));
  }

  const title = (mode, spectrum) => `${spectrum.label}, ${mode.name} mode`;

  function chiTable(point) {
    const rows = [], totals = [0, 0, 0];
    for (const mode of DATA.modes) for (const spectrum of mode.spectra) {
      if (!spectrum.data) continue;
      const none = spectrum.values.map(() => 0);
      const values = [chiSquared(spectrum, events(mode, spectrum, point)), chiSquared(spectrum, { signal: none, variance: none }), none.length];
      values.forEach((value, k) => { totals[k] += value; });
      rows.push([`${mode.name} ${spectrum.name}`, ...values.map((value) => figureOf(value))]);
    }
    const box = document.getElementById("chi2");
    if (!rows.length) return;
    rows.push(["sum", ...totals.map((value) => figureOf(value, 5))]);
    box.replaceChildren(element("h3", {}, "χ² at these couplings and masses"), table(["spectrum", "χ²", "without signal", "bins"], rows), element("p", { class: "note" }, DATA.fit_note));
  }

  const followers = [];

  function section(id, heading, ...children) {
    const found = element("section", { id }, element("h2", {}, heading), ...children);
    more.append(found);
    return found;
  }

  function buildBosons() {
    const box = element("div", { class: "columns" });
    section("bosons", `Energy of the ${DATA.boson} that cross the detector`, box);
    const all = DATA.modes.map((mode) => card(`${mode.name} mode`, box));
    const first = DATA.factors[0], known = ["coupling", "eps1", "g"].includes(first.key);
    followers.push((point) => DATA.modes.forEach((mode, k) => {
      const one = all[k], { edges, values, variances } = mode.bosons;
      const strength = known ? state.factors[0] : DATA.coupling, off = Boolean(point);
      const counts = values.map((value) => (off ? 0 : value * strength ** 2)), errors = variances.map((value) => Math.sqrt(value) * strength ** 2);
      const total = sum(counts), label = off ? "only at the masses of the run" : `${one.title}: ${number(total)} per POT`;
      const { svg, width } = canvas(one, 300, label);
      const main = frame(width, [edges[0], edges.at(-1)], limits(counts), 24, 230, { yLabel: `per POT and bin${off ? ": only at the masses of the run" : ""}`, xLabel: "energy [MeV]" });
      svg.append(main.group, element("path", { class: "line", d: stairs(edges, counts, main.px, main.py) }));
      interact(one, svg, edges, main, 254, (i) => `${number(edges[i])} to ${number(edges[i + 1])} MeV: ${number(counts[i])} ± ${number(off ? 0 : errors[i], 2)} per POT`);
      const rows = counts.map((value, i) => [`${number(edges[i])} to ${number(edges[i + 1])}`, figureOf(value), figureOf(off ? 0 : errors[i], 2)]);
      one.details.replaceChildren(one.details.firstChild, table(["energy [MeV]", "per POT", "MC error"], rows));
    }));
  }

  function buildFlux(flux, index) {
    const flavours = [...new Set(flux.lines.map((line) => line.flavour))], hidden = new Set();
    if (!flavours.length) return;
    let flavour = flavours[0];
    const pick = element("select", { id: `flavour-${index}`, onchange: (event) => { flavour = event.target.value; draw(); } }, ...flavours.map((name) => element("option", { value: name }, name)));
    const boxes = element("fieldset", {}, element("legend", {}, "Parents"));
    const bar = element("div", { class: "controls" }, element("label", { class: "choice" }, "Flavour ", pick), boxes);
    const one = card(flux.file, section(`flux-${index}`, `Neutrino flux by parent: ${flux.file}`, bar));
    function draw() {
      const lines = flux.lines.filter((line) => line.flavour === flavour);
      boxes.replaceChildren(boxes.firstChild, ...lines.map((line, k) => {
        const key = element("span", { class: "key", "aria-hidden": "true" });
        key.style.background = `var(--p${k % 6})`;
        return element("label", { class: "choice" }, element("input", { type: "checkbox", checked: !hidden.has(line.parent), onchange: (event) => { hidden[event.target.checked ? "delete" : "add"](line.parent); drawLines(lines); } }), key, element("span", {}, line.parent));
      }));
      drawLines(lines);
    }
    function drawLines(lines) {
      const most = Math.max(...lines.flatMap((line) => line.values), 1e-300), edges = lines[0].edges;
      const used = edges.findLastIndex((_, i) => lines.some((line) => line.values[i] > 1e-5 * most));
      const width2 = width(edges), integral = (line) => sum(line.values.map((value, i) => value * width2[i])) / 1000;
      const label = `${flavour}: ` + lines.map((line) => `${line.parent} ${number(integral(line))}`).join(", ") + " per cm² and POT";
      const found = canvas(one, 330, label), cut = Math.max(used + 1, 1), part = edges.slice(0, cut + 1);
      const main = frame(found.width, [part[0], part.at(-1)], [most * 1e-5, most * 2], 24, 260, { log: true, yLabel: `${flavour} [1 / (cm² POT GeV)]`, xLabel: "neutrino energy [MeV]" });
      found.svg.append(main.group);
      lines.forEach((line, k) => {
        if (hidden.has(line.parent)) return;
        const path = element("path", { class: "curve", "stroke-dasharray": DASHES[Math.floor(k / 6) % DASHES.length], d: stairs(part, line.values.slice(0, cut), main.px, main.py) }, element("title", {}, line.parent));
        path.style.stroke = `var(--p${k % 6})`;
        found.svg.append(path);
      });
      interact(one, found.svg, part, main, 284, (i) => `${number(part[i])} to ${number(part[i + 1])} MeV: ` + lines.filter((line) => !hidden.has(line.parent) && line.values[i] > 0).map((line) => `${line.parent} ${number(line.values[i], 3)}`).join(", "));
      one.details.replaceChildren(one.details.firstChild, table(["parent", "flux [1 / (cm² POT)]"], lines.map((line) => [line.parent, figureOf(integral(line))])));
    }
    resized.push(draw);
    draw();
  }
  const width = (edges) => edges.slice(1).map((edge, i) => edge - edges[i]);

  function buildConstraints({ limits: rare, counts }) {
    const box = element("div"), note = element("p", { class: "note" }, "Branching ratios grow as the square of the coupling that makes the particle, events as that of the product. From confront.json, at the masses of the run.");
    section("constraints", "Constraints", note, box);
    const first = DATA.factors[0], known = ["coupling", "eps1", "g"].includes(first.key);
    followers.push((point) => {
      if (point) { box.replaceChildren(element("p", { class: "warn" }, "Only at the masses of the run.")); return; }
      const growth = known ? (state.factors[0] / first.value) ** 2 : 1, square = product() ** 2;
      const ratios = rare.map((item) => [`${item.decay} (${item.name})`, figureOf(item.predicted * growth, 3), figureOf(item.limit, 3), figureOf(item.ratio * growth, 3), item.status + (item.note ? `; ${item.note}` : "")]);
      const pulls = counts.map((item) => {
        const signal = item.signal_at_product_1 * square;
        const pull = item.at_most ? "–" : figureOf((item.excess - signal) / item.error, 3);
        return [[item.experiment, item.mode, item.sample].filter(Boolean).join(" "), element("span", {}, item.at_most ? "at most " : "", figureOf(signal)), `${number(item.excess)} ± ${number(item.error)}`, pull];
      });
      box.replaceChildren(...(ratios.length ? [table(["rare decay", "predicted", "limit", "predicted / limit", "meaning"], ratios)] : []), ...(pulls.length ? [element("h3", {}, "Experiments"), table(["sample", "signal", "excess", "pull"], pulls)] : []));
    });
  }

  const resized = [];
  buildControls();
  if (DATA.product.best) setProduct(DATA.product.best);
  buildBosons();
  if (DATA.constraints) buildConstraints(DATA.constraints);
  DATA.flux.forEach(buildFlux);
  redraw();
  let last = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === last) return;
    last = window.innerWidth;
    redraw();
    resized.forEach((draw) => draw());
  });
})();
