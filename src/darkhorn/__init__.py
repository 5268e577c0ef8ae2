"""darkhorn: from protons on target to dark-sector signals in a detector.

The package is a chain of pure array functions: protons make mesons, mesons
pass a magnetic horn and decay, a dark boson flies to a detector and leaves a
photon there. ``docs/architecture.md`` shows the rooms of the house.

Units inside: MeV, m, ns, T, rad, elementary charge. Metric (+,-,-,-).
Four-vectors are ``(..., 4)`` arrays in the order E, px, py, pz.
"""

__version__ = "0.1.0"

__all__ = ["__version__", "gradients"]


def __getattr__(name: str) -> object:
    """Import ``gradients`` when somebody asks for it: nothing is loaded before."""
    if name == "gradients":
        from darkhorn.chain.gradients import gradients

        return gradients
    raise AttributeError(f"module 'darkhorn' has no attribute {name!r}")
