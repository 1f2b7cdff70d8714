"""What is remembered is found once, within bounds."""

from functions.pipeline.remembered import Remembered


def test_what_was_found_is_not_looked_for_again():
    asked: list[tuple[str, ...]] = []
    found = Remembered(lambda names: asked.append(names) or len(names))
    assert [found["a", "b"], found["a", "b"], found["a",]] == [2, 2, 1]
    assert asked == [("a", "b"), ("a",)]


def test_long_tuples_are_not_kept_and_short_ones_only_so_many():
    found = Remembered(len, most=2, longest=3)
    assert found["a", "b", "c", "d"] == 4
    assert not found
    for name in "abc":
        assert found[name,] == 1
    assert [*found] == [("c",)]
