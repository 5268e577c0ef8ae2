"use strict";
// The page of a run: its controls, and what is drawn again when they change. Everything that comes from a file becomes
// text nodes and attributes, never markup.
(() => {
  const { element, number, withUnit, card } = PLOT;
  const { DATA, state, product, gridPoint, setProduct, bestProduct } = MODEL;
  const { drawSpectrum, chiTable } = SPECTRA;
  const { buildBosons, buildFlux, buildConstraints } = SECTIONS;
  const DECADES = 3;
  const EVENTS = {
    data: "data",
    background: "background",
    error: "background error",
    signal: "signal",
    mc: "MC error of the signal",
  };

  function choices(legend, name, kind, options, checked, change) {
    const items = Object.entries(options).map(([value, text]) => {
      const input = element("input", {
        type: kind,
        name,
        value,
        checked: checked(value),
        onchange: (event) => {
          change(value, event.target.checked);
          redraw();
        },
      });
      const key = kind === "checkbox" ? [element("span", { class: `key ${value}`, "aria-hidden": "true" })] : [];
      return element("label", { class: "choice" }, input, ...key, element("span", {}, text));
    });
    return element("fieldset", {}, element("legend", {}, legend), ...items);
  }

  const refresh = [];

  function couplingSlider(item, k) {
    const unit = item.unit && item.unit !== "1" ? ` [${item.unit}]` : "",
      name = `${item.key}${unit}`;
    const range = element("input", {
      type: "range",
      min: -DECADES,
      max: DECADES,
      step: 0.01,
      value: 0,
      id: `coupling-${k}`,
      "data-key": item.key,
    });
    const box = element("input", {
      type: "text",
      inputmode: "decimal",
      "aria-label": `value of ${name}`,
      autocomplete: "off",
    });
    range.addEventListener("input", () => {
      state.factors[k] = item.value * 10 ** Number(range.value);
      redraw();
    });
    box.addEventListener("change", () => {
      const value = Number(box.value);
      const good = box.value.trim() !== "" && Number.isFinite(value) && value >= 0 && value <= item.value * 1e6;
      box.setAttribute("aria-invalid", String(!good));
      if (good) {
        state.factors[k] = value;
        redraw();
      }
    });
    refresh.push(() => {
      const value = state.factors[k];
      range.value = Math.min(Math.max(value > 0 ? Math.log10(value / item.value) : -DECADES, -DECADES), DECADES);
      range.setAttribute("aria-valuetext", withUnit(value, item.unit));
      if (document.activeElement !== box || box.getAttribute("aria-invalid") !== "true")
        box.value = String(Number(value.toPrecision(6)));
    });
    return element("div", { class: "slider" }, element("label", { for: `coupling-${k}` }, name), range, box);
  }

  function massSlider(axis, k) {
    const range = element("input", {
      type: "range",
      min: 0,
      max: axis.values.length - 1,
      step: 1,
      value: axis.own,
      id: `mass-${k}`,
      "data-key": axis.key,
    });
    const output = element("output", { for: `mass-${k}` });
    range.addEventListener("input", () => {
      state.place[k] = Number(range.value);
      redraw();
    });
    refresh.push(() => {
      const text = withUnit(axis.values[state.place[k]], axis.unit) + (state.place[k] === axis.own ? " (run)" : "");
      range.value = state.place[k];
      output.textContent = text;
      range.setAttribute("aria-valuetext", text);
    });
    return element("div", { class: "slider" }, element("label", { for: `mass-${k}` }, axis.key), range, output);
  }

  function buildControls() {
    const modes = Object.fromEntries(DATA.modes.map((mode, k) => [k, `${mode.name} (${number(mode.pot)} POT)`]));
    const measured = DATA.modes.some((mode) => mode.spectra.some((item) => item.data));
    const first = element(
      "div",
      { class: "controls" },
      choices(
        "Mode",
        "mode",
        "radio",
        modes,
        (k) => Number(k) === state.mode,
        (k) => {
          state.mode = Number(k);
        },
      ),
    );
    const keys = measured ? EVENTS : { signal: EVENTS.signal, mc: EVENTS.mc };
    if (measured)
      first.append(
        choices(
          "View",
          "view",
          "radio",
          { stacked: "stacked", excess: "excess" },
          (key) => key === state.view,
          (key) => {
            state.view = key;
          },
        ),
      );
    first.append(
      choices(
        "Show",
        "show",
        "checkbox",
        keys,
        (key) => state.shown[key],
        (key, on) => {
          state.shown[key] = on;
        },
      ),
    );
    const given = element(
      "button",
      {
        type: "button",
        id: "given",
        onclick: () => {
          state.factors = DATA.factors.map((item) => item.value);
          redraw();
        },
      },
      "As given",
    );
    const buttons = [given];
    if (DATA.product.best !== null) {
      const best = element(
        "button",
        {
          type: "button",
          id: "best",
          onclick: () => {
            if (bestProduct() !== null) setProduct(bestProduct());
            redraw();
          },
        },
        `Best fit (moves ${DATA.factors[0].key})`,
      );
      refresh.push(() => {
        best.disabled = bestProduct() === null;
      });
      buttons.push(best);
    }
    const couplings = element(
      "fieldset",
      { class: "wide" },
      element("legend", {}, "Couplings: events grow as the product squared, exactly"),
      ...DATA.factors.map(couplingSlider),
      ...buttons,
    );
    const second = element("div", { class: "controls" }, couplings);
    if (DATA.grid) {
      const text = element(
        "p",
        { class: "note" },
        `Points of a grid, nothing in between; relative Monte-Carlo error asked for: ${number(DATA.grid.precision)}. "run": the run itself.`,
      );
      second.append(
        element(
          "fieldset",
          { class: "wide" },
          element("legend", {}, "Masses: nearest point of the grid"),
          ...DATA.grid.keys.map(massSlider),
          text,
        ),
      );
    }
    document.getElementById("controls").append(first, second);
  }

  // ---- everything that follows the controls

  const panels = document.getElementById("panels");
  let cards = [];

  function redraw() {
    const point = gridPoint(),
      mode = DATA.modes[state.mode];
    refresh.forEach((one) => one());
    let text = `${DATA.product.name} = ${withUnit(product(), DATA.product.unit)}`;
    const near = (value) => value > 0 && Math.abs(product() / value - 1) < 1e-9;
    if (near(DATA.product.given)) text += " (as given)";
    if (near(bestProduct())) text += " (best fit)";
    if (DATA.grid)
      text += DATA.grid.keys
        .map((axis, k) => `, ${axis.key} = ${withUnit(axis.values[state.place[k]], axis.unit)}`)
        .join("");
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

  buildControls();
  if (DATA.product.best) setProduct(DATA.product.best);
  const followers = [buildBosons()];
  if (DATA.constraints) followers.push(buildConstraints(DATA.constraints));
  const resized = DATA.flux.map(buildFlux);
  redraw();
  let last = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === last) return;
    last = window.innerWidth;
    redraw();
    resized.forEach((draw) => draw());
  });
})();
