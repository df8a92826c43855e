"""The package as it is installed: wheel and checkout list and run ``twistd chat`` from anywhere, static files included."""

import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from process_kit import fetch, run, twistd

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, as an index would get it."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """A fresh environment with this package in it; its dependencies are borrowed from the one of the tests."""
    home = tmp_path_factory.mktemp(request.param)
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    site = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).stdout.strip()
    )
    # A folder named in a .pth file is searched, but .pth files in it are not read: the checkout does not come along.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "--ignore-installed",
    ]
    what = ["-e", str(ROOT)] if request.param == "editable" else [str(wheel)]
    done = run(python, "-m", "pip", "install", *options, *what, cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    (home / "bin" / "twistd").write_text(f"#!{python}\nfrom twisted.scripts.twistd import run\nrun()\n")
    (home / "bin" / "twistd").chmod(0o755)
    return home


def test_the_wheel_has_what_it_needs_and_shadows_nothing(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "twistedchat/py.typed",
        "twistedchat/static/index.html",
        "twisted/plugins/chat_plugin.py",
    } <= names
    assert [name for name in names if re.match(r"twistedchat/static/vendor/sockjs-client-.*/LICENSE", name)]
    assert not [name for name in names if re.match(r"twisted/(plugins/)?__init__\.py", name)]
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"twistedchat", "twisted"}
    assert not [
        name for name in names if name.endswith((".pyc", "dropin.cache")) or "tests" in name.split("/")
    ]


def test_every_static_file_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    files = (path.relative_to(ROOT) for path in (ROOT / "static").rglob("*") if path.is_file())
    assert {f"twistedchat/{path}" for path in files} <= names


def test_chat_is_listed_and_runs_from_a_foreign_directory(installed: Path, tmp_path: Path) -> None:
    tool = installed / "bin" / "twistd"
    listing = run(tool, "--help", cwd=tmp_path)
    assert re.search(r"^\s+chat\s+one chat room", listing.stdout, re.MULTILINE), (
        listing.stdout + listing.stderr
    )
    with twistd(cwd=tmp_path, tool=tool) as server:
        url = server.url()
        status, kind, page = fetch(url)
        assert (status, kind) == (200, "text/html")
        script = re.search(rb'<script src="([^"]+)"', page)
        assert script is not None
        status, kind, body = fetch(url + script.group(1).decode())
        assert (status, kind) == (200, "text/javascript")
        assert len(body) > 100
        assert server.end()[0] == 0


def test_the_package_comes_from_where_it_was_installed(installed: Path, tmp_path: Path) -> None:
    found = run(
        installed / "bin" / "python", "-c", "import twistedchat; print(twistedchat.__file__)", cwd=tmp_path
    )
    home = installed if installed.name.startswith("wheel") else ROOT
    assert Path(found.stdout.strip()).is_relative_to(home)
