import random
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.sentences import LONGEST, Span, opening_heading, split

SEEDS = Path(__file__).parent.parent / "seeds"
SEED_SENTENCES = {"000": 26, "001": 44, "002": 17, "003": 15, "004": 33}


def sentences(text):
    return [text[span.start : span.end] for span in split(text)]


def headings(text):
    return [text[span.start : span.end] for span in split(text) if span.heading]


def seed(number):
    return next(SEEDS.glob(f"{number}_*.txt")).read_bytes().decode()


def check(text):
    """Spans are stripped, in order, and leave out nothing but lines without letter or digit."""
    spans = split(text)
    for span in spans:
        inside = text[span.start : span.end]
        assert inside
        assert inside == inside.strip()
    assert all(a.end <= b.start and a.paragraph <= b.paragraph for a, b in pairwise(spans))
    edges = [0, *(edge for span in spans for edge in (span.start, span.end)), len(text)]
    gaps = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    assert not any(character.isalnum() for gap in gaps for character in gap)
    assert sorted({span.paragraph for span in spans}) == list(
        range(len({span.paragraph for span in spans}))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t\n", []),
        ("One. Two.", ["One.", "Two."]),
        ("  One.   Two.  ", ["One.", "Two."]),
        ("U.S. officials met. They left.", ["U.S. officials met.", "They left."]),
        ("He works in the U.S. He likes it.", ["He works in the U.S.", "He likes it."]),
        ("The U.S. Congress voted.", ["The U.S. Congress voted."]),
        ("Mr. Trump met Dr. Smith. He left.", ["Mr. Trump met Dr. Smith.", "He left."]),
        ("She fell ill. Dr Berg came.", ["She fell ill.", "Dr Berg came."]),
        ("“He told me. Mary left.”", ["“He told me.", "Mary left.”"]),
        ("It ended in May. A plan came.", ["It ended in May.", "A plan came."]),
        ("By 15 May. Police came. 48 fell ill.", ["By 15 May.", "Police came.", "48 fell ill."]),
        ("“He fell ill. I came.”", ["“He fell ill.", "I came.”"]),
        ("He asked me. “No,” she said.", ["He asked me.", "“No,” she said."]),
        (
            "See art. 5 of no. 7. It is no. 1 Player.",
            ["See art. 5 of no. 7.", "It is no. 1 Player."],
        ),
        ("Then Dr. Who spoke. Ms. Harris left.", ["Then Dr. Who spoke.", "Ms. Harris left."]),
        ("Amb. Taylor met Sens. Graham and Cruz.", ["Amb. Taylor met Sens. Graham and Cruz."]),
        ("Some, e.g. Poland, agreed. Fine.", ["Some, e.g. Poland, agreed.", "Fine."]),
        ("That is, i.e. Nothing. Fine.", ["That is, i.e. Nothing.", "Fine."]),
        ("J. K. Rowling and George H. W. Bush.", ["J. K. Rowling and George H. W. Bush."]),
        ("It rose 3.5 percent. Then 0.5%.", ["It rose 3.5 percent.", "Then 0.5%."]),
        ("About approx. 5 of Vol. 3 remain.", ["About approx. 5 of Vol. 3 remain."]),
        ("“We are here.” He left.", ["“We are here.”", "He left."]),
        ('"Done." Next.', ['"Done."', "Next."]),
        ("They want Article 5-like guarantees.", ["They want Article 5-like guarantees."]),
        (
            "It is open. “It’s unresolved, but it’s getting closer,” Trump said, smiling.",
            ["It is open.", "“It’s unresolved, but it’s getting closer,” Trump said, smiling."],
        ),
        ("- Item one. Item two.\n- Item three", ["- Item one.", "Item two.", "- Item three"]),
        ("He left... Then he came.", ["He left...", "Then he came."]),
        ("He said… nothing. So … what?", ["He said… nothing.", "So … what?"]),
        ("No?! Yes!", ["No?!", "Yes!"]),
        ("(See above.) He left.", ["(See above.)", "He left."]),
        ("The (U.S.) Congress (of 2020) met.", ["The (U.S.) Congress (of 2020) met."]),
        ("(U.S.) Congress met.", ["(U.S.) Congress met."]),
        ("— Marco Rubio, U.S. Secretary of State", ["— Marco Rubio, U.S. Secretary of State"]),
        ("One.\n***\n-----\n😀 🎉\nTwo.", ["One.", "Two."]),
        ("你好。再见。", ["你好。", "再见。"]),
        ("مرحبا. كيف حالك؟ أنا بخير.", ["مرحبا.", "كيف حالك؟", "أنا بخير."]),
        (
            "😀 Emoji 𝔘 here. İstanbul is big. 👨‍👩‍👧 Family.",
            ["😀 Emoji 𝔘 here.", "İstanbul is big.", "👨‍👩‍👧 Family."],
        ),
        ("One.\r\nTwo. Three.\rFour.\u2028Five.", ["One.", "Two.", "Three.", "Four.", "Five."]),
        ("A\u00a0price. Of\u00a05.", ["A\u00a0price.", "Of\u00a05."]),
    ],
)
def test_worked_by_hand(text, expected):
    assert sentences(text) == expected
    check(text)


def test_no_break_space_before_a_full_stop_does_not_crash():
    assert sentences("One\u00a0two A\u00a0. B.") == ["One\u00a0two A\u00a0. B."]


def test_spans_count_code_points():
    assert split("😀 İa. Bc.") == [Span(0, 5, 0, False), Span(6, 9, 0, False)]


def test_seeds_have_135_sentences():
    counts = {number: len(split(seed(number))) for number in SEED_SENTENCES}
    assert counts == SEED_SENTENCES
    assert sum(counts.values()) == 135
    for number in counts:
        check(seed(number))


def test_seed_sentences_by_content():
    rubio = sentences(seed("000"))
    assert rubio[2].startswith("“The hardest questions usually remain for last,” the Secretary")
    assert "— Marco Rubio, U.S. Secretary of State" in rubio
    assert "This refers to protection equivalent to NATO’s Article 5." in rubio
    trump = sentences(seed("004"))
    assert (
        "“It’s unresolved, but it’s getting closer,” Trump said, describing Donbas as the most "
        "difficult issue in the negotiations."
    ) in trump


def test_seed_headings():
    assert headings(seed("000")) == [
        "Donbas: “Free zone” or occupation?",
        "Security guarantees: the battle for “Article 5”",
        "Meeting in Miami: who is negotiating?",
    ]
    assert headings(seed("001"))[1:] == ["Next steps"]
    assert headings(seed("003")) == []
    assert len(headings(seed("004"))) == 8
    assert headings(seed("004"))[-1] == "Conclusion"


@pytest.mark.parametrize(
    "line",
    ["Next steps", "Who is next?", "The battle for “Article 5”", "Key points:", "# We won.", "Vom"],
)
def test_heading(line):
    assert headings(f"{line}\nHe left the room.") == [line]


@pytest.mark.parametrize(
    "line",
    [
        "He left.",
        "“We will not give up.”",
        "“Never!”",
        "“Really?”",
        "And then…",
        "Dear readers,",
        "- A list item",
        "2. A list item",
        "— Marco Rubio, U.S. Secretary of State",
        "Who is next? Nobody knows",
        "x " * 61,
    ],
)
def test_no_heading(line):
    assert headings(f"{line}\nHe left the room.") == []


def test_the_last_paragraph_is_no_heading_unless_marked():
    assert headings("He left.\nNext steps") == []
    assert headings("He left.\n## Next steps") == ["## Next steps"]


def test_many_short_lines_in_a_row_are_a_list():
    assert headings("Alpha\nBeta\nGamma\nHe left.") == ["Alpha", "Beta", "Gamma"]
    assert headings("Alpha\nBeta\nGamma\nDelta\nHe left.") == []


def test_title_paper_day_and_reporter_at_the_head_are_headings():
    head = ["Who knew about the cracks?", "The Valley Gazette", "9 March 2026", "By Ada Blom"]
    text = "\n".join([*head, "The dam held.", "It is old."])
    assert headings(text) == head
    opens = opening_heading(text)
    assert opens
    assert text[opens.start : opens.end] == head[0]
    assert headings("\n".join(["He left.", *head, "The dam held."])) == []  # not at the head
    assert headings("\n".join([*head, *"abc", "The dam held."])) == []  # a list


WRAPPED = """\
No progress from Miami

The United States and Ukraine are moving closer to a potential peace
agreement to end the war with Russia, though major challenges remain,
U.S. President Donald Trump said on Sunday. He spoke in Florida after
a meeting.

Both leaders acknowledged progress on one of the most sensitive aspects
of the talks:
- security guarantees that Congress would have to approve, which would
  make them binding
- land
"""


def test_hard_wrapped_text():
    found = sentences(WRAPPED)
    assert found[0] == "No progress from Miami"
    assert found[1].endswith("remain,\nU.S. President Donald Trump said on Sunday.")
    assert found[2] == "He spoke in Florida after\na meeting."
    assert found[3].endswith("aspects\nof the talks:")
    assert found[4].endswith("which would\n  make them binding")
    assert found[5:] == ["- land"]
    assert [span.paragraph for span in split(WRAPPED)] == [0, 1, 1, 2, 3, 4]
    check(WRAPPED)
    check(WRAPPED.replace("\n", "\r\n"))
    assert len(split(WRAPPED.replace("\n", "\r\n"))) == 6


def test_lines_of_their_own_are_not_taken_for_wrapped_ones():
    lines = "Kyiv is hit by drones overnight\n\nTrump meets Zelensky\nEU agrees\nMore to come later"
    assert sentences(lines) == [line for line in lines.split("\n") if line]
    assert len(split("He came. She saw.\nThey left it all.\n\nThe end came.\nIt was good.")) == 5


def test_long_sentences_are_cut_at_white_space():
    text = ("word " * 2000).strip()
    assert len(split(text)) == 9
    assert all(len(sentence) <= LONGEST for sentence in sentences(text))
    assert {word for sentence in sentences(text) for word in sentence.split()} == {"word"}
    quote = "“" + "We said so and we stand by it. " * 60 + "That is all.”"
    assert all(sentence.endswith((".", ".”")) for sentence in sentences(quote))
    assert "".join(sentences("x" * 5000)) == "x" * 5000


@pytest.mark.parametrize("unit", ["word ", "“a", "a b.\n", "\n", "x", "(a. ", "! ", "Dr. "])
def test_a_megabyte_takes_seconds(unit):
    text = (unit * 1_000_000)[:1_000_000]
    start = time.perf_counter()
    spans = split(text)
    assert time.perf_counter() - start < 30
    assert all(span.end - span.start <= LONGEST for span in spans)


def test_any_text_keeps_the_promises():
    chance = random.Random(5)
    parts = [*"abAB .!?\"'“”‘’()[]…—-\u00a0\u200b😀𝔘İ\u0301ßمر。؟01\t,:*#>\ufeff\u202e\0\u2028"]
    parts += [
        "U.S.",
        "Dr. ",
        "\n",
        "\r\n",
        "\n\n",
        "http://a.b/c. ",
        "(a. B) ",
        " word ",
        "A\u2003.",
    ]
    for _ in range(3000):
        check("".join(chance.choice(parts) for _ in range(chance.randrange(120))))


LINES = st.sampled_from(
    [
        *("", "A heading", "# A. B.", "It rained. It snowed.", "It rained", "- an item", "“So.”"),
        *("x" * 130, "a line of some sixty characters that an editor has broken at", "and so on."),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=9).map("\n".join))
@example("A\n\nB\n\nC\n\nD")  # four in a row are a list
@example("A\n\nB\n\nC\n\nD\n\nIt rained. It snowed.")
@example("A\n\nB\n\nC\n\nIt rained. It snowed.")
def test_opening_heading_is_the_first_sentence_where_that_is_a_heading(text):
    first = next(iter(split(text)), None)
    assert opening_heading(text) == (first if first and first.heading else None)


@pytest.mark.parametrize("number", SEED_SENTENCES)
def test_opening_heading_of_a_real_article(number):
    first = split(seed(number))[0]
    assert opening_heading(seed(number)) == (first if first.heading else None)


def test_a_dateline_is_a_heading_and_the_sentence_begins_behind_it():
    text = "The dam holds\nLIMA, Peru, 3 March 2026 (AP) - The dam held. It rained.\n"
    assert headings(text) == ["The dam holds", "LIMA, Peru, 3 March 2026 (AP) -"]
    assert sentences(text)[2:] == ["The dam held.", "It rained."]
    check(text)


def test_a_day_further_down_stays_in_its_sentence():
    text = "It rained.\n" * 7 + "Lima, 3 March: The dam held.\n"
    assert sentences(text)[-1] == "Lima, 3 March: The dam held."


def test_nothing_but_a_dateline_is_a_sentence():
    assert sentences("LIMA, 3 March 2026 (AP) - ") == ["LIMA, 3 March 2026 (AP) -"]
