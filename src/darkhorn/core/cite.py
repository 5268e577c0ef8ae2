"""Reference keys: what to cite for what was used. Formulas carry the same keys in their docstrings."""

from dataclasses import dataclass
from typing import Final

from darkhorn.core.errors import unknown_name


@dataclass(frozen=True)
class Reference:
    """One work: key, authors, title and where to find it (arXiv number, DOI or journal)."""

    key: str
    authors: str
    title: str
    where: str
    year: int

    def bibtex(self) -> str:
        """Return a BibTeX entry."""
        body = [
            f"  author = {{{self.authors}}}",
            f"  title = {{{{{self.title}}}}}",
            f"  note = {{{self.where}}}",
            f"  year = {{{self.year}}}",
        ]
        return f"@misc{{{self.key},\n" + ",\n".join(body) + "\n}"


_ALL: Final = (
    Reference(
        "MiniBooNE:2020",
        "MiniBooNE Collaboration",
        "Updated MiniBooNE neutrino oscillation results with increased data and new background studies",
        "arXiv:2006.16883",
        2020,
    ),
    Reference(
        "MiniBooNE:2018",
        "MiniBooNE Collaboration",
        "Significant excess of electronlike events in the MiniBooNE short-baseline neutrino experiment",
        "arXiv:1805.12028",
        2018,
    ),
    Reference(
        "MiniBooNE:flux",
        "MiniBooNE Collaboration",
        "The neutrino flux prediction at MiniBooNE",
        "arXiv:0806.1449, Phys. Rev. D 79, 072002",
        2008,
    ),
    Reference(
        "MiniBooNE:dump",
        "MiniBooNE-DM Collaboration",
        "Dark matter search in nucleon, pion, and electron channels from a proton beam dump with MiniBooNE",
        "arXiv:1807.06137",
        2018,
    ),
    Reference(
        "Dutta:2021",
        "B. Dutta and D. Kim and A. Thompson and R. T. Thornton and R. G. Van de Water",
        "Solutions to the MiniBooNE anomaly from new physics in charged meson decays",
        "arXiv:2110.11944, Phys. Rev. Lett. 129, 111803",
        2021,
    ),
    Reference(
        "Thompson:2022",
        "A. Thompson",
        "The MiniBooNE anomaly and dark sectors",
        "talk at the PITT-PACC workshop, 15 December 2022",
        2022,
    ),
    Reference(
        "Carlson:2012",
        "C. E. Carlson and B. C. Rislow",
        "New physics and the proton radius problem",
        "arXiv:1206.3587, Phys. Rev. D 86, 035013",
        2012,
    ),
    Reference(
        "PIBETA:2008",
        "PIBETA Collaboration",
        "New precise measurement of the pion weak form factors in pi+ -> e+ nu gamma decay",
        "arXiv:0804.1815",
        2008,
    ),
    Reference(
        "Helm:1956",
        "R. H. Helm",
        "Inelastic and elastic scattering of 187-MeV electrons from selected even-even nuclei",
        "Phys. Rev. 104, 1466",
        1956,
    ),
    Reference(
        "Lewin:1996",
        "J. D. Lewin and P. F. Smith",
        "Review of mathematics, numerical factors, and corrections for dark matter experiments based on "
        "elastic nuclear recoil",
        "Astropart. Phys. 6, 87",
        1996,
    ),
    Reference(
        "G4BNB",
        "SBNSoftware",
        "G4BNB, Geant4 simulation of the Booster Neutrino Beam: geometry and production parameters",
        "public repository SBNSoftware/G4BNB, commit 7476727",
        2023,
    ),
    Reference(
        "PDG",
        "Particle Data Group",
        "Review of particle physics",
        "Prog. Theor. Exp. Phys. 2022, 083C01",
        2022,
    ),
    Reference(
        "Byckling:1973",
        "E. Byckling and K. Kajantie",
        "Particle kinematics",
        "Wiley",
        1973,
    ),
)

REFERENCES: Final = {reference.key: reference for reference in _ALL}
"""Every reference by key."""


def reference(key: str) -> Reference:
    """Return the reference with this key.

    Raises
    ------
    UnknownNameError
        When there is none; the message offers the nearest key.
    """
    if key not in REFERENCES:
        raise unknown_name("reference", key, REFERENCES)
    return REFERENCES[key]
