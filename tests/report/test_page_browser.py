"""The report page in a headless Chromium: what a reader does, what the page asks for, what the plots show."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, chromium

from darkhorn.chain.predict import Prediction
from darkhorn.chain.scenario import load_scenario
from darkhorn.report.page import render_page
from darkhorn.report.page_data import FLUX_HEADER, page_data, read_run
from darkhorn.report.page_job import compute_page
from darkhorn.report.summary import Outcome, prediction_json, summary
from darkhorn.report.summary import fit as fit_of

NASTY = "</script><script>window.bad=1</script><img src=x onerror=window.bad=1>"
SIGNALS = "[...document.querySelectorAll('#panels tbody tr td:nth-child(2) data')].map((d) => Number(d.value))"
STATE = "document.getElementById('state').textContent"
CHI2 = "[...document.querySelectorAll('#chi2 tbody tr:last-child data')].map((d) => Number(d.value))"

pytestmark = pytest.mark.skipif(chromium() is None, reason="no chromium on this machine")


def write_run(folder: Path, prediction: Prediction, name: str = "miniboone") -> dict[str, Any]:
    job = load_scenario("miniboone")
    best = fit_of(job, prediction)
    assert best is not None
    values = summary(Outcome(job, (), prediction, best, ("beware",)), 1.5) | {"scenario": name}
    if name == NASTY:
        values |= {"title": NASTY, "model": NASTY, "conventions": NASTY, "warnings": [NASTY], "particle": NASTY}
    content = prediction_json(prediction, job.model.coupling_product, best.coupling_product)
    (folder / "summary.json").write_text(json.dumps(values))
    (folder / "prediction.json").write_text(json.dumps(content))
    parents = ((NASTY if name == NASTY else "pi", 3e-10), ("K", 1e-11))
    rows = [f"numu,{who},{50 * k},{50 * k + 50},{high / (k + 1)},0,0" for who, high in parents for k in range(20)]
    (folder / "flux.csv").write_text("\n".join([FLUX_HEADER, *rows]) + "\n")
    limit = {"name": "n", "decay": "K+ -> mu nu X", "predicted": 2e-6, "limit": 4e-6, "ratio": 0.5, "cl": 0.9}
    row = {"experiment": "e", "mode": "m", "sample": "", "signal_at_product_1": 4.0e18, "at_most": False}
    confront = {
        "parameters": values["parameters"],
        "limits": [limit | {"status": "compared", "note": ""}],
        "experiments": [row | {"excess": 10.0, "error": 5.0}],
    }
    (folder / "confront.json").write_text(json.dumps(confront))
    return values


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = chromium()
    assert path is not None
    found = Browser(path, tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory, prediction: Prediction) -> dict[str, Any]:
    """Summary of a run whose page, with a grid of known numbers, lies at ``page``."""
    folder = tmp_path_factory.mktemp("run")
    found = write_run(folder, prediction)
    run, data, command = compute_page(folder)
    axis = {"key": "m_x", "unit": "MeV", "values": [1.0, 5.0, 200.0], "own": 0}
    spectra = {
        mode["name"]: {item["name"]: {k: item[k] for k in ("values", "variances")} for item in mode["spectra"]}
        for mode in data["modes"]
    }
    half = {
        mode: {name: {"values": [0.5 * v for v in item["values"]], "variances": [0.25 * v for v in item["variances"]]}
               for name, item in content.items()}
        for mode, content in spectra.items()
    }  # fmt: skip
    best = found["fit"]["coupling_product"] * math.sqrt(2.0)
    points = [{"modes": spectra, "best": None}, {"modes": half, "best": best}, {"why": "m_x = 200 MeV: closed"}]
    data["grid"] = {"keys": [axis], "points": points, "precision": 0.05, "seed": 1}
    path = folder / "report.html"
    path.write_text(render_page(run, data, command), encoding="utf-8")
    return found | {"page": path}


@pytest.fixture
def page(browser: Browser, values: dict[str, Any]) -> Browser:
    browser.size(1200)
    browser.open(values["page"])
    return browser


def slide(page: Browser, key: str, value: float) -> None:
    page.run(f"""(() => {{ const r = document.querySelector('input[type=range][data-key="{key}"]');
        r.value = {value}; r.dispatchEvent(new Event('input', {{bubbles: true}})); }})()""")


def test_it_opens_from_the_disk_without_a_complaint_or_a_request(page: Browser) -> None:
    for key in ("coupling", "lam"):
        slide(page, key, 0.5)
    slide(page, "m_x", 1)
    page.run("document.querySelectorAll('input[type=radio], input[type=checkbox]').forEach((one) => one.click())")
    page.run("window.dispatchEvent(new Event('resize'))")
    assert page.complaints() == []
    assert page.requests() == []
    assert page.run("document.querySelectorAll('svg[role=img]').length") >= 5


def test_chi2_is_that_of_the_fit(page: Browser, values: dict[str, Any]) -> None:
    fit = values["fit"]
    assert page.run(CHI2) == pytest.approx([fit["chi2"], fit["chi2_null"], fit["ndof_null"]], rel=1e-9)


@pytest.mark.parametrize("key", ["coupling", "g_n", "lam"])
def test_a_slider_changes_the_curves_by_the_square_of_its_coupling(page: Browser, key: str) -> None:
    """To the last digits, in the numbers and, within the rounding of the picture, in the plot."""
    page.run("document.getElementById('given').click()")
    page.run("document.querySelector('input[name=view][value=excess]').click()")
    before, drawn = page.run(SIGNALS), heights(page)
    slide(page, key, -0.3)
    after = page.run(SIGNALS)
    assert after == pytest.approx([value * 10.0**-0.6 for value in before], rel=1e-12)
    assert [high / low for high, low in zip(drawn, heights(page), strict=True)] == pytest.approx(
        [10.0**0.6] * 5, rel=0.02
    )
    slide(page, key, 0.0)
    assert page.run(SIGNALS) == pytest.approx(before, rel=1e-13)


def heights(page: Browser) -> list[float]:
    """Events of the first five steps of the signal as drawn, read off with the ticks of the axis."""
    found = page.run("""(() => { const s = document.querySelector('#panels svg');
        return [s.querySelector('.line').getAttribute('d'), [...s.querySelectorAll('[data-tick]')].map((t) =>
        [Number(t.dataset.tick), Number(t.getAttribute('y')) - 4])]; })()""")
    path, ticks = found[0], sorted(found[1], key=lambda tick: tick[1])
    upper = [tick for tick in ticks if tick[1] < 260]
    (high, y_high), (low, y_low) = upper[0], upper[-1]
    y = [float(text) for text in re.findall(r"[ML][\d.]+ ([\d.]+)H", path)][:5]
    return [low + (value - y_low) / (y_high - y_low) * (high - low) for value in y]


def test_the_run_as_given_is_that_of_its_summary(page: Browser, values: dict[str, Any]) -> None:
    page.run("document.getElementById('given').click()")
    first = page.run("[...document.querySelectorAll('#panels details')][0].querySelectorAll('tbody tr').length")
    signal = values["modes"]["neutrino"]["signal"]
    assert sum(page.run(SIGNALS)[:first]) == pytest.approx(signal, rel=1e-9)
    assert "2.2×10⁻⁸ 1/MeV" in page.run(STATE)
    page.run("document.getElementById('best').click()")
    assert sum(page.run(SIGNALS)[:first]) == pytest.approx(values["modes"]["neutrino"]["signal_best_fit"], rel=1e-9)


def test_masses_pick_points_of_the_grid(page: Browser, values: dict[str, Any]) -> None:
    before = page.run(SIGNALS)
    slide(page, "m_x", 1)
    assert "m_x = 5 MeV" in page.run(STATE)
    assert page.run(SIGNALS) == pytest.approx([0.5 * value for value in before], rel=1e-12)
    assert "Only at the masses of the run" in page.run("document.getElementById('constraints').textContent")
    page.run("document.getElementById('best').click()")
    assert page.run(CHI2)[0] == pytest.approx(values["fit"]["chi2"], rel=1e-9)
    slide(page, "m_x", 2)
    assert "closed" in page.run(STATE)
    assert set(page.run(SIGNALS)) == {0}
    assert page.run("document.getElementById('best').disabled") is True
    slide(page, "m_x", 0)
    assert page.run("document.getElementById('best').disabled") is False


def test_constraints_follow_the_couplings(page: Browser) -> None:
    page.run("document.getElementById('given').click()")
    cells = "[...document.querySelectorAll('#constraints data')].map((d) => Number(d.value))"
    predicted, limit, ratio, signal, pull = page.run(cells)
    assert (predicted, limit, ratio) == (2e-6, 4e-6, 0.5)
    assert signal == pytest.approx(4.0e18 * 2.2e-8**2)
    assert pull == pytest.approx((10.0 - signal) / 5.0)
    slide(page, "coupling", 1.0)
    assert page.run(cells)[:4] == pytest.approx([2e-4, 4e-6, 50.0, 100.0 * signal], rel=1e-12)
    slide(page, "coupling", 0.0)
    slide(page, "g_n", 1.0)
    assert page.run(cells)[:4] == pytest.approx([2e-6, 4e-6, 0.5, 100.0 * signal], rel=1e-12)


def test_every_control_is_reached_and_worked_by_keyboard(page: Browser) -> None:
    seen = []
    for _ in range(45):
        page.key("Tab")
        seen.append(
            page.run("document.activeElement.id || document.activeElement.name || document.activeElement.tagName")
        )
    for wanted in ("mode", "view", "show", "coupling-0", "coupling-1", "coupling-2", "mass-0", "given", "best"):
        assert wanted in seen
    page.run("document.querySelector('input[name=mode]').focus()")
    page.key("ArrowRight")
    assert "antineutrino mode" in page.run("document.querySelector('#panels h3').textContent")
    page.run("document.querySelector('input[name=show][value=background]').focus()")
    assert page.run("document.querySelectorAll('#panels path.background').length") == 2
    page.key(" ")
    assert page.run("document.querySelectorAll('#panels path.background').length") == 0
    page.run("document.getElementById('coupling-0').focus()")
    before = page.run(SIGNALS)
    page.key("ArrowRight")
    after = page.run(SIGNALS)
    assert [b / a for a, b in zip(before, after, strict=True)] == pytest.approx([after[0] / before[0]] * len(before))
    assert 1.0 < after[0] / before[0] < 10.0**0.041
    page.run("document.getElementById('mass-0').focus()")
    page.key("End")
    assert "m_x = 200 MeV" in page.run(STATE)
    page.run("document.getElementById('best').blur(), document.getElementById('given').focus()")
    page.key("Enter")
    assert "2.2×10⁻⁸" in page.run(STATE)


def test_arrow_keys_and_pointer_read_the_bins(page: Browser) -> None:
    page.run("document.querySelector('#panels .plot').focus()")
    answer = "document.querySelector('#panels .plot output').textContent"
    assert page.run(answer) == ""
    page.key("Home")
    assert page.run(answer).startswith("150 to 200: signal ")
    page.key("ArrowRight")
    words = page.run(answer)
    assert words.startswith("200 to 250: signal ")
    assert "data 469, background 381.4" in words
    page.key("End")
    assert page.run(answer).startswith("1100 to 1150: ")
    page.key("Escape")
    assert page.run(answer) == ""
    box = page.run("""(() => { const b = document.querySelector('#panels svg'); b.scrollIntoView({block: 'center'});
        const r = b.getBoundingClientRect(); return [r.left + 0.5 * r.width, r.top + 100]; })()""")
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    assert re.match(r"(600 to 650|650 to 700|550 to 600): signal", page.run(answer))


def test_a_number_can_be_typed(page: Browser) -> None:
    box = "document.querySelector('input[aria-label=\"value of g_n\"]')"
    page.run(f"{box}.value = '0.02', {box}.dispatchEvent(new Event('change'))")
    before = page.run(SIGNALS)
    page.run(f"{box}.value = '0.01', {box}.dispatchEvent(new Event('change'))")
    assert before == pytest.approx([4.0 * value for value in page.run(SIGNALS)], rel=1e-12)
    for wrong in ("-1", "many", "", "1e9", "NaN"):
        page.run(f"{box}.value = '{wrong}', {box}.dispatchEvent(new Event('change'))")
        assert page.run(f"{box}.getAttribute('aria-invalid')") == "true"
        assert before == pytest.approx([4.0 * value for value in page.run(SIGNALS)], rel=1e-12)


def test_everything_has_a_name(page: Browser) -> None:
    nameless = page.run("""[...document.querySelectorAll('input, select, button, svg[role=img], img, [tabindex="0"]')]
        .filter((e) => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim() || e.alt))
        .map((e) => e.outerHTML.slice(0, 80))""")
    assert nameless == []
    names = page.run("[...document.querySelectorAll('#panels svg')].map((s) => s.getAttribute('aria-label'))")
    assert all(re.search(r"signal events, .* data on .* background, χ² ", name) for name in names)
    ids = page.run("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_focus_is_seen(page: Browser) -> None:
    page.key("Tab")
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.run("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


def contrast(page: Browser) -> dict[str, float]:
    """Contrast of every kind of text with what is behind it, as WCAG 2 defines it."""
    return dict(
        page.run("""(() => {
        const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
        const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
        const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$/.test(c)) return rgb(c); } return rgb(getComputedStyle(document.body).backgroundColor); };
        const found = {};
        for (const q of ['body', '.lead', 'a[href="#model"]', 'pre', 'button', 'legend', '.note', 'summary', 'caption'])
        { const e = document.querySelector(q); const [a, b] = [light(rgb(getComputedStyle(e).color)), light(back(e))];
          found[q] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }
        const t = document.querySelector('svg text'); const a = light(rgb(getComputedStyle(t).fill));
        const b = light(back(t)); found.svg = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        return found; })()""")
    )


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_both_themes(browser: Browser, values: dict[str, Any], dark: bool, tmp_path: Path) -> None:
    browser.size(1200, dark=dark)
    browser.open(values["page"])
    found = contrast(browser)
    assert {name: value for name, value in found.items() if value < 4.5} == {}
    luminous = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (luminous == "rgb(255, 255, 255)") is not dark
    browser.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_a_phone_shows_everything_without_scrolling_sideways(browser: Browser, values: dict[str, Any]) -> None:
    for width in (320, 390, 800):
        browser.size(width, mobile=width < 800)
        browser.open(values["page"])
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run("document.querySelector('#panels svg').getBoundingClientRect().right") <= width
    browser.size(1200)
    assert browser.complaints() == []


def test_it_prints_without_its_controls(page: Browser) -> None:
    page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    assert page.run("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.run("document.querySelector('#panels svg').getBoundingClientRect().height") > 100
    content = page.call("Page.printToPDF", printBackground=True)["data"]
    assert len(content) > 10_000
    page.call("Emulation.setEmulatedMedia", media="", features=[])


def test_html_in_names_does_not_run(browser: Browser, tmp_path: Path, prediction: Prediction) -> None:
    write_run(tmp_path, prediction, NASTY)
    run = read_run(tmp_path)
    (tmp_path / "report.html").write_text(render_page(run, page_data(run, None), NASTY), encoding="utf-8")
    browser.size(1200)
    browser.open(tmp_path / "report.html")
    assert browser.run("window.bad") is None
    assert browser.run("document.images.length") == 0
    assert browser.run("document.scripts.length") == 2
    assert browser.run("document.querySelector('h1').textContent") == f"{NASTY}: {NASTY}"
    assert NASTY in browser.run("document.getElementById('flux-0').textContent")
    assert browser.complaints() == []
    assert browser.requests() == []


def test_the_policy_stops_a_script_that_got_in_all_the_same(
    browser: Browser, values: dict[str, Any], tmp_path: Path
) -> None:
    """Even where escaping failed, a browser runs only the page's own script."""
    text = values["page"].read_text(encoding="utf-8")
    path = tmp_path / "attacked.html"
    path.write_text(text.replace("<main", '<script>window.bad=1</script><img src="http://127.0.0.1:9/x.png"><main', 1))
    browser.open(path)
    assert browser.run("window.bad") is None
    assert len(browser.complaints()) == 2
    assert browser.run(SIGNALS)
