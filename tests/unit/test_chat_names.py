"""Names: normalized, compared by case fold, tricks refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twistedchat.chat.names import MAX_NAME_CHARS, BadName, clean_name, folded


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ann", "Ann"),
        ("  Ann \t Lee\n", "Ann Lee"),
        ("\uff21\uff4e\uff4e", "Ann"),
        ("ﬁn", "fin"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("Ann\u00a0Lee", "Ann Lee"),
        ("李雷", "李雷"),
        ("สมชาย", "สมชาย"),
        ("Ann 😀", "Ann 😀"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("x" * MAX_NAME_CHARS, "x" * MAX_NAME_CHARS),
    ],
)
def test_fair_names_are_kept_in_normal_form(written: str, kept: str) -> None:
    assert clean_name(written) == kept


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u3000",
        "x" * (MAX_NAME_CHARS + 1),
        "Ann\u200b",
        "Ann\u200d",
        "\ufeffAnn",
        "Ann\u00ad",
        "\u202eAnn",
        "Ann\u2066",
        "\u061cAnn",
        "Ann\x00",
        "Ann\x07",
        "\u2800",
        "\u3164",
        "A\u115fnn",
        "A\u034fnn",
        "\ufe0f",
        "\u0301",
        "Ann\ue000",
        "\U000e0041nn",
        "\ud800",
        "a" + "\u0488" * 8,
        "e" + "\u0315\u0316\u0317\u0318\u0319",
    ],
)
def test_names_that_show_nothing_or_play_tricks_are_refused(name: str) -> None:
    with pytest.raises(BadName) as caught:
        clean_name(name)
    assert caught.value.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "ANN"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("❤\ufe0f", "❤"),
        ("Ann", "Ann\ufe0e"),
        ("Ann", "Ann\U000e0100"),
        ("\uff21\uff4e\uff4e", "ann"),
    ],
)
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert folded(clean_name(one)) == folded(clean_name(other))


@given(st.text(max_size=40))
def test_a_clean_name_is_clean_and_stays_the_same_when_folded_twice(text: str) -> None:
    try:
        name = clean_name(text)
    except BadName:
        return
    assert clean_name(name) == name
    assert folded(folded(name)) == folded(name)


def test_the_reason_says_what_kind_of_name_it_is() -> None:
    with pytest.raises(BadName, match="a room name has at most 60"):
        clean_name("x" * 61, "room name", 60)
