"use strict";
// What the page draws with: elements, numbers, tables, and one kind of plot. No state of the page is known here.
const PLOT = (() => {
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

  const number = (value, digits = 4) => plain(value, digits).replace("-", "−");

  function plain(value, digits) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 0.01 && size < 1e5) return String(Number(value.toPrecision(digits)));
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${Number(mantissa)}×10${[...String(Number(power))].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`;
  }

  function ticks(low, high, count) {
    const raw = (high - low) / count,
      power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++)
      found.push(Number((k * step).toPrecision(12)));
    return found;
  }

  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const withUnit = (value, unit) => (unit && unit !== "1" ? `${number(value)} ${unit}` : number(value));

  function table(caption, head, rows) {
    const top = element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)));
    const body = rows.map(([first, ...cells]) =>
      element("tr", {}, element("th", { scope: "row" }, first), ...cells.map((cell) => element("td", {}, cell))),
    );
    const grid = element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, top),
      element("tbody", {}, ...body),
    );
    return element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption }, grid);
  }
  const figureOf = (value, digits) => element("data", { value: String(value) }, number(value, digits));

  // ---- one plot: axes, layers, a cursor that pointer and arrow keys move, and a line that says what is there

  function frame(width, x, y, top, height, axes) {
    const group = element("g");
    const left = 58,
      right = width - 8;
    const px = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (right - left);
    const scale = axes.log ? (value) => Math.log10(Math.max(value, y[0])) : (value) => value;
    const py = (value) => top + height - ((scale(value) - scale(y[0])) / (scale(y[1]) - scale(y[0]))) * height;
    const marks = axes.log ? [] : ticks(y[0], y[1], Math.max(4, Math.round(height / 45)));
    if (axes.log) for (let k = Math.ceil(Math.log10(y[0])); k <= Math.log10(y[1]); k++) marks.push(10 ** k);
    for (const value of marks) {
      group.append(element("line", { class: "grid", x1: left, x2: right, y1: py(value), y2: py(value) }));
      group.append(
        element(
          "text",
          { x: left - 6, y: py(value) + 4, "text-anchor": "end", "data-tick": value },
          axes.log ? number(value, 1).replace(/^1×/, "") : number(value),
        ),
      );
    }
    for (const value of ticks(x[0], x[1], Math.max(3, Math.round(width / 110)))) {
      group.append(
        element("line", { class: "axis", x1: px(value), x2: px(value), y1: top + height, y2: top + height - 5 }),
      );
      if (axes.xLabel)
        group.append(element("text", { x: px(value), y: top + height + 16, "text-anchor": "middle" }, number(value)));
    }
    group.append(element("rect", { class: "axis", x: left, y: top, width: right - left, height }));
    if (axes.xLabel)
      group.append(element("text", { x: right, y: top + height + 34, "text-anchor": "end" }, axes.xLabel));
    group.append(element("text", { x: 4, y: top - 8 }, axes.yLabel));
    return { group, px, py, left, right };
  }

  function stairs(edges, values, px, py, floor = -Infinity) {
    const drawn = (i) => values[i] > floor;
    return values
      .map((v, i) =>
        !drawn(i)
          ? ""
          : `${i && drawn(i - 1) ? "L" : "M"}${px(edges[i]).toFixed(2)} ${py(v).toFixed(2)}H${px(edges[i + 1]).toFixed(2)}`,
      )
      .join("");
  }

  function area(edges, low, high, px, py) {
    const back = low
      .map((v, i) => `L${px(edges[i + 1]).toFixed(2)} ${py(v).toFixed(2)}H${px(edges[i]).toFixed(2)}`)
      .reverse()
      .join("");
    return `${stairs(edges, high, px, py)}${back}Z`;
  }

  function card(title, parent) {
    const plot = element("div", {
      class: "plot",
      tabindex: 0,
      role: "group",
      "aria-label": `${title}: left and right arrow keys move between bins`,
    });
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
      const left = geometry.px(edges[bin]),
        right = geometry.px(edges[bin + 1]);
      for (const [key, value] of Object.entries({ x: left, width: Math.max(right - left, 1), visibility: "visible" }))
        cursor.setAttribute(key, value);
      one.output.textContent = describe(bin);
    };
    one.plot.onpointermove = (event) => {
      const box = svg.getBoundingClientRect(),
        at = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      const bin = edges.findIndex(
        (edge, i) => i + 1 < edges.length && at >= geometry.px(edge) && at < geometry.px(edges[i + 1]),
      );
      if (bin >= 0) show(bin);
    };
    one.plot.onpointerleave = () => show(null);
    one.plot.onkeydown = (event) => {
      const last = edges.length - 2,
        now = one.bin ?? -1;
      const next = {
        ArrowRight: Math.min(now + 1, last),
        ArrowLeft: Math.max(now - 1, 0),
        Home: 0,
        End: last,
        Escape: null,
      }[event.key];
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

  return { element, number, sum, withUnit, table, figureOf, frame, stairs, area, card, interact, canvas };
})();
