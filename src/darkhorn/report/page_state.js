"use strict";
// What the page shows, and its arithmetic: events grow as the coupling product squared, exactly, their Monte-Carlo
// variance as its fourth power.
const MODEL = (() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const { sum } = PLOT;

  const state = {
    mode: 0,
    view: "stacked",
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
    const square = product() ** 2,
      none = spectrum.values.map(() => 0);
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

  function setProduct(wanted) {
    const [first, ...others] = DATA.factors;
    const rest = others.reduce((all, item, k) => all * state.factors[k + 1] ** item.power, 1);
    if (rest > 0) state.factors[0] = (wanted / rest) ** (1 / first.power);
  }

  function bestProduct() {
    const point = gridPoint();
    return point ? (point.best ?? null) : DATA.product.best;
  }

  return { DATA, state, product, gridPoint, events, residuals, chiSquared, setProduct, bestProduct };
})();
