"""Datelines, in the ways newspapers print them."""

import pytest

from rag.datelines import dateline, day_of_file, without_dateline

REST = "\n\nThe dam held, the mayor said on 9 May 2019."


@pytest.mark.parametrize(
    "head",
    [
        "MARROWICK, 3 March 2026 - Dockers stopped work.",
        "The dam holds\n\nGENEVA, March 3, 2026 (AP) — The dam held.",
        "The dam holds\nSan José (Reuters), 3 March 2026 – It held.",
        "The dam holds\nBy Ada Blom, 3 March 2026",
        "3 March 2026",
        "Published: Tuesday, 3 March 2026",
        "The dam holds\nUpdated 3 Mar 2026, 14:30 GMT",
        "The dam holds\n\n\nby a reporter\n2026-03-03",
        "Oslo, Tuesday, March 3 2026: It held.",
        "MARROWICK, Westland, 3 March 2026 (Coast Wire) - Dockers stopped work.",
        "The dam holds\nThe Valley Gazette, 3 March 2026, by Ada Blom",
        "The dam holds\n\nCoast Wire, 3 March 2026\n\nThe dam held.",
        "The dam holds\nReuters | Mar 3, 2026",
        "The dam holds\nBy Ada Blom | The Valley Gazette | 3 March 2026",
    ],
)
def test_stated_day_is_read(head):
    assert dateline(head + REST) == "2026-03-03"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The dam held on 3 March 2026 - a day of rain.",  # a day the text mentions
        "On 3 March 2026, the dam held.",
        "GENEVA, March 3 - The dam held.",  # of which year?
        "GENEVA, 31 February 2026 - The dam held.",
        "GENEVA, 3/4/2026 - The dam held.",
        "Updated 4 March 2026\n3 March 2026",  # two days
        "One\nTwo\nThree\nFour\n3 March 2026",  # too far down
        "In the night to 3 March 2026 - as reported - it rained.",
        "The treaty of 3 March 1918 - a peace of force - fell.",
        "Budapest Memorandum, 5 December 1994\n\nIt is often quoted.",  # a title
        "The dam holds\nHarlow was founded, 3 March 1871, by Ada Blom",
    ],
)
def test_what_is_no_dateline_is_no_date(text):
    assert dateline(text) is None


@pytest.mark.parametrize(
    ("opens", "rest"),
    [
        ("LIMA, 3 March (AP) - ", "The dam held."),
        ("SAN JOSÉ, Costa Rica (Reuters) — ", "The dam held."),
        ("Geneva, March 3, 2026: ", "The dam held."),
        ("NEW YORK – ", "The dam held."),
        ("LIMA, Mar 27 (Coast News Agency) -- ", "The dam held."),
        ("", "The dam - it held - is old."),
        ("", "US - Chile 3:1."),
        ("", "The dam held, 3 March (AP) said."),
        ("", "Maria – she held the dam – is 90."),
    ],
)
def test_what_a_sentence_opens_with_is_taken_off_and_nothing_else(opens, rest):
    assert without_dateline(opens + rest) == rest


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2026-03-03-dam.md", "2026-03-03"),
        ("2026-03-03.txt", "2026-03-03"),
        ("20260303_dam.txt", "2026-03-03"),
        ("2026_03_03 dam.html", "2026-03-03"),
        ("2026-13-03-dam.md", None),
        ("20260303123-dam.md", None),
        ("30012026-dam.md", None),
        ("dam-2026-03-03.md", None),
        ("2026-03-dam.md", None),
    ],
)
def test_day_that_a_file_name_begins_with(name, day):
    assert day_of_file(name) == day
