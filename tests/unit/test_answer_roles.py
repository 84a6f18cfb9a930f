"""Who did what to whom."""

from __future__ import annotations

import pytest

from chat.answer.roles import swapped


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Berta beat Anna.", "Anna beat Berta in the final."),
        ("YouTube acquired Google.", "Google acquired YouTube."),
        ("Google was acquired by YouTube.", "Google acquired YouTube."),
        ("Anna Karen was defeated by Berta Holm.", "Berta Holm was defeated by Anna Karen."),
    ],
)
def test_roles_the_other_way_round_are_swapped(claim: str, evidence: str) -> None:
    assert swapped(claim, evidence)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Anna beat Berta.", "Anna beat Berta."),
        ("Berta was beaten by Anna.", "Anna beat Berta."),
        ("Berta met Anna.", "Anna met Berta."),
        ("Berta and Anna won.", "Anna and Berta won."),
        ("Berta beat Anna.", "Anna thanked Berta."),
        ("the cat bit the dog", "the dog bit the cat"),
    ],
)
def test_the_same_roles_or_none_are_not(claim: str, evidence: str) -> None:
    assert not swapped(claim, evidence)
