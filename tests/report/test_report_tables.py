"""Tables of a run: every number of the summary, in 100 columns."""

import copy
import dataclasses
from io import StringIO

import pytest
from rich.console import Console

from darkhorn.models.presets import BENCHMARKS, preset
from darkhorn.report.tables import WIDTH, fit_table, notes, summary_table, summary_tables

MODES = {
    "neutrino": {
        "pot": 1.875e21, "bosons_crossing_per_pot": 8.945e-10, "bosons_crossing_mc_error": 5.0e-12,
        "mean_chord_m": 8.222, "mean_arrival_ns": 1795.0, "mean_delay_ns": 2.85, "signal": 2380.2,
        "signal_mc_error": 36.4, "signal_best_fit": 249.8, "n_eff": 1904.3, "relvar": 7.2,
        "largest_weight_over_mean": 75.5, "points": 2048, "data": 2870, "background": 2309.4,
        "background_kind": "constrained", "excess": 560.6, "excess_error": 119.6,
    },
    "antineutrino": {
        "pot": 1.127e21, "bosons_crossing_per_pot": 5.392e-10, "bosons_crossing_mc_error": 4.9e-12,
        "mean_chord_m": 8.188, "mean_arrival_ns": 1797.0, "mean_delay_ns": 5.08, "signal": 959.3,
        "signal_mc_error": 14.2, "signal_best_fit": 100.7, "n_eff": 2615.0, "relvar": 5.0,
        "largest_weight_over_mean": 53.9, "points": 2048, "data": 478, "background": 400.6,
        "background_kind": "constrained", "excess": 77.4, "excess_error": 28.5,
    },
}  # fmt: skip

FIT = {
    "coupling_product": 7.13e-9, "error": 4.1e-10, "unit": "1/MeV", "chi2": 192.2, "ndof": 68, "p_value": 8.5e-14,
    "chi2_null": 268.0, "ndof_null": 69, "p_value_null": 3.1e-25, "delta_chi2": 75.8,
    "chi2_by_distribution": {"neutrino e_vis": 58.4, "neutrino cos_theta": 81.8}, "note": "They show the same events.",
}  # fmt: skip


@pytest.fixture
def summary():
    name = "scalar-benchmark"
    published = {"product": 2.2e-8, "source": BENCHMARKS[name].source, "note": BENCHMARKS[name].note}
    return copy.deepcopy(
        {
            "model": name,
            "title": preset(name).title,
            "conventions": preset(name).conventions,
            "particle": "bosons",
            "coupling": preset(name).coupling,
            "product": {"name": "g gN lambda", "value": preset(name).coupling_product, "unit": "1/MeV"},
            "parameters": preset(name).parameters(),
            "modes": MODES,
            "fit": {**FIT, "published": published},
            "warnings": ["beam: primary pions only."],
        }
    )


def printed(*tables):
    out = StringIO()
    for table in tables:
        Console(file=out, width=WIDTH, color_system=None).print(table)
    return out.getvalue()


def row(text, label):
    """Cells of the line that begins with a label."""
    line = next(line for line in text.splitlines() if line.strip().startswith(label))
    return [cell.strip() for cell in line.strip().removeprefix(label).split("   ") if cell.strip()]


def test_every_quantity_of_a_mode_is_in_the_table(summary):
    text = printed(summary_table(summary))
    assert row(text, "exposure [POT]") == ["1.875e+21", "1.127e+21"]
    assert row(text, "bosons across per POT, coupling 0.005") == ["(8.945 ± 0.050)e-10", "(5.392 ± 0.049)e-10"]
    assert row(text, "their mean chord [m]") == ["8.222", "8.188"]
    assert row(text, "their mean delay behind light [ns]") == ["2.85", "5.08"]
    assert row(text, "signal at the given couplings") == ["2380 ± 36", "959 ± 14"]
    assert row(text, "signal at the best fit") == ["249.8 ± 3.8", "100.7 ± 1.5"]
    assert row(text, "data (published)") == ["2870", "478"]
    assert row(text, "background (published)") == ["2309.4 (constrained)", "400.6 (constrained)"]
    assert row(text, "excess (published)") == ["560.6 ± 119.6", "77.4 ± 28.5"]
    assert row(text, "effective number of events") == ["1904", "2615"]
    assert text.splitlines()[0].strip() == "scalar-benchmark: m_X = 1 MeV, vector mediator 49 MeV, leptons mu"


def test_the_fit_stands_beside_the_published_value_and_its_conventions(summary):
    text = printed(fit_table(summary))
    assert row(text, "coupling product [1/MeV]") == ["(7.13 ± 0.41)e-09"]
    assert row(text, "published") == ["2.2e-08 (arXiv:2110.11944)"]
    assert row(text, "as given") == ["2.2e-08"]
    assert row(text, "fit / published") == ["0.324"]
    assert row(text, "chi2 / ndof") == ["192.2 / 68, p = 8.5e-14"]
    assert row(text, "without signal") == ["268.0 / 69, p = 3.1e-25"]
    assert row(text, "difference") == ["75.8"]
    assert row(text, "chi2 of neutrino cos_theta") == ["81.8"]
    flat = " ".join(text.split())
    for piece in ("scalar-ib1", "nuclear charge Z", "'h.c.' single", "second-hand"):
        assert piece in flat


def test_tables_fit_into_their_width(summary):
    lines = printed(*summary_tables(summary)).splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    assert not any("…" in line for line in lines)


def test_without_data_or_fit_there_is_one_table(summary):
    summary["fit"] = None
    for mode in summary["modes"].values():
        mode.update(data=None, background=None, excess=None, excess_error=None, signal_best_fit=None)
        del mode["background_kind"]
    tables = summary_tables(summary)
    text = printed(*tables)
    assert len(tables) == 1
    assert "published" not in text
    assert "best fit" not in text
    assert notes(summary) == summary["warnings"]


def test_one_mode_with_data_and_one_without(summary):
    summary["modes"]["antineutrino"].update(data=None, background=None, excess=None, excess_error=None)
    text = printed(summary_table(summary))
    assert row(text, "data (published)") == ["2870", "-"]
    assert row(text, "excess (published)") == ["560.6 ± 119.6", "-"]


def test_a_preset_without_a_benchmark_has_no_published_row(summary):
    del summary["fit"]["published"]
    assert "published" not in printed(fit_table(summary))


def test_notes_say_what_is_poor_or_zero_and_repeat_the_warnings(summary):
    lines = notes(summary)
    assert lines[0] == "They show the same events."
    assert any("fit is poor (p = 8.5e-14)" in line for line in lines)
    assert lines[-1] == "beam: primary pions only."
    summary["fit"].update(coupling_product=0.0, p_value=0.2)
    lines = notes(summary)
    assert any("fall short of the background" in line for line in lines)
    assert not any("poor" in line for line in lines)


def test_a_model_without_signal_has_no_division_by_zero(summary):
    summary["modes"]["neutrino"].update(signal=0.0, signal_mc_error=0.0, signal_best_fit=0.0)
    assert row(printed(summary_table(summary)), "signal at the best fit")[0] == "0"


def test_conventions_name_only_what_matters():
    assert preset("VIB1mu-S").conventions.split("; ")[2:] == [
        "baryon number A",
        "coherent and nucleons",
        "'h.c.' single",
    ]
    assert "Helm" not in preset("VIB1mu-Pi0").conventions
    assert "Pauli factor" in dataclasses.replace(preset("VIB1mu-Pi0"), pauli=True).conventions


def test_a_product_without_a_unit(summary):
    summary["product"] = {"name": "eps1 eps2", "value": 1e-8, "unit": "1"}
    text = printed(fit_table(summary))
    assert row(text, "coupling product ")[0] == "(7.13 ± 0.41)e-09"
    assert "MeV" not in text.split("chi2")[0].split("published")[0]
