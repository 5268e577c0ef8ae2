"""The process that runs Geant4: started by ``beam/geant4.py``, never imported by it. Lengths inside in mm, MeV, ns."""

from typing import Any

import geant4_pybind as g4
import numpy as np

from darkhorn.beam.worker import worker_files

BORN = frozenset((111, 221))
LEAVING = frozenset((211, -211, 321, -321, 130, 310))
LIGHT = frozenset((22, 11, -11, 12, -12, 14, -14, 16, -16, 13, -13))
NEUTRON = 2112
LISTS = ("NuBeam", "FTFP_BERT")


class Rod(g4.G4VUserDetectorConstruction):  # type: ignore[misc]
    """A cylinder on the z axis, centred at the origin, in nearly empty space of the same element."""

    def __init__(self, rod: dict[str, Any]) -> None:
        super().__init__()
        self.rod = rod
        self.kept: list[Any] = []

    def Construct(self) -> Any:
        """Build and place the volumes; the engine does not own what Python made, so it is kept."""
        rod, nist = self.rod, g4.G4NistManager.Instance()
        base = nist.FindOrBuildMaterial(f"G4_{rod['material']}")
        atoms = rod["number_density"] / g4.m3
        density = base.GetDensity() * atoms / base.GetTotNbOfAtomsPerVolume()
        solid = nist.BuildMaterialWithNewDensity("rod material", f"G4_{rod['material']}", density)
        space = nist.BuildMaterialWithNewDensity("space", f"G4_{rod['material']}", 1e-24 * g4.g / g4.cm3)
        half = rod["half_length"] * g4.m
        world = g4.G4Box("world", 1.0 * g4.m, 1.0 * g4.m, half + 1.0 * g4.m)
        world_volume = g4.G4LogicalVolume(world, space, "world")
        tube = g4.G4Tubs("rod", 0.0, rod["radius"] * g4.m, half, 0.0, 2.0 * np.pi)
        tube_volume = g4.G4LogicalVolume(tube, solid, "rod")
        placed_world = g4.G4PVPlacement(None, g4.G4ThreeVector(), world_volume, "world", None, False, 0)
        placed_rod = g4.G4PVPlacement(None, g4.G4ThreeVector(), tube_volume, "rod", world_volume, False, 0)
        self.kept = [base, solid, space, world, world_volume, tube, tube_volume, placed_world, placed_rod]
        return placed_world


class Protons(g4.G4VUserPrimaryGeneratorAction):  # type: ignore[misc]
    """One proton an event, at the place and in the direction that the caller drew."""

    def __init__(self, position: Any, direction: Any, momentum: float) -> None:
        super().__init__()
        self.position, self.direction, self.number = position * g4.m, direction, -1
        self.gun = g4.G4ParticleGun(1)
        proton = g4.G4ParticleTable.GetParticleTable().FindParticle("proton")
        self.gun.SetParticleDefinition(proton)
        mass = proton.GetPDGMass()
        self.gun.SetParticleEnergy(float(np.hypot(momentum, mass) - mass))

    def GeneratePrimaries(self, event: Any) -> None:
        """Fire the next proton."""
        self.number += 1
        self.gun.SetParticlePosition(g4.G4ThreeVector(*self.position[self.number].tolist()))
        self.gun.SetParticleMomentumDirection(g4.G4ThreeVector(*self.direction[self.number].tolist()))
        self.gun.GeneratePrimaryVertex(event)


class Book:
    """What was seen: rows (event, pdgid, from the primary, leaving, t, x, y, z, E, px, py, pz)."""

    def __init__(self, protons: Protons) -> None:
        self.protons, self.rows = protons, list[tuple[float, ...]]()
        self.interacted: set[int] = set()

    def write(self, track: Any, pdgid: int, leaving: bool, point: Any) -> None:
        """Add a row for a track at a point (itself at birth, a step point when it leaves)."""
        x, p = point.GetPosition(), point.GetMomentum()
        place = (point.GetGlobalTime(), x.x, x.y, x.z, point.GetTotalEnergy(), p.x, p.y, p.z)
        self.rows.append((self.protons.number, pdgid, track.GetParentID() == 1, leaving, *place))


class Stacking(g4.G4UserStackingAction):  # type: ignore[misc]
    """Books pi0 and eta at birth; ends photons and leptons there, and neutrons in the machinery mode."""

    def __init__(self, book: Book, machinery: bool) -> None:
        super().__init__()
        self.book, self.ended = book, LIGHT | ({NEUTRON} if machinery else set())

    def ClassifyNewTrack(self, track: Any) -> Any:
        """Called by the engine for each new particle."""
        pdgid = track.GetDefinition().GetPDGEncoding()
        if track.GetParentID() == 1 and track.GetCreatorProcess().GetProcessName() == "protonInelastic":
            self.book.interacted.add(self.book.protons.number)
        if pdgid in BORN:
            self.book.write(track, pdgid, False, track)
        return g4.G4ClassificationOfNewTrack.fKill if pdgid in self.ended else g4.G4ClassificationOfNewTrack.fUrgent


class Stepping(g4.G4UserSteppingAction):  # type: ignore[misc]
    """Books pions and kaons where they leave the rod, and ends whatever leaves it."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book

    def UserSteppingAction(self, step: Any) -> None:
        """Called by the engine after each step."""
        point = step.GetPostStepPoint()
        if point.GetStepStatus() != g4.G4StepStatus.fGeomBoundary:
            return
        if step.GetPreStepPoint().GetTouchable().GetVolume().GetName() != "rod":
            return
        track = step.GetTrack()
        pdgid = track.GetDefinition().GetPDGEncoding()
        if pdgid in LEAVING:
            self.book.write(track, pdgid, True, point)
        track.SetTrackStatus(g4.G4TrackStatus.fStopAndKill)


class Actions(g4.G4VUserActionInitialization):  # type: ignore[misc]
    """Hands the actions to the engine and keeps them alive."""

    def __init__(self, actions: tuple[Any, ...]) -> None:
        super().__init__()
        self.actions = actions

    def Build(self) -> None:
        """Called by the engine once."""
        for action in self.actions:
            self.SetUserAction(action)


def physics_list(name: str, machinery: bool) -> Any:
    """Return the whole list, or its hadron-inelastic part with decays in the machinery mode."""
    if not machinery:
        return getattr(g4, name)()
    chosen = g4.G4VModularPhysicsList()
    chosen.SetVerboseLevel(0)
    chosen.RegisterPhysics(g4.G4DecayPhysics())
    chosen.RegisterPhysics(getattr(g4, f"G4HadronPhysics{name}")())
    return chosen


def main() -> None:
    """Run the protons of the request and save what was booked; with ``check`` build the geometry only."""
    request, arrays, result = worker_files()
    rod = Rod(request["rod"])
    version = str(g4.G4Version).split("Name:")[-1].strip(" $[]MT\t")
    if request["check"]:
        world = rod.Construct()
        tube, material = rod.kept[5], rod.kept[1]
        np.savez(
            result,
            version=np.array(version),
            volume=tube.GetCubicVolume() / g4.m3,
            number_density=material.GetTotNbOfAtomsPerVolume() * g4.m3,
            name=np.array(world.GetName()),
        )
        return
    manager = g4.G4RunManagerFactory.CreateRunManager(g4.G4RunManagerType.Serial)
    g4.HepRandom.setTheSeed(request["seed"])
    manager.SetUserInitialization(rod)
    manager.SetUserInitialization(physics_list(request["physics_list"], request["machinery"]))
    protons = Protons(arrays["position"], arrays["direction"], request["momentum"])
    book = Book(protons)
    actions = Actions((protons, Stacking(book, request["machinery"]), Stepping(book)))
    manager.SetUserInitialization(actions)
    manager.Initialize()
    manager.BeamOn(len(arrays["position"]))
    rows = np.array(book.rows, dtype=float).reshape(-1, 12)
    np.savez(result, rows=rows, interacted=len(book.interacted), version=np.array(version))


if __name__ == "__main__":
    main()
