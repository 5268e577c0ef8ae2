"""The report page without a browser: its data against independent sums, nothing loaded, nothing injected."""

import base64
import json
import re
import shlex
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkhorn.chain.predict import Prediction
from darkhorn.chain.scenario import load_scenario
from darkhorn.cli import invoke
from darkhorn.core.errors import DarkhornError, InputFileError, RangeError, ScenarioError
from darkhorn.experiments.loader import Experiment
from darkhorn.inference.fit import FitResult
from darkhorn.inference.likelihood import chi_squared, covariance
from darkhorn.report.page import LARGEST_PAGE, render_page, run_command
from darkhorn.report.page_data import FLUX_HEADER, page_data, read_run
from darkhorn.report.page_job import compute_page
from darkhorn.report.summary import Outcome, prediction_json, summary
from darkhorn.report.summary import fit as fit_of

NASTY = "</script><script>window.bad=1</script><img src=x onerror=window.bad=1>\"'&<!--"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Maker = Callable[..., Path]


class Page(HTMLParser):
    """What a browser would make of a page: tags, addresses, scripts, text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.words: list[str] = []
        self._script: dict[str, str | None] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = dict(attrs) if tag in ("script", "style") else None

    def handle_endtag(self, tag: str) -> None:
        self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts.append((self._script, data))
        else:
            self.words.append(data)

    @property
    def data(self) -> Any:
        return next(json.loads(text) for attributes, text in self.scripts if attributes.get("id") == "data")

    @property
    def text(self) -> str:
        return " ".join(self.words)


@pytest.fixture(scope="module")
def best(prediction: Prediction) -> FitResult:
    """The fit of ``darkhorn run``, with the Monte-Carlo variance of the signal."""
    found = fit_of(load_scenario("miniboone"), prediction)
    assert found is not None
    return found


@pytest.fixture
def make_run(tmp_path: Path, prediction: Prediction, best: FitResult) -> Maker:
    """A directory as ``darkhorn run`` leaves it, with the known prediction; ``change`` edits the summary."""

    def make(change: Callable[[dict[str, Any]], None] = lambda _: None, scenario: str = "miniboone") -> Path:
        job = load_scenario(scenario)
        values = summary(Outcome(job, (), prediction, best, ("one warning",)), 1.5)
        content = prediction_json(prediction, job.model.coupling_product, best.coupling_product)
        change(values)
        (tmp_path / "prediction.json").write_text(json.dumps(content))
        (tmp_path / "summary.json").write_text(json.dumps(values))
        return tmp_path

    return make


def page_of(directory: Path, **keywords: Any) -> tuple[str, Page]:
    text = render_page(*compute_page(directory, **keywords))
    return text, Page(text)


def test_chi2_from_the_numbers_in_the_page_is_that_of_the_fit(make_run: Maker, best: FitResult) -> None:
    """By hand, bin after bin, as the script of the page does it; and once through the matrices of the likelihood."""
    data = page_of(make_run())[1].data
    product, experiment, total = data["product"]["best"], Experiment.load("miniboone"), 0.0
    for mode in data["modes"]:
        for item in mode["spectra"]:
            found = item["data"]
            chi2 = 0.0
            for d, b, fixed, s, v in zip(
                *(found[key] for key in ("data", "background", "fixed_variance")), item["values"], item["variances"],
                strict=True,
            ):  # fmt: skip
                chi2 += (d - b - s * product**2) ** 2 / (max(d, 1.0) + fixed + v * product**4)
            published = experiment.mode(mode["name"]).distribution(item["name"])
            matrix = covariance(
                published.data, published.background, published.background_fraction, published.reading_error,
                np.array(item["variances"]) * product**4,
            )  # fmt: skip
            signal = np.array(item["values"]) * product**2
            assert chi2 == pytest.approx(chi_squared(published.data, published.background, signal, matrix), rel=1e-10)
            assert chi2 == pytest.approx(best.chi2_by_distribution[f"{mode['name']} {item['name']}"], rel=1e-9)
            total += chi2
    assert total == pytest.approx(best.chi2, rel=1e-9)


def test_spectra_at_product_one_give_back_the_prediction(make_run: Maker, prediction: Prediction) -> None:
    data = page_of(make_run())[1].data
    assert [mode["name"] for mode in data["modes"]] == ["neutrino", "antineutrino"]
    for mode in data["modes"]:
        source = prediction.modes[mode["name"]]
        for item in mode["spectra"]:
            rows = source.spectra[item["name"]]
            np.testing.assert_allclose(item["values"], rows.mean(axis=0), rtol=1e-13)
            np.testing.assert_allclose(item["variances"], rows.var(axis=0, ddof=1) / len(rows), rtol=1e-9)
            assert item["edges"] == source.edges[item["name"]].tolist()
        np.testing.assert_allclose(mode["bosons"]["values"], source.bosons.mean(axis=0), rtol=1e-13)
    e_vis = data["modes"][0]["spectra"][0]
    assert (e_vis["y_label"], e_vis["label"]) == ("events / 50 MeV", "visible energy Eᵥᵢₛ [MeV]")
    assert sum(e_vis["data"]["data"]) == pytest.approx(3150, abs=500)


def test_what_a_reader_wants_to_know_is_there(make_run: Maker) -> None:
    text, page = page_of(make_run())
    for words in (
        *("1.875×10²¹", "561 ± 120", "2870", "2309.4 (constrained)", "one warning", "@misc{MiniBooNE:2020", "1/MeV"),
        *("arXiv:2110.11944", "darkhorn run miniboone --model scalar-benchmark --precision 0.01 --seed 1 --out DIR"),
    ):
        assert words in page.text
    headings = [tag for tag, _ in page.tags if tag in ("h1", "h2")]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert text.startswith("<!DOCTYPE html>")
    assert ("html", {"lang": "en"}) in page.tags


def test_nothing_is_loaded_from_anywhere(make_run: Maker) -> None:
    directory = make_run()
    (directory / "horn.png").write_bytes(PIXEL)
    text, page = page_of(directory)
    anchors = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for tag, attributes in page.tags:
        assert "style" not in attributes
        assert not [key for key in attributes if key.startswith("on")]
        assert tag not in ("iframe", "object", "embed", "base", "form", "audio", "video")
        for key in ("src", "href", "srcset", "action", "data", "poster"):
            address = attributes.get(key)
            if address is None:
                continue
            assert address.startswith(("data:", "#"))
            assert not address.startswith("#") or address[1:] in anchors
    style = next(script for attributes, script in page.scripts if not attributes)
    assert "url(" not in style
    assert "@import" not in style
    code = page.scripts[-1][1]
    for word in (
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "innerHTML",
        "eval(",
        "document.write",
        "import(",
    ):
        assert word not in code
    assert text.count("http://") == code.count("http://www.w3.org/2000/svg") == 1
    assert len(text.encode()) < 200_000


def test_the_policy_allows_only_the_pages_own_style_and_script(make_run: Maker) -> None:
    _, page = page_of(make_run())
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; ")
    kinds = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    style, code = page.scripts[0][1], page.scripts[-1][1]
    for name, content in (("style-src", style), ("script-src", code)):
        assert kinds[name] == f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"


def test_html_in_a_scenario_stays_text(make_run: Maker) -> None:
    def change(values: dict[str, Any]) -> None:
        values |= {"scenario": NASTY, "model": NASTY, "title": NASTY, "conventions": NASTY, "warnings": [NASTY]}
        values |= {"version": NASTY, "particle": NASTY, "seed": NASTY}
        values["parameters"][NASTY] = NASTY
        values["product"] |= {"name": NASTY, "unit": NASTY}
        values["fit"]["note"] = values["fit"]["published"]["note"] = values["fit"]["published"]["source"] = NASTY

    directory = make_run(change)
    (directory / "flux.csv").write_text(f"{FLUX_HEADER}\n{NASTY},{NASTY},0,50,1e-10,1e-12,\n")
    text, page = page_of(directory)
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert "<img" not in text
    assert "<!--" not in text
    assert page.text.count(NASTY) >= 8
    assert page.data["product"]["name"] == NASTY
    assert page.data["flux"][0]["lines"][0]["parent"] == NASTY
    assert shlex.split(compute_page(directory)[2])[:2] == ["darkhorn", "run"]


@given(st.text(max_size=60))
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_as_it_was(make_run: Maker, words: str) -> None:
    directory = make_run(lambda values: values.update(warnings=[words], title=words))
    run = read_run(directory)
    data = page_data(run, None) | {"notes": [words]}
    text = render_page(run, data, words)
    page = Page(text)
    assert page.data["notes"] == [words]
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert page.text.replace("\r\n", "\n").count(words.replace("\r\n", "\n")) >= 3


BREAKS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "no product": lambda s, p: s.pop("product"),
    "another product": lambda s, p: s["product"].update(value=1.0),
    "no modes": lambda s, p: s.pop("modes"),
    "other modes": lambda s, p: p["modes"].pop("neutrino"),
    "no fit key": lambda s, p: s.pop("fit"),
    "fit is a text": lambda s, p: s.update(fit="good"),
    "text for a number": lambda s, p: s["modes"]["neutrino"].update(pot="many"),
    "no storage": lambda s, p: p["modes"]["neutrino"]["at_couplings"]["e_vis"].pop("storage"),
    "too few bins": lambda s, p: p["modes"]["neutrino"]["at_couplings"]["e_vis"]["storage"]["values"].pop(),
    "not a number": lambda s, p: s.update(wall_s=float("nan")),
    "parameters are a list": lambda s, p: s.update(parameters=[1]),
    "citations are a number": lambda s, p: s.update(citations=3),
}


@pytest.mark.parametrize("name", BREAKS)
def test_files_that_are_no_run_are_refused(make_run: Maker, name: str) -> None:
    directory = make_run()
    paths = [directory / f"{name}.json" for name in ("summary", "prediction")]
    contents = [json.loads(path.read_text()) for path in paths]
    BREAKS[name](*contents)
    for path, content in zip(paths, contents, strict=True):
        path.write_text(json.dumps(content))
    with pytest.raises(InputFileError, match=re.escape(str(directory))):
        page_of(directory)


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_file_gives_a_page_or_an_error_of_ours(make_run: Maker, draw: st.DataObject) -> None:
    directory = make_run()
    path = directory / draw.draw(st.sampled_from(["summary.json", "prediction.json"]))
    content = place = json.loads(path.read_text())
    for _ in range(draw.draw(st.integers(0, 4))):
        keys = place if isinstance(place, dict) else range(len(place))
        nested = [key for key in keys if isinstance(place[key], dict | list) and place[key]]
        if not nested:
            break
        place = place[draw.draw(st.sampled_from(nested))]
    key = draw.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
    place[key] = draw.draw(st.sampled_from([None, "x", -1, 1e308, [], {}, [1], {"a": 1}, True, 10**400]))
    path.write_text(json.dumps(content))
    try:
        _, page = page_of(directory)
    except DarkhornError:
        return
    assert [tag for tag, _ in page.tags].count("script") == 2


def test_missing_large_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"summary\.json.*No such file"):
        read_run(tmp_path)
    (tmp_path / "summary.json").write_text("[1]")
    with pytest.raises(InputFileError, match="expected a JSON object"):
        read_run(tmp_path)
    (tmp_path / "summary.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputFileError, match="not a JSON file"):
        read_run(tmp_path)
    (tmp_path / "summary.json").write_bytes(b" " * 20_000_001)
    with pytest.raises(InputFileError, match="at most 20000000"):
        read_run(tmp_path)


def test_a_page_has_at_most_five_megabytes(make_run: Maker) -> None:
    run, data, command = compute_page(make_run())
    with pytest.raises(RangeError, match=r"at most 5000000; use a grid with fewer points"):
        render_page(run, data | {"notes": ["x" * LARGEST_PAGE]}, command)


def test_flux_files_are_found_by_their_header(make_run: Maker) -> None:
    directory = make_run()
    rows = [FLUX_HEADER]
    for parent, height in (("all", 3.0e-10), ("pi", 2.0e-10)):
        rows += [f"numu,{parent},{50 * k},{50 * k + 50},{height},{0.03 * height},{0.04 * height}" for k in range(4)]
    (directory / "flux.csv").write_text("\n".join(rows) + "\n")
    (directory / "other.csv").write_text("a,b\n1,2\n")
    (directory / "broken.csv").write_text(f"{FLUX_HEADER}\nnumu,pi,0,50,nan,0,0\n")
    data = page_of(directory)[1].data
    (found,) = data["flux"]
    assert found["file"] == "flux.csv"
    assert [line["parent"] for line in found["lines"]] == ["all", "pi"]
    assert found["lines"][1]["edges"] == [0.0, 50.0, 100.0, 150.0, 200.0]
    assert found["lines"][1]["values"] == [2.0e-10] * 4
    assert found["lines"][1]["errors"] == [1.0e-11] * 4
    assert len(data["notes"]) == 1
    assert data["notes"][0].startswith("broken.csv: not shown")


def test_constraints_belong_to_the_same_parameters(make_run: Maker) -> None:
    directory = make_run()
    parameters = json.loads((directory / "summary.json").read_text())["parameters"]
    limit = {"name": "n", "decay": "K+ -> mu nu X", "predicted": 2e-6, "limit": 4e-6, "ratio": 0.5, "cl": 0.9}
    row = {"experiment": "e", "mode": "m", "sample": "", "signal_at_product_1": 4.0e18, "at_most": False}
    content = {
        "parameters": parameters,
        "limits": [
            limit | {"status": "compared", "note": ""},
            limit | {"ratio": None, "status": "refused", "note": ""},
        ],
        "experiments": [row | {"excess": 10.0, "error": 5.0}, row | {"excess": None, "error": None}],
    }
    (directory / "confront.json").write_text(json.dumps(content))
    found = page_of(directory)[1].data["constraints"]
    assert [item["ratio"] for item in found["limits"]] == [0.5]
    assert [item["excess"] for item in found["counts"]] == [10.0]
    content["parameters"]["m_x"] = 7.0
    (directory / "confront.json").write_text(json.dumps(content))
    data = page_of(directory)[1].data
    assert data["constraints"] is None
    assert data["notes"] == ["confront.json is of other parameters than the run: not shown."]
    (directory / "confront.json").write_text("{}")
    assert "not shown" in page_of(directory)[1].data["notes"][0]


@pytest.mark.parametrize(
    ("model", "changes", "factors"),
    [
        ("scalar-benchmark", ("m_x=5", "lam=1e-3"), [("coupling", 1), ("g_n", 1), ("lam", 1)]),
        ("VIB2-S", ("m_x=20", "leptons=e"), [("coupling", 1), ("g_n", 1), ("lam", 1)]),
        ("dm-double-benchmark", ("eps1=1e-4",), [("eps1", 1), ("eps2", 1)]),
        ("dm-single-benchmark", ("eps1=1e-4",), [("eps1", 2)]),
        ("visible-decay", (), [("coupling", 1)]),
        ("scalar-benchmark", ("coupling=0",), [("g gN lambda", 1)]),
    ],
)
def test_sliders_multiply_to_the_product_and_the_command_gives_the_run_back(
    make_run: Maker, model: str, changes: tuple[str, ...], factors: list[tuple[str, int]]
) -> None:
    job = load_scenario("miniboone", model=model, overrides=changes)
    chosen = job.model

    def change(values: dict[str, Any]) -> None:
        values |= {"model": job.model_name, "parameters": dict(chosen.parameters()), "coupling": chosen.coupling}
        values["product"] = {"name": chosen.product_name, "value": chosen.coupling_product, "unit": chosen.product_unit}

    directory = make_run(change)
    path = directory / "prediction.json"
    content = json.loads(path.read_text()) | {"coupling_product_per_MeV": chosen.coupling_product}
    path.write_text(json.dumps(content))
    _, data, command = compute_page(directory)
    assert [(item["key"], item["power"]) for item in data["factors"]] == factors
    product = np.prod([item["value"] ** item["power"] for item in data["factors"]])
    if data["makes"]:
        assert product == pytest.approx(chosen.coupling_product, rel=1e-13)
        assert data["factors"][0]["value"] == chosen.coupling
    words = shlex.split(command)
    options = {words[k]: words[k + 1] for k in range(3, len(words), 2) if words[k] != "--set"}
    sets = [words[k + 1] for k in range(3, len(words), 2) if words[k] == "--set"]
    again = load_scenario(words[2], model=options["--model"], overrides=sets)
    assert dict(again.model.parameters()) == dict(chosen.parameters())
    assert options["--seed"] == "1"


def test_pictures_are_embedded_only_when_they_are_png(make_run: Maker) -> None:
    directory = make_run()
    (directory / "horn.png").write_bytes(PIXEL)
    (directory / "flux.png").write_bytes(b"<svg onload=alert(1)>")
    _, page = page_of(directory)
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [item["src"] for item in images] == ["data:image/png;base64," + base64.b64encode(PIXEL).decode()]
    assert images[0]["alt"]


def test_a_run_of_an_unknown_scenario_says_what_is_missing(make_run: Maker) -> None:
    directory = make_run(lambda values: values.update(scenario="my own", experiment=None))
    _, page = page_of(directory)
    assert page.data["notes"] == ["Published spectra are not shown: name the scenario file with --scenario."]
    assert "darkhorn run SCENARIO.toml" in page.text
    with pytest.raises(ScenarioError, match="name it with --scenario"):
        compute_page(directory, grid=["m_x=1,5"])
    assert page_of(directory, scenario="miniboone")[1].data["modes"][0]["spectra"][0]["data"] is not None


@pytest.mark.parametrize(
    ("grid", "error", "match"),
    [
        ("m_x", ScenarioError, "expected KEY="),
        ("m_x=1:10", ScenarioError, "number of values"),
        ("mediator=1,2", ScenarioError, "not a number among the parameters"),
        ("nothing=1,2", ScenarioError, "not a number among the parameters"),
        ("m_x=1:10:2000", RangeError, "points of the grid"),
    ],
)
def test_grids_that_mean_nothing_are_refused_at_once(
    make_run: Maker, grid: str, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        compute_page(make_run(), grid=[grid])


def test_a_scenario_with_other_parameters_is_refused(make_run: Maker, tmp_path: Path) -> None:
    directory = make_run(lambda values: values["parameters"].update(extra=3.0))
    with pytest.raises(InputFileError, match=r"extra = 3\.0 in the run, None in the scenario"):
        compute_page(directory, scenario="miniboone")


def test_the_verb_writes_the_page(make_run: Maker, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    directory = make_run()
    assert invoke(["report", str(directory), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    path = directory / "report.html"
    assert found["out"] == str(path)
    assert found["bytes"] == path.stat().st_size
    assert invoke(["report", str(directory), "--out", str(directory / "missing" / "a.html")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert invoke(["report", str(tmp_path / "nowhere")]) == 2
    first = path.read_bytes()
    assert invoke(["report", str(directory)]) == 0
    assert path.read_bytes() == first


def test_command_is_quoted_for_a_shell(make_run: Maker) -> None:
    values = json.loads((make_run() / "summary.json").read_text())
    assert shlex.split(run_command(values, "my file; rm -rf.toml"))[2] == "my file; rm -rf.toml"
