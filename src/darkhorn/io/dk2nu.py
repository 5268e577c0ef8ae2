"""dk2nu ROOT files of neutrino beams: the decays of the parents to rays, and rays to a file of the same branches.

One tree entry is one neutrino with the decay of its parent: place in cm, momentum in GeV, importance weight
``nimpwt``, and the chain of ancestors from the proton to the neutrino with start times in ns. A second tree says how
many protons the file stands for. Checked with files that the tests write in this layout; the branch names are those
of a public reader of a real LBNF file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from darkhorn.core.errors import InputFileError, RangeError, nearest
from darkhorn.core.rays import Floats, Ints, Rays, check_finite
from darkhorn.core.species import K_LONG, K_PLUS
from darkhorn.core.units import CM, GEV, C
from darkhorn.io.atomic import atomic_path
from darkhorn.io.foreign import About, errors_of, masses, optional_package, rays_on_shell, require_pot

TREE: Final = "dk2nuTree"
META: Final = "dkmetaTree"
DECAY: Final = tuple(f"decay.{name}" for name in ("ptype", "vx", "vy", "vz", "pdpx", "pdpy", "pdpz", "nimpwt"))
ANCESTOR: Final = tuple(f"ancestor.{name}" for name in ("pdg", "startx", "starty", "startz", "startt"))
"""Branches that :func:`read_dk2nu` needs (jagged for the ancestors); ``decay.necm`` is used where present."""

NEUTRINO_SHARE: Final = {K_PLUS: 0.7198, -K_PLUS: 0.7198, K_LONG: 0.6759}
"""Share of kaon decays with a neutrino, hence in the file. Source: PDG 2022, K+ -> mu nu 0.6356, pi0 e nu 0.0507,
pi0 mu nu 0.03352; K0L -> pi e nu 0.4055, pi mu nu 0.2704."""

_NEUTRINOS: Final = (12, 14, 16)
_HIGH_MOMENTUM: Final = 500.0 * GEV


def read_dk2nu(
    path: str | Path,
    pot: float | None = None,
    *,
    all_decays: bool = False,
    frame: tuple[float, float, float] = (0, 0, 0),
) -> tuple[Rays, About]:
    """Return the decaying parents of a dk2nu file, one row a decay.

    Parameters
    ----------
    path : str or Path
        ROOT file with the trees ``dk2nuTree`` and ``dkmetaTree``.
    pot : float, optional
        Protons on target that the file stands for, > 0; by default the sum of ``pots`` over ``dkmetaTree``.
    all_decays : bool
        Divide the weights of kaons by :data:`NEUTRINO_SHARE`, so that they count every decay and not only those
        that gave a neutrino: what a branching ratio to a dark boson multiplies.
    frame : tuple of float
        x, y, z in m, in the file's frame, of the origin of the frame wanted (no rotation).

    Returns
    -------
    rays : Rays
        Parents at their decay: t (start of the neutrino) in ns, place in m, momentum in MeV with the energy on the PDG
        mass shell, weight nimpwt/pot. The two neutrinos of one muon decay are two entries but one row.
    about : dict of str to str
        POT and normalisation.

    Raises
    ------
    InputFileError
        When the file is missing, truncated or no ROOT file; a tree or a branch is missing (with the nearest name);
        POT is missing or not positive; an entry has no neutrino at the end of its ancestors; units are implausible
        (parents faster than light or far too slow, neutrinos of more than half the parent's mass, parents above
        500 GeV); a number is not finite or a weight negative.
    DarkhornError
        When uproot or awkward is not installed.
    """
    file = Path(path)
    uproot = optional_package("uproot", "io", "reading dk2nu files")
    if not file.is_file():
        raise InputFileError(f"cannot read {file}: no such file")
    with errors_of(file, "a ROOT file"), uproot.open(str(file)) as root:
        tree = _tree(file, root, TREE)
        columns = {name: _column(file, tree, name) for name in DECAY}
        necm = _column(file, tree, "decay.necm") if "decay.necm" in _names(tree) else None
        last, before = _ends(file, tree)
        total = require_pot(file, _pots(file, root) if pot is None else pot, f"'pots' of the tree {META}")
    pdgid = _parents(file, columns["decay.ptype"])
    vertex = np.column_stack([columns[f"decay.v{axis}"] for axis in "xyz"]) * CM
    momentum = np.column_stack([columns[f"decay.pdp{axis}"] for axis in "xyz"]) * GEV
    _check_units(file, pdgid, momentum, necm, last, before)
    weight = columns["decay.nimpwt"] / total
    if all_decays:
        weight = weight / np.array([NEUTRINO_SHARE.get(int(number), 1.0) for number in pdgid])
    x = np.column_stack([last["startt"], vertex - np.asarray(frame, dtype=float)])
    _, rows = np.unique(np.column_stack([pdgid, x, momentum]), axis=0, return_index=True)
    rows = np.sort(rows)
    rays = rays_on_shell(file, pdgid[rows], x[rows], momentum[rows], weight[rows])
    share = "; kaons divided by the share of decays with a neutrino" if all_decays else ""
    about = {"engine": "unknown (dk2nu file)", "version": "", "pot": repr(total), "thresholds": "", "seed": ""}
    return rays, about | {"normalisation": f"nimpwt / POT of the file, one row a decay with a neutrino{share}"}


def _names(tree: Any) -> dict[str, str]:
    """Return the full path of every branch by its last name."""
    return {key.split("/")[-1]: key for key in tree.keys(recursive=True)}


def _tree(path: Path, root: Any, name: str) -> Any:
    """Return a tree of the file."""
    found = [key.split(";")[0] for key in root.keys()]  # noqa: SIM118 -- not a dict
    if name not in found:
        raise InputFileError(f"{path}: tree '{name}' is missing.{nearest(name, found)} Found: {', '.join(found)}.")
    return root[name]


def _column(path: Path, tree: Any, name: str, library: str = "np") -> Any:
    """Return a branch; numbers for ``np``, jagged for ``ak``."""
    names = _names(tree)
    if name not in names:
        raise InputFileError(f"{path}: branch '{name}' is missing in '{tree.name}'.{nearest(name, names)}")
    return tree[names[name]].array(library=library)


def _pots(path: Path, root: Any) -> float | None:
    """Return the protons on target of the meta tree, summed over its entries (files joined), or None."""
    if META not in [key.split(";")[0] for key in root.keys()]:  # noqa: SIM118 -- not a dict
        return None
    return float(np.sum(_column(path, root[META], "pots")))


def _ends(path: Path, tree: Any) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return start (ns, cm) and PDG number of the last ancestor, the neutrino, and of the one before, the parent."""
    awkward = optional_package("awkward", "io", "reading dk2nu files")
    jagged = {name.split(".")[1]: _column(path, tree, name, "ak") for name in ANCESTOR}
    short = np.flatnonzero(np.asarray(awkward.num(jagged["pdg"])) < 2)
    if short.size:
        raise InputFileError(f"{path}: entry {short[0] + 1}: fewer than 2 ancestors; expected ..., parent, neutrino")
    last, before = ({k: np.asarray(v[:, i], dtype=float) for k, v in jagged.items()} for i in (-1, -2))
    other = np.flatnonzero(~np.isin(np.abs(last["pdg"]), _NEUTRINOS))
    if other.size:
        number = int(last["pdg"][other[0]])
        raise InputFileError(f"{path}: entry {other[0] + 1}: the last ancestor has PDG number {number}, no neutrino's")
    return last, before


def _parents(path: Path, ptype: Any) -> Ints:
    """Return the PDG numbers of the parents; refuse the numbers of GEANT 3."""
    pdgid = np.asarray(ptype, dtype=np.int64)
    small = np.flatnonzero(np.abs(pdgid) < 13)
    if small.size:
        number = pdgid[small[0]]
        raise InputFileError(f"{path}: entry {small[0] + 1}: decay.ptype = {number} is no PDG number of a parent")
    return pdgid


def _check_units(
    path: Path,
    pdgid: Ints,
    momentum: Floats,
    necm: Floats | None,
    last: Mapping[str, Floats],
    before: Mapping[str, Floats],
) -> None:
    """Refuse a file whose numbers cannot be in cm, ns and GeV."""
    mass, p = masses(path, pdgid), np.linalg.norm(momentum, axis=1)
    if len(p) and np.median(p) > _HIGH_MOMENTUM:
        raise InputFileError(f"{path}: half of the parents have p > {np.median(p) / GEV:g} GeV; decay.pdp* in MeV?")
    if necm is not None and len(p):
        share = float(np.median(necm * GEV / (mass / 2.0)))
        if not 0.01 < share < 1.05:
            raise InputFileError(
                f"{path}: decay.necm is {share:g} of half the parent's mass; expected GeV, 0.01 to 1.05"
            )
    distance = np.sqrt(sum((last[f"start{a}"] - before[f"start{a}"]) ** 2 for a in "xyz")) * CM
    duration = (last["startt"] - before["startt"]) * C
    fast = distance > 1.01 * duration + CM
    if fast.any():
        row = int(np.argmax(fast))
        raise InputFileError(
            f"{path}: entry {row + 1}: the parent went {distance[row]:g} m in {duration[row] / C:g} ns, faster than "
            "light; expected cm and ns in ancestor.start*"
        )
    straight = (p > mass) & (duration > 1.0)
    if straight.any() and np.median((distance / np.where(straight, duration, 1.0))[straight]) < 0.3:
        raise InputFileError(f"{path}: fast parents cover less than 0.3 c t; expected cm and ns in ancestor.start*")


def write_dk2nu(path: str | Path, rays: Rays, pot: float, neutrino: int = 14) -> None:
    """Write decaying parents to a ROOT file with the branches that :func:`read_dk2nu` needs.

    Parameters
    ----------
    path : str or Path
        ``*.root``.
    rays : Rays
        N >= 1 parents at their decay. Each gets two ancestors, itself (as if it came straight, from time 0 or 10 m
        before) and a neutrino that starts at the decay.
    pot : float
        Protons on target that the file stands for, > 0; ``nimpwt`` is weight * pot.
    neutrino : int
        PDG number of the neutrinos.

    Raises
    ------
    RangeError
        When there are no rays or another suffix.
    InputFileError
        For NaN, a negative weight or POT that is not positive.
    OutputError
        When the file cannot be written.
    DarkhornError
        When uproot or awkward is not installed.
    """
    file = Path(path)
    if not len(rays) or file.suffix != ".root":
        raise RangeError(f"{file}: {len(rays)} rays to write; allowed: at least 1, to .root")
    check_finite(rays, str(file))
    total = require_pot(file, pot, "the argument pot")
    uproot = optional_package("uproot", "io", "writing dk2nu files")
    awkward = optional_package("awkward", "io", "writing dk2nu files")
    length = 10.0
    start = rays.x[:, 1:] - length * rays.direction
    t0 = rays.x[:, 0] - length / (C * np.maximum(rays.beta, 1e-6))
    place = {f"start{a}": np.column_stack([start[:, i], rays.x[:, 1 + i]]) / CM for i, a in enumerate("xyz")}
    chain = {"pdg": np.column_stack([rays.pdgid, np.full(len(rays), neutrino)]), **place}
    chain["startt"] = np.column_stack([t0, rays.x[:, 0]])
    numbers = (rays.pdgid, *(rays.x[:, 1:].T / CM), *(rays.p[:, 1:].T / GEV), rays.weight * total)
    content = dict(zip(DECAY, (np.ascontiguousarray(values) for values in numbers), strict=True))
    lists = awkward.zip(
        {k: awkward.from_regular(awkward.from_numpy(np.ascontiguousarray(v))) for k, v in chain.items()}
    )
    with atomic_path(file) as temporary, uproot.recreate(str(temporary)) as root:
        types = {name: values.dtype for name, values in content.items()} | {"ancestor": lists.type}
        tree = root.mktree(TREE, types, field_name=lambda outer, inner: f"{outer}.{inner}" if inner else outer)
        tree.extend(content | {"ancestor": lists})
        root.mktree(META, {"pots": np.float64}).extend({"pots": np.array([total])})
