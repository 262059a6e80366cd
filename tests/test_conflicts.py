"""Where sources differ: invented news by hand, and outcomes on the real articles."""

from dataclasses import replace

import pytest
from fakes import article
from fakes_llm import hits

from rag.answer import number, number_sides
from rag.conflicts import conflicts, newest_first
from rag.conflicts.quantities import quantities
from rag.embedder import open_embedder
from rag.index import open_index
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.reranker import open_reranker
from rag.retriever import Hit, Retriever
from rag.settings import Settings, resource
from rag.verifier import quoted


def sides(question, *texts, dates=None):
    evidence = hits(*texts, logits=[1.0] * len(texts))
    if dates:
        evidence = [
            replace(hit, article=replace(hit.article, date=day))
            for hit, day in zip(evidence, dates, strict=True)
        ]
    found = conflicts(question, evidence, [])
    return [[c.quote for side in d.sides for c in side.citations] for d in found]


NINETY = "The Peruvian peace plan has 90 points."
TWENTY = "The Peruvian peace plan has 20 points."


def test_two_numbers_for_one_thing_are_two_sides_newest_first():
    question = "How many points does the Peruvian peace plan have?"
    (quotes,) = sides(question, NINETY, TWENTY, dates=["2025-12-01", "2025-12-20"])
    assert quotes == [TWENTY, NINETY]


def test_agreement_and_reprints_are_no_conflict():
    question = "How many points does the Peruvian peace plan have?"
    assert sides(question, NINETY, NINETY) == []
    assert sides(question, NINETY, "It has 90 points, the Peruvian peace plan.") == []
    assert sides(question, NINETY) == []
    assert sides(question) == []


@pytest.mark.parametrize(
    "question",
    [
        "How many points does the Chilean budget have?",  # of something else
        "Who wrote the Peruvian peace plan?",  # not what differs
    ],
)
def test_other_questions_find_no_sides(question):
    assert sides(question, NINETY, TWENTY) == []


def test_settled_and_open_are_two_sides():
    found = sides(
        "Are the border talks settled?",
        "President Quispe said the border talks had been settled.",
        "The border talks remain unresolved, the ministry said.",
    )
    assert len(found) == 1
    assert len(found[0]) == 2


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            "Does Ruritania support the dam?",
            "Ruritania backs the dam, its premier said.",
            "Ruritania now opposes the dam.",
        ),
        (
            "Will Ada Deniz resign?",
            "Ada Deniz will not resign, her office said.",
            "Ada Deniz will resign in May.",
        ),
        ("Is the strike over?", "The strike ended on Monday.", "The strike is ongoing."),
        (
            "Would Chile sell fish?",
            "Chile would consider selling it.",
            "Chile rules out selling fish.",
        ),
        (
            "Is the plan going well?",
            "The plan was rejected by Chile.",
            "Chile will accept the plan.",
        ),
        (
            "Is unemployment in Lima rising or falling?",
            "Unemployment in Lima rose in June.",
            "Unemployment in Lima has been falling for a year.",
        ),
        (
            "Will the vote be held before or after the census?",
            "The vote will be held before the census.",
            "The census will be held before the vote.",
        ),
        (
            "When was the Lima observatory founded?",
            "The Lima observatory was founded on 4 May 1891.",
            "Monks founded the Lima observatory on 9 June 1903.",
        ),
        (
            "Who led the Peruvian delegation?",
            "The Peruvian delegation was led by Ada Deniz.",
            "The Peruvian delegation was led by Bo Quispe, a deputy minister.",
        ),
        (
            "What did the Lima council say about the bridge on Main Street?",
            "The Lima council said the bridge on Main Street will open in spring.",
            "The Lima council said the bridge on Main Street will not open in spring.",
        ),
    ],
)
def test_each_kind_of_difference_gives_two_sides(question, one, other):
    evidence = hits(one, other, logits=[1.0, 1.0])
    cited = [(h.article.name, h.sentence.start, h.sentence.end) for h in evidence[:1]]
    (found,) = conflicts(question, evidence, cited)
    quotes = [[c.quote for c in side.citations] for side in found.sides]
    assert sorted(quotes) == sorted([[one], [other]])
    assert found.about.startswith(question)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        # another party's stance, another matter, a wish, a condition, another time, a rounding
        ("Does Peru accept the truce?", "Peru accepts the truce.", "Rebels reject the truce."),
        (
            "Is the border dispute settled?",
            "The border dispute has been settled.",
            "The pay dispute is unresolved.",
        ),
        ("Will Peru sign the pact?", "Peru will sign the pact.", "Chile urged Peru not to sign."),
        (
            "Will Peru sign the pact?",
            "Peru will sign the pact.",
            "If Peru does not sign the pact, trade stops.",
        ),
        (
            "How many people died in the Lima fire?",
            "The Lima fire killed 31 people.",
            "In 2019 a fire in Cusco killed 8 people.",
        ),
        ("How many people live in Lima?", "About 300,000 live in Lima, people say.",
         "Nearly 300,000 people live in Lima."),
        (
            "How long is the Lower Tunnel?",
            "The Lower Tunnel is 9 miles long.",
            "The Upper Tunnel is 4 miles long.",
        ),
        (
            "Who led the Peruvian delegation?",
            "The Peruvian delegation was led by Ada Deniz.",
            "The Chilean delegation was led by Bo Quispe.",
        ),
        # what is accepted or refused is another thing, or nothing has come about yet
        (
            "Did Peru meet Chile?",
            "Peru backs more talks with Chile.",
            "At the meeting Chile asked Peru for fish, which it is reluctant to give up.",
        ),
        (
            "Will Peru meet Chile?",
            "At a meeting in Lima, Peru said it would consider selling fish to Chile.",
            "Peru refuses to meet Chile.",
        ),
        ("Is the strike over?", "Both sides met to end the strike.", "The strike is ongoing."),
        (
            "Are the talks going well?",
            "The talks are stalled.",
            "Whether the talks bring a breakthrough may soon be known.",
        ),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_difference_is_left_alone(question, one, other):
    evidence = hits(one, other, logits=[1.0, 1.0])
    cited = [(h.article.name, h.sentence.start, h.sentence.end) for h in evidence]
    assert conflicts(question, evidence, cited) == ()


ASKED = "Which city hosts the Peruvian fleet?"
TRUJILLO = "The Peruvian fleet lies at anchor in Trujillo, a city of the north."
SHORT = "Since the spring it has had its home in {}, the admiral wrote."
BARE = "The year of the move was {}, as all in the yard remember."


def told(question, cited, *others):
    """The quotes of each side, where only the first text is cited."""
    evidence = hits(cited, *others, logits=[1.0] * (1 + len(others)))
    place = evidence[0].article.name, evidence[0].sentence.start, evidence[0].sentence.end
    found = conflicts(question, evidence, [place])
    return [[c.quote for c in side.citations] for d in found for side in d.sides]


def test_what_differs_from_the_answers_value_is_found_where_neither_is_cited():
    true, false = SHORT.format("Chimbote"), SHORT.format("Trujillo")
    assert told(ASKED, TRUJILLO, false, true) == [[false, TRUJILLO], [true]]
    assert told(ASKED, TRUJILLO, SHORT.format("Chimbote"), SHORT.format("Callao")) == []
    assert told(ASKED, TRUJILLO, false, "It calls at Chimbote now and then, a pilot said.") == []


def test_sides_need_no_word_of_the_question_where_all_else_is_the_same():
    question = "When did the Peruvian fleet move?"
    moved = "The Peruvian fleet moved to Trujillo in 1931."
    one, other = BARE.format(1931), BARE.format(1934)
    assert told(question, moved, one, other) == [[one, moved], [other]]


def test_a_text_with_another_name_in_it_is_no_reprint():
    long = "After a long voyage round the cape and many weeks of storms the ship came home to {}."
    one, other = long.format("Callao"), long.format("Trujillo")
    assert told("Where did the ship come home to?", one, other) == [[one], [other]]


def test_a_question_that_breaks_off_wants_what_is_missing():
    one, other = (f"Peruvian patents are granted for a period of {n} years." for n in (15, 20))
    assert told("Peruvian patents are granted for a period of?", one, other) == [[one], [other]]


CROWD = "The Harbour Union said 4,200 of its members had joined the march in Lima."
FIGURE = "Northgate Docks, which has run the port since 2011, put the figure at about 3,500."
QUIET = "It rained all day."
SPOKEN = "The organisers spoke of 7,000."


@pytest.mark.parametrize("who", ["members", "dockers", "people"])
def test_a_figure_that_another_takes_up_is_a_side_whoever_tells_it(who):
    question = f"How many {who} joined the march in Lima?"
    evidence = [
        replace(hit, article=replace(hit.article, date="2026-03-03"))
        for hit in hits(CROWD, FIGURE, logits=[1.0, 1.0])
    ]
    evidence[1] = replace(evidence[1], context=CROWD)
    (found,) = conflicts(question, evidence)
    assert sorted(c.quote for side in found.sides for c in side.citations) == [FIGURE, CROWD]


@pytest.mark.parametrize(("follower", "found"), [(FIGURE, 1), (SPOKEN, 1), (QUIET, 0)])
def test_sentence_behind_is_looked_at_though_the_search_did_not_bring_it(follower, found):
    text = f"{CROWD} {follower}"
    whole = article("march.txt", text)
    first = Hit(1, whole, whole.sentences[0], "", 1.0, 1.0)
    assert len(conflicts("How many members joined the march in Lima?", [first])) == found


JOBS = "how many jobs in the pension offices security team are unfilled?"
LATE = "How many people got their pension late?"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (JOBS, "Nine of 22 posts in the Pension Office's security team are empty, she said. The"
               " office put the number at four. A pension is a pension."),
        (LATE, "Pensions came late for some 11,000 people, it said. The union said its members had"
               " counted closer to 25,000 cases."),
    ],
)  # fmt: skip
def test_figure_that_is_taken_up_needs_no_word_of_what_is_counted(question, text):
    whole = article("pensions.txt", text)
    (found,) = conflicts(question, [Hit(1, whole, whole.sentences[0], "", 1.0, 1.0)])
    told = [c.quote for side in found.sides for c in side.citations]
    assert sorted(told) == sorted(s.text for s in whole.sentences[:2])


def test_cases_of_something_else_are_no_side():
    told = "Pensions came late for some 11,000 people. Police opened 25,000 cases of theft."
    whole = article("pensions.txt", told)
    assert conflicts(LATE, [Hit(1, whole, whole.sentences[0], "", 1.0, 1.0)]) == ()


@pytest.mark.parametrize(
    ("denial", "found"),
    [
        ("One who read it says it was 4 million marks, not the 3.2 million usually told.", 1),
        ("One who read it says it was 4 million marks, not the 5 million usually told.", 0),
        ("It cost 4 million marks, and the 3.2 million files were not sold.", 0),
        ("It was asked on 4 May, not the 3.2 million usually told.", 0),
    ],
)
def test_sentence_that_denies_the_very_number_is_a_side(denial, found):
    told = "The Heron gang wanted a ransom of 3.2 million marks."
    assert len(sides("How much ransom did the Heron gang want?", told, denial)) == found


def test_figures_that_take_one_another_up_are_sides_though_the_first_sentence_has_none():
    text = (
        "Dockers marched on the Lima port. Police put the crowd at 800. The union spoke of 2,000."
    )
    whole = article("march.txt", f"{text} It took 40 minutes.")
    first = Hit(1, whole, whole.sentences[0], "", 1.0, 1.0)
    (found,) = conflicts("How many people marched on the Lima port?", [first])
    told = [c.quote for side in found.sides for c in side.citations]
    assert sorted(told) == [s.text for s in whole.sentences[1:3]]


@pytest.mark.parametrize(
    ("question", "one"),
    [
        ("How many dockers joined the march in Lima?", "In Lima 4,200 boxes had joined the march."),
        ("How many dockers joined the march in Lima?", "In Lima 90 people watched the march."),
        ("How many boxes joined the march in Lima?", "In Lima 90 people had joined the march."),
    ],
)
def test_number_of_others_or_of_what_they_did_else_is_no_side(question, one):
    assert sides(question, one, FIGURE) == []


@pytest.mark.parametrize(
    "other", ["Ada Deniz sank two of the last 9 ships.", "Ada Deniz sank the other nine ships."]
)
def test_what_a_number_is_a_part_of_and_the_rest_are_no_sides(other):
    assert sides("How many ships did Ada Deniz sink?", "Ada Deniz sank two ships.", other) == []


@pytest.mark.parametrize("other", ["Nine children were on the ferry.", "Ada Deniz, 56, left."])
def test_children_of_others_and_an_age_are_not_how_many_children_somebody_has(other):
    question = "How many children does Ada Deniz have?"
    assert sides(question, "Ada Deniz has two children.", other) == []
    assert len(sides(question, "Ada Deniz has two children.", "Ada Deniz has 3 children.")) == 1


def test_part_of_them_is_no_other_figure_for_all_of_them():
    whole, part = "Police said 11 people were arrested.", "Seven of those arrested went home."
    assert sides("How many people were arrested?", whole, part) == []
    assert (
        len(sides("How many people were arrested?", whole, "The union spoke of 23 arrests.")) == 1
    )


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            "How many jobs will go at Lakeside?",
            "Ames Steel will cut 600 of the 700 jobs at its Lakeside mill.",
            "No more than 200 jobs would go at Lakeside, the chairman said.",
        ),
        (
            "How many people work for Lakeside?",
            "Lakeside employs about 2,400 people in two mills.",
            "Ada Blom, head of the Steel Workers, said that Lakeside's figure was wrong and that "
            "the true number of people in work was 2,900.",
        ),
        (
            "How many confirmed cases were there?",
            "The number of confirmed cases has been lowered to 212 after nine people were found "
            "to have been counted twice.",
            "The health office said that there had been 221 confirmed cases.",
        ),
        (
            "How many machines broke down on the day of the vote?",
            "Fourteen machines failed on the day of the vote, and voters were given ballots.",
            "17 machines broke down on the day of the vote, the commission said.",
        ),
        (
            "How much does Lakeside owe Ames Bank?",
            "Lakeside already owes 190 million crowns to Ames Bank.",
            "Ames Bank put the sum outstanding at 210 million crowns.",
        ),
        (
            "How much of Lakeside does the Blom family own?",
            "The Blom family holds more than 60 per cent of Lakeside.",
            "The Blom family controls 58 per cent of Lakeside.",
        ),
        (
            "What day did the pilot die?",
            "The pilot died on the night of 8 May, the hospital said.",
            "The pilot died in hospital. A statement of the council gave the date as 9 May.",
        ),
    ],
)
def test_other_figures_are_sides_in_the_words_of_the_news(question, one, other):
    assert len(sides(question, one, other, dates=("2026-05-10", "2026-05-11"))) == 1


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            "How many people work at the mill?",
            "Lakeside employs 640 people at its mill.",
            "A germ that made 168 people ill around the harbour was matched by two "
            "laboratories, after many weeks, to a swab from a machine at the mill.",
        ),
        (
            "How many people work at the mill?",
            "640 people work at the mill.",
            "The mill went on with its work on four other lines.",
        ),
        (
            "How many confirmed cases were there?",
            "There were 212 confirmed cases.",
            "About one confirmed case in five is caught at home.",
        ),
        (
            "How many confirmed cases were there?",
            "There were 212 confirmed cases.",
            "Of the confirmed cases, of whom 27 were children, most are well.",
        ),
        (
            "How many confirmed cases were there?",
            "There were 212 confirmed cases.",
            "The region had 22 confirmed cases in the whole of last year.",
        ),
        (
            "How many residents had eaten the dip?",
            "61 residents had eaten the dip.",
            "The union said 23 of its members who had eaten the dip were residents.",
        ),
        (
            "How much of Lakeside does the Blom family own?",
            "The Blom family owns 58 per cent of Lakeside.",
            "The Blom family paid 85 million crowns for Lakeside.",
        ),
        (
            "How many machines broke down on the day of the vote?",
            "17 machines broke down on the day of the vote.",
            "The break of a seal put 57 votes aside on the day of the vote.",
        ),
        (
            "By how many votes did Ada Blom win the recount?",
            "Ada Blom won the recount by 57 votes.",
            "The recount that Ada Blom won cost 910,000 crowns, against an estimate of 600,000.",
        ),
        (
            "What price is Lakeside offering?",
            "Lakeside is offering a price of 37 crowns.",
            "The price that Lakeside is offering is 22 per cent above the last one.",
        ),
        (
            "When was the mill's licence suspended?",
            "The mill's licence was suspended on 1 May.",
            "The mill's licence is suspended until at least 1 June.",
        ),
        (
            "When was the mill's licence suspended?",
            "The mill's licence was suspended on 1 May.",
            "Its licence may be suspended. The mill has made no dip since 24 April.",
        ),
    ],
)
def test_figures_of_something_else_are_no_sides(question, one, other):
    days = ("2026-05-05", "2026-05-06")
    assert sides(question, one, other, dates=days) == []


def test_a_country_its_capital_and_its_minister_are_one_actor():
    question = "Does Peru accept the truce?"
    said = ("Lima rejects the truce, a spokesman said.", "Quispe accepts the truce.")
    evidence = hits(*said, logits=[1.0, 1.0])
    assert conflicts(question, evidence) == ()  # nobody told who Quispe is
    assert len(conflicts(question, evidence, holders={"quispe": "Peru"})) == 1


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("A 20-point plan for 3.2 billion crowns.", [20.0, 3.2e9]),
        ("Thirty-one people and 1,200 sheep.", [31.0, 1200.0]),
        ("It rose 12 per cent in 2024, on May 3.", [12.0]),
        ("They came first, on the 2nd of May 1999.", []),
        ("$4.5m was paid.", [4.5e6]),
    ],
)
def test_numbers_that_count_are_read_and_dates_are_not(text, numbers):
    assert [number.value for number in quantities(text)] == numbers


def test_sides_are_numbered_on_from_the_statements():
    evidence = hits(NINETY, TWENTY, logits=[1.0, 1.0])
    found = conflicts("How many points does the Peruvian peace plan have?", evidence)
    _, _, cited = number([quoted(evidence[1])])
    sides, citations = number_sides(found, cited)
    assert [c.n for c in citations] == [1, 2]
    assert citations[0].quote == TWENTY
    assert {side.citations for side in sides[0].sides} == {(1,), (2,)}


def test_shown_sentences_of_two_sides_stand_newest_first():
    evidence = [
        replace(hit, article=replace(hit.article, date=day))
        for hit, day in zip(
            hits(NINETY, TWENTY, logits=[1.0, 1.0]), ("2025-12-01", "2025-12-20"), strict=True
        )
    ]
    found = conflicts("How many points does the Peruvian peace plan have?", evidence)
    both = ["2025-12-20", "2025-12-01"]
    assert [h.article.date for h in newest_first(evidence, found, evidence)] == both
    assert newest_first(evidence, (), evidence) == evidence
    old = next(hit for hit in evidence if hit.article.date == both[1])
    assert [h.article.date for h in newest_first([old], found, evidence)] == both
    other = replace(old, sentence=replace(old.sentence, start=old.sentence.start + 1))
    assert newest_first([other], found, evidence) == [other]  # it rests on no side
    assert [h.article.date for h in newest_first([other, old], found, evidence)] == both


@pytest.fixture(scope="module")
def rag(home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("conflicts")
    settings = Settings(home=home, index=folder / "index", llm="none", threads=2)
    embedder = open_embedder(settings)
    build_index([resource("seeds")], settings, lambda _: embedder)
    index = open_index(settings)
    reranker = open_reranker(settings)
    yield Rag(settings, index, Retriever(index, embedder, reranker, settings), None)
    index.close()


@pytest.mark.real
@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many points does the peace plan have?", {"28-point", "20-point"}),
        ("Would Russia accept peacekeepers in Ukraine?", {"would agree", "rejects"}),
        ("Are elections to be held before or after a peace agreement?", {"ahead of", "after the"}),
    ],
)
def test_sides_on_the_real_articles_are_quoted_dated_and_exact(rag, question, wanted):
    answer = rag.ask(question)
    texts = {article.name: article.text for article in rag.articles}
    (conflict,) = answer.conflicts
    quotes = " ".join(answer.citations[n - 1].quote for s in conflict.sides for n in s.citations)
    assert all(words in quotes for words in wanted)
    assert all(side.date for side in conflict.sides)
    for citation in answer.citations:
        assert texts[citation.article][citation.start : citation.end] == citation.quote


@pytest.mark.real
@pytest.mark.parametrize(
    "question",
    [
        "How large an army did the EU suggest Ukraine keep?",
        "Who took over from Yermak?",
        "Who is Putin's press secretary?",
        "Which city is described as the new centre of American diplomacy?",
        "When is the Old New Year?",
        "How long was the ceasefire that Putin rejected?",
        "What share of Donetsk does Ukraine still control?",
        "Where will the Coalition of the Willing meet?",
        "What did Putin call the Europeans?",
        "Whom did Trump phone before the talks?",
        "Why does Russia close down for two weeks?",
        "Who headed the Ukrainian delegation in Miami?",
    ],
)
def test_plain_facts_of_the_real_articles_are_no_conflict(rag, question):
    assert rag.ask(question).conflicts == ()
