"""The table of the published benchmarks: products in the publication's units, consistency tests, the page."""

import json
from dataclasses import replace

import numpy as np
import pytest
from command import caller

from darkhorn.chain.scenario import load_scenario
from darkhorn.core.errors import UnknownNameError
from darkhorn.models.presets import preset
from darkhorn.report.benchmarks import EXCESS_PER_POT, HEADS, PUBLISHED, Result, benchmarks, cells, markdown
from darkhorn.report.run import compute


@pytest.fixture(scope="module")
def scalar() -> Result:
    (found,) = benchmarks(["scalar-benchmark"], precision=0.1, threads=1)
    return found


def test_published_values_and_listed_couplings() -> None:
    values = {name: item.value for name, item in PUBLISHED.items()}
    assert values == {
        "scalar-benchmark": 2.2e-8,
        "pseudoscalar-benchmark": 5.9e-7,
        "dm-double-benchmark": 1.3e-7,
        "dm-single-benchmark": 3.6e-9,
    }
    for name in ("scalar-benchmark", "pseudoscalar-benchmark"):
        assert preset(name).coupling_product == pytest.approx(PUBLISHED[name].listed)
    double, single = preset("dm-double-benchmark"), preset("dm-single-benchmark")
    assert double.eps1 * double.eps2 * double.alpha_t2 == pytest.approx(PUBLISHED["dm-double-benchmark"].listed)
    assert single.eps1**2 * single.alpha_t1 == pytest.approx(PUBLISHED["dm-single-benchmark"].listed)


def test_the_fit_is_that_of_a_run(scalar: Result) -> None:
    """The same spectra through ``darkhorn run``: the product, and the events that it stands for."""
    job = load_scenario("miniboone", model="scalar-benchmark", overrides=["source.kind='parametrised'"], precision=0.1)
    outcome = compute(job)
    assert outcome.fit is not None
    assert scalar.best == pytest.approx(outcome.fit.coupling_product, rel=1e-9)
    assert (scalar.chi2, scalar.ndof) == (pytest.approx(outcome.fit.chi2), 68)
    assert scalar.delta_chi2 == pytest.approx(outcome.fit.chi2_null - outcome.fit.chi2)
    assert scalar.ratio == pytest.approx(scalar.best / 2.2e-8)
    assert 0.2 < scalar.ratio < 0.6
    assert 200.0 < scalar.signal["neutrino"] < 500.0


def test_dump_and_rare_decays(scalar: Result) -> None:
    assert scalar.dump_scaled == pytest.approx(55.6, abs=0.1)
    assert pytest.approx(1.86e20 * EXCESS_PER_POT) == scalar.dump_scaled
    assert 0.5 < scalar.dump_events < 2.3
    assert scalar.dump.startswith("consistent")
    worst = scalar.worst_decay
    assert worst is not None
    # K -> mu nu X below 3.0e-6: 9.2e-2 g_mu^2 at g_mu = 5e-3 (published widths, second-hand)
    assert worst["ratio"] == pytest.approx(9.2e-2 * 25e-6 / 3.0e-6, rel=0.01)
    assert worst["ratio_if_made_more"] == pytest.approx(worst["ratio"] * scalar.ratio**2, rel=1e-6)


def test_the_page(scalar: Result) -> None:
    other = replace(scalar, name="dm-double-benchmark", official=None, rare_decays=(), unit="1", dump="not decided")
    text = markdown([scalar, other], "darkhorn validate benchmarks")
    assert len(cells(scalar)) == len(HEADS)
    assert "| scalar-benchmark | 2.2e-08 /MeV" in text
    assert "| none compared |" in text
    assert "no files" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith(("| scalar", "| dm"))}
    assert widths == {len(HEADS) + 1, 9}


def test_unknown_benchmarks() -> None:
    with pytest.raises(UnknownNameError, match="scalar-benchmark"):
        benchmarks(["scaler-benchmark"])


def test_the_verb(scalar: Result, tmp_path, capsys, monkeypatch) -> None:
    cli = caller(capsys)
    monkeypatch.setattr("darkhorn.report.benchmarks.benchmarks", lambda **_: (scalar,))
    answer = cli("validate", "benchmarks", "--out", tmp_path, "--json")
    assert answer.code == 0
    (row,) = answer.json["benchmarks"]
    assert row["best"] == scalar.best
    assert json.loads((tmp_path / "benchmarks.json").read_text())["benchmarks"] == answer.json["benchmarks"]
    assert "scalar-benchmark" in (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    shown = cli("validate", "benchmarks")
    assert shown.code == 0
    assert "official statistic" in shown.out
    assert np.isfinite(scalar.error)
