"use strict";
// Sections that are there for some runs only: dark particles, neutrino flux by parent, constraints.
const SECTIONS = (() => {
  const { element, number, sum, table, figureOf, frame, stairs, card, interact, canvas } = PLOT;
  const { DATA, state, product } = MODEL;
  const DASHES = ["", "7 3", "2 2", "8 2 2 2", "5 2 1 2 1 2"];

  function section(id, heading, ...children) {
    const found = element("section", { id }, element("h2", {}, heading), ...children);
    document.getElementById("more").append(found);
    return found;
  }

  function buildBosons() {
    const box = element("div", { class: "columns" });
    section("bosons", `Energy of the ${DATA.boson} that cross the detector`, box);
    const all = DATA.modes.map((mode) => card(`${mode.name} mode`, box));
    return (point) =>
      DATA.modes.forEach((mode, k) => {
        const one = all[k],
          { edges, values, variances } = mode.bosons;
        const strength = DATA.makes ? state.factors[0] : DATA.coupling,
          off = Boolean(point);
        const used = Math.max(values.findLastIndex((value) => value > 1e-4 * Math.max(...values)) + 1, 1),
          part = edges.slice(0, used + 1);
        const counts = values.slice(0, used).map((value) => (off ? 0 : value * strength ** 2)),
          errors = variances.map((value) => Math.sqrt(value) * strength ** 2);
        const most = Math.max(...counts) || 1;
        const total = sum(off ? [] : values) * strength ** 2,
          label = off ? "only at the masses of the run" : `${one.title}: ${number(total)} per POT`;
        const { svg, width } = canvas(one, 300, label);
        const main = frame(width, [part[0], part.at(-1)], [most * 5e-5, most * 2], 24, 230, {
          log: true,
          yLabel: `per POT and bin of ${number(edges[1] - edges[0])} MeV${off ? ": only at the masses of the run" : ""}`,
          xLabel: "energy [MeV]",
        });
        svg.append(main.group);
        if (!off) svg.append(element("path", { class: "line", d: stairs(part, counts, main.px, main.py) }));
        interact(
          one,
          svg,
          part,
          main,
          254,
          (i) =>
            `${number(edges[i])} to ${number(edges[i + 1])} MeV: ${number(counts[i])} ± ${number(off ? 0 : errors[i], 2)} per POT`,
        );
        const rows = counts.map((value, i) => [
          `${number(edges[i])} to ${number(edges[i + 1])}`,
          figureOf(value),
          figureOf(off ? 0 : errors[i], 2),
        ]);
        one.details.replaceChildren(
          one.details.firstChild,
          table(one.title, ["energy [MeV]", "per POT", "MC error"], rows),
        );
      });
  }

  function buildFlux(flux, index) {
    const flavours = [...new Set(flux.lines.map((line) => line.flavour))],
      hidden = new Set();
    if (!flavours.length) return () => {};
    let flavour = flavours[0];
    const pick = element(
      "select",
      {
        id: `flavour-${index}`,
        onchange: (event) => {
          flavour = event.target.value;
          draw();
        },
      },
      ...flavours.map((name) => element("option", { value: name }, name)),
    );
    const boxes = element("fieldset", {}, element("legend", {}, "Parents"));
    const bar = element("div", { class: "controls" }, element("label", { class: "choice" }, "Flavour ", pick), boxes);
    const one = card(flux.file, section(`flux-${index}`, `Neutrino flux by parent: ${flux.file}`, bar));
    function draw() {
      const lines = flux.lines.filter((line) => line.flavour === flavour);
      boxes.replaceChildren(
        boxes.firstChild,
        ...lines.map((line, k) => {
          const key = element("span", { class: "key", "aria-hidden": "true" });
          key.style.background = `var(--p${k % 6})`;
          return element(
            "label",
            { class: "choice" },
            element("input", {
              type: "checkbox",
              checked: !hidden.has(line.parent),
              onchange: (event) => {
                hidden[event.target.checked ? "delete" : "add"](line.parent);
                drawLines(lines);
              },
            }),
            key,
            element("span", {}, k < 6 ? line.parent : `${line.parent} (dashed)`),
          );
        }),
      );
      drawLines(lines);
    }
    function drawLines(lines) {
      const most = Math.max(...lines.flatMap((line) => line.values), 1e-300),
        edges = lines[0].edges;
      const used = edges.findLastIndex((_, i) => lines.some((line) => line.values[i] > 1e-5 * most));
      const width2 = width(edges),
        integral = (line) => sum(line.values.map((value, i) => value * width2[i])) / 1000;
      const label =
        `${flavour}: ` +
        lines.map((line) => `${line.parent} ${number(integral(line))}`).join(", ") +
        " per cm² and POT";
      const found = canvas(one, 330, label),
        cut = Math.max(used + 1, 1),
        part = edges.slice(0, cut + 1);
      const main = frame(found.width, [part[0], part.at(-1)], [most * 1e-5, most * 2], 24, 260, {
        log: true,
        yLabel: `${flavour} [1 / (cm² POT GeV)]`,
        xLabel: "neutrino energy [MeV]",
      });
      found.svg.append(main.group);
      lines.forEach((line, k) => {
        if (hidden.has(line.parent)) return;
        const path = element(
          "path",
          {
            class: "curve",
            "stroke-dasharray": DASHES[Math.floor(k / 6) % DASHES.length],
            d: stairs(part, line.values.slice(0, cut), main.px, main.py, most * 1e-5),
          },
          element("title", {}, line.parent),
        );
        path.style.stroke = `var(--p${k % 6})`;
        found.svg.append(path);
      });
      interact(
        one,
        found.svg,
        part,
        main,
        284,
        (i) =>
          `${number(part[i])} to ${number(part[i + 1])} MeV: ` +
          lines
            .filter((line) => !hidden.has(line.parent) && line.values[i] > 0)
            .map((line) => `${line.parent} ${number(line.values[i], 3)}`)
            .join(", "),
      );
      one.details.replaceChildren(
        one.details.firstChild,
        table(
          flavour,
          ["parent", "flux [1 / (cm² POT)]"],
          lines.map((line) => [line.parent, figureOf(integral(line))]),
        ),
      );
    }
    draw();
    return draw;
  }
  const width = (edges) => edges.slice(1).map((edge, i) => edge - edges[i]);

  function buildConstraints({ limits: rare, counts }) {
    const box = element("div"),
      note = element(
        "p",
        { class: "note" },
        "Branching ratios grow as the square of the coupling that makes the particle, events as that of the product. From confront.json, at the masses of the run.",
      );
    section("constraints", "Constraints", note, box);
    return (point) => {
      if (point) {
        box.replaceChildren(element("p", { class: "warn" }, "Only at the masses of the run."));
        return;
      }
      const growth = DATA.makes ? (state.factors[0] / DATA.factors[0].value) ** 2 : 1,
        square = product() ** 2;
      const ratios = rare.map((item) => [
        `${item.decay} (${item.name})`,
        figureOf(item.predicted * growth, 3),
        figureOf(item.limit, 3),
        figureOf(item.ratio * growth, 3),
        item.status + (item.note ? `; ${item.note}` : ""),
      ]);
      const pulls = counts.map((item) => {
        const signal = item.signal_at_product_1 * square;
        const pull = item.at_most ? "–" : figureOf((item.excess - signal) / item.error, 3);
        return [
          [item.experiment, item.mode, item.sample].filter(Boolean).join(" "),
          element("span", {}, item.at_most ? "at most " : "", figureOf(signal)),
          `${number(item.excess)} ± ${number(item.error)}`,
          pull,
        ];
      });
      box.replaceChildren(
        ...(ratios.length
          ? [table("rare decays", ["rare decay", "predicted", "limit", "predicted / limit", "meaning"], ratios)]
          : []),
        ...(pulls.length ? [table("experiments", ["sample", "signal", "excess", "pull"], pulls)] : []),
      );
    };
  }

  return { buildBosons, buildFlux, buildConstraints };
})();
