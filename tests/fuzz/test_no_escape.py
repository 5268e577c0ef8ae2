"""Whatever a scenario is called and whatever it names, a run writes below --out and in the caches, and nowhere else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from darkhorn.cli.new import fill

WATCH = """
import json, os, sys
from pathlib import Path

touched = set()

def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        mode, flags = args[1], args[2]
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            touched.add(os.path.abspath(os.fsdecode(args[0])))
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"):
        for item in args[:2]:
            if isinstance(item, (str, bytes)):
                touched.add(os.path.abspath(os.fsdecode(item)))
    elif event in ("os.system", "os.exec", "subprocess.Popen", "socket.connect", "pickle.find_class"):
        touched.add(f"{event}: {args}")

sys.addaudithook(watch)
from darkhorn.cli import invoke

code = invoke(sys.argv[1:])
print(json.dumps({"code": code, "touched": sorted(touched)}))
"""
MESONS = "pdgid,t,x,y,z,px,py,pz,weight\n211,0,0,0,0,0,0,0,1\n"
CASE = """\
name = "{name}"
[model]
preset = "SIB1mu"
m_x = 5.0
[source]
kind = "table"
file = "{file}"
stage = "decay"
{rest}
[run]
precision = 0.2
"""
DETECTOR = """\
[detector]
shape = { kind = "sphere", center = [0.0, 0.0, 20.0], radius = 1.0 }
material = { mass_density_g_cm3 = 0.858, formula = { C = 1, H = 2 } }
"""


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Caches of their own; that of fonts is filled, because filling it starts another program."""
    folder = tmp_path_factory.mktemp("caches")
    found = {name: str(folder / name) for name in ("DARKHORN_CACHE", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "TMPDIR")}
    for path in found.values():
        Path(path).mkdir()
    command = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env={**os.environ, **found}, check=True)
    return found


def run(caches: dict[str, str], work: Path, *args: str) -> tuple[int, set[str]]:
    """Run in a process of its own; return the exit code and what it touched outside the allowed directories."""
    environment = {**os.environ, **caches, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", WATCH, *args]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    allowed = (str(work / "out"), *caches.values(), os.devnull)
    return answer["code"], {
        path for path in answer["touched"] if not any(Path(path).is_relative_to(root) for root in allowed)
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "mesons.csv").write_text(MESONS)
    return tmp_path


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "x\\u0000y"])
def test_names_lead_nowhere(caches: dict[str, str], folder: Path, name: str) -> None:
    """Reading beside the folder of the scenario is allowed, writing is not."""
    (folder / "work" / "case.toml").write_text(CASE.format(name=name, file="../mesons.csv", rest=DETECTOR))
    code, outside = run(caches, folder / "work", "run", "case.toml", "--out", "out", "--quiet")
    assert code in (0, 2)
    assert not outside
    assert {path.name for path in folder.iterdir()} == {"work", "mesons.csv"}
    assert {path.name for path in (folder / "work").iterdir()} <= {"case.toml", "out"}


def test_names_of_modes_lead_nowhere(caches: dict[str, str], folder: Path) -> None:
    work = folder / "work"
    for file, text in fill("experiment", "mine").items():
        (work / file).write_text(text.replace("modes.neutrino", 'modes."../../escaped"'))
    rest = '[experiment]\nname = "mine.toml"\n'
    (work / "case.toml").write_text(CASE.format(name="modes", file="../mesons.csv", rest=rest))
    code, outside = run(caches, folder / "work", "run", "case.toml", "--out", "out", "--quiet")
    assert code in (0, 2)
    assert not outside


def test_the_watch_sees_what_is_outside(caches: dict[str, str], folder: Path) -> None:
    """A verb that is told to write elsewhere is seen to do so."""
    code, outside = run(caches, folder / "work", "new", "scenario", "seen")
    assert code == 0
    assert any(path.endswith("seen.toml") for path in outside)
