"""Samples of a pattern match it, or there is none."""

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.pattern_samples import sample


def seeded(seed: int) -> Random:
    return Random(seed)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(1[3-9][0-9]{9}|(0[0-9]{2,3}-?)?[0-9]{7,8})$",
        r"\d{4}-\d\d",
        r"[A-Z]{2,}",
        r"[^a-z]+",
        r"(?:ab|cd)*x?",
        r"[0-9]+([.][0-9]{1,2})?",
        r"\w+@\w+\.cn",
        r"[一-龥]{2,4}",
        r"[]a-]{3}",
        "",
    ],
)
def test_a_sample_matches_its_whole_pattern(pattern):
    made = [sample(pattern, seeded(seed)) for seed in range(30)]

    assert all(text is not None and re.fullmatch(pattern, text) for text in made)


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", "(", "a{1000000}", "[z-a]", "*", r"\pL"])
def test_a_pattern_that_is_not_understood_has_no_sample(pattern):
    assert sample(pattern, seeded(1)) is None


def test_samples_differ_by_seed_and_are_the_same_for_one():
    assert len({sample("[a-z]{8}", seeded(seed)) for seed in range(10)}) == 10
    assert sample("[a-z]{8}", seeded(3)) == sample("[a-z]{8}", seeded(3))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab01[](){}|*+?^$\\-.,", max_size=12))
def test_no_pattern_raises(pattern):
    sample(pattern, seeded(0))
