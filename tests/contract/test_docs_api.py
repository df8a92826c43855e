"""The examples of docs/api.md, run one after the other against a server of its own."""

import json
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from api_kit import There
from process_kit import PATIENCE_S, clean_environment, twistd
from twisted.web.client import Agent

from twistedchat.client import ApiClient
from twistedchat.config import ApiKey, Settings
from twistedchat.settings.sources import Said, read_settings
from twistedchat.testing.kit import MemoryHouse
from twistedchat.web.api_answers import STATUS

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
KEY = "k" * 43


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_examples_are_answered_as_they_say(tmp_path: Path) -> None:
    [table] = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "shop.key").write_text(f"{KEY}\n")
    (tmp_path / "shop.key").chmod(0o600)
    config = tmp_path / "chat.toml"
    config.write_text(table.replace("/etc/twistedchat/", ""))
    assert read_settings(Said(config=str(config)), {}).api_keys[0].key == KEY
    examples = re.findall(r"```sh\n(.*?)```(?:\n\n```json\n(.*?)```)?", TEXT, re.DOTALL)
    assert len(examples) == 8
    with twistd(f"--config={config}", cwd=tmp_path) as server:
        environment = clean_environment() | {"URL": server.ready().rstrip("/"), "KEY": KEY, "no_proxy": "*"}
        for command, answer in examples:
            done = subprocess.run(
                ["sh", "-c", command],
                env=environment,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=True,
            )
            assert (json.loads(done.stdout) if done.stdout else None) == (
                json.loads(answer) if answer else None
            )
        assert server.end()[0] == 0


def test_the_program_does_what_it_says() -> None:
    [text] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(text, names)
    house = MemoryHouse(Settings(api_keys=(ApiKey("shop", ("post", "look", "rooms"), KEY),)))
    try:
        agent = Agent.usingEndpointFactory(house.clock, There(house))
        names["ApiClient"] = partial(ApiClient, reactor=house.clock, agent=agent)
        assert house.run(names["tell"]("http://127.0.0.1", KEY)) == 0
        [entry] = house.run(house.house.backend.read("room/order 17", 0, 10))
        assert entry.id == "order-17-is-on-its-way"
    finally:
        house.stop()


def test_every_error_with_a_status_of_its_own_is_told() -> None:
    for kind, status in STATUS.items():
        assert re.search(rf"^\| {status} \|.*`{kind.__name__}`", TEXT, re.MULTILINE), kind
