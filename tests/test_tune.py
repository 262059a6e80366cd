"""How many threads: chosen by hand-made figures, and measured with the real model."""

import pytest

from rag.errors import UsageError
from rag.settings import Settings
from rag.tune import READ, WRITTEN, Speed, best, measure


def test_seconds_are_those_of_reading_and_writing():
    assert Speed(1, READ / 2, WRITTEN / 3).seconds == pytest.approx(5.0)


def test_fewest_threads_win_among_equals():
    slow, good, same = Speed(1, 20, 10), Speed(2, 80, 26), Speed(4, 81, 26.5)
    assert best([slow, good, same]) == good
    assert best([slow, good, Speed(4, 160, 30)]).threads == 4


def test_without_a_local_model_there_is_nothing_to_tune(settings):
    with pytest.raises(UsageError, match="--llm is 'none'"):
        list(measure(settings.model_copy(update={"llm": "none"})))


@pytest.mark.real
def test_real_model_is_measured_with_each_number_of_threads(home):
    speeds = list(measure(Settings(home=home, threads=2)))
    assert [speed.threads for speed in speeds] == [1, 2]
    assert all(speed.read > speed.written > 0 for speed in speeds)
    assert best(speeds) in speeds
