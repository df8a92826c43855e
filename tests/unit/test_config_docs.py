"""docs/operation.md says what the program does."""

import dataclasses
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from twistedchat.backends.measured import MeasuredBackend
from twistedchat.config import ApiKey, Limits, RoomSetting, Settings, TokenKey
from twistedchat.settings.describe import descriptions, tables
from twistedchat.settings.keys import LIMITS
from twistedchat.settings.sources import Said, read_settings
from twistedchat.web.metrics import HouseCollector, Sources

DOCUMENT = (Path(__file__).parents[2] / "docs" / "operation.md").read_text("utf-8")


@pytest.mark.parametrize("kind", [Settings, Limits, RoomSetting, TokenKey, ApiKey])
def test_every_field_is_described(kind: type) -> None:
    told = descriptions(kind)
    assert list(told) == [field.name for field in dataclasses.fields(kind)]
    assert all(told.values())


def test_the_tables_of_settings_are_those_of_the_program() -> None:
    found = re.search(r"<!-- settings -->\n\n(.*)\n\n<!-- end of settings -->", DOCUMENT, re.DOTALL)
    assert found is not None
    # To write them anew: python -m twistedchat settings
    assert found[1].splitlines() == list(tables())


def test_a_description_of_several_lines_is_whole() -> None:
    told = descriptions(Limits)["heartbeat_s"]
    assert told.startswith("a frame at least this often")
    assert told.endswith("after 35 s.")


def test_the_examples_of_the_file_are_taken(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(blocks) == 3
    settings = []
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.toml"
        path.write_text(block)
        settings.append(read_settings(Said(config=str(path)), {}))
    assert settings[0].limits.max_rooms == 500
    assert [room.kind for room in settings[1].rooms] == ["public", "members"]
    assert settings[2].token_keys[0].not_after is not None


def test_the_examples_of_options_and_variables_are_taken() -> None:
    room = re.search(r"--room '(\{.*?\})'", DOCUMENT)
    variable = re.search(r"`(TWISTEDCHAT_ROOMS)='(.*?)'`", DOCUMENT)
    assert room is not None
    assert variable is not None
    by_option = read_settings(Said({"rooms": ["Lobby", room[1]]}), {})
    assert read_settings(Said(), {variable[1]: variable[2]}).rooms == by_option.rooms
    assert read_settings(Said(limits=["max_rooms=500"]), {}) == read_settings(
        Said(), {"TWISTEDCHAT_LIMITS_MAX_ROOMS": "500"}
    )


def test_every_figure_is_in_the_document_and_no_other() -> None:
    live = SimpleNamespace(clients={}, refused=Counter())
    store = MeasuredBackend(SimpleNamespace(trouble=None), lambda: 0.0)
    families = HouseCollector(Sources(live, [], store, lambda: 0, Counter(), Counter())).collect()
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert set(re.findall(r"^\| `(twistedchat_\w+)", DOCUMENT, re.MULTILINE)) == names


def test_every_limit_has_a_kind() -> None:
    assert set(LIMITS) == {field.name for field in dataclasses.fields(Limits)}
