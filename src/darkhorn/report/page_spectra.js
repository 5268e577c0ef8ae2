"use strict";
// The spectra with data, background, signal and pulls, and the table of chi2.
const SPECTRA = (() => {
  const { element, number, sum, table, figureOf, frame, stairs, area, interact, canvas } = PLOT;
  const { DATA, state, gridPoint, events, residuals, chiSquared } = MODEL;

  function limits(values) {
    const low = Math.min(0, ...values),
      high = Math.max(0, ...values),
      room = 0.06 * (high - low || 1);
    return [low < 0 ? low - room : 0, high + room];
  }

  function drawSpectrum(one, mode, spectrum) {
    const found = events(mode, spectrum, gridPoint());
    const { edges, widths, data } = spectrum,
      { shown, view } = state;
    const excess = view === "excess" || !data,
      per = (values) => values.map((value, i) => value / widths[i]);
    const base = per(data && !excess && shown.background ? data.background : edges.slice(1).map(() => 0));
    const signal = per(found.signal),
      mc = per(found.variance.map(Math.sqrt)),
      top = base.map((value, i) => value + signal[i]);
    const points = data ? per(excess ? data.data.map((d, i) => d - data.background[i]) : data.data) : [];
    const errors = data
      ? per(data.data.map((d, i) => Math.sqrt(Math.max(d, 1) + (excess ? data.fixed_variance[i] : 0))))
      : [];
    const band = data ? per(data.fixed_variance.map(Math.sqrt)) : [];
    const rest = data ? residuals(spectrum, found) : [];
    const chi2 = data ? chiSquared(spectrum, found) : null;
    const span = [
      ...base,
      ...(shown.signal ? top : []),
      ...(data && shown.data ? points.flatMap((v, i) => [v + errors[i], excess ? v - errors[i] : 0]) : []),
    ];
    const height = data ? 390 : 300,
      total = sum(found.signal);
    const label =
      `${one.title}: ${number(total)} signal events` +
      (data
        ? `, ${number(sum(data.data))} data on ${number(sum(data.background))} background, χ² ${number(chi2)} in ${data.data.length} bins`
        : "");
    const { svg, width } = canvas(one, height, label);
    const yLabel = (excess && data ? "data − background: " : "") + spectrum.y_label;
    const main = frame(width, [edges[0], edges.at(-1)], limits(span), 24, 230, {
      yLabel,
      xLabel: data ? "" : spectrum.label,
    });
    const { px, py } = main;
    svg.append(main.group);
    if (data && !excess && shown.background)
      svg.append(
        element("path", {
          class: "background",
          d: area(
            edges,
            base.map(() => 0),
            base,
            px,
            py,
          ),
        }),
      );
    if (data && !excess && shown.background && shown.error)
      svg.append(
        element("path", {
          class: "band",
          d: area(
            edges,
            base.map((v, i) => Math.max(v - band[i], 0)),
            base.map((v, i) => v + band[i]),
            px,
            py,
          ),
        }),
      );
    if (shown.signal && excess) svg.append(element("path", { class: "line", d: stairs(edges, top, px, py) }));
    if (shown.signal && !excess) svg.append(element("path", { class: "signal", d: area(edges, base, top, px, py) }));
    if (shown.signal && shown.mc)
      svg.append(
        element("path", {
          class: "mc",
          d: area(
            edges,
            top.map((v, i) => v - mc[i]),
            top.map((v, i) => v + mc[i]),
            px,
            py,
          ),
        }),
      );
    const centre = (i) => px(0.5 * (edges[i] + edges[i + 1]));
    if (shown.data)
      points.forEach((value, i) =>
        svg.append(
          element("line", {
            class: "bar",
            x1: centre(i),
            x2: centre(i),
            y1: py(value - errors[i]),
            y2: py(value + errors[i]),
          }),
          element("circle", { class: "data", cx: centre(i), cy: py(value), r: 3 }),
        ),
      );
    if (data)
      drawPulls(
        svg,
        width,
        edges,
        rest.map((item) => item.pull),
        spectrum.label,
      );
    interact(one, svg, edges, main, data ? 350 : 254, (i) => {
      const parts = [
        `${number(edges[i])} to ${number(edges[i + 1])}: signal ${number(found.signal[i])} ± ${number(Math.sqrt(found.variance[i]), 2)}`,
      ];
      if (data)
        parts.push(
          `data ${number(data.data[i])}`,
          `background ${number(data.background[i])} ± ${number(Math.sqrt(data.fixed_variance[i]), 2)}`,
          `pull ${number(rest[i].pull, 3)}`,
        );
      return parts.join(", ");
    });
    const rows = found.signal.map((value, i) => [
      `${number(edges[i])} to ${number(edges[i + 1])}`,
      figureOf(value),
      figureOf(Math.sqrt(found.variance[i]), 2),
      ...(data ? [figureOf(data.data[i]), figureOf(data.background[i]), figureOf(rest[i].pull, 3)] : []),
    ]);
    const head = [spectrum.label, "signal", "MC error", ...(data ? ["data", "background", "pull"] : [])];
    const note = data ? [element("p", { class: "note" }, data.kind)] : [];
    one.details.replaceChildren(one.details.firstChild, table(one.title, head, rows), ...note);
  }

  function drawPulls(svg, width, edges, pulls, xLabel) {
    const most = Math.max(3, Math.ceil(Math.max(...pulls.map(Math.abs)) + 0.3));
    const { group, px, py, left, right } = frame(width, [edges[0], edges.at(-1)], [-most, most], 278, 72, {
      yLabel: "pull",
      xLabel,
    });
    group.prepend(element("rect", { class: "within", x: left, width: right - left, y: py(1), height: py(-1) - py(1) }));
    group.append(element("line", { class: "axis", x1: left, x2: right, y1: py(0), y2: py(0) }));
    pulls.forEach((pull, i) =>
      group.append(element("circle", { class: "pull", cx: px(0.5 * (edges[i] + edges[i + 1])), cy: py(pull), r: 2.5 })),
    );
    svg.append(group);
  }

  function chiTable(point) {
    const rows = [],
      totals = [0, 0, 0];
    for (const mode of DATA.modes)
      for (const spectrum of mode.spectra) {
        if (!spectrum.data) continue;
        const none = spectrum.values.map(() => 0);
        const values = [
          chiSquared(spectrum, events(mode, spectrum, point)),
          chiSquared(spectrum, { signal: none, variance: none }),
          none.length,
        ];
        values.forEach((value, k) => {
          totals[k] += value;
        });
        rows.push([`${mode.name} ${spectrum.name}`, ...values.map((value) => figureOf(value))]);
      }
    const box = document.getElementById("chi2");
    if (!rows.length) return;
    rows.push(["sum", ...totals.map((value) => figureOf(value, 5))]);
    box.replaceChildren(
      table("χ² at these couplings and masses", ["spectrum", "χ²", "without signal", "bins"], rows),
      element("p", { class: "note" }, DATA.fit_note),
    );
  }

  return { drawSpectrum, chiTable };
})();
