"""Fixtures of the likelihoods: the release in the data directory, spectra to inject."""

from pathlib import Path

import numpy as np
import pytest

from darkhorn.inference.release import Release, load_release
from darkhorn.inference.shapes import AXES_2D, Table2D, load_table_2d
from darkhorn.inference.template import Template


@pytest.fixture
def release(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    return load_release()


@pytest.fixture
def table(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Table2D:
    monkeypatch.setenv("DARKHORN_DATA", str(data_dir))
    return load_table_2d()


@pytest.fixture
def forward(table: Table2D) -> Template:
    """A soft and forward signal of one event in the cells of the two-dimensional table."""
    energy, cosine = (0.5 * (edges[1:] + edges[:-1]) for edges in table.edges)
    events = np.exp(-energy[:, None] / 250.0 + 2.0 * cosine[None, :])
    events = events / events.sum()
    return Template.make(AXES_2D, table.edges, events, (0.02 * events) ** 2)


@pytest.fixture
def falling(release: Release) -> dict[str, Template]:
    """A signal of one event in neutrino mode and 0.15 in antineutrino mode that falls with E_QE."""
    centres = 0.5 * (release.edges[1:] + release.edges[:-1])
    shape = np.exp(-centres / 300.0)
    shape = shape / shape.sum()
    shares = {"neutrino": 1.0, "antineutrino": 0.15}
    return {mode: Template.make("e_qe", release.edges, k * shape) for mode, k in shares.items()}
