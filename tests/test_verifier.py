"""The verifier: what a statement claims stands in its sentences, or it is not shown."""

import pytest
from fakes_llm import hits

from rag.reader import DraftStatement
from rag.support import supported
from rag.verifier import check, quote, quoted

EU = "The EU wants Ukraine to keep an army of 800,000 men, Ursula Leyen said."
JOBS = "Acme will not cut 90 jobs in Ohio, its chief Ada Deniz said."
VOTE = "Foreign observers found disorder but no sign of organised fraud in the vote."
KYIV = "Zelensky flew to Kyiv with nine advisers."


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Ukraine should keep an army of 800,000.", EU),
        ("Ukraine should keep an army of 800000.", EU),
        ("Ukraine should keep an army of 800 000.", EU),
        ("Ukraine should keep an army of 800\u202f000 men.", EU),
        ("Ukraine should keep an army of 800\u00a0000 men.", EU),
        ("Acme will not cut 90 jobs in Ohio.", JOBS),
        ("Acme won’t cut 90 jobs in Ohio.", JOBS),
        ("Zelensky flew with nine advisers.", KYIV),
        ("Zelensky flew with 9 advisers.", KYIV),
        ("Zelenskiy flew to Kiev.", KYIV),
        ("Zelenskyy flew to Kyiv.", KYIV),
        ("The advisers flew.", KYIV),
        ("Mr Zelensky flew to Kyiv with nine advisers.", KYIV),
        ("Foreign observers found no sign of fraud.", VOTE),
        ("Observers found disorder in the vote.", VOTE),
        ("It rose by 2.50 points.", "It rose by 2.5 points."),
        ("Twenty points are in the plan.", "The plan has 20 points."),
        ("The plan costs 3 million euros.", "The plan costs three million euros."),
        (EU, EU),
        (JOBS, JOBS),
    ],
)
def test_what_stands_in_the_source_is_supported(text, source):
    assert supported(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        # numbers
        ("Acme will not cut 9,000 jobs in Ohio.", JOBS),
        ("Acme will not cut 9 jobs in Ohio.", JOBS),
        ("Acme will not cut nine jobs in Ohio.", JOBS),
        ("Acme will not cut 90.5 jobs in Ohio.", JOBS),
        ("Ukraine keeps an army of 80,000.", EU),
        ("Foreign observers said that the vote was fraudulent.", VOTE),
        ("Foreign observers found fraud.", VOTE),
        # one thing is another, or more of something than it
        ("Zelensky flew to Kyiv with younger advisers than before.", KYIV),
        ("The advisers who flew to Kyiv were the same nine.", KYIV),
        ("Ukraine should keep an army of 800.", EU),
        ("Ukraine should keep an army of 800 million.", EU),
        ("Zelensky flew with ten advisers.", KYIV),
        ("Zelensky flew with nineteen advisers.", KYIV),
        ("Zelensky flew with ninety advisers.", KYIV),
        ("It costs 800 billion euros.", "It costs 800 million euros."),
        ("Half of the plan is agreed.", "A third of the plan is agreed."),
        # names
        ("Donald Trump wants Ukraine to keep an army of 800,000.", EU),
        ("Ursula Meyer wants Ukraine to keep an army of 800,000.", EU),
        ("Russia wants to keep an army of 800,000.", EU),
        ("Acme will not cut 90 jobs in Texas.", JOBS),
        ("Putin flew to Kyiv.", KYIV),
        ("Zelensky flew to Lviv.", KYIV),
        # negation
        ("Acme will cut 90 jobs in Ohio.", JOBS),
        ("Zelensky never flew to Kyiv.", KYIV),
        ("Zelensky didn't fly to Kyiv.", KYIV),
        ("Zelensky didn’t fly to Kyiv.", KYIV),
        ("Nobody flew to Kyiv.", KYIV),
        # made-up words, or none
        ("Zelensky secretly bought golden furniture.", KYIV),
        ("He was.", KYIV),
        ("", KYIV),
        ("!?", KYIV),
        ("Zelensky flew to Kyiv.", ""),
    ],
)
def test_what_the_source_does_not_say_is_not_supported(text, source):
    assert not supported(text, source)


@pytest.mark.parametrize(("words", "good"), [("army plane boat", True), ("army boat", False)])
def test_three_fifths_of_the_content_words_must_stand_in_the_source(words, good):
    assert supported(words, "The army has a plane.") is good


def told(
    text: str, ranks: tuple[int, ...], *sentences: str, question: str = "What is known?"
) -> tuple[str, list[str]] | None:
    claim = check(DraftStatement(text, ranks), hits(*sentences), question)
    if claim is None:
        return None
    assert claim.support == "supported"
    return claim.text, [citation.quote for citation in claim.citations]


LIMA = "The Lima meeting follows on from talks at the Quito meeting on May 14, where 30 men spoke."


@pytest.mark.parametrize(
    ("question", "text", "kept"),
    [
        ("When was the Quito meeting?", "May 14", True),
        ("When was the Lima meeting?", "May 14", False),  # that was the one in Quito
        ("When did the talks in Lima take place?", "on May 14", False),
        ("How many men spoke?", "30 men", True),
        ("How many men spoke?", "Quito", False),  # no number at all
        ("Where did the 30 men speak?", "Quito", True),
        ("When was the Lima meeting?", "The Quito meeting was on May 14.", True),  # says so itself
    ],
)
def test_a_bare_answer_belongs_to_what_is_asked(question, text, kept):
    assert (told(text, (1,), LIMA, question=question) is not None) is kept


@pytest.mark.parametrize(
    ("question", "source", "kept"),
    [
        ("Which subcontractor did he work for?", "He worked for a subcontractor of Arden.", False),
        ("Which small firm did he work for?", "He worked for a small firm of the Arden.", True),
        ("What suburb does he live in?", "He lives in a quiet suburb of the Arden.", False),
        ("Which city does he live in?", "He lives in the city of Arden.", True),
        ("Which town does he like?", "He likes a house of Arden.", True),
    ],
)
def test_what_is_of_somebody_is_not_that_somebody(question, source, kept):
    assert (told("Arden", (1,), source, question=question) is not None) is kept


def test_a_bare_answer_may_stand_well_in_another_sentence():
    both = "The Lima meeting was on May 14."
    assert told("May 14", (1,), LIMA, both, question="When was the Lima meeting?") == (
        "May 14.",
        [both],
    )


def test_a_bare_answer_is_written_as_a_sentence():
    text = told("on May 14", (1,), LIMA, question="When was the Quito meeting?")
    assert text is not None
    assert text[0] == "On May 14."


def test_supported_statement_keeps_its_words_and_its_quote():
    assert told("The EU wants 800,000 men.", (1,), EU, JOBS) == (
        "According to Ursula Leyen, the EU wants 800,000 men.",
        [EU],
    )


@pytest.mark.parametrize(
    "text",
    [
        "The EU wants an army of 900,000 men.",
        "Trump wants an army of 800,000 men.",
        "The EU does not want an army of 800,000 men.",
        "Elephants marched through town.",
        "Who wants an army of 800,000 men?",
    ],
)
def test_unsupported_statement_is_no_claim(text):
    assert told(text, (1,), EU, KYIV) is None
    assert told(text, (1, 2), EU, KYIV) is None


@pytest.mark.parametrize(
    "text",
    [
        "What was found?",
        "Foreign observers found disorder and",
        "Foreign observers found disorder ]}]} else {.",
        "Foreign observers found [disorder]",
    ],
)
def test_what_is_no_whole_statement_is_no_claim(text):
    assert check(DraftStatement(text, (1,)), hits(VOTE), "What was found?") is None


def test_marks_of_the_source_may_stand_in_a_statement():
    source = "Ada Deniz said that they [the unions] had agreed to wait until the summer is over."
    claim = check(DraftStatement("They [the unions] agreed to wait.", (1,)), hits(source), "Who?")
    assert claim is not None


def test_what_the_reporter_mentions_in_passing_is_told_as_that_speakers_word():
    source = (
        "A judge ordered a recount on Friday, hours after the police union said that the boxes "
        "had been left without a guard for five hours."
    )
    claim = check(DraftStatement("Five hours.", (1,)), hits(source), "How long were they alone?")
    assert claim is not None
    assert claim.text == "According to the police union, five hours."
    assert claim.citations[0].speaker is None
    claim = check(DraftStatement("A judge ordered a recount.", (1,)), hits(source), "What now?")
    assert claim is not None
    assert claim.text == "A judge ordered a recount."


@pytest.mark.parametrize(
    ("text", "source", "told"),
    [
        ("200 jobs.", "No more than 200 jobs would go at Skelby.", "No more than 200 jobs."),
        ("$5 million.", "The site went for up to $5 million in May.", "Up to $5 million."),
        ("5 million.", "The site went for up to $5 million in May.", "Up to $5 million."),
        ("2,400 people.", "Bravender employs about 2,400 people.", "About 2,400 people."),
        ("Two jobs.", "The site has at least two jobs to offer.", "At least two jobs."),
        ("11 were taken to hospital.", "At least 38 fell ill and 11 were taken to hospital.", None),
    ],
)
def test_a_number_keeps_the_words_that_bound_it(text, source, told):
    claim = check(DraftStatement(text, (1,)), hits(source), "How much?")
    assert claim is not None
    assert claim.text == (told or text)


@pytest.mark.parametrize(
    "text",
    [
        "Quint told a conference.",
        "Quint told reporters.",
        "Quint said.",
        "Quint added in an interview.",
    ],
)
def test_that_somebody_spoke_is_told_with_what_was_said(text):
    source = f"“Buses are not teacups and must not be treated so,” {text}"
    claim = check(DraftStatement(text, (1,)), hits(source), "What did Quint say?")
    assert claim is not None
    assert claim.text == source


def test_what_stands_behind_a_semicolon_is_quoted_as_a_whole():
    source = "The bank put the sum at 210mn crowns; the company continues to use 190mn crowns."
    claim = check(
        DraftStatement("The company continues to use 190mn.", (1,)), hits(source), "How much?"
    )
    assert claim is not None
    assert claim.text == source


def test_statement_that_copies_most_of_its_sentence_becomes_the_whole_of_it():
    assert told("Zelensky flew to Kyiv with nine", (1,), KYIV) == (KYIV, [KYIV])


@pytest.mark.parametrize(
    ("text", "quoted_whole"),
    [
        ("The files contain medical records, kept apart, were not touched, it added.", True),
        ("Medical records were not touched.", False),
        ("It added that medical records, kept apart, were not touched.", False),
    ],
)
def test_statement_no_shorter_than_its_sentence_that_adds_to_it_becomes_the_sentence(
    text, quoted_whole
):
    source = "Medical records, kept apart, were not touched, it added."
    claim = check(DraftStatement(text, (1,)), hits(source), "Which records?")
    assert claim is not None
    assert (claim.text == source) is quoted_whole


def test_it_is_shown_with_the_sentence_that_tells_what_it_is():
    source = "“It’s unresolved, but it’s getting closer,” Trump said, describing Donbas so."
    claim = check(DraftStatement("It’s unresolved.", (1,)), hits(source), "What is unresolved?")
    assert claim is not None
    assert claim.text == source
    army = "Europe's answer would be an army: it is 800,000 men strong, an adviser said."
    claim = check(DraftStatement("It has 800,000 men.", (1,)), hits(army), "How large is the army?")
    assert claim is not None
    assert claim.text == "According to an adviser, it has 800,000 men."  # in words of its own


def test_a_clause_that_opens_amid_a_phrase_is_shown_with_all_of_it():
    source = "The clause was dropped from his 22-point version as too hard and its fate is unknown."
    source = source.replace("his 22", "a later, suggested 22")
    text = "22-point version as too hard and its fate is unknown."
    claim = check(DraftStatement(text, (1,)), hits(source), "How many points?")
    assert claim is not None
    assert claim.text == source
    claim = check(DraftStatement("22-point version", (1,)), hits(source), "How many points?")
    assert claim is not None
    assert claim.text == "22-point version."


def test_second_citation_that_adds_nothing_is_dropped():
    text = "Zelensky flew to Kyiv."
    assert told(text, (1, 2), KYIV, EU) == (text, [KYIV])
    assert told(text, (2, 1), KYIV, EU) == (text, [KYIV])


def test_two_citations_stay_where_each_gives_a_part():
    text = "Zelensky flew to Kyiv and the EU wants an army of 800,000."
    shown = f"Partly according to Ursula Leyen, {text}"
    assert told(text, (1, 2), KYIV, EU, JOBS) == (shown, [KYIV, EU])


def test_a_clause_is_never_made_of_two_sentences():
    here = "The fire that shut the paper mill began in a store."
    there = "A fire in 2011 was traced to a camp and burnt 70 huts."
    text = "The fire that shut the paper mill burnt 70 huts."
    assert told(text, (1, 2), here, there) is None


def test_wrong_citation_of_two_is_put_right():
    text = "Zelensky flew to Kyiv."
    assert told(text, (1, 2), EU, JOBS, KYIV) == (text, [KYIV])


def test_statement_is_never_put_right_by_two_sentences_it_did_not_name():
    text = "Zelensky flew to Kyiv and the EU wants an army of 800,000."
    assert told(text, (3,), KYIV, EU, JOBS) is None


def test_quote_is_cut_out_with_its_source_and_speaker():
    (hit,) = hits("Ada Deniz said: “It is over.”", date="2025-12-01")
    citation = quote(hit)
    assert citation.quote == hit.article.text[citation.start : citation.end] == hit.sentence.text
    assert (citation.article, citation.date, citation.speaker) == (
        "1.txt",
        "2025-12-01",
        "Ada Deniz",
    )


def test_quoted_claim_is_on_one_line_while_its_quote_stays_exact():
    (hit,) = hits("It is\n  over.")
    claim = quoted(hit)
    assert claim.text == "It is over."
    assert [citation.quote for citation in claim.citations] == ["It is\n  over."]
