"""The plain structure: balance at every vertex, order, time and place."""

import numpy as np
import pytest

from darkhorn.core.errors import RangeError
from darkhorn.io import event_record as er
from darkhorn.io.event_record import EventRecord, RunInfo, assemble


def test_every_vertex_balances_and_a_wrong_one_is_seen(record: EventRecord) -> None:
    assert record.imbalance().max() < 1e-15
    record.p[record.status == er.BEAM] *= 1.001
    off = record.imbalance() > 1e-6
    assert set(record.vertex_status[off].tolist()) == {er.MESON_DECAY, er.PRIMARY}
    assert off.sum() == 2 * len(record)


def test_events_keep_their_own_particles(record: EventRecord) -> None:
    """Event 4 was first: carbon, weight 1; event 5 was last: a decay."""
    assert record.process.tolist() == [150, 250, 250, 780, 150, 780, 250, 780, 150]
    assert record.weight.tolist() == [2.0, 3.0, 1.0, 0.5, 1.0, 0.5, 2.0, 0.5, 3.0]
    assert record.quantities["e_vis_MeV"][4] == 290.0
    first, vertices = record.first_particle, record.first_vertex
    assert record.n_particles.tolist() == [10, 12, 12, 10, 10, 10, 12, 10, 10]
    for event, process in enumerate(record.process):
        rows = slice(first[event], first[event + 1])
        assert (1000060120 in record.pdgid[rows]) == (process != 780)
        assert record.origin[rows].max() < vertices[event + 1] - vertices[event]
    assert record.x[record.primary(), 0] == pytest.approx([1901, 1902, 1900, 1900, 1900, 1902, 1901, 1901, 1902])


def test_later_and_elsewhere(record: EventRecord) -> None:
    time = np.arange(9.0)
    later = record.later(time)
    event = np.repeat(np.arange(9), record.n_vertices)
    assert later.x[:, 0] - record.x[:, 0] == pytest.approx(time[event])
    moved = record.seen_from((0.0, 1.0, 541.0))
    assert moved.x[record.primary(), 3] == pytest.approx(np.zeros(9), abs=1e-12)
    assert np.array_equal(moved.x[:, 0], record.x[:, 0])


def test_what_is_no_record(record: EventRecord) -> None:
    record.vertex_status[record.first_vertex[1] + 2] = er.PRIMARY
    with pytest.raises(RangeError, match="exactly one primary"):
        record.primary()
    with pytest.raises(RangeError, match="none to write"):
        assemble([], RunInfo("1", "t", "m", 1.0, 1, {}))
