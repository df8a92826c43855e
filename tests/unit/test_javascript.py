"""The browser's half, run by node with nothing but what node brings."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "js"
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("*.test.js")))
def test_browser_half(script: str) -> None:
    """Every test of a file passes; acorn, which node carries inside, is shown by --expose-internals."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--expose-internals", "--test-reporter=spec", str(HERE / script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped 0" in done.stdout, done.stdout
