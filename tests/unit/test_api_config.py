"""Keys of programs in the configuration: where a secret may stand, and what a key is."""

from pathlib import Path
from typing import Any

import pytest

from twistedchat.cli.main import main
from twistedchat.config import ApiKey, Faults, Settings
from twistedchat.settings.describe import as_toml
from twistedchat.settings.sources import Said, read_settings

KEY = "k" * 32


def read(path: Path, text: str, mode: int = 0o600) -> Settings:
    path.write_text(text)
    path.chmod(mode)
    return read_settings(Said(config=str(path)), {})


def test_a_key_comes_from_the_file_from_another_or_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "shop.key").write_text(f"{KEY}\n")
    (tmp_path / "shop.key").chmod(0o600)
    wanted = (ApiKey("shop", ("post", "look"), KEY),)
    table = 'name = "shop"\nmay = ["post", "look", "post"]\n'
    assert read(tmp_path / "a", f'[[api_keys]]\n{table}key = "{KEY}"').api_keys == wanted
    assert read(tmp_path / "b", f'[[api_keys]]\n{table}key_file = "shop.key"', 0o644).api_keys == wanted
    variable = f'{{name = "shop", may = ["post", "look"], key = "{KEY}"}}'
    assert read_settings(Said(), {"TWISTEDCHAT_API_KEYS": variable}).api_keys == wanted
    option = f'{{name = "shop", may = ["post", "look"], key_file = "{tmp_path}/shop.key"}}'
    assert read_settings(Said({"api_keys": [option]}), {}).api_keys == wanted


def test_nobody_else_reads_a_key(tmp_path: Path) -> None:
    table = f'[[api_keys]]\nname = "shop"\nmay = "post"\nkey = "{KEY}"'
    settings = read(tmp_path / "a", table)
    assert KEY not in repr(settings) + "\n".join(as_toml(settings))
    with pytest.raises(Faults, match="others may read"):
        read(tmp_path / "b", table, 0o644)
    with pytest.raises(Faults, match="command line"):
        read_settings(Said({"api_keys": [f'{{name = "shop", may = ["post"], key = "{KEY}"}}']}), {})
    (tmp_path / "open.key").write_text(KEY)
    (tmp_path / "open.key").chmod(0o644)
    with pytest.raises(Faults, match="others may read"):
        read(tmp_path / "c", '[[api_keys]]\nname = "shop"\nmay = "post"\nkey_file = "open.key"')


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"key": "k" * 31}, "32 to 512"),
        ({"key": "k" * 513}, "32 to 512"),
        ({"key": f"{KEY} {KEY}"}, "32 to 512"),
        ({"key": "ü" * 32}, "32 to 512"),
        ({}, "either key or key_file"),
        ({"key": KEY, "key_file": "x"}, "either key or key_file"),
        ({"key": KEY, "may": []}, "at least one"),
        ({"key": KEY, "may": ["everything"]}, "unknown right"),
        ({"key": KEY, "name": ""}, "1 to 32"),
        ({"key": KEY, "name": "x" * 33}, "1 to 32"),
    ],
)
def test_a_wrong_key_is_told_without_its_text(tmp_path: Path, table: dict[str, Any], told: str) -> None:
    whole = {"name": "shop", "may": ["post"]} | table
    lines = [f"{name} = {value!r}" for name, value in whole.items()]
    with pytest.raises(Faults, match=told) as caught:
        read(tmp_path / "a", "[[api_keys]]\n" + "\n".join(lines))
    assert "kkk" not in str(caught.value)


def test_two_programs_of_one_name_are_refused(tmp_path: Path) -> None:
    table = f'[[api_keys]]\nname = "shop"\nmay = "post"\nkey = "{KEY}"\n'
    with pytest.raises(Faults, match="twice"):
        read(tmp_path / "a", table * 2)


@pytest.mark.parametrize("given", [True, False])
def test_a_generated_key_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str], given: bool) -> None:
    key = tmp_path / "shop.key"
    assert main(["gen-key", "--alg", "api", *([str(key)] if given else [])]) == 0
    told = capsys.readouterr().out
    if not given:
        key.write_text(told)
        told = f'[[api_keys]]\nname = "shop"\nmay = ["post"]\nkey_file = "{key}"'
    assert key.stat().st_mode & 0o777 == 0o600 or not given
    key.chmod(0o600)
    [found] = read(tmp_path / "a", told).api_keys
    assert (found.name, found.may, found.key) == ("shop", ("post",), key.read_text().strip())
    assert len(found.key) == 43


def test_the_check_tells_what_the_server_would_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = '[[api_keys]]\nname = "{}"\nmay = "post"\nkey = "{}"\n'
    config = tmp_path / "a"
    for text, told in (
        (table.format("a", KEY) + table.format("b", KEY), "same key"),
        (table.format("ㅤ", KEY), "name"),
    ):
        config.write_text(text)
        config.chmod(0o600)
        assert main(["check-config", "--config", str(config)]) == 1
        found = capsys.readouterr().err
        assert f"{config}: api_keys: " in found and told in found and KEY not in found
