"""The process that runs UrQMD: started by ``beam/urqmd.py``, never imported by it."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from darkhorn.beam.worker import worker_files


def main() -> None:
    """Generate the requested events and save event numbers, PDG numbers, charges and momenta (MeV) of all particles."""
    request, _, result = worker_files()
    warnings.simplefilter("ignore")
    _generate(request, result)


def _generate(request: dict[str, Any], result: Path) -> None:
    """Run the generator; one loop turn an event."""
    import chromo
    from chromo.constants import MeV
    from chromo.kinematics import FixedTarget, Momentum

    momentum = Momentum(request["momentum"] * MeV)
    kinematics = FixedTarget(momentum, request["projectile"], tuple(request["nucleus"]))
    generator = chromo.models.UrQMD34(kinematics, seed=request["seed"])
    pdgid, charge, p, count = [], [], [], []
    for event in generator(request["n_events"]):
        final = event.final_state()
        count.append(len(final.pid))
        pdgid.append(np.array(final.pid, dtype=np.int64))
        charge.append(np.array(final.charge, dtype=np.int64))
        p.append(np.column_stack([final.en, final.px, final.py, final.pz]) / MeV)
    np.savez(
        result,
        event=np.repeat(np.arange(len(count)), count),
        pdgid=np.concatenate(pdgid),
        charge=np.concatenate(charge),
        p=np.concatenate(p),
        version=np.array(f"{generator.version} (chromo {chromo.__version__})"),
    )


if __name__ == "__main__":
    main()
